//! Who was meant by a name that nothing in a run has: the nearest of the names that there are.

use std::collections::BTreeSet;

use super::Rehearsal;
use super::cues::{Cue, CueKind};
use crate::scenario::model::Trigger;
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::Subject;
use crate::workload::{BuiltIn, Stage};

impl<S: Stage> Rehearsal<S> {
    /// `no controller has "lama-stack"; did you mean `llama-stack`?`
    pub(super) fn no_controller_has(&self, name: &str) -> String {
        let named = self.systems.iter().flat_map(|system| system.names());
        format!("no controller has {}{}", quote(name), hint(name, named))
    }

    /// Why nobody whose writes can be told apart has a name.
    pub(super) fn nobody_is_called(&self, name: &str) -> String {
        let built_in: Vec<&str> = BuiltIn::ALL.iter().map(|one| one.text()).collect();
        let own = self.systems.iter().flat_map(|system| system.names());
        let known = built_in.iter().copied().chain(own).chain(self.scenario.deploy.iter().map(|one| one.system.text()));
        let known = hint(name, known);
        let named = quote(name);
        format!(
            "nobody here is called {named}{known}{}it is a system, a group, deployment or document, or one of {}",
            if known.is_empty() { ": " } else { " " },
            built_in.join(", ")
        )
    }

    /// What a cue waited for, if nothing in the run has its name.
    pub(super) fn subject_meant(&self, cue: &Cue) -> String {
        let trigger = match cue.kind {
            CueKind::Fault(index) => &self.store.faults[index].trigger,
            CueKind::Action(index) => &self.store.actions[index].trigger,
            _ => return String::new(),
        };
        let Trigger::On { subject, .. } = trigger else { return String::new() };
        let (timeline, names) = (self.stage.timeline(), self.stage.names());
        let known: BTreeSet<Subject> = timeline.heads(0).map(|(_, entry)| entry.subject).collect();
        let kind = subject.split_once('/').map_or("", |(kind, _)| kind);
        let shown: Vec<String> =
            known.iter().filter(|one| one.kind.text() == kind).map(|one| one.show(names)).collect();
        if shown.iter().any(|one| one == subject) {
            String::new()
        } else {
            hint(subject, shown.iter().map(String::as_str))
        }
    }
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
