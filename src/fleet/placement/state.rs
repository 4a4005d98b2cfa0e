//! The states that nodes get into. Nodes in the same state are worth the same to a pod, so that a score is worked out once for a
//! state and a class of pods, whatever the number of nodes.

use std::hash::BuildHasherDefault;

use indexmap::IndexSet;
use siphasher::sip::SipHasher13;

use super::gpus::{self, GpuMask, GpusLeft};
use super::kubernetes;
use crate::fleet::demand::{Bracket, PodClass, Trace};
use crate::fleet::inventory::{Fleet, GPU_MILLI, NodeKind};

/// What is left of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeLeft {
    /// What it has, as an index.
    pub kind: u32,
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Pods on it.
    pub pods: u32,
    /// GPUs.
    pub gpus: GpusLeft,
    /// What kube-scheduler takes its pods to ask for, those that ask for nothing included: CPU in thousandths, memory in MiB.
    pub scored: [u32; 2],
    /// How many pods of each bracket it runs; counted where a policy asks for it.
    pub brackets: [u16; Bracket::COUNT],
}

/// All that a score depends on. What a policy does not look at is 0, so that more nodes are equal; memory and the number of pods are
/// looked at when a node is told whether it takes a pod, and are no part of it but for kube-scheduler.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeState {
    /// What the node has, as an index.
    pub kind: u32,
    /// Processor time left.
    pub cpu_milli: u32,
    /// GPUs left, in ascending order: no score depends on which is which.
    pub gpus: GpusLeft,
    /// Memory left; 0 but for kube-scheduler.
    pub memory_mib: u32,
    /// As in [`NodeLeft`]; 0 but for kube-scheduler.
    pub scored: [u32; 2],
    /// Brackets that have pods on the node, a bit each; 0 but for clustering.
    pub brackets: u32,
}

/// What of a node's rest a policy looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LooksAt {
    /// Memory.
    pub memory: bool,
    /// Brackets.
    pub brackets: bool,
}

impl NodeLeft {
    /// A node without pods.
    pub fn untouched(fleet: &Fleet, node: u32) -> NodeLeft {
        let kind = fleet.kind(node);
        NodeLeft {
            kind: fleet.nodes[node as usize].kind,
            cpu_milli: kind.cpu_milli,
            memory_mib: kind.memory_mib,
            pods: 0,
            gpus: gpus::all_free(kind.gpus),
            scored: [0; 2],
            brackets: [0; Bracket::COUNT],
        }
    }

    /// A pod takes what it asks for, or gives it back.
    pub fn change(&mut self, class: &PodClass, mask: GpuMask, takes: bool) {
        let bracket = &mut self.brackets[usize::from(class.bracket().0)];
        let scored = kubernetes::scored(class);
        if takes {
            self.cpu_milli -= class.cpu_milli;
            self.memory_mib -= class.memory_mib;
            self.pods += 1;
            self.scored = [self.scored[0] + scored[0], self.scored[1] + scored[1]];
            *bracket += 1;
            gpus::take(&mut self.gpus, mask, class.gpu_milli);
        } else {
            self.cpu_milli += class.cpu_milli;
            self.memory_mib += class.memory_mib;
            self.pods -= 1;
            self.scored = [self.scored[0] - scored[0], self.scored[1] - scored[1]];
            *bracket -= 1;
            gpus::give_back(&mut self.gpus, mask, class.gpu_milli);
        }
    }

    /// The state that a policy sees the node in.
    pub fn state(&self, looks_at: LooksAt) -> NodeState {
        let mut gpus = self.gpus;
        gpus.sort_unstable();
        let brackets = match looks_at.brackets {
            true => self.brackets.iter().enumerate().fold(0, |set, (at, count)| set | u32::from(*count > 0) << at),
            false => 0,
        };
        NodeState {
            kind: self.kind,
            cpu_milli: self.cpu_milli,
            gpus,
            memory_mib: if looks_at.memory { self.memory_mib } else { 0 },
            scored: if looks_at.memory { self.scored } else { [0; 2] },
            brackets,
        }
    }
}

/// True if what the state tells of a node suffices for a pod: CPU, GPUs and their model (`IsNodeAccessibleToPod` and the filter of
/// open-gpu-share, hkust-adsl/kubernetes-scheduler-simulator at 29a1e4c, pkg/simulator/plugin/open_gpu_share.go).
pub fn suffices(kind: &NodeKind, cpu_milli: u32, gpus: &GpusLeft, class: &PodClass) -> bool {
    cpu_milli >= class.cpu_milli
        && (class.gpus == 0
            || kind.model.meets(class.models) && gpus::survey(gpus, class.gpu_milli).0 >= i16::from(class.gpus))
}

/// True if a node of a kind takes a pod when nothing else is on it.
pub fn could_take(kind: &NodeKind, class: &PodClass) -> bool {
    kind.memory_mib >= class.memory_mib && suffices(kind, kind.cpu_milli, &gpus::all_free(kind.gpus), class)
}

/// For each class of a trace whether some node of a fleet takes such a pod when nothing else is on it.
pub fn placeable(fleet: &Fleet, trace: &Trace) -> Vec<bool> {
    let could_be = |class: &PodClass| fleet.kinds.iter().any(|kind| could_take(kind, class));
    trace.classes.keys().map(could_be).collect()
}

/// What of a state decides whether it suffices for a pod: small, so that many fit into a processor's cache.
#[derive(Clone, Copy, Debug)]
struct Brief {
    kind: u32,
    cpu_milli: u32,
    /// The most that one GPU has left.
    most: i16,
    /// GPUs that nobody uses.
    free: i16,
}

/// The states so far, each with its number. What is kept by that number grows with them.
#[derive(Clone, Default, Debug)]
pub struct States {
    known: IndexSet<NodeState, BuildHasherDefault<SipHasher13>>,
    briefs: Vec<Brief>,
}

impl States {
    /// The number of a state.
    pub fn number(&mut self, state: NodeState) -> u32 {
        let (number, is_new) = self.known.insert_full(state);
        if is_new {
            let most = state.gpus[state.gpus.len() - 1];
            let free = gpus::survey(&state.gpus, GPU_MILLI).0;
            self.briefs.push(Brief { kind: state.kind, cpu_milli: state.cpu_milli, most, free });
        }
        number as u32
    }

    /// The state of a number.
    pub fn get(&self, number: u32) -> &NodeState {
        &self.known[number as usize]
    }

    /// True if a state suffices for a pod, memory and the number of pods aside: what [`suffices`] says of it.
    pub fn suffices(&self, number: u32, kinds: &[NodeKind], class: &PodClass) -> bool {
        let brief = &self.briefs[number as usize];
        if brief.cpu_milli < class.cpu_milli {
            return false;
        }
        match class.gpus {
            0 => true,
            _ if !kinds[brief.kind as usize].model.meets(class.models) => false,
            1 => brief.most >= class.gpu_milli,
            gpus if class.gpu_milli == GPU_MILLI => brief.free >= i16::from(gpus),
            gpus => gpus::survey(&self.get(number).gpus, class.gpu_milli).0 >= i16::from(gpus),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.known.clear();
        self.briefs.clear();
    }
}
