//! The scheduler: which node a pod goes to, and which pod is tried when. It repeats kube-scheduler v1.36.3 with
//! `parallelism: 1`, where every decision is determined.
//!
//! A placement of a plain pod goes through `filter` (can the node take the pod), `score` (how good is it), `index` (the
//! same for all nodes, kept up to date), `choice` (the best node) and `preorder` (which of several). A pod that asks
//! something of other pods, of ports or of volumes goes through `survey` instead, which looks at each node once on top
//! of the index; `relation` says what pods are to each other and `topology` where nodes are. `preemption` finds pods to
//! put out, `nominated` keeps who waits for them to go. `queue` says whose turn it is, `event` whom a change may help,
//! `rejection` why there is no node, `rules` what a scheduler is made of, `weighed` what it makes of nodes that others chose. `plain`, for tests, is a plain pod's placement
//! without an index.
//!
//! It binds nothing and knows no pods: who asks for a place tells [`crate::cluster::node::Nodes`] what became of it.

mod bits;
mod choice;
mod constraint;
mod event;
mod filter;
mod index;
mod nominated;
#[cfg(test)]
mod plain;
mod preemption;
mod preorder;
mod queue;
mod rejection;
mod relation;
pub mod rules;
mod score;
mod search;
mod surroundings;
mod survey;
mod topology;
mod weigh;
mod weighed;

pub use event::{ClusterEvent, NodeUpdate};
pub use nominated::{Nominations, Nominee};
pub(crate) use preorder::preorder;
pub use queue::SchedulingQueue;
pub(in crate::cluster) use rejection::sentence;
pub use rejection::{Plugins, Preemption, Rejection, Verdict};
pub use rules::{Balance, Rules, SchedulerConfig};
pub use score::{balanced_allocation_score, image_bytes};
pub use surroundings::{Budget, ClaimProblem, Surroundings, Tenant, VolumeProblem};
pub use weighed::Weighed;

use std::collections::BTreeMap;
use std::sync::Arc;

use choice::Choice;
use constraint::SpreadKeys;
use index::{Index, PodKind};
use rejection::Detail;
use relation::Relations;
use rules::{Ruleset, Sampling, SpreadDefaults};
use survey::Survey;
use topology::Topologies;

use super::PodId;
use super::node::{Node, NodeId, Nodes};
use super::profile::scheduling::FEASIBLE_MIN;
use super::template::{Amounts, SpreadId, Template, TemplateId, Templates};
use crate::kernel::Names;

/// How the scheduler decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchedulerProfile {
    /// The default plugins as they are, every node looked at.
    KubeDefault,
    /// NodeResourcesFit with `MostAllocated` on GPUs (`nvidia.com/gpu` and `amd.com/gpu`, weight 1 each): fills one node
    /// with GPUs after the other.
    KubeMostAllocated,
    /// The default plugins with kube-scheduler's adaptive sampling of nodes.
    KubeSampled,
    /// As a scheduler configuration file says.
    Configured(Arc<SchedulerConfig>),
}

impl SchedulerProfile {
    /// The profile of this name, as scenario files give it.
    pub fn named(name: &str) -> Option<SchedulerProfile> {
        match name {
            "kube-default" => Some(SchedulerProfile::KubeDefault),
            "kube-most-allocated" => Some(SchedulerProfile::KubeMostAllocated),
            "kube-sampled" => Some(SchedulerProfile::KubeSampled),
            _ => None,
        }
    }

    /// What the profile says.
    pub fn config(&self) -> SchedulerConfig {
        match self {
            SchedulerProfile::KubeDefault => SchedulerConfig::one(Rules::kube_default()),
            SchedulerProfile::KubeMostAllocated => SchedulerConfig::one(Rules::kube_most_allocated()),
            SchedulerProfile::KubeSampled => SchedulerConfig::one(Rules::kube_sampled()),
            SchedulerProfile::Configured(config) => (**config).clone(),
        }
    }
}

/// A pod that looks for a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seeker {
    /// The pod.
    pub pod: PodId,
    /// What it is made from.
    pub template: TemplateId,
    /// What the default spread counts it as.
    pub spread: SpreadId,
    /// The one node that it may go to, by its name: a DaemonSet's pod.
    pub only: Option<NodeId>,
}

/// What the scheduler sees.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The nodes.
    pub nodes: &'a Nodes,
    /// The templates.
    pub templates: &'a Templates,
    /// Who waits for which node.
    pub nominations: &'a Nominations,
    /// Everything else.
    pub surroundings: &'a dyn Surroundings,
}

/// Why a node with other pods than it has does not take a pod, as far as labels, taints, ports and resources say: what
/// schedulers ask that place several pods before they bind one.
pub(in crate::cluster) fn verdict_with(
    rules: &Rules,
    node: &Node,
    (load, pods, ports): (&Amounts, u32, &[(u16, String)]),
    template: &Template,
) -> Verdict {
    let verdict = filter::verdict_on_kind(rules, node, template);
    if verdict != Verdict::FITS {
        return verdict;
    }
    match filter::verdict_on_ports(rules, ports, template) {
        Verdict::FITS => filter::verdict_on_load(rules, node, load, pods, template),
        taken => taken,
    }
}

/// Decides where pods go. It keeps an index for each kind of pod that it placed lately; they are derived from the
/// nodes alone, so a clone starts without them and decides the same. A scheduler serves one table of nodes.
#[derive(Debug)]
pub struct Scheduler {
    config: Arc<SchedulerConfig>,
    rules: Vec<Arc<Ruleset>>,
    /// Index and the count of placements at its last use.
    indexes: Vec<(Index, u64)>,
    latest: usize,
    placements: u64,
    choice: Choice,
    exceptions_max: usize,
    topologies: Topologies,
    relations: Relations,
    /// Where the next search begins if nodes are sampled.
    next_start: usize,
    /// For tests: plain pods are looked at node by node too.
    surveys_all: bool,
}

/// Indexes that are kept whatever the number of nodes.
const INDEXES_MIN: usize = 16;
/// Indexes that are kept at most: the right one is looked for from the first to the last.
const INDEXES_MAX: usize = 256;
/// How many nodes all indexes together may hold; one takes some 40 bytes a node.
const SEATS_MAX: usize = 1 << 21;
/// A ReplicaSet gets an index of its own when it is on more nodes than this and a 32nd of all; below that, scoring its
/// nodes one by one costs less than keeping an index up to date.
const EXCEPTIONS_MAX: usize = 64;

impl Scheduler {
    /// A scheduler with this profile.
    pub fn new(profile: &SchedulerProfile, names: &mut Names) -> Scheduler {
        Scheduler::of_release(profile, Balance::ByChange, names)
    }

    /// The same of a release that balances resources in this way.
    pub fn of_release(profile: &SchedulerProfile, balance: Balance, names: &mut Names) -> Scheduler {
        let mut config = profile.config();
        config.profiles.iter_mut().for_each(|rules| rules.balance = balance);
        let config = Arc::new(config);
        let rules = config.profiles.iter().map(|one| Arc::new(Ruleset::new(one.clone(), names))).collect();
        Scheduler::with(config, rules)
    }

    fn with(config: Arc<SchedulerConfig>, rules: Vec<Arc<Ruleset>>) -> Scheduler {
        Scheduler {
            config,
            rules,
            indexes: Vec::new(),
            latest: 0,
            placements: 0,
            choice: Choice::new(),
            exceptions_max: EXCEPTIONS_MAX,
            topologies: Topologies::default(),
            relations: Relations::default(),
            next_start: 0,
            surveys_all: false,
        }
    }

    /// What the scheduler was made with.
    pub fn config(&self) -> &SchedulerConfig {
        &self.config
    }

    /// True if some profile places pods that name this scheduler.
    pub fn serves(&self, template: &Template) -> bool {
        self.config.profile_of(&template.scheduler).is_some()
    }

    /// The node for a pod of which nothing is known but its template, in a cluster where no pod waits for others to go.
    pub fn place(
        &mut self,
        nodes: &Nodes,
        templates: &Templates,
        template: TemplateId,
        spread: SpreadId,
    ) -> Result<NodeId, Rejection> {
        struct Nothing;
        impl Surroundings for Nothing {
            fn tenants(&self, _: NodeId) -> Vec<Tenant> {
                Vec::new()
            }
        }
        let seeker = Seeker { pod: PodId(u32::MAX), template, spread, only: None };
        self.find(&View { nodes, templates, nominations: &Nominations::default(), surroundings: &Nothing }, seeker)
    }

    /// The node for a pod, or why there is none and what preemption came to.
    pub fn find(&mut self, view: &View<'_>, seeker: Seeker) -> Result<NodeId, Rejection> {
        let View { nodes, templates, .. } = *view;
        let template = templates.get(seeker.template);
        let Prepared { profile, rules, plain, spread } = self.prepare(view, seeker);
        let index = &mut self.indexes[self.latest].0;
        let can_preempt = rules.rules.preemption.is_some()
            && nodes.lowest_priority().is_some_and(|lowest| lowest < template.priority);
        if !plain || index.feasible.len() == 0 && can_preempt {
            return self.search(view, seeker, (profile, &rules));
        }
        let place = match index.feasible.len() {
            0 => {
                let rejection = Rejection::new(seeker.template, index.detail());
                let preemption = without_victims(&rules.rules, template);
                return Err(rejection.after_preemption(preemption));
            }
            1 => index.feasible.select(0),
            _ => self.choice.best_place(&rules.rules, index, nodes, template, spread),
        };
        Ok(nodes.order().node_at(place).expect("a feasible place has a node"))
    }

    /// Brings what is known of the nodes up to date for a pod.
    fn prepare(&mut self, view: &View<'_>, seeker: Seeker) -> Prepared {
        let View { nodes, templates, .. } = *view;
        let template = templates.get(seeker.template);
        let profile = self.config.profile_of(&template.scheduler).unwrap_or(0);
        let rules = Arc::clone(&self.rules[profile]);
        let scores_spread = rules.rules.spread == SpreadDefaults::System && rules.rules.weights.spread > 0;
        let spread = if scores_spread { seeker.spread } else { SpreadId::NONE };
        let plain = self.is_plain(view, seeker, (profile, &rules));
        let has_images = nodes.has_images() && template.images.iter().any(|image| nodes.image(*image).is_some());
        let many = self.exceptions_max + nodes.len() / 32;
        let kind = PodKind {
            profile,
            form: templates.form(seeker.template),
            images: has_images.then(|| templates.imaged_form(seeker.template)),
            counted: (plain && nodes.with_pods_of(spread).len() > many).then_some(spread),
        };
        self.placements += 1;
        self.latest = self.index_of(kind, &rules, nodes.order().places());
        let (index, used) = &mut self.indexes[self.latest];
        *used = self.placements;
        index.refresh(nodes, template);
        Prepared { profile, rules, plain, spread }
    }

    /// True if a node takes a pod as far as labels, taints, resources and ports say: what an autoscaler asks of nodes that
    /// are not there yet, or of those that would have to do without another.
    pub fn takes(&self, nodes: &Nodes, templates: &Templates, template: TemplateId, node: NodeId) -> bool {
        let (node, template) = (nodes.get(node), templates.get(template));
        let rules = Rules::kube_default();
        filter::verdict_on_kind(&rules, node, template) == Verdict::FITS
            && filter::verdict_on_resources(&rules, node, template) == Verdict::FITS
            && filter::verdict_on_ports(&rules, &node.ports, template) == Verdict::FITS
    }

    /// Why the kubelet of a node does not admit a pod that the scheduler did not bind; `None`: it does (`generalFilter`,
    /// k8s.io/kubernetes v1.36.3, pkg/kubelet/lifecycle/predicate.go and pkg/scheduler/scheduler.go, AdmissionCheck).
    pub fn admits(&self, nodes: &Nodes, templates: &Templates, template: TemplateId, node: NodeId) -> Option<String> {
        let (node, template) = (nodes.get(node), templates.get(template));
        let rules = Rules::kube_default();
        let short = filter::verdict_on_resources(&rules, node, template);
        let reason = if short != Verdict::FITS {
            short.kubelet_reason()
        } else if !template.matches_labels(&node.labels) {
            "NodeAffinity"
        } else if filter::verdict_on_ports(&rules, &node.ports, template) != Verdict::FITS {
            "NodePorts"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }

    /// True if the index alone decides: the pod asks nothing of other pods, and none asks anything of it.
    fn is_plain(&mut self, view: &View<'_>, seeker: Seeker, (profile, rules): (usize, &Arc<Ruleset>)) -> bool {
        let View { nodes, templates, nominations, surroundings } = *view;
        let template = templates.get(seeker.template);
        let listed = matches!(&rules.rules.spread, SpreadDefaults::List(list) if !list.is_empty());
        !self.surveys_all
            && template.company.is_plain()
            && seeker.only.is_none()
            && (rules.rules.sampling == Sampling::All || self.next_start == 0 && nodes.len() < FEASIBLE_MIN)
            && (!listed || seeker.spread == SpreadId::NONE)
            && (nominations.is_empty()
                || !nominations.bind(template.priority) && nominations.node_of(seeker.pod).is_none())
            && !surroundings.has_claims(seeker.pod)
            && (!templates.count_others() || {
                self.topologies.refresh(nodes);
                let rules = (profile, &rules.rules);
                !self.relations.touch(&mut self.topologies, rules, nodes, templates, seeker.template)
            })
    }

    /// Looks for a node among all, on top of the index that was refreshed last.
    fn search(&mut self, view: &View<'_>, seeker: Seeker, rules: (usize, &Arc<Ruleset>)) -> Result<NodeId, Rejection> {
        let View { nodes, templates, nominations, surroundings } = *view;
        let template = templates.get(seeker.template);
        let ruleset = &rules.1.rules;
        let mut next_start = self.next_start;
        let result = self.survey(view, seeker, rules, |survey, keys| {
            survey.search(keys, &mut next_start).map_err(|rejected| {
                let verdicts = rejected.counts();
                let mut rejection = Rejection::new(seeker.template, Detail::new(verdicts));
                if let Some(ClaimProblem::Missing(claim)) = surroundings.claim_problem(seeker.pod) {
                    rejection.missing = Some(claim.name);
                }
                let waits_for = nominations.node_of(seeker.pod);
                if seeker.only.is_some() || waits_for.is_some() || surroundings.has_claims(seeker.pod) {
                    rejection.own = u64::from(seeker.pod.0) + 1;
                }
                let can_preempt = nodes.lowest_priority().is_some_and(|lowest| lowest < template.priority);
                let preemption = match ruleset.preemption {
                    Some(tries) if can_preempt => survey.preempt(tries, &rejected.verdicts, waits_for),
                    _ => without_victims(ruleset, template),
                };
                rejection.after_preemption(preemption)
            })
        });
        self.next_start = next_start;
        result
    }

    /// Counts what a pod asks of others, and asks something of that.
    fn survey<T>(
        &mut self,
        view: &View<'_>,
        seeker: Seeker,
        (profile, rules): (usize, &Arc<Ruleset>),
        ask: impl FnOnce(&mut Survey<'_>, &SpreadKeys) -> T,
    ) -> T {
        let View { nodes, templates, nominations, .. } = *view;
        let template = templates.get(seeker.template);
        self.topologies.refresh(nodes);
        let keys = SpreadKeys::of(&mut self.topologies, rules, nodes, template, seeker.spread);
        let mut row = self.relations.take(profile, seeker.template);
        let mut learn = |other| {
            let pair = (seeker.template, other);
            Relations::learn(&mut row, &mut self.topologies, &rules.rules, nodes, templates, pair);
        };
        if templates.count_others() {
            for id in nodes.order().iter() {
                nodes.crowd(id).iter().for_each(|share| learn(share.template));
            }
            nominations.templates().for_each(&mut learn);
        }
        let index = &self.indexes[self.latest].0;
        let mut survey = Survey::new(view, seeker, rules, index, &self.topologies, &row, &keys);
        survey.count_hard();
        let answer = ask(&mut survey, &keys);
        self.relations.put(profile, seeker.template, row);
        answer
    }

    /// Where the index of these pods is; the one that was not used for longest makes room for a new one.
    fn index_of(&mut self, kind: PodKind, rules: &Arc<Ruleset>, places: usize) -> usize {
        if self.indexes.get(self.latest).is_some_and(|(index, _)| index.kind == kind) {
            return self.latest;
        }
        if let Some(at) = self.indexes.iter().position(|(index, _)| index.kind == kind) {
            return at;
        }
        if self.indexes.len() < (SEATS_MAX / places.max(1)).clamp(INDEXES_MIN, INDEXES_MAX) {
            self.indexes.push((Index::new(kind, Arc::clone(rules)), 0));
            return self.indexes.len() - 1;
        }
        let used = self.indexes.iter().map(|(_, used)| *used).enumerate();
        let (oldest, _) = used.min_by_key(|(_, used)| *used).expect("there are some");
        self.indexes[oldest].0.reuse_for(kind, Arc::clone(rules));
        oldest
    }
}

impl Clone for Scheduler {
    fn clone(&self) -> Self {
        Scheduler {
            exceptions_max: self.exceptions_max,
            next_start: self.next_start,
            ..Scheduler::with(Arc::clone(&self.config), self.rules.clone())
        }
    }
}

/// What is known of a pod before nodes are looked at.
struct Prepared {
    profile: usize,
    rules: Arc<Ruleset>,
    /// True if the index alone decides.
    plain: bool,
    spread: SpreadId,
}

/// What preemption comes to where no pod has a lower priority.
fn without_victims(rules: &Rules, template: &Template) -> Preemption {
    match rules.preemption {
        None => Preemption::Off,
        Some(_) if !template.preempts => Preemption::Never,
        Some(_) => Preemption::NoVictims,
    }
}

/// The nodes that were looked at for a pod, none of which will do.
#[derive(Debug)]
struct Rejected {
    verdicts: BTreeMap<NodeId, Verdict>,
    /// What is said of nodes that were not looked at.
    others: Option<(Verdict, u32)>,
}

impl Rejected {
    fn counts(&self) -> Vec<(Verdict, u32)> {
        let mut counts: BTreeMap<Verdict, u32> = BTreeMap::new();
        for verdict in self.verdicts.values() {
            *counts.entry(*verdict).or_default() += 1;
        }
        counts.into_iter().chain(self.others).collect()
    }
}

#[cfg(test)]
mod constraint_tests;
#[cfg(test)]
mod tests;
