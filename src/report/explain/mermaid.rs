//! Explanations as a Mermaid flowchart, as Markdown pages and pull requests show it.

use std::io::{self, Write};

use super::{Explained, words};
use crate::explain::graph::{self, Link, Node};

/// Writes the graph.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explained: &Explained) -> io::Result<()> {
    let graph = graph::graph(&explained.run, &explained.story);
    writeln!(out, "flowchart TD")?;
    for node in &graph.nodes {
        let label: Vec<String> = words::node_label(explained, *node).iter().map(|line| escape(line)).collect();
        let label = label.join("<br/>");
        let id = words::node_id(explained, *node);
        match node {
            Node::Line(_) => writeln!(out, "    {id}[/\"{label}\"/]:::line")?,
            Node::Entry(_) => writeln!(out, "    {id}[\"{label}\"]")?,
            Node::Sink(_) => writeln!(out, "    {id}{{{{\"{label}\"}}}}:::sink")?,
        }
    }
    if graph.left_out > 0 {
        writeln!(out, "    leftout[\"{} more are left out\"]:::line", graph.left_out)?;
    }
    for edge in &graph.edges {
        let [from, to] = [edge.from, edge.to].map(|place| words::node_id(explained, graph.nodes[place]));
        let label = words::link_label(edge.link);
        match edge.link {
            Link::Causes(0) => writeln!(out, "    {from} --> {to}")?,
            Link::Causes(_) => writeln!(out, "    {from} -->|\"{label}\"| {to}")?,
            Link::Decides => writeln!(out, "    {from} ==> {to}")?,
            Link::Awaited | Link::Holds => writeln!(out, "    {from} -.->|\"{label}\"| {to}")?,
        }
    }
    writeln!(out, "    classDef line stroke-dasharray: 4 3")?;
    writeln!(out, "    classDef sink stroke-width: 3px")
}

/// A text inside the quotes of a label: what Mermaid, Markdown or HTML would take for their own becomes an entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("<br/>"),
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';' | '|' | '[' | ']' | '{' | '}' | '(' | ')' | '*' | '_'
            | '~' | '$' => escaped.push_str(&format!("#{};", u32::from(character))),
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
    fn what_mermaid_would_take_for_its_own_is_escaped() {
        assert_eq!(escape("a[\"b\"]\nc\\d\t#1"), "a#91;#34;b#34;#93;<br/>c#92;d #35;1");
        assert_eq!(escape("Pod/llm-r1-0"), "Pod/llm-r1-0");
    }
}
