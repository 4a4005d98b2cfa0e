//! What documents of 1Backend say, after reading: deployments and definitions. What the services make of them is `store`'s.
//! Source: 1backend/1backend 1305defcf2, server/internal/services/deploy/types/deploy_types.go and
//! server/internal/services/registry/types/definition.go.

use std::collections::{BTreeMap, BTreeSet};

/// The most instances of a deployment that are rehearsed. Documents may ask for as many as 32 bits hold.
pub const REPLICAS_MAX: u32 = 10_000;

/// A document that an operator saves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Document {
    /// What `oo deployment save` takes.
    Deployment(Deployment),
    /// What `oo definition save` takes.
    Definition(Definition),
}

impl Document {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Document::Deployment(deployment) => &deployment.id,
            Document::Definition(definition) => &definition.id,
        }
    }
}

/// What should run: so many instances of a definition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// The definition that it runs; nobody checks that there is one.
    pub definition_id: String,
    /// A short name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many instances, as written: 0 is 1 to the server, and as built nobody refuses less.
    pub replicas: i32,
    /// How a change replaces what runs.
    pub strategy: Option<Strategy>,
    /// What each instance needs.
    pub resources: Option<Resources>,
    /// How the number of instances follows their load.
    pub auto_scaling: Option<AutoScaling>,
    /// Where instances may run; empty: anywhere.
    pub target_regions: Vec<TargetRegion>,
    /// The environment of the instances.
    pub envars: BTreeMap<String, Envar>,
}

/// How a change replaces what runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Strategy {
    /// The kind of strategy; `None`: nothing is said, which is a rolling update.
    pub kind: Option<StrategyType>,
    /// Instances that may be missing; `None`: nothing is said, which the server cannot tell from 0.
    pub max_unavailable: Option<i32>,
    /// Instances that may be too many; `None`: nothing is said.
    pub max_surge: Option<i32>,
}

/// The kinds of strategies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum StrategyType {
    /// New instances beside the old ones.
    #[default]
    RollingUpdate,
    /// All old instances end first.
    Recreate,
}

impl StrategyType {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            StrategyType::RollingUpdate => "RollingUpdate",
            StrategyType::Recreate => "Recreate",
        }
    }
}

/// What an instance needs, as written; empty: nothing is said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resources {
    /// CPU: `500m`, `2.5`.
    pub cpu: String,
    /// Memory: `256Mi`, `512M`.
    pub memory: String,
    /// Memory of GPUs: `24GB`.
    pub vram: String,
}

/// How the number of instances follows their load. A 0 is as good as nothing said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AutoScaling {
    /// The fewest instances.
    pub min_replicas: i32,
    /// The most instances.
    pub max_replicas: i32,
    /// More instances above this use of CPU, in percent.
    pub cpu_threshold: i32,
}

/// A place where instances may run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TargetRegion {
    /// The cluster, or a node.
    pub cluster: String,
    /// The zone in it; empty: any.
    pub zone: String,
}

/// A variable of the environment. Its value is not kept, so that it cannot get out: only that it changes is seen, and to what it
/// refers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envar {
    /// One number for the value.
    pub fingerprint: u64,
    /// What the value refers to.
    pub references: BTreeSet<Reference>,
}

/// What a value of the environment refers to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reference {
    /// `{{secret:NAME}}`: a secret of the Secret Svc.
    Secret(String),
    /// `{{env:NAME}}`: the environment of the service that deploys.
    Env(String),
}

/// What can run: an image, or a repository that one is built from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Definition {
    /// Its id.
    pub id: String,
    /// An image that is there.
    pub image: Option<ImageSpec>,
    /// Where an image is built from. Nobody refuses both, or neither.
    pub repository: Option<RepositorySpec>,
    /// Ports of the node that lead into the container, in their order.
    pub ports: Vec<PortMapping>,
    /// The environment that instances need, with defaults.
    pub envars: BTreeMap<String, Envar>,
}

/// An image.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImageSpec {
    /// Its name.
    pub name: String,
    /// Ports that its container listens on.
    pub internal_ports: Vec<u16>,
}

/// Where an image is built from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RepositorySpec {
    /// The repository.
    pub url: String,
    /// The commit, tag or branch; empty: what the repository has by default.
    pub version: String,
    /// The folder that the image is built in.
    pub build_context: String,
    /// The file that says how; empty: `Dockerfile`.
    pub container_file: String,
    /// Ports that its container listens on.
    pub internal_ports: Vec<u16>,
}

/// A port of the node that leads to one of the container.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PortMapping {
    /// The container's.
    pub internal: u16,
    /// The node's.
    pub host: u16,
}
