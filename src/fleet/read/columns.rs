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
            let (field, column): (Field, &str) = (field.trim().parse()?, column.trim());
            if column.is_empty() {
                return Err(format!("{} names no column", quote(pair)));
            }
            if columns.named.iter().any(|(known, _)| *known == field) {
                return Err(format!("`{}` is named twice", field.name()));
            }
            columns.named.push((field, column.to_owned()));
        }
        Ok(columns)
    }
}

impl Columns {
    /// The search for these columns in a table. `option` is the one that names them, for messages.
    pub const fn of<'a>(&'a self, table: &'a Table, option: &'static str) -> Search<'a> {
        Search { columns: self, table, option }
    }

    fn named(&self, field: Field) -> Option<&str> {
        self.named.iter().find(|(known, _)| *known == field).map(|(_, column)| column.as_str())
    }
}

/// The search for the columns of one table.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    columns: &'a Columns,
    table: &'a Table,
    option: &'static str,
}

impl Search<'_> {
    /// Sees to it that nothing was named that such a table does not have.
    ///
    /// # Errors
    /// It was.
    pub fn check_named(&self, known: &[Field], rows: &str) -> Result<(), Diagnostic> {
        match self.columns.named.iter().find(|(field, _)| !known.contains(field)) {
            None => Ok(()),
            Some((field, _)) => {
                Err(self.table.about(format!("{} names `{}`, which {rows} do not have", self.option, field.name())))
            }
        }
    }

    /// Where the table has a field, if it has it.
    ///
    /// # Errors
    /// A column that was named and is not there, or two that have the field.
    pub fn find(&self, field: Field) -> Result<Option<usize>, Diagnostic> {
        self.find_one_of(&[field]).map(|found| found.map(|(_, column)| column))
    }

    /// Which of several fields, which mean the same in other units, the table has, and where.
    ///
    /// # Errors
    /// It has none or several of them, or not the column that was named.
    pub fn need(&self, fields: &[Field]) -> Result<(Field, usize), Diagnostic> {
        if let Some(found) = self.find_one_of(fields)? {
            return Ok(found);
        }
        let (option, name) = (self.option, fields[0].name());
        let there: Vec<&str> = self.table.header().collect();
        Err(self
            .table
            .about_header(format!("the column `{name}` is missing"))
            .note(format!("the columns are {}", quote(&there.join(", "))))
            .help(format!("name the column that holds it: {option} {name}=COLUMN")))
    }

    /// A field that was named goes before all that have their usual names; of neither kind there may be two.
    fn find_one_of(&self, fields: &[Field]) -> Result<Option<(Field, usize)>, Diagnostic> {
        let mut found = Vec::new();
        for field in fields {
            if let Some(column) = self.columns.named(*field) {
                found.push((*field, self.named_column(column)?));
            }
        }
        if found.is_empty() {
            let names = fields.iter().flat_map(|field| field.names().iter().map(|name| (*field, *name)));
            found.extend(names.filter_map(|(field, name)| self.table.column(name).map(|column| (field, column))));
        }
        let [first, second, ..] = found[..] else { return Ok(found.first().copied()) };
        let name = |column: usize| self.table.header().nth(column).unwrap_or("");
        let (one, other) = (name(first.1), name(second.1));
        let message = format!("the columns {} and {} hold the same: which counts?", quote(one), quote(other));
        let named = fields.iter().any(|field| self.columns.named(*field).is_some());
        Err(self.table.about_column(second.1, message).help(match named {
            true => format!("name one of them with {}", self.option),
            false => format!("name it: {} {}={one}", self.option, first.0.name()),
        }))
    }

    fn named_column(&self, name: &str) -> Result<usize, Diagnostic> {
        self.table.column(name).ok_or_else(|| {
            let problem = self.table.about_header(format!("there is no column {}", quote(name)));
            match nearest(name, self.table.header()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        })
    }
}
