//! Text with places: sources, YAML and JSON as trees that know where each value stands, quantities and lengths of time, and
//! diagnostics that point at a line. What a document means is not known here.

pub mod source;

pub use source::{Format, Place, Source, Span};
