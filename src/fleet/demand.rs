//! The pods of a trace: what they ask for, when they come and how long they stay. Pods that ask for the same are of one class, and a
//! policy cannot tell them apart.

use std::fmt;
use std::hash::BuildHasherDefault;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;

use super::inventory::{GPU_MILLI, ModelSet, copy_name};

/// The most pods of a trace.
pub const PODS_MAX: usize = 100_000_000;

/// What a pod asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PodClass {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// GPUs, at most [`super::inventory::GPUS_MAX`].
    pub gpus: u8,
    /// Of each of them so many thousandths: 1000 for whole ones, less for a share of one, 0 without GPUs.
    pub gpu_milli: i16,
    /// The models that will do.
    pub models: ModelSet,
    /// The same as the trace has it; empty: any.
    pub spec: Box<str>,
}

impl PodClass {
    /// True if it asks for a part of one GPU.
    pub const fn shares(&self) -> bool {
        self.gpus == 1 && self.gpu_milli < GPU_MILLI
    }

    /// All that it asks of GPUs, in thousandths.
    pub const fn gpu_total(&self) -> u64 {
        self.gpus as u64 * self.gpu_milli as u64
    }

    /// What it is counted as.
    pub const fn bracket(&self) -> Bracket {
        match self.gpus {
            0 => Bracket(0),
            1 if self.gpu_milli < GPU_MILLI => Bracket(1),
            gpus => Bracket(gpus + 1),
        }
    }
}

/// The classes of pods that results are counted by: without GPUs, with a share of one, with 1, 2, 4, ... whole ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bracket(pub u8);

impl Bracket {
    /// How many there are.
    pub const COUNT: usize = super::inventory::GPUS_MAX + 2;
}

impl fmt::Display for Bracket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => out.write_str("cpu"),
            1 => out.write_str("share"),
            2 => out.write_str("1 gpu"),
            more => write!(out, "{} gpus", more - 1),
        }
    }
}

/// When a pod comes, for how long it runs, and who goes before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// When it is created, in ms of the trace's own time.
    pub created_ms: u64,
    /// How long it runs once placed, in ms.
    pub runs_ms: u64,
    /// Pods of higher priority go first.
    pub priority: i32,
}

/// A trace of pods, in the order of its list.
#[derive(Clone, Default, Debug)]
pub struct Trace {
    /// What results are told under: the name of the file without its ending.
    pub name: String,
    /// The name of each pod.
    pub names: Vec<Box<str>>,
    /// The class of each pod, as an index into `classes`.
    pub pods: Vec<u32>,
    /// What there is of pods that differ.
    pub classes: IndexMap<PodClass, (), BuildHasherDefault<SipHasher13>>,
    /// The timing of each pod, if the trace has it.
    pub timings: Option<Vec<Timing>>,
}

impl Trace {
    /// Adds a pod and says of which class it is; its timing goes into `timings`.
    pub fn add(&mut self, name: &str, class: PodClass) -> u32 {
        let at = self.classes.get_index_of(&class).unwrap_or_else(|| self.classes.insert_full(class, ()).0);
        self.names.push(name.into());
        self.pods.push(at as u32);
        at as u32
    }

    /// What a pod asks for.
    pub fn class(&self, pod: u32) -> &PodClass {
        self.of_class(self.pods[pod as usize])
    }

    /// What the pods of a class ask for.
    pub fn of_class(&self, class: u32) -> &PodClass {
        self.classes
            .get_index(class as usize)
            .map_or_else(|| unreachable!("classes are never taken out"), |(class, ())| class)
    }

    /// The same pods so many times over; the copies of `NAME` are `NAME#2`, `NAME#3` and so on.
    #[must_use]
    pub fn times(&self, count: u32) -> Trace {
        let names = (1..=count).flat_map(|copy| self.names.iter().map(move |name| copy_name(name, copy)));
        Trace {
            name: self.name.clone(),
            names: names.collect(),
            pods: self.pods.repeat(count as usize),
            classes: self.classes.clone(),
            timings: self.timings.as_ref().map(|timings| timings.repeat(count as usize)),
        }
    }

    /// All that its pods ask of GPUs, in thousandths.
    pub fn gpu_total(&self) -> u64 {
        (0..self.pods.len() as u32).map(|pod| self.class(pod).gpu_total()).sum()
    }
}
