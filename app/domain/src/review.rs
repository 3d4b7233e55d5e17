//! The review of an incident (its root cause analysis): sections, the gate that names what is missing, and the way
//! from a draft to what is published.
//!
//! ```mermaid
//! stateDiagram-v2
//!   [*] --> Draft
//!   Draft --> InReview: hand_in (complete; the record is frozen)
//!   InReview --> Draft: give_back (with a note)
//!   InReview --> Final: publish (by somebody who did not write it)
//!   Final --> Draft: correct (with a reason; what is published stays until the next time)
//! ```

pub mod gate;
pub mod graph;
pub mod published;
pub mod record;
pub mod section;

use crate::status::UnknownWord;
pub use gate::{Action, Missing, missing};
pub use graph::{Graph, Point};
pub use published::{Published, PublishedAction};
pub use record::Record;
pub use section::{Part, Section, Sections};

/// Where a review stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Being written.
    #[default]
    Draft,
    /// Handed in; somebody else reads it.
    InReview,
    /// Published.
    Final,
}

impl State {
    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Final => "final",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::InReview => "In review",
            Self::Final => "Published",
        }
    }
}

impl TryFrom<String> for State {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        [Self::Draft, Self::InReview, Self::Final].into_iter().find(|k| k.slug() == s).ok_or(UnknownWord(s))
    }
}

/// Why the rules refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something is missing.
    #[error("Not complete yet: {}.", listed(.0))]
    Incomplete(Vec<Missing>),
    /// It is being read, or published.
    #[error(
        "Somebody handed this in meanwhile. Have it given back before you change it; your text is kept below."
    )]
    NotDraft,
    /// It is not waiting for a reader.
    #[error("This is not in review any more.")]
    NotInReview,
    /// It is not published.
    #[error("This is not published.")]
    NotFinal,
    /// The writer cannot be the reader.
    #[error("You wrote part of this, or handed it in: somebody else must read and publish it.")]
    OwnText,
    /// A step that needs a reason.
    #[error("Say in a sentence why.")]
    NoReason,
}

fn listed(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A review as its rules see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// Where it stands.
    pub state: State,
    /// Who wrote in it since it was begun or last given back.
    pub authors: Vec<String>,
    /// Its text.
    pub sections: Sections,
    /// Why it was given back, or is being corrected.
    pub note: String,
}

impl Review {
    /// Somebody writes.
    ///
    /// # Errors
    /// When it is not a draft.
    pub fn write(mut self, who: &str, sections: Sections) -> Result<Self, Refused> {
        match self.state {
            State::Draft => {}
            State::InReview | State::Final => return Err(Refused::NotDraft),
        }
        self.sections = sections;
        if !self.authors.iter().any(|a| a == who) {
            self.authors.push(who.to_owned());
        }
        Ok(self)
    }

    /// The draft is ready to be read.
    ///
    /// # Errors
    /// When it is not a draft, or not complete: every missing thing is named.
    pub fn hand_in(mut self, who: &str, actions: &[Action], is_restored: bool) -> Result<Self, Refused> {
        match self.state {
            State::Draft => {}
            State::InReview | State::Final => return Err(Refused::NotDraft),
        }
        let missing = missing(&self.sections, actions, is_restored);
        if !missing.is_empty() {
            return Err(Refused::Incomplete(missing));
        }
        if !self.authors.iter().any(|a| a == who) {
            self.authors.push(who.to_owned());
        }
        self.state = State::InReview;
        self.note.clear();
        Ok(self)
    }

    /// Back to whoever writes next; they alone are its authors then.
    ///
    /// # Errors
    /// When it is not in review, or nobody says why.
    pub fn give_back(mut self, note: &str) -> Result<Self, Refused> {
        match self.state {
            State::InReview => {}
            State::Draft | State::Final => return Err(Refused::NotInReview),
        }
        if note.trim().is_empty() {
            return Err(Refused::NoReason);
        }
        note.trim().clone_into(&mut self.note);
        self.state = State::Draft;
        self.authors.clear();
        Ok(self)
    }

    /// Somebody who did not write it stands behind it.
    ///
    /// # Errors
    /// When it is not in review, or `who` wrote it.
    pub fn publish(mut self, who: &str) -> Result<Self, Refused> {
        match self.state {
            State::InReview => {}
            State::Draft | State::Final => return Err(Refused::NotInReview),
        }
        if self.authors.iter().any(|a| a == who) {
            return Err(Refused::OwnText);
        }
        self.state = State::Final;
        Ok(self)
    }

    /// What is published turned out to be wrong or not all: a new round begins.
    ///
    /// # Errors
    /// When it is not published, or nobody says why.
    pub fn correct(mut self, reason: &str) -> Result<Self, Refused> {
        match self.state {
            State::Final => {}
            State::Draft | State::InReview => return Err(Refused::NotFinal),
        }
        if reason.trim().is_empty() {
            return Err(Refused::NoReason);
        }
        reason.trim().clone_into(&mut self.note);
        self.state = State::Draft;
        self.authors.clear();
        Ok(self)
    }
}
