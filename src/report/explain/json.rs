//! Explanations as one JSON object: every entry in full, and the graph.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Explained, words};
use crate::explain::graph::{self, Link};
use crate::explain::{About, Chain, Content, Explanation, Row, Section};
use crate::report::rows;
use crate::timeline::{EntryId, ScenarioLine};

/// Writes the object.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explained: &Explained) -> io::Result<()> {
    let Explained { run, story, .. } = explained;
    let mut whole = json!(rows::head(run));
    whole["all_well"] = json!(story.all_well);
    whole["explanations"] = story.explanations.iter().map(|one| explanation(explained, one)).collect();
    whole["left_out"] = json!(story.left_out);
    whole["graph"] = graph_value(explained);
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn explanation(explained: &Explained, one: &Explanation) -> Value {
    let run = &explained.run;
    let (word, what) = words::heading(run, one.about);
    let (kind, number) = match one.about {
        About::Entry(id) => ("entry", Some(id.0 as usize)),
        About::Expectation(index) => ("expectation", Some(index + 1)),
        About::Unfired(index) => ("unfired", Some(index + 1)),
        About::Document(index) => ("document", Some(index + 1)),
        About::Finding(index) => ("finding", Some(index + 1)),
        About::Missed(index) => ("missed", Some(index + 1)),
        About::Limit => ("limit", None),
    };
    json!({
        "kind": kind,
        "number": number,
        "status": word.to_ascii_lowercase(),
        "what": what,
        "line": words::stands_in(run, one.about).map(|line| line_value(explained, line)),
        "found": words::findings(run, one.about),
        "moment": one.moment.to_string(),
        "moment_ns": one.moment.nanos(),
        "chain": one.chain.as_ref().map(|chain| chain_value(explained, chain)),
        "sections": one.sections.iter().map(|section| section_value(explained, section)).collect::<Value>(),
    })
}

fn line_value(explained: &Explained, line: &ScenarioLine) -> Value {
    let text = words::line_text(explained, line);
    json!({ "file": *line.file, "line": line.line, "column": line.column, "text": text })
}

fn entry_value(explained: &Explained, id: EntryId) -> Value {
    let run = &explained.run;
    run.timeline.get(id).map_or(Value::Null, |entry| json!(rows::entry(id, &entry, &run.names)))
}

fn chain_value(explained: &Explained, chain: &Chain) -> Value {
    let line = chain.line.and_then(|line| words::line(&explained.run, line));
    json!({
        "line": line.map(|line| line_value(explained, line)),
        "joins": chain.joins.map(|id| id.0),
        "steps": chain.steps.iter().map(|step| entry_value(explained, *step)).collect::<Value>(),
        "gap": chain.gap.map(|gap| json!({ "after": gap.after, "left_out": gap.count })),
    })
}

fn section_value(explained: &Explained, section: &Section) -> Value {
    let mut value = json!({
        "topic": words::topic_name(section.topic),
        "title": words::topic(&explained.run, section.topic),
        "left_out": section.left_out,
    });
    match &section.content {
        Content::Chain(chain) => value["chain"] = chain_value(explained, chain),
        Content::Rows(rows) => value["rows"] = rows.iter().map(|row| row_value(explained, row)).collect(),
    }
    value
}

fn row_value(explained: &Explained, row: &Row) -> Value {
    let now = (row.now != row.entry).then(|| entry_value(explained, row.now));
    json!({ "depth": row.depth, "entry": entry_value(explained, row.entry), "now": now })
}

fn graph_value(explained: &Explained) -> Value {
    let graph = graph::graph(&explained.run, &explained.story);
    let id = |place: usize| words::node_id(explained, graph.nodes[place]);
    let nodes = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(place, node)| json!({ "id": id(place), "label": words::node_label(explained, *node) }));
    let edges = graph.edges.iter().map(|edge| {
        let (kind, left_out) = match edge.link {
            Link::Causes(left_out) => ("causes", left_out),
            Link::Decides => ("decides", 0),
            Link::Awaited => ("awaited", 0),
            Link::Holds => ("holds", 0),
        };
        json!({ "from": id(edge.from), "to": id(edge.to), "kind": kind, "left_out": left_out })
    });
    json!({ "nodes": nodes.collect::<Value>(), "edges": edges.collect::<Value>(), "left_out": graph.left_out })
}
