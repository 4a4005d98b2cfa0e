//! What a node of a pool is made of: its shape's figures, what the pool sets instead, and how its GPUs are cut.

use crate::workload::{NodePoolSpec, Resources};

/// A machine before it is a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// What pods may ask of it.
    pub resources: Resources,
    /// The model of its GPUs.
    pub gpu_model: Option<String>,
}

/// The machine behind a pool's spec.
///
/// # Errors
/// When the shape is not known and its name does not tell, or a MIG configuration does not fit its GPUs.
pub fn resolve(_spec: &NodePoolSpec) -> Result<Machine, String> {
    Err("no".to_owned())
}

/// Slices of one GPU.
///
/// # Errors
/// When the configuration does not fit the model.
pub fn mig_slices(_model: &str, _config: &str) -> Result<Vec<(String, u32)>, String> {
    Err("no".to_owned())
}
