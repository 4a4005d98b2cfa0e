//! Which column of a table holds what. Fields have the names of the openb traces; a map names the column of each where a table has
//! other names, and a few fields may be in other units, by another name.

use std::str::FromStr;

use super::table::Table;
use crate::text::Diagnostic;
use crate::text::diagnostic::{nearest, quote};

/// What a column can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// The name of a node or pod.
    Name,
    /// CPU in thousandths of a core.
    CpuMilli,
    /// CPU in cores.
    Cpu,
    /// Memory in MiB.
    MemoryMib,
    /// Memory in GiB.
    MemoryGib,
    /// Memory in bytes.
    MemoryBytes,
    /// How many GPUs.
    Gpus,
    /// Of each so many thousandths.
    GpuMilli,
    /// The models that will do, with `|` between them.
    GpuSpec,
    /// The model of a node's GPUs.
    Model,
    /// When a pod came, in seconds.
    CreationTime,
    /// When it was placed, in seconds.
    ScheduledTime,
    /// When it left, in seconds.
    DeletionTime,
    /// How long it ran, in seconds.
    Duration,
    /// Who goes first.
    Priority,
}

/// The fields, with the names that columns have for them.
const FIELDS: [(Field, &[&str]); 15] = [
    (Field::Name, &["name", "sn"]),
    (Field::CpuMilli, &["cpu_milli"]),
    (Field::Cpu, &["cpu"]),
    (Field::MemoryMib, &["memory_mib"]),
    (Field::MemoryGib, &["memory_gib"]),
    (Field::MemoryBytes, &["memory_bytes"]),
    (Field::Gpus, &["num_gpu", "gpu"]),
    (Field::GpuMilli, &["gpu_milli"]),
    (Field::GpuSpec, &["gpu_spec"]),
    (Field::Model, &["model"]),
    (Field::CreationTime, &["creation_time"]),
    (Field::ScheduledTime, &["scheduled_time"]),
    (Field::DeletionTime, &["deletion_time"]),
    (Field::Duration, &["duration"]),
    (Field::Priority, &["priority"]),
];

impl Field {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.names()[0]
    }

    fn names(self) -> &'static [&'static str] {
        FIELDS.iter().find(|(field, _)| *field == self).map_or(&["name"], |(_, names)| names)
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Field, String> {
        let found = FIELDS.iter().find(|(_, names)| names.contains(&text));
        found.map(|(field, _)| *field).ok_or_else(|| {
            let names: Vec<&str> = FIELDS.iter().map(|(_, names)| names[0]).collect();
            match nearest(text, names.iter().copied()) {
                Some(near) => format!("there is no field {}; did you mean `{near}`?", quote(text)),
                None => format!("there is no field {}; there are {}", quote(text), names.join(", ")),
            }
        })
    }
}

/// The columns that were named.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Columns {
    named: Vec<(Field, String)>,
}

impl FromStr for Columns {
    type Err = String;

    /// `FIELD=COLUMN`, with commas between several.
    fn from_str(text: &str) -> Result<Columns, String> {
        let mut columns = Columns::default();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let Some((field, column)) = pair.split_once('=') else {
                return Err(format!("{} is not FIELD=COLUMN", quote(pair)));
            };
            let field: Field = field.trim().parse()?;
            if columns.named.iter().any(|(known, _)| *known == field) {
                return Err(format!("`{}` is named twice", field.name()));
            }
            columns.named.push((field, column.trim().to_owned()));
        }
        Ok(columns)
    }
}

impl Columns {
    /// Where a table has a field, if it has it.
    ///
    /// # Errors
    /// A column that was named and is not there.
    pub fn find(&self, table: &Table, field: Field) -> Result<Option<usize>, Diagnostic> {
        let Some((_, column)) = self.named.iter().find(|(known, _)| *known == field) else {
            return Ok(field.names().iter().find_map(|name| table.column(name)));
        };
        table.column(column).map(Some).ok_or_else(|| {
            let problem = table.about_header(format!("there is no column {}", quote(column)));
            match nearest(column, table.header()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        })
    }

    /// The first of several fields that a table has: one that was named before one that has its usual name.
    ///
    /// # Errors
    /// None of them is there.
    pub fn need(&self, table: &Table, option: &str, fields: &[Field]) -> Result<(Field, usize), Diagnostic> {
        let mut named: Vec<Field> = fields.to_vec();
        named.sort_by_key(|field| !self.named.iter().any(|(known, _)| known == field));
        for field in named {
            if let Some(column) = self.find(table, field)? {
                return Ok((field, column));
            }
        }
        let name = fields[0].name();
        let there: Vec<&str> = table.header().collect();
        Err(table
            .about_header(format!("the column `{name}` is missing"))
            .note(format!("the columns are {}", quote(&there.join(", "))))
            .help(format!("name the column that holds it: {option} {name}=COLUMN")))
    }
}
