//! Nodes that are not those of the scenario: a run without fake nodes uses what the cluster has. They are then not compared, nor is
//! where pods went, and one finding says so.

use std::collections::BTreeSet;

use super::Substrate;
use super::findings::{Aspect, Findings, Tolerance, Toleration};
use super::story::Story;
use crate::timeline::Kind;

/// The nodes of two runs that have others.
pub struct OwnNodes {
    simulated: BTreeSet<String>,
    live: BTreeSet<String>,
}

/// Takes the nodes out of both runs where those of the cluster are not those of the scenario; `None` if they are the same, by name.
pub fn set_apart<'a>(simulated: &mut Story<'a>, live: &mut Story<'a>, substrate: Substrate) -> Option<OwnNodes> {
    let [one, other] = [&*simulated, &*live].map(|story| names(story));
    if substrate == Substrate::Kwok || one == other {
        return None;
    }
    for story in [simulated, live] {
        story.actors.retain(|_, actor| actor.kind != Kind::Node);
    }
    Some(OwnNodes { simulated: one, live: other })
}

fn names(story: &Story<'_>) -> BTreeSet<String> {
    story.actors.values().filter(|actor| actor.kind == Kind::Node).map(|actor| actor.name.clone()).collect()
}

impl OwnNodes {
    /// Says that they were not compared.
    pub fn tell(self, findings: &mut Findings<'_>) {
        findings.compared(Aspect::Placements);
        let [simulated, live] = [&self.simulated, &self.live].map(|nodes| {
            let names: Vec<&str> = nodes.iter().map(String::as_str).collect();
            (names.join(", "), None)
        });
        let detail = format!("{} and {} nodes, by other names", self.simulated.len(), self.live.len());
        let toleration = Toleration { tolerance: Tolerance::OwnNodes, detail };
        findings.add(Aspect::Placements, "nodes", simulated, live, vec![toleration]);
    }
}
