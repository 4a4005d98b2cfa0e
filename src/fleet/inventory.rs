//! The nodes of a fleet: what each has, and which are alike. What is left of a node while pods run is `placement`'s.

/// The most GPUs of one node.
pub const GPUS_MAX: usize = 16;
/// Thousandths of a GPU that a whole one has.
pub const GPU_MILLI: i16 = 1000;
/// The most models of GPUs that one fleet and its traces may name: a set of them is one 64-bit number.
pub const MODELS_MAX: usize = 64;

/// The most nodes of a fleet.
pub const NODES_MAX: usize = 10_000_000;

/// A set of GPU models, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModelSet(pub u64);

impl ModelSet {
    /// Every model.
    pub const ANY: ModelSet = ModelSet(u64::MAX);

    /// True if the two have a model in common.
    pub const fn meets(self, other: ModelSet) -> bool {
        self.0 & other.0 != 0
    }

    /// The models of both.
    #[must_use]
    pub const fn with(self, other: ModelSet) -> ModelSet {
        ModelSet(self.0 | other.0)
    }
}

/// The names of GPU models, each with its number.
#[derive(Clone, Default, Debug)]
pub struct Models {
    names: Vec<String>,
}

impl Models {
    /// The set of this one model; `None` if there are too many.
    pub fn intern(&mut self, name: &str) -> Option<ModelSet> {
        let at = match self.names.iter().position(|known| known == name) {
            Some(at) => at,
            None if self.names.len() == MODELS_MAX => return None,
            None => {
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        };
        Some(ModelSet(1 << at))
    }

    /// The names of the models of a set, in the order in which they were first named.
    pub fn of(&self, set: ModelSet) -> impl Iterator<Item = &str> {
        let named = self.names.iter().enumerate().filter(move |(at, _)| set.meets(ModelSet(1 << at)));
        named.map(|(_, name)| name.as_str())
    }
}

/// What a node has. Nodes that have the same are of one kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeKind {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// GPUs, at most [`GPUS_MAX`].
    pub gpus: u8,
    /// The model of its GPUs; no model for a node without GPUs.
    pub model: ModelSet,
}

/// A node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FleetNode {
    /// Its name.
    pub name: Box<str>,
    /// What it has, as an index into [`Fleet::kinds`].
    pub kind: u32,
}

/// The nodes.
#[derive(Clone, Default, Debug)]
pub struct Fleet {
    /// The nodes in the order of their list.
    pub nodes: Vec<FleetNode>,
    /// What there is of nodes that differ.
    pub kinds: Vec<NodeKind>,
    /// The models that nodes and pods name.
    pub models: Models,
}

impl Fleet {
    /// Adds a node.
    pub fn add(&mut self, name: &str, kind: NodeKind) {
        let at = match self.kinds.iter().rposition(|known| *known == kind) {
            Some(at) => at,
            None => {
                self.kinds.push(kind);
                self.kinds.len() - 1
            }
        };
        self.nodes.push(FleetNode { name: name.into(), kind: at as u32 });
    }

    /// What a node has.
    pub fn kind(&self, node: u32) -> &NodeKind {
        &self.kinds[self.nodes[node as usize].kind as usize]
    }

    /// All GPUs.
    pub fn gpus(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(self.kinds[node.kind as usize].gpus)).sum()
    }

    /// All GPUs in thousandths.
    pub fn gpu_milli(&self) -> u64 {
        self.gpus() * GPU_MILLI as u64
    }

    /// All processors, in thousandths of a core.
    pub fn cpu_milli(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(self.kinds[node.kind as usize].cpu_milli)).sum()
    }

    /// The same nodes so many times over; the copies of `NAME` are `NAME#2`, `NAME#3` and so on.
    #[must_use]
    pub fn times(&self, count: u32) -> Fleet {
        let copies = (1..=count).flat_map(|copy| {
            self.nodes.iter().map(move |node| FleetNode { name: copy_name(&node.name, copy), kind: node.kind })
        });
        Fleet { nodes: copies.collect(), kinds: self.kinds.clone(), models: self.models.clone() }
    }
}

/// The name of a copy, counted from 1: the first has the name itself.
pub(super) fn copy_name(name: &str, copy: u32) -> Box<str> {
    if copy == 1 { name.into() } else { format!("{name}#{copy}").into() }
}
