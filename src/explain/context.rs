//! The surroundings of a subject: what it waits for, who is in its way, whom it serves, what it is made of.

use super::chain::Chain;
use super::standing::Standing;
use super::view::View;
use super::{Content, Row, Section, Topic, holders, waits};
use crate::timeline::{Cause, EntryId, Kind, Subject};

/// The most entries of one subject.
const HISTORY_MAX: usize = 4;
/// The most chains of what a subject waits for.
const CHAINS_MAX: usize = 3;
/// The most parts of a subject that is well.
const PARTS_MAX: usize = 6;
/// The most entries that one led to.
const EFFECTS_MAX: usize = 6;

/// The entries that were told already, so that nothing is told twice.
#[derive(Debug, Default)]
pub struct Told(pub Vec<EntryId>);

/// What is to be known of a subject beside the chain of causes.
pub fn context(view: &View<'_>, subject: Subject, told: &mut Told) -> Vec<Section> {
    let mut sections = Vec::new();
    let waits = waits::waits(view, subject);
    if !waits.rows.is_empty() {
        let content = Content::Rows(waits.rows);
        sections.push(Section { topic: Topic::WaitsFor(subject), content, left_out: waits.left_out });
    }
    let mut chains = 0;
    for leaf in &waits.leaves {
        let Some(latest) = view.latest(*leaf).filter(|latest| !told.0.contains(latest)) else { continue };
        if chains == CHAINS_MAX {
            break;
        }
        chains += 1;
        let chain = Chain::behind(view.run, latest, &told.0);
        told.0.extend(&chain.steps);
        sections.push(Section { topic: Topic::CameToBe(*leaf), content: Content::Chain(chain), left_out: 0 });
    }
    sections.extend(in_the_way(view, subject, &waits.leaves));
    if subject.kind == Kind::Pod {
        sections.extend(serves(view, subject));
        sections.extend(on_node(view, subject));
    } else if view.standing(subject) == Some(Standing::Well) {
        sections.extend(made_of(view, subject));
    }
    sections
}

/// Who holds what pods need that fit nowhere: once for each sort of need.
fn in_the_way(view: &View<'_>, subject: Subject, leaves: &[Subject]) -> Vec<Section> {
    let mut needs = Vec::new();
    let mut sections = Vec::new();
    for pod in [subject].iter().chain(leaves) {
        let Some(need) = holders::need(view, *pod) else { continue };
        if !needs.contains(&need) {
            sections.extend(holders::holders(view, *pod, need));
            if needs.is_empty() {
                sections.extend(holders::nodes(view, *pod));
            }
            needs.push(need);
        }
    }
    sections
}

/// The last entries about a subject that were not told already.
pub fn history(view: &View<'_>, subject: Subject, told: &Told) -> Option<Section> {
    let mut found = Vec::new();
    for (id, entry) in view.run.timeline.since(0).take(view.until) {
        if entry.subject == subject {
            found.push(id);
        }
    }
    let left_out = found.len().saturating_sub(HISTORY_MAX);
    let rows: Vec<Row> = found[left_out..].iter().map(|id| Row::new(0, *id)).collect();
    let new = rows.iter().any(|row| !told.0.contains(&row.entry));
    new.then_some(Section { topic: Topic::Became(subject), content: Content::Rows(rows), left_out })
}

/// The workload that a pod serves, from the nearest on.
fn serves(view: &View<'_>, pod: Subject) -> Option<Section> {
    let mut rows = Vec::new();
    let mut at = pod;
    while let Some(owner) = view.owner(at) {
        rows.extend(view.latest(owner).map(|latest| Row::new(0, latest)));
        at = owner;
    }
    (!rows.is_empty()).then_some(Section { topic: Topic::Serves(pod), content: Content::Rows(rows), left_out: 0 })
}

/// The last entries about the node that a pod is on.
fn on_node(view: &View<'_>, pod: Subject) -> Option<Section> {
    let node = view.node_of(view.placement(pod)?)?;
    let section = history(view, node, &Told::default())?;
    Some(Section { topic: Topic::OnNode(pod), ..section })
}

/// The parts of a subject that changed last: what it is well by.
fn made_of(view: &View<'_>, subject: Subject) -> Option<Section> {
    let mut parts = Vec::new();
    let mut open: Vec<Subject> = view.parts(subject).to_vec();
    while let Some(part) = open.pop() {
        open.extend(view.parts(part));
        let counts = matches!(view.standing(part), Some(Standing::Well));
        parts.extend(view.latest(part).filter(|_| counts));
    }
    parts.sort();
    let left_out = parts.len().saturating_sub(PARTS_MAX);
    let rows: Vec<Row> = parts[left_out..].iter().map(|id| Row::new(0, *id)).collect();
    (!rows.is_empty()).then_some(Section { topic: Topic::MadeOf(subject), content: Content::Rows(rows), left_out })
}

/// What an entry led to directly.
pub fn effects(view: &View<'_>, id: EntryId) -> Option<Section> {
    let later = view.run.timeline.since(id.0 as usize + 1);
    let mut rows: Vec<Row> =
        later.filter(|(_, entry)| entry.cause == Cause::Entry(id)).map(|(effect, _)| Row::new(0, effect)).collect();
    let left_out = rows.len().saturating_sub(EFFECTS_MAX);
    rows.truncate(EFFECTS_MAX);
    (!rows.is_empty()).then_some(Section { topic: Topic::LedTo(id), content: Content::Rows(rows), left_out })
}
