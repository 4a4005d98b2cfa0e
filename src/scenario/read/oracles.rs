//! Reads what a scenario says of the built-in oracles. Whether there is an oracle of a name, `oracle` says.

use super::Reader;
use crate::scenario::file::OraclesFile;
use crate::scenario::model::{ExpectedFinding, Oracles};
use crate::scenario::values::ExpectedFindingValue;
use crate::text::decode::Spanned;

impl Reader<'_, '_> {
    pub(super) fn oracles(&mut self, file: Option<OraclesFile>) -> Oracles {
        let Some(file) = file else { return Oracles::default() };
        let mut oracles = Oracles::default();
        let names = |list: Vec<Spanned<String>>| list.into_iter().map(|name| (name.value, name.span)).collect();
        if let (Some(_), Some(only)) = (&file.off, &file.only)
            && let Some(first) = only.first()
        {
            self.context.error(first.span, "`off` and `only` are two ways to say one thing: leave one of them out");
        }
        oracles.off = file.off.map(names).unwrap_or_default();
        oracles.only = file.only.map(names);
        if let Some(length) = file.stuck_after {
            if length.value.0.is_zero() {
                self.context.error(length.span, "a run that is stuck after no time at all is always stuck");
            }
            oracles.stuck_after = length.value.0;
        }
        for expected in file.expect.unwrap_or_default() {
            let (oracle, about) = match expected.value {
                ExpectedFindingValue::Any(oracle) => (oracle, None),
                ExpectedFindingValue::About(table) => {
                    let Some((key, subject)) = table.0.into_iter().next() else { continue };
                    (key.text, Some(subject.value))
                }
            };
            let place = self.place(expected.span);
            oracles.expect.push(ExpectedFinding { place, span: expected.span, oracle, about });
        }
        oracles
    }
}
