//! What the scheduler and the nodes need to know of a pod template, worked out once for all pods made from it.
//! Probes, commands and names of containers are not kept: templates that differ in those alone share an id.

use std::collections::BTreeMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

use super::company::Company;
use crate::kernel::{Names, Symbol};
use crate::workload::selector::Weighted;
use crate::workload::{NodeTerm, PodTemplate, Resources, Toleration};

/// CPU that scores count for a container that asks for none: `DefaultMilliCPURequest`,
/// k8s.io/kubernetes v1.36.3, pkg/scheduler/util/pod_resources.go.
pub const DEFAULT_CPU_MILLI: u64 = 100;
/// Memory that scores count for a container that asks for none: `DefaultMemoryRequest`, same file.
pub const DEFAULT_MEMORY_BYTES: u64 = 200 * 1024 * 1024;
/// Amounts above this are cut to it, so that a score times 100 never overflows: 64 Pi.
const AMOUNT_MAX: u64 = 1 << 56;

/// Images of a template that count for ImageLocality.
const IMAGES_MAX: usize = 64;

/// A template in its digested form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TemplateId(pub u32);

/// The pods that the default topology spread counts together: those of one ReplicaSet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SpreadId(pub u32);

impl SpreadId {
    /// Pods without a Service and without a ReplicaSet (those of most Jobs): the default spread does not apply to them.
    pub const NONE: SpreadId = SpreadId(u32::MAX);
}

/// Amounts of resources with interned names, made to be compared and summed fast.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Amounts {
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Ephemeral storage in bytes.
    pub ephemeral_storage_bytes: u64,
    /// Extended resources, sorted by symbol; none is zero.
    pub extended: SmallVec<[(Symbol, u64); 2]>,
}

/// What placing a pod takes: the part of a template that the scheduler reads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Template {
    /// What the pod asks for.
    pub requests: Amounts,
    /// CPU as scores count it: containers that ask for none count [`DEFAULT_CPU_MILLI`].
    pub scored_cpu_milli: u64,
    /// Memory as scores count it: containers that ask for none count [`DEFAULT_MEMORY_BYTES`].
    pub scored_memory_bytes: u64,
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// A node must match one of these terms, if there are any.
    pub node_terms: Vec<NodeTerm>,
    /// Taints that are put up with.
    pub tolerations: Vec<Toleration>,
    /// Nodes that are preferred.
    pub preferred_nodes: Vec<Weighted<NodeTerm>>,
    /// The image of every container, init containers first, with a tag; those of the first 64 containers.
    pub images: Vec<Symbol>,
    /// How many containers there are, init containers among them.
    pub containers: u32,
    /// What it is to other pods; the same for all where nodes alone matter.
    pub company: Arc<Company>,
    /// The pod's priority, of its class.
    pub priority: i32,
    /// False: it waits for room rather than put out others.
    pub preempts: bool,
    /// The scheduler that is to place it; empty: the first.
    pub scheduler: String,
}

impl Amounts {
    /// The amounts with their names interned.
    pub fn of(names: &mut Names, resources: &Resources) -> Amounts {
        let mut extended: SmallVec<[(Symbol, u64); 2]> = resources
            .extended
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| (names.intern(name), (*count).min(AMOUNT_MAX)))
            .collect();
        extended.sort_unstable();
        Amounts {
            cpu_milli: resources.cpu_milli.min(AMOUNT_MAX),
            memory_bytes: resources.memory_bytes.min(AMOUNT_MAX),
            ephemeral_storage_bytes: resources.ephemeral_storage_bytes.min(AMOUNT_MAX),
            extended,
        }
    }

    /// The amount of an extended resource.
    pub fn extended(&self, resource: Symbol) -> u64 {
        self.extended.iter().find(|(name, _)| *name == resource).map_or(0, |(_, count)| *count)
    }

    /// Makes the amount of an extended resource `count`.
    pub fn set_extended(&mut self, resource: Symbol, count: u64) {
        match self.extended.binary_search_by_key(&resource, |(name, _)| *name) {
            Ok(at) if count == 0 => {
                self.extended.remove(at);
            }
            Ok(at) => self.extended[at].1 = count,
            Err(_) if count == 0 => {}
            Err(at) => self.extended.insert(at, (resource, count)),
        }
    }

    /// Adds another amount.
    pub fn add(&mut self, other: &Amounts) {
        self.cpu_milli = self.cpu_milli.saturating_add(other.cpu_milli);
        self.memory_bytes = self.memory_bytes.saturating_add(other.memory_bytes);
        self.ephemeral_storage_bytes = self.ephemeral_storage_bytes.saturating_add(other.ephemeral_storage_bytes);
        for (resource, count) in &other.extended {
            self.set_extended(*resource, self.extended(*resource).saturating_add(*count));
        }
    }

    /// Takes another amount away; what was never added counts as zero.
    pub fn take(&mut self, other: &Amounts) {
        self.cpu_milli = self.cpu_milli.saturating_sub(other.cpu_milli);
        self.memory_bytes = self.memory_bytes.saturating_sub(other.memory_bytes);
        self.ephemeral_storage_bytes = self.ephemeral_storage_bytes.saturating_sub(other.ephemeral_storage_bytes);
        for (resource, count) in &other.extended {
            self.set_extended(*resource, self.extended(*resource).saturating_sub(*count));
        }
    }

    /// The amounts with their names as text.
    pub fn to_resources(&self, names: &Names) -> Resources {
        Resources {
            cpu_milli: self.cpu_milli,
            memory_bytes: self.memory_bytes,
            ephemeral_storage_bytes: self.ephemeral_storage_bytes,
            extended: self.extended.iter().map(|(name, count)| (names.text(*name).to_owned(), *count)).collect(),
        }
    }
}

impl Template {
    /// True if the pod asks for neither CPU nor memory: BalancedAllocation does not score such pods.
    pub const fn is_best_effort(&self) -> bool {
        self.requests.cpu_milli == 0 && self.requests.memory_bytes == 0
    }

    /// True if a node with these labels meets the node selector and the required node affinity.
    pub fn matches_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        self.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && (self.node_terms.is_empty() || self.node_terms.iter().any(|term| term.matches(labels)))
    }

    /// What it has in common with those that nodes cannot tell from it; most templates are that themselves.
    fn imaged(self: &Arc<Template>) -> Arc<Template> {
        let is_common = self.priority == 0 && self.preempts && self.scheduler.is_empty();
        if is_common && *self.company == Company::default() {
            return Arc::clone(self);
        }
        Arc::new(Template {
            company: Arc::default(),
            priority: 0,
            preempts: true,
            scheduler: String::new(),
            ..Template::clone(self)
        })
    }

    fn digest(names: &mut Names, pod: &PodTemplate, company: Company) -> Template {
        let scored = |resources: &Resources| {
            let or_default = |asked: u64, default: u64| if asked == 0 { default } else { asked };
            Resources {
                cpu_milli: or_default(resources.cpu_milli, DEFAULT_CPU_MILLI),
                memory_bytes: or_default(resources.memory_bytes, DEFAULT_MEMORY_BYTES),
                ..Resources::default()
            }
        };
        // Every container gets the defaults, then they are summed as real requests are (k8s.io/component-helpers v0.36.3,
        // resource/helpers.go, NonMissingContainerRequests).
        let most = pod.requests_of(scored);
        let images = pod.init_containers.iter().chain(&pod.containers).map(|one| image_symbol(names, &one.image));
        let images: Vec<Symbol> = images.take(IMAGES_MAX).collect();
        Template {
            requests: Amounts::of(names, &pod.requests()),
            scored_cpu_milli: most.cpu_milli.min(AMOUNT_MAX),
            scored_memory_bytes: most.memory_bytes.min(AMOUNT_MAX),
            node_selector: pod.node_selector.clone(),
            node_terms: pod.node_terms.clone(),
            tolerations: pod.tolerations.clone(),
            images,
            containers: (pod.init_containers.len() + pod.containers.len()) as u32,
            preferred_nodes: pod.affinity.preferred_nodes.clone(),
            company: Arc::new(company),
            priority: pod.priority,
            preempts: pod.preempts,
            scheduler: pod.scheduler_name.clone(),
        }
    }
}

/// The symbol of an image's name as nodes report it: one without a tag gets `:latest` (`normalizedImageName`,
/// k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/imagelocality/image_locality.go).
pub fn image_symbol(names: &mut Names, image: &str) -> Symbol {
    if image.rfind(':') <= image.rfind('/') { names.intern(&format!("{image}:latest")) } else { names.intern(image) }
}

/// What templates have in common that nodes cannot tell apart, with their images or without.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct FormId(u32);

/// The forms of a template.
#[derive(Clone, Copy, Debug)]
struct Forms {
    /// Without its images.
    plain: FormId,
    /// With them.
    imaged: FormId,
}

/// The table of templates: equal ones share an id.
#[derive(Clone, Default, Debug)]
pub struct Templates {
    table: IndexMap<Arc<Template>, Forms, BuildHasherDefault<SipHasher13>>,
    forms: IndexSet<Arc<Template>, BuildHasherDefault<SipHasher13>>,
    counts_others: bool,
}

impl Templates {
    /// The id of a template of no namespace, a new one if no equal template is known.
    pub fn intern(&mut self, names: &mut Names, pod: &PodTemplate) -> TemplateId {
        self.intern_in(names, pod, "")
    }

    /// The id of a template in a namespace, a new one if no equal template is known.
    pub fn intern_in(&mut self, names: &mut Names, pod: &PodTemplate, namespace: &str) -> TemplateId {
        let template = Template::digest(names, pod, Company::of(pod, namespace));
        self.insert(template)
    }

    /// The id of the same template with another priority.
    pub fn with_priority(&mut self, id: TemplateId, priority: i32, preempts: bool) -> TemplateId {
        let template = self.get(id);
        if (template.priority, template.preempts) == (priority, preempts) {
            return id;
        }
        let template = Template { priority, preempts, ..template.clone() };
        self.insert(template)
    }

    fn insert(&mut self, template: Template) -> TemplateId {
        let index = match self.table.get_index_of(&template) {
            Some(index) => index,
            None => {
                self.counts_others |= template.company.counts_others();
                let template = Arc::new(template);
                let imaged = template.imaged();
                let plain = Arc::new(Template { images: Vec::new(), containers: 0, ..Template::clone(&imaged) });
                let plain = FormId(self.forms.insert_full(plain).0 as u32);
                let imaged = FormId(self.forms.insert_full(imaged).0 as u32);
                self.table.insert_full(template, Forms { plain, imaged }).0
            }
        };
        TemplateId(u32::try_from(index).expect("a run holds fewer than 2^32 templates"))
    }

    /// True once a template asks for other pods to be counted.
    pub const fn count_others(&self) -> bool {
        self.counts_others
    }

    /// The digested template.
    pub fn get(&self, id: TemplateId) -> &Template {
        self.entry(id).0
    }

    /// What the template has in common with those that nodes cannot tell from it but for their images.
    pub(super) fn form(&self, id: TemplateId) -> FormId {
        self.entry(id).1.plain
    }

    /// The same with its images.
    pub(super) fn imaged_form(&self, id: TemplateId) -> FormId {
        self.entry(id).1.imaged
    }

    fn entry(&self, id: TemplateId) -> (&Template, &Forms) {
        let (template, forms) = self.table.get_index(id.0 as usize).expect("ids come from this table");
        (template, forms)
    }
}
