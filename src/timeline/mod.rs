//! What happened: entries with a time, a subject, what it became, why, and a cause that leads back to a scenario line.
//! Entries are small values full of ids; their text is made late, by [`render`]. Judging them is the work of `oracle`.

mod chunk;
pub mod entry;
pub mod log;
pub mod render;
pub mod states;
pub mod steps;
pub mod subject;
mod vocabulary;

pub use entry::{Arg, Cause, Entry, EntryId, Head, Layer, LineId, Why};
pub use log::{ScenarioLine, Timeline};
pub use subject::{Kind, Subject};
