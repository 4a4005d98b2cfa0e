//! Each placement of a live run, asked of the simulated scheduler: would the node do, and has none a higher score? Which of several
//! best nodes is taken is chance on a cluster (`selectHost`, k8s.io/kubernetes v1.36.3, pkg/scheduler/schedule_one.go), so that every
//! one of them is right. Where a pod has no choice, nothing is asked.

use std::collections::{BTreeSet, VecDeque};

use super::align::Run;
use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use super::reorder::{Moment, Order, SIMULTANEOUS};
use super::replay::{Judgement, Replay};
use crate::kernel::Time;
use crate::rehearsal::scheduling::{Change, Placement, Scheduling};

/// What came of asking.
#[derive(Debug, Default)]
pub struct Judged<'a> {
    /// How many placements were asked about.
    pub count: usize,
    /// How many of them only whether the node would do.
    pub feasible_only: usize,
    /// How many were not asked about, since something of the state is not known.
    pub unknown: usize,
    /// Placements that are not right in the order in which things were seen, with what is said of that, and why it does not matter
    /// if it does not.
    pub wrong: Vec<(&'a Placement, Judgement, Option<String>)>,
}

/// Asks the simulated scheduler about every placement.
pub fn judged(scheduling: &Scheduling) -> Judged<'_> {
    let sightings = &scheduling.sightings;
    let mut walk = Walk {
        scheduling,
        before: Replay::new(scheduling),
        now: Replay::new(scheduling),
        recent: VecDeque::new(),
        left: (0..sightings.len()).collect(),
        unexplained: BTreeSet::new(),
        is_known: true,
        judged: Judged::default(),
    };
    while let Some(event) = walk.left.pop_front() {
        walk.forget(sightings[event].at);
        match &sightings[event].change {
            Change::Bound(placement) => walk.placed(event, placement),
            _ => walk.happens(event),
        }
    }
    walk.judged
}

/// The way through what was seen.
struct Walk<'a> {
    scheduling: &'a Scheduling,
    /// The state before all that is recent.
    before: Replay,
    now: Replay,
    /// What happened last: its order is not sure.
    recent: VecDeque<usize>,
    /// What is to come.
    left: VecDeque<usize>,
    /// Placements that no order explains.
    unexplained: BTreeSet<usize>,
    /// False once a pod was bound of which nobody knows what it asks for.
    is_known: bool,
    judged: Judged<'a>,
}

impl<'a> Walk<'a> {
    /// What was seen long before some time is settled.
    fn forget(&mut self, now: Time) {
        let sightings = &self.scheduling.sightings;
        while let Some(event) = self.recent.front().filter(|event| now.since(sightings[**event].at) > SIMULTANEOUS) {
            self.before.apply(&sightings[*event].change);
            self.recent.pop_front();
        }
    }

    fn happens(&mut self, event: usize) {
        self.now.apply(&self.scheduling.sightings[event].change);
        self.recent.push_back(event);
    }

    fn placed(&mut self, event: usize, placement: &'a Placement) {
        self.is_known &= placement.template.is_some();
        if !self.is_known {
            self.judged.unknown += 1;
            return self.happens(event);
        }
        if self.count(&self.scheduling.sightings[event].change) {
            let judgement = self.now.judge(placement);
            if judgement != Judgement::Right {
                let excuse = self.excuse(event);
                let is_explained = excuse.is_some();
                self.judged.wrong.push((placement, judgement, excuse));
                if is_explained {
                    return;
                }
                self.unexplained.insert(event);
            }
        }
        self.happens(event);
    }

    /// Counts a placement that the state lets be judged; true if it does.
    fn count(&mut self, change: &Change) -> bool {
        let is_judged = matches!(change, Change::Bound(placement) if self.now.can_judge(placement));
        self.judged.count += usize::from(is_judged);
        self.judged.feasible_only += usize::from(is_judged && !self.now.asks_best());
        is_judged
    }

    /// Looks for another order of what happened just before and after; if there is one, it is what happened.
    fn excuse(&mut self, event: usize) -> Option<String> {
        let sightings = &self.scheduling.sightings;
        let at = sightings[event].at;
        let is_soon = |later: &usize| {
            let later = &sightings[*later];
            let is_unknown = matches!(&later.change, Change::Bound(placement) if placement.template.is_none());
            later.at.since(at) <= SIMULTANEOUS && !is_unknown
        };
        let soon = self.left.iter().copied().take_while(is_soon);
        let mut events: Vec<usize> = self.recent.iter().copied().chain([event]).chain(soon).collect();
        events.sort_unstable();
        let wanted: Vec<usize> = self.recent.iter().copied().chain([event]).collect();
        let (before, wrong) = (&self.before, &self.unexplained);
        let moment = Moment { before, sightings, events: &events, wanted: &wanted, wrong };
        let (order, told) = match moment.order(event) {
            Order::Found(order) => {
                let told = format!("right in another order of the {} changes of that moment", events.len());
                (order, told)
            }
            Order::TooMany => {
                (wanted, format!("{} changes of that moment have too many orders to look at", events.len()))
            }
            Order::None => return None,
        };
        self.now = self.before.clone();
        for one in &order {
            if *one != event && self.left.contains(one) {
                // It was seen later, and is right where it stands in the order.
                self.count(&sightings[*one].change);
            }
            self.now.apply(&sightings[*one].change);
        }
        self.left.retain(|later| !order.contains(later));
        self.recent = order.into();
        Some(told)
    }
}

/// Adds what is wrong with the placements of the live run.
pub fn compare(findings: &mut Findings<'_>) {
    let Some(live) = &findings.live.run.live else { return };
    let Some(scheduling) = &live.scheduling else {
        findings.not_checked("that nodes were the best for their pods: what else is on nodes of others is not known");
        return;
    };
    let judged = judged(scheduling);
    (0..judged.count).for_each(|_| findings.compared(Aspect::Placements));
    for (placement, judgement, excuse) in judged.wrong {
        let (best, live) = told(&placement.node, &judgement);
        let live: Seen = (live, Some(placement.entry));
        let tolerated = excuse.map(|detail| Toleration { tolerance: Tolerance::Simultaneous, detail });
        let tolerated = tolerated.into_iter().collect();
        findings.add_shown_by(Run::Live, Aspect::Placements, &placement.pod, (best, None), live, tolerated);
    }
    if judged.feasible_only > 0 {
        let why =
            "pods with claims are decided on before they are bound, and of 100 nodes or more only some are looked at";
        findings
            .not_checked(&format!("that {} of the nodes were the best for their pods: {why}", judged.feasible_only));
    }
    if judged.unknown > 0 {
        let why = "a pod was bound that no document of the run describes";
        findings.not_checked(&format!("that {} of the nodes would do for their pods: {why}", judged.unknown));
    }
}

/// What would have been right, and what was found.
fn told(node: &str, judgement: &Judgement) -> (String, String) {
    let nodes = |best: &[String]| if best.is_empty() { "no node".to_owned() } else { best.join(" or ") };
    match judgement {
        Judgement::Right => (format!("{node} is right"), format!("on {node}")),
        Judgement::NotFeasible { why, best } => {
            (format!("would be on {}", nodes(best)), format!("on {node}, which is not feasible: {why}"))
        }
        Judgement::NotBest { score, best_score, best } => {
            (format!("would be on {} with score {best_score}", nodes(best)), format!("on {node} with score {score}"))
        }
    }
}
