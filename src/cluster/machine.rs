//! What a node is made of: its shape's figures, what is set instead, and how its GPUs are cut.

use super::shape;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};
use crate::workload::{NodePoolSpec, Resources};

/// A machine before it is a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// What pods may ask of it.
    pub resources: Resources,
    /// The model of its GPUs.
    pub gpu_model: Option<String>,
}

/// What is said of a machine; what is not said comes from its shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures<'a> {
    /// The provider's shape.
    pub shape: Option<&'a str>,
    /// CPU in thousandths of a core.
    pub cpu_milli: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Ephemeral storage in bytes.
    pub ephemeral_storage_bytes: Option<u64>,
    /// GPUs: the resource that pods ask for, the model, how many.
    pub gpus: Option<(&'a str, Option<&'a str>, u32)>,
    /// The MIG configuration of every GPU.
    pub mig: Option<&'a str>,
}

/// Ephemeral storage of a machine that says nothing of it: Kubernetes takes the size of the node's disk, which no shape
/// tells. 200 GiB is what most sample blueprints ask for as boot volume.
const EPHEMERAL_STORAGE_BYTES: u64 = 200 << 30;

/// The machine behind a pool's spec.
///
/// # Errors
/// When the shape is not known and its name does not tell, or a MIG configuration does not fit its GPUs.
pub fn resolve(spec: &NodePoolSpec) -> Result<Machine, String> {
    let given = |amount: u64| (amount > 0).then_some(amount);
    from_figures(&Figures {
        shape: Some(&spec.shape),
        cpu_milli: given(spec.resources.cpu_milli),
        memory_bytes: given(spec.resources.memory_bytes),
        ephemeral_storage_bytes: given(spec.resources.ephemeral_storage_bytes),
        gpus: None,
        mig: spec.mig.as_deref(),
    })
}

/// The machine of these figures.
///
/// # Errors
/// When the shape is not known and its name does not tell, or a MIG configuration does not fit its GPUs.
pub fn from_figures(figures: &Figures<'_>) -> Result<Machine, String> {
    let shape = figures.shape.map(shape::named).transpose()?;
    let shape = shape.as_ref();
    let (resource, gpu_model, gpu_count) = match (figures.gpus, shape.and_then(|shape| shape.gpus.as_ref())) {
        (Some((resource, model, count)), _) => (resource, model.map(str::to_owned), u64::from(count)),
        (None, Some(gpus)) => (gpus.resource, Some(gpus.model.clone()), u64::from(gpus.count)),
        (None, None) => (NVIDIA_GPU, None, 0),
    };
    let mut resources = Resources {
        cpu_milli: figures.cpu_milli.or(shape.map(|shape| shape.cpu_milli)).unwrap_or(0),
        memory_bytes: figures.memory_bytes.or(shape.map(|shape| shape.memory_bytes)).unwrap_or(0),
        ephemeral_storage_bytes: figures.ephemeral_storage_bytes.unwrap_or(EPHEMERAL_STORAGE_BYTES),
        ..Resources::of(resource, gpu_count)
    };
    if let Some(config) = figures.mig.filter(|config| *config != "all-disabled") {
        let model = gpu_model.as_deref().ok_or("a MIG configuration needs GPUs of a known model")?;
        if resource == AMD_GPU {
            return Err(format!("a MIG configuration needs NVIDIA GPUs, not {model}"));
        }
        resources.extended.clear();
        for (slice, count) in mig_slices(model, config)? {
            resources.extended.insert(slice, u64::from(count) * gpu_count);
        }
    }
    Ok(Machine { resources, gpu_model })
}

/// The memory of each GPU of a shape in bytes; `None`: it is not known, or has none.
pub fn gpu_memory_bytes(shape: &str) -> Option<u64> {
    Some(shape::Shape::find(shape)?.gpus?.memory_gib << 30)
}

/// The slices of one GPU of this model: their resource names, and how many of each.
///
/// # Errors
/// When the configuration does not fit the model.
pub fn mig_slices(model: &str, config: &str) -> Result<Vec<(String, u32)>, String> {
    shape::mig_slices(model, config)
}
