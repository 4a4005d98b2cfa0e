//! Reads expectations.

use super::Reader;
use crate::scenario::file::{ExpectFile, States};
use crate::scenario::model::{
    ActionEntry, Condition, ExpectEntry, ExpectKind, ExportPattern, FaultEntry, Mark, SubjectState,
};
use crate::scenario::values::{ConditionValue, MarkValue, Pattern};
use crate::text::decode::{Spanned, Table, list};
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::Key;
use crate::text::{Diagnostic, Span};

/// The longest expression in CEL, in bytes.
const CEL_BYTES_MAX: usize = 10_000;

/// What an expectation may refer to.
struct Known<'k> {
    faults: &'k [FaultEntry],
    actions: &'k [ActionEntry],
}

impl Reader<'_, '_> {
    pub(super) fn expect(
        &mut self,
        files: Vec<ExpectFile>,
        faults: &[FaultEntry],
        actions: &[ActionEntry],
    ) -> Vec<ExpectEntry> {
        let known = Known { faults, actions };
        files.into_iter().filter_map(|file| self.expectation(file, &known)).collect()
    }

    fn expectation(&mut self, file: ExpectFile, known: &Known<'_>) -> Option<ExpectEntry> {
        let place = self.place(file.span);
        let view = file.view.map(|view| view.0).unwrap_or_default();
        self.modifiers(&file);
        let there = |given: bool| given.then_some(file.span);
        let kinds = [
            ("eventually", there(file.eventually.is_some())),
            ("before", there(file.before.is_some())),
            ("always", there(file.always.is_some())),
            ("never", there(file.never.is_some())),
            ("export", there(file.export.is_some())),
            ("final", there(file.r#final.is_some())),
            ("stable_for", there(file.stable_for.is_some())),
        ];
        self.exactly_one("an expectation", file.span, &kinds)?;
        let kind = self.expect_kind(file, known)?;
        Some(ExpectEntry { place, view, kind })
    }

    fn expect_kind(&mut self, file: ExpectFile, known: &Known<'_>) -> Option<ExpectKind> {
        if let Some(states) = file.eventually {
            let within = file.within.map(|within| within.value.0);
            return Some(ExpectKind::Eventually { states: self.states(states, file.span)?, within });
        }
        if let Some(pair) = file.before {
            return self.before(pair);
        }
        if let Some(condition) = file.always {
            let condition = self.condition(condition, file.span)?;
            let (from, until) = (self.mark(file.from, known)?, self.mark(file.until, known)?);
            return Some(ExpectKind::Always { condition, from, until });
        }
        if let Some(condition) = file.never {
            let condition = self.condition(condition, file.span)?;
            let (from, until) = (self.mark(file.from, known)?, self.mark(file.until, known)?);
            return Some(ExpectKind::Never { condition, from, until });
        }
        if let Some(values) = file.export {
            return self.exports(values, file.span);
        }
        if let Some(states) = file.r#final {
            return Some(ExpectKind::Final { states: self.states(states, file.span)? });
        }
        let states = self.states(file.stable_for?, file.span)?;
        match file.r#for {
            Some(length) => Some(ExpectKind::StableFor { states, length: length.value.0 }),
            None => {
                self.context.error(file.span, "`stable_for` needs `for`: for how long?");
                None
            }
        }
    }

    /// Reports a modifier that stands beside the wrong kind of expectation.
    fn modifiers(&mut self, file: &ExpectFile) {
        let windowed = file.always.is_some() || file.never.is_some();
        let modifiers = [
            ("within", file.within.as_ref().map(|value| value.span), file.eventually.is_some(), "`eventually`"),
            ("from", file.from.as_ref().map(|value| value.span), windowed, "`always` and `never`"),
            ("until", file.until.as_ref().map(|value| value.span), windowed, "`always` and `never`"),
            ("for", file.r#for.as_ref().map(|value| value.span), file.stable_for.is_some(), "`stable_for`"),
        ];
        for (word, span, fits, of) in modifiers {
            if let Some(span) = span
                && !fits
            {
                self.context.error(span, format!("`{word}` goes with {of}"));
            }
        }
    }

    fn states(&mut self, states: States, entry: Span) -> Option<Vec<SubjectState>> {
        if states.0.is_empty() {
            self.context.error(entry, "this expectation names no subject; write `deployment/NAME: STATE`");
            return None;
        }
        let mut read = Vec::with_capacity(states.0.len());
        for (subject, state) in states.0 {
            let name = self.subject(&subject.text, subject.span);
            self.state(&name, &state);
            read.push((name, state.value));
        }
        Some(read)
    }

    fn before(&mut self, pair: Spanned<Vec<States>>) -> Option<ExpectKind> {
        let wrong = "`before` takes two states, each a map with one subject";
        let Ok([first, second]) = <[States; 2]>::try_from(pair.value) else {
            self.context.error(pair.span, wrong);
            return None;
        };
        if first.0.len() != 1 || second.0.len() != 1 {
            self.context.error(pair.span, wrong);
            return None;
        }
        let first = self.states(first, pair.span)?.pop()?;
        let second = self.states(second, pair.span)?.pop()?;
        Some(ExpectKind::Before { first, second })
    }

    fn condition(&mut self, condition: ConditionValue, entry: Span) -> Option<Condition> {
        match condition {
            ConditionValue::States(states) => self.states(states, entry).map(Condition::States),
            ConditionValue::Cel(expression) if expression.value.len() > CEL_BYTES_MAX => {
                self.context.error(expression.span, format!("an expression has at most {CEL_BYTES_MAX} bytes"));
                None
            }
            ConditionValue::Cel(expression) => Some(Condition::Cel(expression.value)),
        }
    }

    fn exports(&mut self, values: Table<Spanned<Pattern>>, entry: Span) -> Option<ExpectKind> {
        if values.0.is_empty() {
            self.context.error(entry, "`export` names no value; write `deployment/NAME.KEY: REGEX`");
            return None;
        }
        let mut read = Vec::with_capacity(values.0.len());
        for (name, pattern) in values.0 {
            let Some((subject, key)) = name.text.rsplit_once('.').filter(|(_, key)| !key.is_empty()) else {
                let error =
                    Diagnostic::error(self.context.source, name.span, format!("{} names no value", quote(&name.text)));
                self.context
                    .report(error.help("write a subject, a dot and a key: `deployment/vllm.internal_dns_name`"));
                continue;
            };
            let subject = self.subject(subject, name.span);
            read.push(ExportPattern { subject, key: key.to_owned(), pattern: pattern.value.0 });
        }
        Some(ExpectKind::Export { values: read })
    }

    /// An end of a window. `None`: wrong. `Some(None)`: not given.
    #[allow(clippy::option_option)]
    fn mark(&mut self, mark: Option<Spanned<MarkValue>>, known: &Known<'_>) -> Option<Option<Mark>> {
        let Some(mark) = mark else { return Some(None) };
        let read = match mark.value {
            MarkValue::At(length) => {
                let time = self.time(&Spanned { value: length, span: mark.span })?;
                Mark::At(time)
            }
            MarkValue::Map(states) => match &states.0[..] {
                [(key, name)] if key.text == "action" => Mark::Action(self.action(name, known)?),
                [(key, name)] if key.text == "fault" => Mark::Fault(self.fault(name, known)?),
                entries => {
                    self.lone_words(entries);
                    Mark::States(self.states(states, mark.span)?)
                }
            },
        };
        Some(Some(read))
    }

    /// `action` and `fault` stand alone in a mark.
    fn lone_words(&mut self, entries: &[(Key, Spanned<String>)]) {
        for (key, _) in entries.iter().filter(|(key, _)| matches!(key.text.as_str(), "action" | "fault")) {
            self.context.error(key.span, format!("`{}` stands alone here", key.text));
        }
    }

    /// The name of the action that is meant: by its name, or by its word if it is the only one.
    fn action(&mut self, name: &Spanned<String>, known: &Known<'_>) -> Option<String> {
        let text = &name.value;
        let of_word: Vec<&ActionEntry> = known.actions.iter().filter(|action| action.kind.text() == text).collect();
        if known.actions.iter().any(|action| action.name == *text) && of_word.len() <= 1 {
            return Some(text.clone());
        }
        match of_word[..] {
            [one] => Some(one.name.clone()),
            [] => {
                let names: Vec<&str> = known.actions.iter().map(|action| action.name.as_str()).collect();
                self.no_such("action", name, &names);
                None
            }
            _ => {
                let names: Vec<&str> = of_word.iter().map(|action| action.name.as_str()).collect();
                let error = Diagnostic::error(
                    self.context.source,
                    name.span,
                    format!("{} may mean several actions", quote(text)),
                );
                self.context.report(error.help(format!("give them names of their own; now they are {}", list(&names))));
                None
            }
        }
    }

    fn fault(&mut self, name: &Spanned<String>, known: &Known<'_>) -> Option<String> {
        if known.faults.iter().any(|fault| fault.name == name.value) {
            return Some(name.value.clone());
        }
        let names: Vec<&str> = known.faults.iter().map(|fault| fault.name.as_str()).collect();
        self.no_such("fault", name, &names);
        None
    }

    fn no_such(&mut self, what: &str, name: &Spanned<String>, known: &[&str]) {
        // A fault or action that is wrong itself is not among the known; that has been reported.
        if !self.context.is_clean() {
            return;
        }
        let error =
            Diagnostic::error(self.context.source, name.span, format!("there is no {what} {}", quote(&name.value)));
        self.context.report(match nearest(&name.value, known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error.note(format!("the scenario has no {what}s")),
            None => error.note(format!("known are {}", list(known))),
        });
    }
}
