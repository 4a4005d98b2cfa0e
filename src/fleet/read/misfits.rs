//! What a trace asks for and the fleet has nowhere: GPU models that no node has, and pods that are larger than any node. A fleet may be
//! planned without them, so that it is no error; each kind gets one warning, at the first such pod, with how many there are.

use super::pods::{Layout, spec_models};
use super::table::{Row, Spot};
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::{ModelSet, Models, NodeKind};
use crate::fleet::placement::could_take;
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Severity};

/// What there is too little of.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Lack {
    /// Any GPU of this model.
    Model(String),
    /// GPUs on one node, of the models that will do.
    Gpus,
    /// CPU on one node, where the GPUs are.
    Cpu,
    /// Memory likewise.
    Memory,
    /// All of it on the same node, though each is on one.
    Together,
}

struct Misfit {
    lack: Lack,
    /// The first pod of the kind.
    first: Spot,
    /// What nodes have of what is asked for there; empty if that says nothing.
    most: String,
    pods: usize,
}

/// What was found so far.
pub(super) struct Misfits {
    kinds: Vec<NodeKind>,
    /// The models of all nodes.
    models: ModelSet,
    found: Vec<Misfit>,
    /// What is wrong with a class of pods, as indices into what was found.
    by_class: Vec<Vec<usize>>,
}

impl Misfits {
    /// Nothing found yet, for nodes of these kinds.
    pub fn new(kinds: &[NodeKind]) -> Misfits {
        let with_gpus = kinds.iter().filter(|kind| kind.gpus > 0);
        let models = with_gpus.fold(ModelSet(0), |set, kind| set.with(kind.model));
        Misfits { kinds: kinds.to_vec(), models, found: Vec::new(), by_class: Vec::new() }
    }

    /// Looks at a pod; classes come in the order of their numbers.
    pub fn add(&mut self, row: &Row<'_>, layout: &Layout, number: u32, class: &PodClass, models: &Models) {
        if number as usize == self.by_class.len() {
            let lacks = self.lacks(class, models);
            let found = lacks.into_iter().map(|(lack, most)| self.found(row, layout, lack, most)).collect();
            self.by_class.push(found);
        }
        for at in &self.by_class[number as usize] {
            self.found[*at].pods += 1;
        }
    }

    fn found(&mut self, row: &Row<'_>, layout: &Layout, lack: Lack, most: String) -> usize {
        let known = self.found.iter().position(|known| known.lack == lack);
        known.unwrap_or_else(|| {
            let column = match lack {
                Lack::Model(_) => layout.gpu_spec.unwrap_or(layout.gpus),
                Lack::Cpu => layout.cpu.1,
                Lack::Memory => layout.memory.1,
                Lack::Gpus | Lack::Together => layout.gpus,
            };
            self.found.push(Misfit { lack, first: row.spot(column), most, pods: 0 });
            self.found.len() - 1
        })
    }

    /// What the fleet has too little of for a class, and what nodes have of it.
    fn lacks(&self, class: &PodClass, models: &Models) -> Vec<(Lack, String)> {
        let mut lacks = Vec::new();
        if class.gpus > 0 && class.models != ModelSet::ANY {
            let there: Vec<&str> = models.of(self.models).collect();
            let named = spec_models(&class.spec).filter(|model| !there.contains(model));
            lacks.extend(named.map(|model| (Lack::Model(model.to_owned()), String::new())));
            if !self.models.meets(class.models) {
                return lacks;
            }
        }
        if self.kinds.iter().any(|kind| could_take(kind, class)) {
            return lacks;
        }
        let will_do = || self.kinds.iter().filter(|kind| class.gpus == 0 || kind.model.meets(class.models));
        let most = |of: fn(&NodeKind) -> u32| will_do().map(of).max().unwrap_or(0);
        let (gpus, cpu_milli, memory_mib) =
            (most(|kind| kind.gpus.into()), most(|kind| kind.cpu_milli), most(|kind| kind.memory_mib));
        let nodes = if class.gpus == 0 { "nodes" } else { "nodes with GPUs that will do" };
        lacks.push(if gpus < class.gpus.into() {
            (Lack::Gpus, format!("{nodes} have at most {gpus}"))
        } else if cpu_milli < class.cpu_milli {
            (Lack::Cpu, format!("{nodes} have at most {cpu_milli} thousandths of a core"))
        } else if memory_mib < class.memory_mib {
            (Lack::Memory, format!("{nodes} have at most {memory_mib} MiB"))
        } else {
            (Lack::Together, String::new())
        });
        lacks
    }

    /// The warnings, in the order of their places.
    pub fn warnings(self, models: &Models) -> Vec<Diagnostic> {
        let there: Vec<&str> = models.of(self.models).filter(|model| !model.is_empty()).collect();
        let warning = |misfit: Misfit| {
            let asks = if misfit.pods == 1 { "1 pod asks".to_owned() } else { format!("{} pods ask", misfit.pods) };
            let message = match &misfit.lack {
                Lack::Model(model) => format!("{asks} for the GPU model {}, which no node has", quote(model)),
                Lack::Gpus => format!("{asks} for more GPUs than any node has"),
                Lack::Cpu => format!("{asks} for more CPU than any node has"),
                Lack::Memory => format!("{asks} for more memory than any node has"),
                Lack::Together => format!("{asks} for more CPU, memory and GPUs than any node has together"),
            };
            let mut warning = Diagnostic { severity: Severity::Warning, ..misfit.first.problem(message) };
            if !misfit.most.is_empty() {
                warning = warning.note(misfit.most);
            }
            let Lack::Model(model) = &misfit.lack else { return warning };
            match nearest(model, there.iter().copied()) {
                Some(near) => warning.help(format!("did you mean `{near}`?")),
                None => warning.note(format!("the GPU models of the nodes are {}", quote(&there.join(", ")))),
            }
        };
        self.found.into_iter().map(warning).collect()
    }
}
