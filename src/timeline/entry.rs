//! One line of the timeline, as ids.

use super::Subject;
use crate::kernel::{Duration, Name, Symbol, Time};

/// The position of an entry in its timeline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryId(pub u32);

/// The position of a line in the timeline's table of scenario lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineId(pub u32);

/// What made an entry happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// An earlier entry.
    Entry(EntryId),
    /// A line of the scenario: where every chain of causes ends.
    Line(LineId),
}

/// Which part of the run an entry tells of; a snapshot may hold either or both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// What the scenario itself did: faults, actions, its end.
    Scenario,
    /// A system: groups, deployments, promotions.
    System,
    /// The cluster below it: pods, nodes, Kubernetes' own objects.
    Substrate,
}

/// A value in the text of a [`Why`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Arg {
    /// Nothing.
    #[default]
    None,
    /// A number.
    Count(u64),
    /// A length of time.
    Length(Duration),
    /// An interned text.
    Text(Symbol),
    /// The name of an object.
    Name(Name),
    /// Another subject.
    Subject(Subject),
    /// GPUs by index, bit i for GPU i: shown as `0,1,5`.
    Devices(u64),
}

/// Why a subject became what it is: a text with `{}` where each argument goes. The text is made when it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Why {
    /// The text; may be empty.
    pub template: &'static str,
    /// What goes into its holes, in order.
    pub args: [Arg; 3],
}

impl Why {
    /// No reason beyond the cause.
    pub const NONE: Why = Why::text("");

    /// A fixed text.
    pub const fn text(template: &'static str) -> Why {
        Why { template, args: [Arg::None; 3] }
    }

    /// A text with one hole.
    pub const fn with(template: &'static str, first: Arg) -> Why {
        Why { template, args: [first, Arg::None, Arg::None] }
    }

    /// A text with two holes.
    pub const fn with2(template: &'static str, first: Arg, second: Arg) -> Why {
        Why { template, args: [first, second, Arg::None] }
    }

    /// A text with three holes.
    pub const fn with3(template: &'static str, first: Arg, second: Arg, third: Arg) -> Why {
        Why { template, args: [first, second, third] }
    }

    /// A text that was made for this entry alone and interned.
    pub const fn symbol(text: Symbol) -> Why {
        Why::with("{}", Arg::Text(text))
    }
}

/// An entry without what goes into the holes of its text, which takes longer to read than all the rest. For passes over a whole
/// timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// When.
    pub at: Time,
    /// To whom.
    pub subject: Subject,
    /// What the subject became.
    pub became: &'static str,
    /// Why, before its holes are filled.
    pub template: &'static str,
    /// What made it happen.
    pub cause: Cause,
}

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// To whom.
    pub subject: Subject,
    /// What the subject became, in the word of its system (`monitoring`, `Ready`).
    pub became: &'static str,
    /// Why, in words.
    pub why: Why,
    /// What made it happen.
    pub cause: Cause,
    /// Which part of the run it belongs to.
    pub layer: Layer,
}

impl Entry {
    /// The entry without its arguments.
    pub const fn head(&self) -> Head {
        Head { at: self.at, subject: self.subject, became: self.became, template: self.why.template, cause: self.cause }
    }
}
