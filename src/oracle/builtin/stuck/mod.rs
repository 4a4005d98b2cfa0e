//! GR106: something is asked for, and nothing goes on towards it any more.
//!
//! Judged once, at the end of a run. What is asked for and not there say two sources: the world, of workloads that have fewer
//! pods than they want; and the words of systems and objects (`systems::standing`). Of each it is read from the timeline when
//! something last went on. Who is stuck is told once, at the lowest place: a group whose deployment is stuck is not told of.

mod history;
mod shorts;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use history::{History, makers};
use shorts::{Case, cases, merged};

use super::origin;
use super::{Found, Oracle, rules};
use crate::kernel::{Duration, Time};
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::systems::standing::{Standing, standing_of};
use crate::timeline::{Arg, Entry, EntryId, Kind, Subject, render};
use crate::workload::Stage;

/// Looks at what is asked for when the run is over.
#[derive(Clone, Debug)]
pub struct Stuck {
    after: Duration,
    /// Whose last word says that it is not there. The timeline is read only if there are any, or pods are missing. Shared by runs
    /// that fork, until one of them changes it.
    unsettled: Arc<BTreeSet<Subject>>,
}

impl Stuck {
    /// One for a run of this scenario.
    pub fn new(scenario: &Scenario) -> Stuck {
        Stuck { after: scenario.oracles.stuck_after, unsettled: Arc::default() }
    }
}

/// What the end of a run looks like to this oracle.
struct View<'a> {
    stage: &'a dyn Stage,
    history: History,
    /// How long nothing must have gone on.
    after: Duration,
    /// Who has something below it that is stuck and told of.
    told: BTreeSet<Subject>,
    /// Who has something below it that goes on, or waits for somebody by design.
    excused: BTreeSet<Subject>,
    /// Who has something below it that an operator gave up.
    withdrawn: BTreeSet<Subject>,
}

impl Oracle for Stuck {
    fn entry(&mut self, _: EntryId, entry: &Entry, _: &dyn Stage, _: &mut Found) {
        if entry.subject.kind == Kind::Pod {
            return;
        }
        let is_unsettled = match standing_of(&entry.head()) {
            Some(stands) => matches!(stands, Standing::Coming | Standing::Leaving | Standing::GaveUp),
            None => return,
        };
        if is_unsettled != self.unsettled.contains(&entry.subject) {
            let unsettled = Arc::make_mut(&mut self.unsettled);
            if is_unsettled {
                unsettled.insert(entry.subject);
            } else {
                unsettled.remove(&entry.subject);
            }
        }
    }

    fn end(&mut self, stage: &dyn Stage, ending: &Ending, found: &mut Found) {
        if matches!(ending, Ending::LimitReached(_)) {
            return;
        }
        let shorts = stage.short();
        if shorts.is_empty() && self.unsettled.is_empty() {
            return;
        }
        let there = shorts.iter().flat_map(|short| &short.pods).map(|pod| pod.pod);
        let pods: BTreeSet<Subject> = there.chain(shorts.iter().flat_map(|short| &short.gone).copied()).collect();
        let others: BTreeSet<Subject> =
            shorts.iter().flat_map(|short| short.parts.iter().copied().chain([short.subject])).collect();
        let history = History::read(stage.timeline(), &pods, &others, self.after);
        // Where nothing is left that could happen, nothing has to be waited for.
        let after = if *ending == Ending::Quiet { Duration::ZERO } else { self.after };
        let mut view =
            View { stage, history, after, told: BTreeSet::new(), excused: BTreeSet::new(), withdrawn: BTreeSet::new() };
        let shorts = merged(&view, shorts);
        let subjects: BTreeSet<Subject> = shorts.iter().map(|short| short.subject).collect();
        for case in cases(&view, shorts) {
            view.judge(&case, found);
        }
        view.words(&subjects, found);
    }
}

impl View<'_> {
    fn makers(&self, subject: Subject, first: EntryId) -> Vec<Subject> {
        makers(&self.history, self.stage.names(), self.stage.timeline(), subject, first)
    }

    /// True if a rollout or a step of a pipeline was given up because an operator said so: by an action, or at a gate.
    fn was_told_to(&self, life: &history::Life) -> bool {
        let timeline = self.stage.timeline();
        let chain = timeline.chain(life.last).into_iter().take(3).filter_map(|id| timeline.get(id));
        let mut kinds = chain.map(|entry| entry.subject.kind);
        let own = kinds.next();
        matches!(own, Some(Kind::Rollout | Kind::Step | Kind::Group))
            && kinds.any(|kind| matches!(kind, Kind::Action | Kind::Gate))
    }

    /// True if nothing has gone on for long enough.
    fn is_still(&self, since: Time) -> bool {
        self.stage.now().since(since) >= self.after
    }

    fn judge(&mut self, case: &Case, found: &mut Found) {
        let above = case.first.map(|first| self.makers(case.subject, first)).unwrap_or_default();
        if self.is_taken_down(&above, case.subject) {
            return;
        }
        let above = above.into_iter().chain([case.subject]);
        if case.comes || !self.is_still(case.since) {
            self.excused.extend(above);
            return;
        }
        self.told.extend(above);
        self.tell(case.subject, case.since, &case.detail, case.evidence, found);
    }

    /// True if one of those above is being taken away or gone: nothing below it is asked for.
    fn is_taken_down(&self, above: &[Subject], own: Subject) -> bool {
        let goes = |one: &&Subject| {
            let stands = self.history.lives.get(one).and_then(|life| life.stands);
            **one != own && matches!(stands, Some(Standing::Leaving | Standing::Gone | Standing::Refused))
        };
        above.iter().any(|one| goes(&one))
    }

    fn tell(&self, subject: Subject, since: Time, detail: &str, evidence: Option<EntryId>, found: &mut Found) {
        let names = self.stage.names();
        let lasts = self.stage.now().since(since);
        let detail = format!("{detail}{}", origin::words(self.stage.timeline(), names, evidence));
        found.add_lasting(&rules::STUCK, subject.show(names), since, Some(lasts), detail, evidence);
    }

    /// Judges what systems and objects say of themselves, the last made first: what stands above comes after what is below.
    fn words(&mut self, counted: &BTreeSet<Subject>, found: &mut Found) {
        let mut lives: Vec<(Subject, history::Life)> =
            self.history.lives.iter().map(|(subject, life)| (*subject, *life)).collect();
        lives.sort_by_key(|(_, life)| std::cmp::Reverse(life.first));
        let mut told = Vec::new();
        for (subject, life) in lives {
            // What is counted was judged by its pods; that it gave up says more.
            let Some(stands) = life.stands.filter(|stands| *stands == Standing::GaveUp || !counted.contains(&subject))
            else {
                continue;
            };
            let above = self.makers(subject, life.first);
            // Of what an operator wants none nothing is missing, whatever its last word is.
            if self.is_taken_down(&above, subject) || self.stage.told_wanted(subject) == Some(0) {
                continue;
            }
            let below = self.quoted(subject, &life);
            let is_excused = [Some(subject), below].into_iter().flatten().any(|one| self.excused.contains(&one));
            match stands {
                Standing::There | Standing::Gone | Standing::Refused => continue,
                Standing::Waits => self.excused.extend(above),
                Standing::Coming | Standing::Leaving if is_excused || !self.is_still(life.moved) => {
                    self.excused.extend(above);
                }
                // The next Job of a CronJob tries again; what an operator gave up is as it was asked for.
                Standing::GaveUp
                    if above.iter().any(|one| one.kind == Kind::CronJob)
                        || self.was_told_to(&life)
                        || self.withdrawn.contains(&subject) =>
                {
                    self.withdrawn.extend(above.iter().copied());
                    self.excused.extend(above);
                }
                Standing::Coming | Standing::Leaving | Standing::GaveUp => {
                    if ![Some(subject), below].into_iter().flatten().any(|one| self.told.contains(&one)) {
                        told.push((subject, life, stands));
                    }
                    self.told.extend(above);
                }
            }
        }
        for (subject, life, stands) in told.into_iter().rev() {
            let detail = self.word_detail(&life, stands);
            self.tell(subject, life.moved, &detail, Some(life.last), found);
        }
    }

    /// Of whom a set of manifests speaks in its last word: it has none of its own. What a later `apply` has made does not come from
    /// the set by its causes.
    fn quoted(&self, subject: Subject, life: &history::Life) -> Option<Subject> {
        let entry = self.stage.timeline().get(life.last).filter(|_| subject.kind == Kind::Manifests)?;
        entry.why.args.iter().find_map(|arg| match arg {
            Arg::Subject(below) => Some(*below),
            _ => None,
        })
    }

    fn word_detail(&self, life: &history::Life, stands: Standing) -> String {
        let (now, names) = (self.stage.now(), self.stage.names());
        let Some(entry) = self.stage.timeline().get(life.last) else { return String::new() };
        let why = render::why(&entry.why, names);
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        let length = now.since(life.moved);
        match stands {
            Standing::GaveUp => format!("it is given up: {}{why}", entry.became),
            Standing::Leaving => {
                format!("it is {}{why} and for {length} nothing goes on towards its end", entry.became)
            }
            _ => format!("it is {}{why} and for {length} nothing goes on", entry.became),
        }
    }
}
