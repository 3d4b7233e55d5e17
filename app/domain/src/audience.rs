//! Who may see what. One rule decides for pages, feeds, the API, mails, webhooks and chats alike.
//!
//! An incident is public, or written for some partners alone. A partner sees what is written for it, and what is public
//! where it sells; facts written for one partner stand on the same incident, and nobody else sees them.

use std::collections::BTreeSet;

/// For whom an incident is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Public,
    /// The partners with these ids, and nobody else outside.
    Partners(BTreeSet<String>),
}

/// A partner as the rule sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Public id of the partner.
    pub partner_id: String,
    /// Whether it is live; before, it is told only what is written for it.
    pub is_live: bool,
    /// Public ids of the cells that it sells.
    pub cells: BTreeSet<String>,
}

/// Who looks, or is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Whoever runs the page.
    Staff,
    /// Anybody.
    Public,
    /// A partner: its pages, its people, its endpoints.
    Partner(Cohort),
}

impl Viewer {
    /// Whether a cell is shown. Everybody sees the whole grid, a partner what it sells.
    #[must_use]
    pub fn sees_cell(&self, cell_id: &str) -> bool {
        match self {
            Self::Staff | Self::Public => true,
            Self::Partner(cohort) => cohort.cells.contains(cell_id),
        }
    }

    /// Whether an incident with these cells is shown.
    #[must_use]
    pub fn sees<'a>(&self, audience: &Audience, cells: impl IntoIterator<Item = &'a str>) -> bool {
        match (self, audience) {
            (Self::Staff, _) | (Self::Public, Audience::Public) => true,
            (Self::Public, Audience::Partners(_)) => false,
            (Self::Partner(cohort), Audience::Partners(partners)) => partners.contains(&cohort.partner_id),
            (Self::Partner(cohort), Audience::Public) => cells.into_iter().any(|c| cohort.cells.contains(c)),
        }
    }

    /// Whether an incident with these cells is told: what is shown, but to a partner that is not live only what was
    /// written for it.
    #[must_use]
    pub fn is_told<'a>(&self, audience: &Audience, cells: impl IntoIterator<Item = &'a str>) -> bool {
        match (self, audience) {
            (Self::Staff, _) => false,
            (Self::Partner(cohort), Audience::Public) if !cohort.is_live => false,
            _ => self.sees(audience, cells),
        }
    }

    /// Whether facts written for a partner are shown.
    #[must_use]
    pub fn sees_facts_for(&self, partner_id: &str) -> bool {
        match self {
            Self::Staff => true,
            Self::Public => false,
            Self::Partner(cohort) => cohort.partner_id == partner_id,
        }
    }

    /// The partner that looks.
    #[must_use]
    pub fn partner_id(&self) -> Option<&str> {
        match self {
            Self::Staff | Self::Public => None,
            Self::Partner(cohort) => Some(&cohort.partner_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(id: &str, is_live: bool, cells: &[&str]) -> Viewer {
        let cells = cells.iter().map(|c| (*c).to_owned()).collect();
        Viewer::Partner(Cohort { partner_id: id.into(), is_live, cells })
    }

    fn only(id: &str) -> Audience {
        Audience::Partners([id.to_owned()].into())
    }

    #[test]
    fn what_is_public_is_for_all_who_sell_there() {
        let (a, b) = (partner("a", true, &["fr-sms"]), partner("b", true, &["it-sms"]));
        for viewer in [&Viewer::Staff, &Viewer::Public, &a] {
            assert!(viewer.sees(&Audience::Public, ["fr-sms"]), "{viewer:?}");
        }
        assert!(!b.sees(&Audience::Public, ["fr-sms"]));
        assert!(b.sees(&Audience::Public, ["fr-sms", "it-sms"]));
        assert!(a.sees_cell("fr-sms") && !a.sees_cell("it-sms") && Viewer::Public.sees_cell("it-sms"));
    }

    #[test]
    fn what_is_for_one_partner_is_for_nobody_else() {
        let (a, b) = (partner("a", true, &[]), partner("b", true, &["fr-sms"]));
        assert!(a.sees(&only("a"), ["fr-sms"]) && a.is_told(&only("a"), ["fr-sms"]));
        for viewer in [&Viewer::Public, &b] {
            assert!(!viewer.sees(&only("a"), ["fr-sms"]) && !viewer.is_told(&only("a"), ["fr-sms"]));
        }
        assert!(a.sees_facts_for("a") && !b.sees_facts_for("a") && !Viewer::Public.sees_facts_for("a"));
        assert!(Viewer::Staff.sees(&only("a"), []) && Viewer::Staff.sees_facts_for("a"));
    }

    #[test]
    fn before_it_is_live_a_partner_is_told_what_is_written_for_it_alone() {
        let new = partner("a", false, &["fr-sms"]);
        assert!(new.sees(&Audience::Public, ["fr-sms"]));
        assert!(!new.is_told(&Audience::Public, ["fr-sms"]));
        assert!(new.is_told(&only("a"), ["fr-sms"]));
    }
}
