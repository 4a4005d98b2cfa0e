//! Amounts of what a node has and a container asks for. Integers only: milli-CPU, bytes, whole devices.

use std::collections::BTreeMap;

/// The resource name of NVIDIA's device plugin.
pub const NVIDIA_GPU: &str = "nvidia.com/gpu";
/// The resource name of AMD's device plugin.
pub const AMD_GPU: &str = "amd.com/gpu";

/// True if a resource is of whole GPUs, whoever makes them.
pub fn is_gpu(resource: &str) -> bool {
    resource.ends_with("/gpu")
}

/// An amount of each resource. Absent extended resources are zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Ephemeral storage in bytes.
    pub ephemeral_storage_bytes: u64,
    /// Extended resources by name (`nvidia.com/gpu`, `nvidia.com/mig-1g.10gb`), in whole units.
    pub extended: BTreeMap<String, u64>,
}

impl Resources {
    /// Nothing but `count` units of one extended resource.
    pub fn of(resource: &str, count: u64) -> Resources {
        let mut resources = Resources::default();
        if count > 0 {
            resources.extended.insert(resource.to_owned(), count);
        }
        resources
    }

    /// The amount of an extended resource.
    pub fn extended(&self, resource: &str) -> u64 {
        self.extended.get(resource).copied().unwrap_or(0)
    }

    /// The sum of two amounts; stops at the largest integer.
    pub fn plus(&self, other: &Resources) -> Resources {
        let mut sum = self.clone();
        sum.cpu_milli = sum.cpu_milli.saturating_add(other.cpu_milli);
        sum.memory_bytes = sum.memory_bytes.saturating_add(other.memory_bytes);
        sum.ephemeral_storage_bytes = sum.ephemeral_storage_bytes.saturating_add(other.ephemeral_storage_bytes);
        for (name, count) in &other.extended {
            let total = sum.extended.entry(name.clone()).or_default();
            *total = total.saturating_add(*count);
        }
        sum
    }

    /// The larger of two amounts, resource by resource.
    pub fn largest(&self, other: &Resources) -> Resources {
        let mut most = self.clone();
        most.cpu_milli = most.cpu_milli.max(other.cpu_milli);
        most.memory_bytes = most.memory_bytes.max(other.memory_bytes);
        most.ephemeral_storage_bytes = most.ephemeral_storage_bytes.max(other.ephemeral_storage_bytes);
        for (name, count) in &other.extended {
            let largest = most.extended.entry(name.clone()).or_default();
            *largest = (*largest).max(*count);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_compares_by_resource() {
        let one = Resources { cpu_milli: 100, ..Resources::of(NVIDIA_GPU, 1) };
        let two = Resources { memory_bytes: 5, ..Resources::of(NVIDIA_GPU, 2) };
        assert_eq!(one.plus(&two), Resources { cpu_milli: 100, memory_bytes: 5, ..Resources::of(NVIDIA_GPU, 3) });
        assert_eq!(one.largest(&two).extended(NVIDIA_GPU), 2);
        assert_eq!(one.extended(AMD_GPU), 0);
    }
}
