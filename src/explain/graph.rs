//! Explanations as one graph: entries and the causes between them, the lines of the scenario as its roots, what is explained
//! as its sinks. Bounded; the order of nodes and edges is that in which they are found, so that it is always the same.

use std::collections::BTreeMap;

use super::{About, Chain, Content, Explanation, Row, Story, Topic};
use crate::rehearsal::RunResult;
use crate::timeline::{EntryId, LineId};

/// The most nodes of a graph.
pub const NODES_MAX: usize = 80;

/// A graph of nodes that are referred to by position.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// How many nodes more there would have been.
    pub left_out: usize,
}

/// A node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Node {
    /// A line of the scenario.
    Line(LineId),
    /// An entry.
    Entry(EntryId),
    /// What is explained, by its position in the story; an entry that is explained stands for itself.
    Sink(usize),
}

/// An edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// The node at its beginning.
    pub from: usize,
    /// The node at its end.
    pub to: usize,
    /// What it says.
    pub link: Link,
}

/// What an edge says of its two nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// The first made the second happen; so many causes between them are left out.
    Causes(usize),
    /// The first decided the second.
    Decides,
    /// The second waits for the first.
    Awaited,
    /// The first holds what the second needs.
    Holds,
}

/// The graph of a story: first all chains of causes, then what surrounds them, as long as there is room.
pub fn graph(run: &RunResult, story: &Story) -> Graph {
    let mut draft = Draft { run, graph: Graph::default(), places: BTreeMap::new() };
    for (index, explanation) in story.explanations.iter().enumerate() {
        draft.causes(index, explanation);
    }
    for (index, explanation) in story.explanations.iter().enumerate() {
        draft.surroundings(index, explanation);
    }
    draft.graph
}

struct Draft<'a> {
    run: &'a RunResult,
    graph: Graph,
    places: BTreeMap<Node, usize>,
}

impl Draft<'_> {
    /// The place of a node, which is added if it is new and there is room.
    fn node(&mut self, node: Node) -> Option<usize> {
        if let Some(place) = self.places.get(&node) {
            return Some(*place);
        }
        if self.graph.nodes.len() >= NODES_MAX {
            self.graph.left_out += 1;
            return None;
        }
        self.graph.nodes.push(node);
        self.places.insert(node, self.graph.nodes.len() - 1);
        Some(self.graph.nodes.len() - 1)
    }

    fn edge(&mut self, from: Option<usize>, to: Option<usize>, link: Link) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
            && !self.graph.edges.iter().any(|edge| (edge.from, edge.to) == (from, to))
        {
            self.graph.edges.push(Edge { from, to, link });
        }
    }

    fn causes(&mut self, index: usize, explanation: &Explanation) {
        let last = explanation.chain.as_ref().and_then(|chain| self.chain(chain));
        if !matches!(explanation.about, About::Entry(_)) {
            let sink = self.node(Node::Sink(index));
            self.edge(last, sink, Link::Decides);
        }
    }

    /// Adds a chain; gives the place of its last step.
    fn chain(&mut self, chain: &Chain) -> Option<usize> {
        let start = chain.joins.map(Node::Entry).or(chain.line.map(Node::Line));
        let mut before = start.and_then(|start| self.node(start));
        for (position, step) in chain.steps.iter().enumerate() {
            let place = self.node(Node::Entry(*step));
            self.edge(before, place, Link::Causes(chain.gap_before(position).unwrap_or(0)));
            before = place;
        }
        before
    }

    /// Adds an entry with the causes that lead to what is there already.
    fn entry(&mut self, id: EntryId) -> Option<usize> {
        if let Some(place) = self.places.get(&Node::Entry(id)) {
            return Some(*place);
        }
        let known: Vec<EntryId> = self
            .graph
            .nodes
            .iter()
            .filter_map(|node| match node {
                Node::Entry(id) => Some(*id),
                _ => None,
            })
            .collect();
        self.chain(&Chain::behind(self.run, id, &known))
    }

    fn surroundings(&mut self, index: usize, explanation: &Explanation) {
        let about = match explanation.about {
            About::Entry(id) => Node::Entry(id),
            _ => Node::Sink(index),
        };
        let about = self.places.get(&about).copied();
        // Who waits stands where its row is, or is what is explained.
        let mut waiting = BTreeMap::new();
        for section in &explanation.sections {
            match (&section.topic, &section.content) {
                (_, Content::Chain(chain)) => drop(self.chain(chain)),
                (Topic::WaitsFor(_), Content::Rows(rows)) => {
                    let mut above: Vec<Option<usize>> = vec![about];
                    for row in rows {
                        let place = self.entry(row.entry);
                        above.truncate(row.depth + 1);
                        self.edge(place, above.last().copied().flatten(), Link::Awaited);
                        above.push(place);
                        waiting.extend(self.subject(row).zip(place));
                    }
                }
                (Topic::Holders(pod), Content::Rows(rows)) => {
                    let pod = waiting.get(pod).copied().or(about);
                    for row in rows {
                        let place = self.entry(row.entry);
                        self.edge(place, pod, Link::Holds);
                    }
                }
                (Topic::LedTo(_), Content::Rows(rows)) => {
                    for row in rows {
                        self.entry(row.entry);
                    }
                }
                _ => {}
            }
        }
    }

    fn subject(&self, row: &Row) -> Option<crate::timeline::Subject> {
        self.run.timeline.get(row.entry).map(|entry| entry.subject)
    }
}
