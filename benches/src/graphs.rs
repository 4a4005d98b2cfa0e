//! Graphs of Dynamo from their document to all of them being up, as `run` plays them: one that takes many nodes, and a fleet.

use std::fmt::Write;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;

use crate::rollout::GPUS_PER_NODE;

/// Graphs, each with a frontend and a decode worker of so many nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Graphs {
    /// How many graphs.
    pub count: u32,
    /// Nodes of a worker; all their GPUs are taken.
    pub nodes: u32,
    /// True: Grove and KAI-Scheduler place them as gangs; false: they are Deployments.
    pub grove: bool,
}

impl Graphs {
    /// A multinode graph of 48 GPUs, and fleets of graphs by each provider, the small before the large.
    pub const ALL: [Graphs; 7] = [
        Graphs { count: 1, nodes: 6, grove: true },
        Graphs { count: 50, nodes: 1, grove: false },
        Graphs { count: 100, nodes: 1, grove: false },
        Graphs { count: 500, nodes: 1, grove: false },
        Graphs { count: 50, nodes: 1, grove: true },
        Graphs { count: 100, nodes: 1, grove: true },
        Graphs { count: 500, nodes: 1, grove: true },
    ];

    /// How many pods they have: a frontend, and a worker on each of its nodes.
    pub const fn pods(self) -> u32 {
        self.count * (1 + self.nodes)
    }

    /// What is measured, in words.
    pub fn describe(self) -> String {
        let by = if self.grove { "by Grove" } else { "as Deployments" };
        let gpus = u64::from(self.nodes) * GPUS_PER_NODE;
        match self.count {
            1 => format!("a Dynamo graph of {gpus} GPUs on {} nodes, {by}", self.nodes),
            count => format!("{count} Dynamo graphs of {gpus} GPUs, {by}"),
        }
    }

    fn document(self) -> String {
        let multinode =
            if self.nodes > 1 { format!("multinode: {{ nodeCount: {} }}, ", self.nodes) } else { String::new() };
        let mut text = String::new();
        for number in 0..self.count {
            write!(
                text,
                "---\napiVersion: nvidia.com/v1beta1\nkind: DynamoGraphDeployment\nmetadata: {{ name: g{number} }}\nspec:\n  \
                 backendFramework: vllm\n  components:\n    - {{ name: Frontend, type: frontend, replicas: 1, podTemplate: {{ spec: {{ \
                 containers: [ {{ name: main, image: \"frontend:1.5.0\" }} ] }} }} }}\n    - {{ name: Decode, type: decode, replicas: 1, \
                 {multinode}podTemplate: {{ spec: {{ containers: [ {{ name: main, image: \"runtime:1.5.0\", resources: {{ limits: {{ nvidia.com/gpu: \
                 \"{GPUS_PER_NODE}\" }} }} }} ] }} }} }}\n"
            )
            .expect("writing to a string cannot fail");
        }
        text
    }

    fn scenario(self) -> String {
        let (nodes, provider) = (self.count * self.nodes, if self.grove { "grove, kai: true" } else { "component" });
        let schedulers = if self.grove { "  batch_schedulers: { kai: {} }\n" } else { "" };
        format!(
            "name: graphs\nuntil: 1h\ndynamo: {{ operator: \"1.5\", provider: {provider} }}\ncluster:\n{schedulers}  nodes:\n    - {{ pool: gpu, \
             count: {nodes}, cpu: 64, memory: 512Gi, gpus: {{ model: H100, count: {GPUS_PER_NODE} }} }}\nbehaviour:\n  - {{ match: {{ \
             image: \"frontend*\" }}, pull: 10s, start: 5s }}\n  - {{ match: {{}}, pull: 30s, start: {{ uniform: {{ min: 60s, max: 180s }} }} }}\ndeploy:\n  - {{ document: graphs.yaml, system: dynamo }}\n"
        )
    }
}

struct Text(String);

impl Documents for Text {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// Plays them until an hour is over.
///
/// # Panics
/// If they are not all up at the end: then there is nothing to measure.
pub fn play(graphs: Graphs) -> RunResult {
    let source = Source::new("graphs.greenroom.yaml", graphs.scenario());
    let scenario = load_from(&source, &Text(graphs.document())).expect("a scenario");
    let run = rehearse(&scenario, Options::default(), &mut []).expect("documents");
    let up = run
        .timeline
        .since(0)
        .filter(|(_, entry)| entry.became == "successful" && entry.subject.show(&run.names).starts_with("graph/"));
    assert_eq!(up.count() as u32, graphs.count, "every graph comes up, once");
    run
}

#[cfg(test)]
mod tests {
    use super::{Graphs, play};

    #[test]
    fn all_graphs_come_up() {
        for graphs in Graphs::ALL.map(|graphs| Graphs { count: graphs.count.min(3), ..graphs }) {
            assert!(play(graphs).timeline.len() > 10, "{}", graphs.describe());
        }
    }
}
