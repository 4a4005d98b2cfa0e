//! Grove's API objects as far as they decide anything: the specs, with their defaults filled in. Their statuses are in `status`;
//! how documents are read is in `read`.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1 (podcliqueset.go, podclique.go, scalinggroup.go) and
//! scheduler/api/core/v1alpha1/podgang.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::status::{Hash, PodCliqueScalingGroupStatus, PodCliqueSetStatus, PodCliqueStatus, PodGangStatus};
use crate::kernel::Duration;
use crate::timeline::Kind;
use crate::workload::PodTemplate;

/// How long `minAvailable` may be breached where nothing is said.
/// Source: operator/internal/webhook/admission/pcs/defaulting/podcliqueset.go, defaultTerminationDelay.
pub const TERMINATION_DELAY: Duration = Duration::from_secs(4 * 3600);

/// One of Grove's API objects.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::enum_variant_names, reason = "the names are those of Grove")]
pub enum Resource {
    /// grove.io/v1alpha1 PodCliqueSet.
    PodCliqueSet(Box<PodCliqueSet>),
    /// grove.io/v1alpha1 PodCliqueScalingGroup.
    PodCliqueScalingGroup(Box<PodCliqueScalingGroup>),
    /// grove.io/v1alpha1 PodClique.
    PodClique(Box<PodClique>),
    /// scheduler.grove.io/v1alpha1 PodGang.
    PodGang(Box<PodGang>),
}

impl Resource {
    /// The kind of the object.
    pub const fn kind(&self) -> Kind {
        match self {
            Resource::PodCliqueSet(_) => Kind::PodCliqueSet,
            Resource::PodCliqueScalingGroup(_) => Kind::PodCliqueScalingGroup,
            Resource::PodClique(_) => Kind::PodClique,
            Resource::PodGang(_) => Kind::PodGang,
        }
    }

    /// True if both ask for the same, whatever their statuses are.
    pub fn same_spec(&self, other: &Resource) -> bool {
        match (self, other) {
            (Resource::PodCliqueSet(a), Resource::PodCliqueSet(b)) => a.spec == b.spec,
            (Resource::PodCliqueScalingGroup(a), Resource::PodCliqueScalingGroup(b)) => a.spec == b.spec,
            (Resource::PodClique(a), Resource::PodClique(b)) => a.spec == b.spec,
            (Resource::PodGang(a), Resource::PodGang(b)) => a.spec == b.spec,
            _ => false,
        }
    }
}

/// Replicas of a set of cliques that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueSet {
    /// What is asked for.
    pub spec: PodCliqueSetSpec,
    /// What its controller wrote last.
    pub status: PodCliqueSetStatus,
}

/// `spec` of a PodCliqueSet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueSetSpec {
    /// How many copies of all that follows.
    pub replicas: u32,
    /// How new templates replace the old.
    pub strategy: UpdateStrategy,
    /// What each copy is made of.
    pub template: PodCliqueSetTemplate,
}

/// `spec.updateStrategy.type`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum UpdateStrategy {
    /// Grove deletes what is old, one at a time.
    #[default]
    RollingRecreate,
    /// Somebody else does.
    OnDelete,
}

/// `spec.template` of a PodCliqueSet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueSetTemplate {
    /// The cliques, in the order of the document.
    pub cliques: Vec<CliqueTemplate>,
    /// Which cliques wait for which.
    pub startup: StartupType,
    /// The priority class of all pods; empty: that of the pods themselves.
    pub priority_class: String,
    /// The headless Service that each replica gets; its pods are listed before they are ready.
    pub publish_not_ready: bool,
    /// Where each replica is packed.
    pub topology: Option<TopologyConstraint>,
    /// How long `minAvailable` may be breached before the replica's pods go.
    pub termination_delay: Duration,
    /// Cliques that are scaled together.
    pub scaling_groups: Vec<ScalingGroupConfig>,
}

impl PodCliqueSetTemplate {
    /// A template of these cliques with the defaults of the webhook.
    pub fn of(cliques: Vec<CliqueTemplate>) -> PodCliqueSetTemplate {
        PodCliqueSetTemplate {
            cliques,
            startup: StartupType::AnyOrder,
            priority_class: String::new(),
            publish_not_ready: true,
            topology: None,
            termination_delay: TERMINATION_DELAY,
            scaling_groups: Vec::new(),
        }
    }

    /// The topology that its constraints are about; empty if there are none.
    pub fn topology_name(&self) -> &str {
        let own = self.topology.iter().chain(self.scaling_groups.iter().filter_map(|group| group.topology.as_ref()));
        let all = own.chain(self.cliques.iter().filter_map(|clique| clique.topology.as_ref()));
        all.map(|constraint| constraint.topology.as_str()).find(|name| !name.is_empty()).unwrap_or("")
    }

    /// The clique of this name.
    pub fn clique(&self, name: &str) -> Option<&CliqueTemplate> {
        self.cliques.iter().find(|clique| clique.name == name)
    }

    /// The scaling group that a clique is in.
    pub fn group_of(&self, clique: &str) -> Option<&ScalingGroupConfig> {
        self.scaling_groups.iter().find(|group| group.cliques.iter().any(|name| name == clique))
    }

    /// The cliques that are in no scaling group.
    pub fn standalone(&self) -> impl Iterator<Item = &CliqueTemplate> {
        self.cliques.iter().filter(|clique| self.group_of(&clique.name).is_none())
    }

    /// How many pods one replica has at the start.
    pub fn pods(&self) -> u32 {
        let of = |clique: &CliqueTemplate| {
            let copies = self.group_of(&clique.name).map_or(1, |group| group.replicas);
            clique.spec.replicas * copies
        };
        self.cliques.iter().map(of).sum()
    }
}

/// `cliqueStartupType`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum StartupType {
    /// No clique waits for another.
    #[default]
    AnyOrder,
    /// Each waits for the one before it.
    InOrder,
    /// Each waits for those that it names.
    Explicit,
}

/// One clique of a PodCliqueSet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CliqueTemplate {
    /// Its name in the set.
    pub name: String,
    /// Labels of the PodClique and its pods.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the PodClique and its pods.
    pub annotations: BTreeMap<String, String>,
    /// Where its pods are packed.
    pub topology: Option<TopologyConstraint>,
    /// What it asks for.
    pub spec: PodCliqueSpec,
    /// The hash of its pods, once it is kept: controllers ask for it in every pass.
    pub kept_hash: KeptHash,
}

/// A hash that was made of what stands beside it, so that it makes no difference of its own.
#[derive(Clone, Copy, Eq, Debug, Default)]
pub struct KeptHash(pub Option<Hash>);

impl PartialEq for KeptHash {
    fn eq(&self, _: &KeptHash) -> bool {
        true
    }
}

impl CliqueTemplate {
    /// A clique of so many pods, all of which are needed, as the webhook's defaults have it.
    pub fn of(name: &str, pods: Arc<PodTemplate>, replicas: u32) -> CliqueTemplate {
        CliqueTemplate {
            name: name.to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            topology: None,
            kept_hash: KeptHash::default(),
            spec: PodCliqueSpec {
                role: name.to_owned(),
                pods,
                refusal: None,
                replicas,
                min_available: replicas,
                starts_after: Vec::new(),
                autoscaling: None,
            },
        }
    }
}

/// Cliques of a PodCliqueSet that are scaled together (`podCliqueScalingGroups`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScalingGroupConfig {
    /// Its name in the set.
    pub name: String,
    /// The names of its cliques.
    pub cliques: Vec<String>,
    /// Copies of these cliques at the start.
    pub replicas: u32,
    /// Copies that are part of the base gang, and without which the replica of the set goes.
    pub min_available: u32,
    /// How an autoscaler may change it.
    pub autoscaling: Option<Autoscaling>,
    /// Where each copy is packed.
    pub topology: Option<TopologyConstraint>,
}

/// Bounds of an autoscaler.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Autoscaling {
    /// At least so many.
    pub replicas_min: u32,
    /// At most so many.
    pub replicas_max: u32,
}

/// Where pods are packed (`topologyConstraint`): domains are names of levels (`rack`), which the cluster's topology gives a label.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TopologyConstraint {
    /// The ClusterTopologyBinding; empty: that of what encloses it.
    pub topology: String,
    /// They are not placed unless they fit into one domain of this level.
    pub required: Option<String>,
    /// They are packed into one domain of this level if they fit.
    pub preferred: Option<String>,
}

/// Copies of some cliques.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueScalingGroup {
    /// What is asked for.
    pub spec: PodCliqueScalingGroupSpec,
    /// What its controller wrote last.
    pub status: PodCliqueScalingGroupStatus,
}

/// `spec` of a PodCliqueScalingGroup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueScalingGroupSpec {
    /// How many copies.
    pub replicas: u32,
    /// Copies without which it is breached.
    pub min_available: u32,
    /// The cliques of a copy, by their names in the set.
    pub cliques: Vec<String>,
}

/// Pods of one template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodClique {
    /// What is asked for.
    pub spec: PodCliqueSpec,
    /// What its controller wrote last.
    pub status: PodCliqueStatus,
}

/// `spec` of a PodClique, and of a clique in a set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodCliqueSpec {
    /// The role of its pods (`roleName`).
    pub role: String,
    /// What its pods are made from.
    pub pods: Arc<PodTemplate>,
    /// Why Kubernetes refuses such pods, if it does: none can be made.
    pub refusal: Option<Arc<str>>,
    /// How many.
    pub replicas: u32,
    /// How many are scheduled together, and without which it is breached.
    pub min_available: u32,
    /// The cliques that its pods wait for: names in the set in a template, whole names in a PodClique.
    pub starts_after: Vec<String>,
    /// How an autoscaler may change it.
    pub autoscaling: Option<Autoscaling>,
}

/// PodCliques that are scheduled together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodGang {
    /// What is asked for.
    pub spec: PodGangSpec,
    /// What Grove and the scheduler wrote last.
    pub status: PodGangStatus,
}

/// `spec` of a PodGang.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodGangSpec {
    /// A group of pods for each PodClique.
    pub groups: Vec<PodGroup>,
    /// Where all of it is packed.
    pub topology: Option<TopologyConstraint>,
    /// Where some of its groups are packed together: the copies of a scaling group.
    pub group_topologies: Vec<GroupTopology>,
    /// Its priority class.
    pub priority_class: String,
}

/// The pods of one PodClique in a PodGang.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodGroup {
    /// The PodClique's name.
    pub name: String,
    /// Its pods' names.
    pub pods: Vec<String>,
    /// How many are scheduled together.
    pub replicas_min: u32,
    /// Where they are packed.
    pub topology: Option<TopologyConstraint>,
}

/// Groups of a PodGang that are packed together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupTopology {
    /// `<scaling group>-<copy>`.
    pub name: String,
    /// The PodCliques.
    pub groups: Vec<String>,
    /// Where they are packed.
    pub topology: TopologyConstraint,
}
