//! The entry behind a finding and the causes that led to it, as texts: the ids of two runs mean nothing to each other.

use crate::explain::Chain;
use crate::kernel::Time;
use crate::rehearsal::RunResult;
use crate::timeline::{EntryId, ScenarioLine, render};

/// An entry of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Its number in its timeline.
    pub id: u32,
    /// When.
    pub at: Time,
    /// Whom it is about.
    pub subject: String,
    /// What that became.
    pub became: &'static str,
    /// Why.
    pub why: String,
}

/// An entry with the chain of its causes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The line of the scenario where the chain begins.
    pub line: Option<ScenarioLine>,
    /// The causes, the first first; the last is the entry itself.
    pub chain: Vec<Told>,
    /// How many are left out of a long chain, and behind how many of `chain`.
    pub left_out: Option<(usize, usize)>,
}

impl Evidence {
    /// What is behind an entry of a run.
    pub fn of(run: &RunResult, id: EntryId) -> Evidence {
        let chain = Chain::behind(run, id, &[]);
        Evidence {
            line: chain.line.and_then(|line| run.timeline.line(line)).cloned(),
            left_out: chain.gap.map(|gap| (gap.count, gap.after)),
            chain: chain.steps.iter().filter_map(|step| told(run, *step)).collect(),
        }
    }

    /// The entry itself.
    pub fn entry(&self) -> Option<&Told> {
        self.chain.last()
    }
}

fn told(run: &RunResult, id: EntryId) -> Option<Told> {
    let entry = run.timeline.get(id)?;
    Some(Told {
        id: id.0,
        at: entry.at,
        subject: entry.subject.show(&run.names),
        became: entry.became,
        why: render::why(&entry.why, &run.names),
    })
}
