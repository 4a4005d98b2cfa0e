//! Explanations as a graph in the language of Graphviz: `greenroom explain … --format dot | dot -Tsvg`.

use std::io::{self, Write};

use super::{Explained, words};
use crate::explain::graph::{self, Link, Node};

/// Writes the graph.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explained: &Explained) -> io::Result<()> {
    let graph = graph::graph(&explained.run, &explained.story);
    writeln!(out, "digraph explain {{")?;
    writeln!(out, "    node [shape=box, fontname=\"sans-serif\"];")?;
    writeln!(out, "    edge [fontname=\"sans-serif\", fontsize=10];")?;
    for node in &graph.nodes {
        let label: Vec<String> = words::node_label(explained, *node).iter().map(|line| escape(line)).collect();
        let label = label.join("\\n");
        let look = match node {
            Node::Line(_) => ", shape=note",
            Node::Entry(_) => "",
            Node::Sink(_) => ", shape=octagon, penwidth=2",
        };
        writeln!(out, "    {} [label=\"{label}\"{look}];", words::node_id(explained, *node))?;
    }
    if graph.left_out > 0 {
        writeln!(out, "    leftout [label=\"{} more are left out\", shape=plaintext];", graph.left_out)?;
    }
    for edge in &graph.edges {
        let [from, to] = [edge.from, edge.to].map(|place| words::node_id(explained, graph.nodes[place]));
        let label = words::link_label(edge.link);
        match edge.link {
            Link::Causes(0) => writeln!(out, "    {from} -> {to};")?,
            Link::Causes(_) => writeln!(out, "    {from} -> {to} [label=\"{label}\"];")?,
            Link::Decides => writeln!(out, "    {from} -> {to} [penwidth=2];")?,
            Link::Awaited | Link::Holds => writeln!(out, "    {from} -> {to} [style=dashed, label=\"{label}\"];")?,
        }
    }
    writeln!(out, "}}")
}

/// A text inside the quotes of a label.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '"' | '\\' => escaped.extend(['\\', character]),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_line_breaks_are_escaped() {
        assert_eq!(escape("a \"b\" c\\d\ne\tf"), "a \\\"b\\\" c\\\\d\\ne f");
    }
}
