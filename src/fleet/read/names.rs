//! The names that a table has given so far, each with its row: a name stands once.

use std::hash::BuildHasherDefault;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;

use super::cell;
use super::table::Row;
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;

/// Names so far.
#[derive(Default)]
pub struct Names(IndexMap<Box<str>, u64, BuildHasherDefault<SipHasher13>>);

impl Names {
    /// The name of a row.
    ///
    /// # Errors
    /// It has none, or one that was there before.
    pub fn take<'a>(&mut self, row: &Row<'a>, column: usize) -> Result<&'a str, Box<Diagnostic>> {
        let name = cell::name(row, column)?;
        if let Some(first) = self.0.get(name) {
            let message =
                format!("the name {} stands twice, in rows {first} and {} of the table", quote(name), row.number());
            return Err(row.problem(column, message));
        }
        self.0.insert(name.into(), row.number());
        Ok(name)
    }
}
