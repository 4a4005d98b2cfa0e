//! GR102, of what entries tell: a dependent began before what it depends on was there. Who must wait for whom is what systems pledge.
//! Pods that wait for pods are `turns`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Found, Oracle, rules};
use crate::scenario::Scenario;
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::{Order, Pledge, Stage};

/// Watches for dependents that begin too early.
#[derive(Clone, Debug)]
pub struct Started {
    /// Pledges that were read.
    read: usize,
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
        Started { read: 0, open: Arc::default(), words: Arc::default(), early: Vec::new(), pods_made: false }
    }

    fn read(&mut self, stage: &dyn Stage) {
        for pledge in stage.pledges().get(self.read..).unwrap_or_default() {
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
        self.read = stage.pledges().len();
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
        // Of one instant, the order of entries is no order of events.
        self.early.retain(|(one, _)| !opens(one));
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
        found.add(&rules::ORDER, one.order.dependent.show(names), stage.now(), detail, evidence);
    }
}

impl Oracle for Started {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, _: &mut Found) {
        if self.read < stage.pledges().len() {
            self.read(stage);
        }
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
