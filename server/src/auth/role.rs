//! Console roles and what each may do.

/// A console role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Drafts and engages.
    Responder,
    /// Publishes.
    Communicator,
    /// Declares, reclassifies, restores, resolves.
    Commander,
    /// Maintenance, policies, suppliers, the grid.
    Maintainer,
    /// People, keys, settings; and everything else.
    Owner,
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See the console.
    Read,
    /// Draft, engage, take a part in an incident.
    Respond,
    /// Publish updates, approve those of others.
    Publish,
    /// Declare, reclassify, restore, resolve, decide on proposals, pin cells.
    Command,
    /// Change the grid and policies.
    Maintain,
    /// People, keys, settings.
    Own,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Responder, Self::Communicator, Self::Commander, Self::Maintainer, Self::Owner];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Communicator => "communicator",
            Self::Commander => "commander",
            Self::Maintainer => "maintainer",
            Self::Owner => "owner",
        }
    }

    /// The role by its word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.slug() == word)
    }

    /// The words of the roles that may do it.
    #[must_use]
    pub fn who_may(permission: Permission) -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|r| r.may(permission)).map(Self::slug).collect()
    }

    /// The one policy of roles.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Respond => !matches!(self, Self::Viewer),
            Permission::Publish => matches!(self, Self::Communicator | Self::Commander | Self::Owner),
            Permission::Command => matches!(self, Self::Commander | Self::Owner),
            Permission::Maintain => matches!(self, Self::Maintainer | Self::Owner),
            Permission::Own => matches!(self, Self::Owner),
        }
    }
}
