//! 1Backend's Deploy Svc and the part of its Registry Svc that the deploy loop needs.

pub mod as_built;
pub mod containers;
