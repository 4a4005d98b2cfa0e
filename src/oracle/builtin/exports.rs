//! GR103: a deployment was given a value that another published and that leads nowhere any more. Which values are given to whom is what
//! systems pledge; whether the publisher is still there, its entries say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Found, Oracle, Unread, rules};
use crate::scenario::Scenario;
use crate::text::mask::mask;
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::{Pledge, Stage, Uses};

/// Watches for values of publishers that are gone.
#[derive(Clone, Default, Debug)]
pub struct Exports {
    unread: Unread,
    /// The last word of each deployment, and its entry.
    words: Arc<BTreeMap<Subject, (&'static str, EntryId)>>,
}

impl Exports {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Exports {
        Exports::default()
    }

    fn given(&self, uses: &Uses, stage: &dyn Stage, found: &mut Found) {
        let names = stage.names();
        let (of, key) = (uses.of.show(names), names.text(uses.key));
        let tell = |what: String, evidence: Option<EntryId>, found: &mut Found| {
            let detail = format!("it was given {of}.{key}, and {what}");
            found.add(&rules::EXPORT, uses.user.show(names), stage.now(), detail, evidence);
        };
        if let Some((word, id)) = self.words.get(&uses.of)
            && uses.gone.contains(word)
        {
            return tell(format!("{of} was {word}"), Some(*id), found);
        }
        let Some(value) = uses.value.map(|value| names.text(value)) else { return };
        match stage.published(uses.of, key) {
            None => tell("nothing of that name was published".to_owned(), None, found),
            Some(now) if now != value && mask(now) != value => {
                tell(format!("the value is {value}, while {} is published", mask(now)), None, found);
            }
            Some(_) => {}
        }
    }
}

impl Oracle for Exports {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        // The values of a deployment that starts are told before the entry that it does.
        for pledge in self.unread.take(stage) {
            if let Pledge::Uses(uses) = pledge {
                self.given(uses, stage, found);
            }
        }
        if entry.subject.kind == Kind::Member {
            Arc::make_mut(&mut self.words).insert(entry.subject, (entry.became, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::played::Played;

    fn found(word: &'static str, given: &str) -> Vec<String> {
        let (mut stage, mut oracle, mut found) = (Played::default(), Exports::default(), Found::default());
        stage.publish("deployment/a", "service_name", "a-1");
        let (id, entry) = stage.became("deployment/a", word);
        oracle.entry(id, &entry, &stage, &mut found);
        let (user, of) = (stage.subject("deployment/b"), stage.subject("deployment/a"));
        let (key, value) = (stage.symbol("service_name"), Some(stage.symbol(given)));
        stage.owe(Pledge::Uses(Uses { user, of, key, value, gone: &["undeployed"] }));
        let (id, entry) = stage.became("deployment/b", "active");
        oracle.entry(id, &entry, &stage, &mut found);
        found.into_vec().into_iter().map(|one| format!("{}: {}", one.subject, one.detail)).collect()
    }

    #[test]
    fn a_value_of_one_that_is_gone_is_found_and_one_that_is_not_published() {
        assert_eq!(found("monitoring", "a-1"), Vec::<String>::new());
        let told = "deployment/b: it was given deployment/a.service_name, and deployment/a was undeployed";
        assert_eq!(found("undeployed", "a-1"), [told]);
        let told = "deployment/b: it was given deployment/a.service_name, and the value is a-0, while a-1 is published";
        assert_eq!(found("monitoring", "a-0"), [told]);
    }
}
