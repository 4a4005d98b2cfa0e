//! One expectation of a scenario file.

use super::States;
use crate::file_types;
use crate::scenario::values::{ConditionValue, Length, MarkValue, Pattern, ViewValue};
use crate::text::decode::{Spanned, Table};

file_types! {
    /// An expectation: exactly one thing that must be so.
    pub struct ExpectFile as "an expectation" {
        /// At some instant all of these states hold together.
        eventually: Option<States>,
        /// With `eventually`: at the latest so long after the start.
        within: Option<Spanned<Length>>,
        /// Two states; the first is reached before the second.
        before: Option<Spanned<Vec<States>>>,
        /// A condition that holds at every instant: states, or an expression in CEL.
        always: Option<ConditionValue>,
        /// A condition that holds at no instant: states, or an expression in CEL.
        never: Option<ConditionValue>,
        /// With `always` or `never`: where the window opens. Default: at the start.
        from: Option<Spanned<MarkValue>>,
        /// With `always` or `never`: where the window closes. Default: at the end.
        until: Option<Spanned<MarkValue>>,
        /// Regular expressions that published values match: `deployment/vllm.internal_dns_name: "cluster"`.
        export: Option<Table<Spanned<Pattern>>>,
        /// States that hold when the run ends.
        r#final: Option<States>,
        /// States that at some time begin to hold together and go on for as long as `for` says.
        stable_for: Option<States>,
        /// With `stable_for`: for how long.
        r#for: Option<Spanned<Length>>,
        /// Whose view of the states counts: the true state, or what the system believes. Default: actual.
        view: Option<ViewValue>,
    }
}
