//! How a comparison of a simulated and a live run looks: text and JSON. What agrees is decided before, by `conform`.

mod json;
mod text;

pub use json::write as write_json;
pub use text::write as write_text;

use super::Exit;
use crate::conform::{Comparison, Conformity, Substrate};

/// What a command exits with that compared two runs.
pub fn exit(comparison: &Comparison) -> Exit {
    match comparison.verdict {
        Conformity::Agree | Conformity::Tolerated => Exit::Passed,
        Conformity::Diverge => Exit::Diverged,
    }
}

/// The verdict in a word.
pub const fn word(conformity: Conformity) -> &'static str {
    match conformity {
        Conformity::Agree => "agree",
        Conformity::Tolerated => "tolerated",
        Conformity::Diverge => "diverge",
    }
}

/// What the pods of the live run were, in a word.
pub const fn substrate(substrate: Substrate) -> &'static str {
    match substrate {
        Substrate::Kwok => "kwok",
        Substrate::Containers => "containers",
    }
}
