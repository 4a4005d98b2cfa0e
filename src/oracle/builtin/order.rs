//! GR102, of what entries tell: a dependent began before what it depends on was there. With it those of GR112 of the same shape: a way
//! back that was over before what it leads to was back. Who must wait for whom is what systems pledge.
//! Pods that wait for pods are `turns`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Found, Oracle, Unread, rules};
use crate::scenario::Scenario;
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::{Order, Pledge, Stage};

/// Watches for dependents that begin too early.
#[derive(Clone, Default, Debug)]
pub struct Started {
    unread: Unread,
    /// Orders that are owed and whose dependent has not begun.
    open: Arc<Vec<Waiting>>,
    /// The last word of each subject that somebody waits for, since then.
    words: Arc<BTreeMap<Subject, &'static str>>,
    /// Orders whose dependent began at this instant, not yet in order.
    early: Vec<(Waiting, EntryId)>,
    /// A pod was made at this instant while an order was open.
    pods_made: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    order: Order,
    /// The dependency was there, since it is owed.
    was_there: bool,
}

impl Waiting {
    fn is_open(&self, words: &BTreeMap<Subject, &'static str>) -> bool {
        match self.order.lasts {
            true => !words.get(&self.order.dependency).is_some_and(|word| self.order.reached.contains(word)),
            false => !self.was_there,
        }
    }
}

impl Started {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Started {
        Started::default()
    }

    fn read(&mut self, stage: &dyn Stage) {
        for pledge in self.unread.take(stage) {
            match pledge {
                Pledge::Order(order) => {
                    let open = Arc::make_mut(&mut self.open);
                    // What is owed once more begins anew.
                    open.retain(|one| {
                        (one.order.dependent, one.order.dependency, one.order.began)
                            != (order.dependent, order.dependency, order.began)
                    });
                    open.push(Waiting { order: *order, was_there: false });
                }
                Pledge::Free { dependent } => {
                    Arc::make_mut(&mut self.open).retain(|one| one.order.dependent != *dependent);
                }
                _ => {}
            }
        }
    }

    /// A subject that somebody waits for became something.
    fn reached(&mut self, entry: &Entry) {
        let is_awaited = |one: &Waiting| one.order.dependency == entry.subject;
        if !self.open.iter().any(is_awaited) && !self.early.iter().any(|(one, _)| is_awaited(one)) {
            return;
        }
        Arc::make_mut(&mut self.words).insert(entry.subject, entry.became);
        let opens = |one: &Waiting| is_awaited(one) && one.order.reached.contains(&entry.became);
        if self.open.iter().any(|one| !one.was_there && opens(one)) {
            Arc::make_mut(&mut self.open).iter_mut().filter(|one| opens(one)).for_each(|one| one.was_there = true);
        }
        let voids = |one: &Waiting| is_awaited(one) && one.order.void.contains(&entry.became);
        if self.open.iter().any(voids) {
            Arc::make_mut(&mut self.open).retain(|one| !voids(one));
        }
        // Of one instant, the order of entries is no order of events.
        self.early.retain(|(one, _)| !opens(one) && !voids(one));
    }

    /// A subject that may have to wait has begun.
    fn began(&mut self, id: EntryId, entry: &Entry) {
        let begins = |one: &Waiting| one.order.dependent == entry.subject && one.order.began.contains(&entry.became);
        if !self.open.iter().any(begins) {
            return;
        }
        let words = Arc::clone(&self.words);
        let open = Arc::make_mut(&mut self.open);
        let begun: Vec<Waiting> = open.iter().copied().filter(begins).collect();
        open.retain(|one| !begins(one));
        self.early.extend(begun.into_iter().filter(|one| one.is_open(&words)).map(|one| (one, id)));
    }

    fn tell(&self, one: &Waiting, how: &str, evidence: Option<EntryId>, stage: &dyn Stage, found: &mut Found) {
        let names = stage.names();
        let dependency = one.order.dependency.show(names);
        let word = self.words.get(&one.order.dependency);
        let was = word.map_or("nothing was told of it yet".to_owned(), |word| format!("it was {word}"));
        let wanted = one.order.reached.join(" or ");
        let detail = format!("{how} before {dependency} was {wanted}: {was}");
        let rule = if one.order.is_back { &rules::ROLLBACK } else { &rules::ORDER };
        found.add(rule, one.order.dependent.show(names), stage.now(), detail, evidence);
    }
}

impl Oracle for Started {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, _: &mut Found) {
        self.read(stage);
        if self.open.is_empty() && self.early.is_empty() {
            return;
        }
        if entry.subject.kind == Kind::Pod {
            self.pods_made |= entry.became == "Pending";
            return;
        }
        self.began(id, entry);
        self.reached(entry);
    }

    fn instant(&mut self, stage: &dyn Stage, found: &mut Found) {
        for (one, id) in std::mem::take(&mut self.early) {
            let became = stage.timeline().get(id).map_or("began", |entry| entry.became);
            self.tell(&one, &format!("it was {became}"), Some(id), stage, found);
        }
        if !std::mem::take(&mut self.pods_made) {
            return;
        }
        // What a system says of a deployment is one thing, what it made for it another.
        let has_pods = |subject| stage.counts(subject).is_some_and(|counts| counts.pods > 0);
        let members = self.open.iter().filter(|one| one.order.dependent.kind == Kind::Member);
        for one in members.filter(|one| one.is_open(&self.words) && has_pods(one.order.dependent)) {
            let last = stage.timeline().len().checked_sub(1).map(|index| EntryId(index as u32));
            self.tell(one, "it has pods", last, stage, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::played::Played;

    const BEGAN: &[&str] = &["active"];

    fn owed(stage: &mut Played, lasts: bool) {
        let (dependent, dependency) = (stage.subject("deployment/b"), stage.subject("deployment/a"));
        let (reached, void): (&[&str], &[&str]) = (&["monitoring"], &["rejected"]);
        let order = Order { dependent, began: BEGAN, dependency, reached, lasts, void, is_back: false };
        stage.owe(Pledge::Order(order));
    }

    /// Plays entries, each at its second, and tells what was found.
    fn found(stage: &mut Played, entries: &[(u64, &str, &'static str)]) -> Vec<String> {
        let (mut oracle, mut found) = (Started::default(), Found::default());
        for (place, (at, subject, became)) in entries.iter().enumerate() {
            stage.at(*at);
            let (id, entry) = stage.became(subject, became);
            oracle.entry(id, &entry, stage, &mut found);
            if entries.get(place + 1).is_none_or(|next| next.0 != *at) {
                oracle.instant(stage, &mut found);
            }
        }
        found.into_vec().into_iter().map(|one| format!("{} {}: {}", one.at, one.subject, one.detail)).collect()
    }

    #[test]
    fn a_dependent_that_begins_before_its_dependency_is_up_is_found() {
        let mut stage = Played::default();
        owed(&mut stage, true);
        let entries = [(1, "deployment/a", "active"), (2, "deployment/b", "active"), (3, "deployment/a", "monitoring")];
        let told = "00:00:02.000 deployment/b: it was active before deployment/a was monitoring: it was active";
        assert_eq!(found(&mut stage, &entries), [told]);
    }

    #[test]
    fn an_instant_has_no_order_and_a_word_that_voids_it_ends_it() {
        let mut stage = Played::default();
        owed(&mut stage, true);
        let entries = [(2, "deployment/b", "active"), (2, "deployment/a", "monitoring")];
        assert_eq!(found(&mut stage, &entries), Vec::<String>::new());
        let mut stage = Played::default();
        owed(&mut stage, true);
        let entries = [(1, "deployment/a", "rejected"), (2, "deployment/b", "active")];
        assert_eq!(found(&mut stage, &entries), Vec::<String>::new());
    }

    #[test]
    fn where_it_must_last_it_does_not_suffice_that_it_was() {
        let entries = [(1, "deployment/a", "monitoring"), (2, "deployment/a", "failed"), (3, "deployment/b", "active")];
        for (lasts, count) in [(true, 1), (false, 0)] {
            let mut stage = Played::default();
            owed(&mut stage, lasts);
            assert_eq!(found(&mut stage, &entries).len(), count, "lasts: {lasts}");
        }
    }

    #[test]
    fn pods_of_a_deployment_that_says_nothing_count_too() {
        let mut stage = Played::default();
        owed(&mut stage, true);
        stage.has("deployment/b", 1);
        let told =
            "00:00:04.000 deployment/b: it has pods before deployment/a was monitoring: nothing was told of it yet";
        assert_eq!(found(&mut stage, &[(4, "Pod/b-r1-0", "Pending")]), [told]);
    }
}
