//! Rules: what can be found to be wrong, each with a code that stays, a name and an explanation. Which there are say those who find:
//! `plan` and the built-in oracles of `oracle`.

/// How grave a finding of a rule is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Gravity {
    /// What is asked for does not come to be, or is lost.
    Error,
    /// It comes to be, at a price.
    Warning,
    /// Worth knowing.
    Note,
}

impl Gravity {
    /// In a word.
    pub const fn text(self) -> &'static str {
        match self {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
            Gravity::Note => "note",
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its code: `GR001`.
    pub code: &'static str,
    /// Its name, which options take as well: `surge-deadlock`.
    pub name: &'static str,
    /// How grave its findings are.
    pub gravity: Gravity,
    /// What it finds, in a sentence.
    pub summary: &'static str,
    /// Why that is so, and what can be done.
    pub explanation: &'static str,
    /// The smallest case.
    pub example: &'static str,
}

impl Rule {
    /// True if this is its code, in either case, or its name.
    pub fn is_named(&self, text: &str) -> bool {
        self.code.eq_ignore_ascii_case(text) || self.name == text
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

/// Makes rules by name and the list of all of them.
macro_rules! rules {
    ($($id:ident $code:literal $name:literal $gravity:ident $summary:literal $explanation:literal $example:literal)*) => {
        $(
            #[doc = $summary]
            pub static $id: $crate::text::rule::Rule = $crate::text::rule::Rule {
                code: $code,
                name: $name,
                gravity: $crate::text::rule::Gravity::$gravity,
                summary: $summary,
                explanation: $explanation,
                example: $example,
            };
        )*

        /// All rules, by code.
        pub static ALL: &[&$crate::text::rule::Rule] = &[$(&$id,)*];

        /// The rule of a code or name.
        pub fn find(text: &str) -> Option<&'static $crate::text::rule::Rule> {
            ALL.iter().copied().find(|rule| rule.is_named(text))
        }
    };
}

pub(crate) use rules;
