//! Shapes of machines that clouds sell: what a node of a shape can hold. Only what scheduling needs is kept; prices,
//! networks and disks are not.
//!
//! Nothing is taken off for the kubelet, the system or eviction: all of a machine counts as allocatable. Oracle's GB of
//! memory are read as GiB.

mod catalogue;
mod mig;

use crate::workload::Resources;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};

pub use mig::mig_slices;

/// A machine that a cloud sells under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// CPUs as Oracle counts them: physical cores on x86. Of a flexible shape, what it has unless told otherwise.
    pub ocpus: u32,
    /// CPUs as Kubernetes counts them, for one OCPU.
    pub threads_per_ocpu: u32,
    /// Memory in GiB. Of a flexible shape, what it has unless told otherwise.
    pub memory_gib: u64,
    /// Its GPUs, if it has any.
    pub gpus: Option<Gpus>,
    /// How far it can be sized, if it can.
    pub flexible: Option<Flexible>,
}

/// The GPUs of a machine; they are all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gpus {
    /// Their model; where there are several memory sizes the size is part of it.
    pub model: &'static str,
    /// How many there are.
    pub count: u32,
    /// Memory of one of them in GiB.
    pub memory_gib: u64,
}

/// The largest size of a flexible machine; the smallest is one OCPU and 1 GiB, and at least 1 GiB an OCPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flexible {
    /// The most OCPUs.
    pub ocpus_max: u32,
    /// The most memory in GiB; also at most 64 GiB an OCPU.
    pub memory_gib_max: u64,
}

/// The most memory in GiB that a flexible shape gives for one OCPU: Oracle's documentation, Compute Shapes, Flexible Shapes.
const FLEXIBLE_GIB_PER_OCPU: u64 = 64;

impl Shape {
    /// The shape of this name, as the catalogue has it.
    pub fn find(name: &str) -> Option<&'static Shape> {
        catalogue::SHAPES.iter().find(|shape| shape.name == name)
    }

    /// Every shape of the catalogue.
    pub fn all() -> &'static [Shape] {
        catalogue::SHAPES
    }

    /// What the machine can hold; a flexible one in its size unless told otherwise.
    pub fn resources(&self) -> Resources {
        self.sized(self.ocpus, self.memory_gib)
    }

    /// What a flexible machine of this size can hold, or why there is none.
    pub fn flexed(&self, ocpus: u32, memory_gib: u64) -> Result<Resources, String> {
        let name = self.name;
        let Some(limit) = self.flexible else {
            return Err(format!("{name} has a fixed size: leave out its OCPUs and memory"));
        };
        if !(1..=limit.ocpus_max).contains(&ocpus) {
            return Err(format!("{name} has from 1 to {} OCPUs, not {ocpus}", limit.ocpus_max));
        }
        let most = limit.memory_gib_max.min(FLEXIBLE_GIB_PER_OCPU * u64::from(ocpus));
        if !(u64::from(ocpus)..=most).contains(&memory_gib) {
            return Err(format!(
                "{name} with {ocpus} OCPUs has from {ocpus} to {most} GiB of memory, not {memory_gib}"
            ));
        }
        Ok(self.sized(ocpus, memory_gib))
    }

    fn sized(&self, ocpus: u32, memory_gib: u64) -> Resources {
        let gpus = self
            .gpus
            .map_or_else(Resources::default, |gpus| Resources::of(gpu_resource(gpus.model), gpus.count.into()));
        Resources {
            cpu_milli: u64::from(ocpus) * u64::from(self.threads_per_ocpu) * 1000,
            memory_bytes: memory_gib << 30,
            ..gpus
        }
    }
}

/// The resource that GPUs of a model are asked for by: their vendor's device plugin names it.
pub fn gpu_resource(model: &str) -> &'static str {
    if model.starts_with("MI") { AMD_GPU } else { NVIDIA_GPU }
}

/// The figures of a shape by its name, known or guessed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Its GPUs, if it has any.
    pub gpus: Option<NamedGpus>,
    /// True if the catalogue does not have the shape and its figures were guessed from its name.
    pub guessed: bool,
}

/// The GPUs of a shape by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedGpus {
    /// The resource that pods ask for.
    pub resource: &'static str,
    /// Their model.
    pub model: String,
    /// How many there are.
    pub count: u32,
}

/// OCPUs that are guessed for each GPU of a shape that is not known: the catalogue's machines with 8 GPUs have 8 to 16.
const GUESSED_OCPUS: u64 = 16;
/// GiB of memory that are guessed for each GPU of a shape that is not known: most of the catalogue's machines have that.
const GUESSED_GIB: u64 = 256;

/// A name with at most so many letters wrong is taken for a known one in a message.
const EDITS_MAX: usize = 3;

/// What a machine of this shape can hold; of a flexible shape, in its size unless told otherwise. A shape that is not in
/// the catalogue tells its GPUs by its name: their count is the last number of a name that contains `.GPU`.
pub fn named(name: &str) -> Result<Named, String> {
    if let Some(shape) = Shape::find(name) {
        let resources = shape.resources();
        let gpus = shape.gpus.map(|gpus| NamedGpus {
            resource: gpu_resource(gpus.model),
            model: gpus.model.to_owned(),
            count: gpus.count,
        });
        let (cpu_milli, memory_bytes) = (resources.cpu_milli, resources.memory_bytes);
        return Ok(Named { cpu_milli, memory_bytes, gpus, guessed: false });
    }
    let Some((model, count)) = guessed_gpus(name) else {
        let near = Shape::all().iter().map(|shape| (strsim::damerau_levenshtein(shape.name, name), shape.name));
        let near = near.filter(|(edits, _)| *edits <= EDITS_MAX).min();
        let near = near.map_or_else(String::new, |(_, near)| format!(" (did you mean {near}?)"));
        return Err(format!("shape {name} is not known{near}: give cpu, memory and gpus instead"));
    };
    let gpus = NamedGpus { resource: gpu_resource(model), model: model.to_owned(), count };
    let count = u64::from(count);
    Ok(Named {
        cpu_milli: count * GUESSED_OCPUS * 2 * 1000,
        memory_bytes: (count * GUESSED_GIB) << 30,
        gpus: Some(gpus),
        guessed: true,
    })
}

/// The model and count of GPUs that a name tells: `BM.GPU.B300.8` has 8 of `B300`, `BM.GPU5.8` 8 of `GPU5`.
fn guessed_gpus(name: &str) -> Option<(&str, u32)> {
    let (series, count) = name.rsplit_once('.')?;
    let at = series.find(".GPU")? + 1;
    let model = series[at..].strip_prefix("GPU.").unwrap_or(&series[at..]);
    // A count beyond what a node may have is no count.
    let count = count.parse().ok().filter(|count| (1..=64).contains(count))?;
    Some((model, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_hold_what_oracle_says() {
        let a10 = Shape::find("VM.GPU.A10.2").expect("it is in the catalogue").resources();
        assert_eq!(a10, Resources { cpu_milli: 60_000, memory_bytes: 480 << 30, ..Resources::of(NVIDIA_GPU, 2) });
        let amd = Shape::find("BM.GPU.MI300X.8").expect("it is in the catalogue").resources();
        assert_eq!((amd.extended(AMD_GPU), amd.extended(NVIDIA_GPU)), (8, 0));
        // Grace has one thread a core.
        assert_eq!(Shape::find("BM.GPU.GB200.4").expect("it is in the catalogue").resources().cpu_milli, 144_000);
    }

    #[test]
    fn names_are_unique_and_agree_with_the_rule_for_gpus() {
        for (at, shape) in Shape::all().iter().enumerate() {
            assert!(Shape::all()[..at].iter().all(|other| other.name != shape.name), "{} is there twice", shape.name);
            let guessed = guessed_gpus(shape.name).map(|(_, count)| count);
            assert_eq!(guessed, shape.gpus.map(|gpus| gpus.count), "{}", shape.name);
        }
    }

    #[test]
    fn flexible_shapes_have_limits() {
        let e4 = Shape::find("VM.Standard.E4.Flex").expect("it is in the catalogue");
        assert_eq!(e4.flexed(4, 32).expect("within limits").cpu_milli, 8000);
        assert_eq!(e4.flexed(65, 100).unwrap_err(), "VM.Standard.E4.Flex has from 1 to 64 OCPUs, not 65");
        assert_eq!(
            e4.flexed(2, 129).unwrap_err(),
            "VM.Standard.E4.Flex with 2 OCPUs has from 2 to 128 GiB of memory, not 129"
        );
        assert!(Shape::find("BM.GPU4.8").expect("it is in the catalogue").flexed(1, 1).is_err());
    }

    #[test]
    fn unknown_shapes_tell_their_gpus_by_name() {
        assert_eq!(guessed_gpus("BM.GPU.B300.8"), Some(("B300", 8)));
        assert_eq!(guessed_gpus("BM.GPU5.8"), Some(("GPU5", 8)));
        assert_eq!(guessed_gpus("BM.GPU.X.many"), None);
        let guessed = named("BM.GPU.A100.8").expect("its name tells");
        assert!(guessed.guessed);
        assert_eq!((guessed.cpu_milli, guessed.memory_bytes), (256_000, 2048 << 30));
        assert!(!named("VM.GPU.A10.1").expect("it is in the catalogue").guessed);
        assert_eq!(
            named("VM.Standard.E4.flex").unwrap_err(),
            "shape VM.Standard.E4.flex is not known (did you mean VM.Standard.E4.Flex?): give cpu, memory and gpus instead"
        );
    }
}
