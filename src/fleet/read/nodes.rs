//! A fleet from a table of nodes.

use std::hash::BuildHasherDefault;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;

use super::cell;
use super::columns::{Columns, Field};
use super::table::{Row, Table};
use crate::fleet::inventory::{Fleet, GPUS_MAX, MODELS_MAX, ModelSet, NodeKind};
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;

/// The most nodes of a fleet.
const NODES_MAX: usize = 10_000_000;

/// Names so far, with the row of each.
#[derive(Default)]
pub(super) struct Names(IndexMap<Box<str>, u64, BuildHasherDefault<SipHasher13>>);

impl Names {
    /// Remembers a name.
    ///
    /// # Errors
    /// It was there before.
    pub fn add(&mut self, row: &Row<'_>, column: usize, name: &str) -> Result<(), Box<Diagnostic>> {
        if let Some(first) = self.0.get(name) {
            let message =
                format!("the name {} stands twice, in rows {first} and {} of the table", quote(name), row.number());
            return Err(row.problem(column, message));
        }
        self.0.insert(name.into(), row.number());
        Ok(())
    }
}

/// The fleet that a table lists.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read_nodes(table: &Table, columns: &Columns) -> Result<Fleet, Vec<Diagnostic>> {
    let option = "--node-columns";
    let need = |fields: &[Field]| columns.need(table, option, fields);
    let found = (|| {
        Ok((
            need(&[Field::Name])?.1,
            need(&[Field::CpuMilli, Field::Cpu])?,
            need(&[Field::MemoryMib, Field::MemoryGib, Field::MemoryBytes])?,
            need(&[Field::Gpus])?.1,
            columns.find(table, Field::Model)?,
        ))
    })();
    let (name_at, cpu_at, memory_at, gpus_at, model_at) = found.map_err(|problem: Diagnostic| vec![problem])?;
    let mut fleet = Fleet::default();
    let mut names = Names::default();
    table.for_each(|row| {
        let name = cell::name(row, name_at)?;
        names.add(row, name_at, name)?;
        let gpus = cell::whole(row, Field::Gpus, gpus_at, GPUS_MAX as u64)? as u8;
        let model = match model_at.and_then(|at| row.cells.get(at)) {
            _ if gpus == 0 => ModelSet(0),
            None => ModelSet::ANY,
            Some(model) => fleet.models.intern(model).ok_or_else(|| {
                row.problem(
                    model_at.unwrap_or(0),
                    format!("the GPU model {} is one too many: {MODELS_MAX} can be told apart", quote(model)),
                )
            })?,
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
