//! Questions of capacity: many runs, their statistics. What one run is stands in `rehearsal`; what is shown in `report`.

pub mod statistics;
pub mod sweep;
