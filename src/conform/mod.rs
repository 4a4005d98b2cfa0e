//! Compares a simulated run of a scenario with a live run of it: what ought to agree, what of it is tolerated and why, and where the
//! two part first. It reads two finished results; it runs nothing, asks no cluster, and shows nothing.
//!
//! Absolute times and the texts of causes are never compared: a cluster has times of its own, and causes of a live run are
//! inferred. Subjects are matched by their names, and pods of one owner that are alike by what they went through.

mod align;
mod availability;
mod counts;
#[cfg(test)]
mod decision_tests;
mod decisions;
mod ends;
mod evidence;
mod exports;
mod findings;
mod nodes;
mod order;
mod outages;
mod placements;
mod pods;
mod projection;
mod reorder;
mod replay;
mod sequences;
mod story;
#[cfg(test)]
mod tests;
mod verdicts;

pub use evidence::{Evidence, Told};
pub use findings::{Aspect, Difference, Side, Tolerance, Toleration};
pub use projection::{LeftOut, left_out};
pub use reorder::SIMULTANEOUS;

use crate::kernel::Duration;
use crate::rehearsal::RunResult;
use findings::Findings;
use story::Story;

/// What the pods of a live run are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Substrate {
    /// Objects that kwok moves on: no container runs, fails or starts again.
    Kwok,
    /// Containers that a kubelet runs.
    Containers,
}

/// Whether two runs agree. The gravest comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Conformity {
    /// They agree in all that is compared.
    Agree,
    /// They differ only in what a live run cannot show or decides freely.
    Tolerated,
    /// They differ.
    Diverge,
}

/// A state that lasted less than this may be missing in the other run: a watch tells of what an object is when it is looked
/// at, and a controller that is busy looks late.
pub const COALESCED_BELOW: Duration = Duration::from_secs(2);

/// How two runs of a scenario compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The scenario's name.
    pub name: String,
    /// The scenario's file, as the user named it.
    pub file: String,
    /// The seed of the simulated run.
    pub seed: u64,
    /// What the pods of the live run were.
    pub substrate: Substrate,
    /// The gravest of the findings.
    pub verdict: Conformity,
    /// Each subject, and all pods of one owner together, with the gravest of the findings about it; by name.
    pub subjects: Vec<(String, Conformity)>,
    /// How much was compared, by aspect.
    pub compared: Vec<(Aspect, usize)>,
    /// What could not be compared, and why.
    pub not_checked: Vec<String>,
    /// What differs: that which diverges first, each in the order in which it happened.
    pub findings: Vec<Difference>,
}

impl Comparison {
    /// The first divergence.
    pub fn first(&self) -> Option<&Difference> {
        self.findings.first().filter(|finding| finding.conformity() == Conformity::Diverge)
    }

    /// The findings of this gravity.
    pub fn findings_of(&self, conformity: Conformity) -> impl Iterator<Item = &Difference> {
        self.findings.iter().filter(move |finding| finding.conformity() == conformity)
    }
}

/// Compares two runs of a scenario.
pub fn compare(simulated: &RunResult, live: &RunResult, substrate: Substrate) -> Comparison {
    let [mut told, mut seen] = [simulated, live].map(|run| Story::of(run, substrate));
    let own_nodes = nodes::set_apart(&mut told, &mut seen, substrate);
    let mut findings = Findings::new(&told, &seen, substrate);
    sequences::compare(&mut findings);
    order::compare(&mut findings);
    counts::compare(&mut findings);
    ends::compare(&mut findings);
    exports::compare(&mut findings);
    outages::compare(&mut findings);
    availability::compare(&mut findings);
    match own_nodes {
        None => placements::compare(&mut findings),
        Some(own) => own.tell(&mut findings),
    }
    decisions::compare(&mut findings);
    verdicts::compare(&mut findings);
    findings.finish()
}
