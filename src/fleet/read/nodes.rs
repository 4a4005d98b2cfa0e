//! A fleet from a table of nodes.

use super::cell;
use super::columns::{Columns, Field};
use super::names::Names;
use super::table::Table;
use crate::fleet::inventory::{Fleet, GPUS_MAX, ModelSet, NODES_MAX, NodeKind};
use crate::text::Diagnostic;

/// What a table of nodes can have.
const FIELDS: [Field; 8] = [
    Field::Name,
    Field::CpuMilli,
    Field::Cpu,
    Field::MemoryMib,
    Field::MemoryGib,
    Field::MemoryBytes,
    Field::Gpus,
    Field::Model,
];

/// The fleet that a table lists.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read_nodes(table: &Table, columns: &Columns) -> Result<Fleet, Vec<Diagnostic>> {
    let search = columns.of(table, "--node-columns");
    let found = (|| {
        search.check_named(&FIELDS, "nodes")?;
        Ok((
            search.need(&[Field::Name])?.1,
            search.need(&[Field::CpuMilli, Field::Cpu])?,
            search.need(&[Field::MemoryMib, Field::MemoryGib, Field::MemoryBytes])?,
            search.need(&[Field::Gpus])?.1,
            search.find(Field::Model)?,
        ))
    })();
    let (name_at, cpu_at, memory_at, gpus_at, model_at) = found.map_err(|problem: Diagnostic| vec![problem])?;
    let mut fleet = Fleet::default();
    let mut names = Names::default();
    table.for_each(|row| {
        let name = names.take(row, name_at)?;
        let gpus = cell::whole(row, Field::Gpus, gpus_at, GPUS_MAX as u64)? as u8;
        let model = match model_at.and_then(|at| row.cells.get(at).map(|model| (at, model))) {
            _ if gpus == 0 => ModelSet(0),
            None => ModelSet::ANY,
            Some((at, model)) => cell::model(row, at, model, &mut fleet.models)?,
        };
        let kind = NodeKind {
            cpu_milli: cell::cpu_milli(row, cpu_at)?,
            memory_mib: cell::memory_mib(row, memory_at)?,
            gpus,
            model,
        };
        if fleet.nodes.len() == NODES_MAX {
            return Err(row.problem(name_at, format!("there are more than {NODES_MAX} nodes")));
        }
        fleet.add(name, kind);
        Ok(())
    })?;
    if fleet.nodes.is_empty() {
        return Err(vec![table.about("the table has no nodes")]);
    }
    Ok(fleet)
}
