//! Text with places: sources, YAML and JSON as trees that know where each value stands, quantities and lengths of time, and
//! diagnostics that point at a line. What a document means is not known here.

pub mod counted;
pub mod decode;
pub mod diagnostic;
pub mod duration;
mod json;
pub mod mask;
pub mod mask_json;
mod pyyaml;
pub mod quantity;
pub mod render;
pub mod rule;
pub mod source;
pub mod tree;
mod yaml;
mod yaml11;

pub use diagnostic::{Diagnostic, Severity};
pub use source::{Format, Place, Source, Span};
pub use tree::Node;
