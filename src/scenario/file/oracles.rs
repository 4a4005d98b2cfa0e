//! The `oracles` map of a scenario file: which of the built-in oracles judge its runs, and what they are expected to find.

use crate::file_types;
use crate::scenario::values::{ExpectedFindingValue, Length};
use crate::text::decode::Spanned;

file_types! {
    /// What the built-in oracles do, which judge every run.
    pub struct OraclesFile as "the oracles" {
        /// Those that do not judge, by code or name: `[outage, GR107]`. Default: none.
        off: Option<Vec<Spanned<String>>>,
        /// Those that judge, by code or name; all others do not. Not beside `off`. Default: all.
        only: Option<Vec<Spanned<String>>>,
        /// What they are to find: `[stuck, { outage: traffic/chat }]`. It does not fail the run then, and fails it if it is not
        /// found.
        expect: Option<Vec<Spanned<ExpectedFindingValue>>>,
        /// How long nothing may go on while something is asked for. Default: 10m.
        stuck_after: Option<Spanned<Length>>,
    }
}
