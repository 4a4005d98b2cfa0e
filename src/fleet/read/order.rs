//! The order of a published run: JSON with the row numbers of nodes and pods for each seed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::gzip;
use crate::fleet::demand::Trace;
use crate::fleet::inventory::Fleet;
use crate::fleet::replay::Order;
use crate::text::counted::counted;
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Source};

#[derive(Deserialize)]
struct Orders {
    /// The trace that they are for; the name of its file may say more.
    #[serde(default)]
    trace: Option<String>,
    seeds: BTreeMap<String, Seed>,
}

#[derive(Deserialize)]
struct Seed {
    nodes: Vec<u32>,
    pods: Vec<u32>,
}

/// The orders in a file's bytes, by their seeds: `{"seeds": {"42": {"nodes": [...], "pods": [...]}}}`, gzip or not.
///
/// # Errors
/// It is no such file, or it names rows that the tables do not have.
pub fn read_order(
    name: &str,
    bytes: &[u8],
    fleet: &Fleet,
    trace: &Trace,
) -> Result<BTreeMap<u64, Order>, Box<Diagnostic>> {
    let source = Source::new(name, "");
    let refuse = |what: String| Box::new(Diagnostic::about(&source, what));
    let text = if gzip::is_gzip(bytes) { Cow::Owned(gzip::unpack(name, bytes)?) } else { Cow::Borrowed(bytes) };
    let orders: Orders =
        serde_json::from_slice(&text).map_err(|error| refuse(format!("failed to read the order: {error}")))?;
    if let Some(meant) = orders.trace.as_deref().filter(|meant| !trace.name.ends_with(*meant)) {
        return Err(refuse(format!(
            "the order is for the trace {}, and this one is {}",
            quote(meant),
            quote(&trace.name)
        )));
    }
    let mut read = BTreeMap::new();
    for (seed, Seed { nodes, pods }) in orders.seeds {
        let number: u64 = seed.parse().map_err(|_| refuse(format!("the seed {} is not a number", quote(&seed))))?;
        let mut sorted = nodes.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..fleet.nodes.len() as u32) {
            let nodes = counted(fleet.nodes.len(), "node");
            return Err(refuse(format!("seed {number} does not name each row once: the fleet has {nodes}")));
        }
        if let Some(pod) = pods.iter().find(|pod| **pod as usize >= trace.pods.len()) {
            let pods = counted(trace.pods.len(), "pod");
            return Err(refuse(format!("seed {number} names the row {pod}, counted from 0; the trace has {pods}")));
        }
        read.insert(number, Order { nodes, pods });
    }
    Ok(read)
}
