//! rollback.yaml: the queries that decide on going back.

use super::{Fields, File};
use crate::systems::paasta::model::{Rollback, RollbackCondition};
use crate::text::Node;

/// Reads them; none of a file that is no map.
pub fn read(file: &File) -> Option<Rollback> {
    file.root.as_map()?;
    let fields = Fields::new(&file.root, None);
    let mut conditions = Vec::new();
    for (source, queries) in fields.get("conditions").and_then(Node::as_map).unwrap_or_default() {
        for query in queries.as_seq().unwrap_or_default() {
            let fields = Fields::new(query, None);
            conditions.push(RollbackCondition {
                source: source.text.clone(),
                query: fields.text("query").unwrap_or_default(),
                dry_run: fields.truth("dry_run").unwrap_or(false),
                upper_bound: fields.decimal("upper_bound"),
                lower_bound: fields.decimal("lower_bound"),
            });
        }
    }
    Some(Rollback {
        place: file.source.place(file.root.span),
        conditions,
        enable_slo_rollback: fields.truth("enable_slo_rollback").unwrap_or(true),
        allowed_failing_queries: fields.whole("allowed_failing_queries").unwrap_or(0),
        window: fields.seconds("rollback_window_s"),
        check_interval: fields.seconds("check_interval_s"),
    })
}
