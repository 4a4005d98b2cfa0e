//! The systems that give documents their meaning: a folder each, with its format, its checks and its state machine.
//! Nothing here simulates: a system decides, and the world does. Which worlds there are is not known here.

pub mod argorollouts;
pub mod backendai;
pub mod dynamo;
pub mod grove;
pub mod kubernetes;
pub mod leaderworkerset;
pub mod machinery;
pub mod oci;
pub mod onebackend;
pub mod paasta;
pub mod standing;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::text::{Diagnostic, Source};
use crate::timeline::{Cause, Subject};
use crate::workload::{Action, Controller, Wake, World};

/// The names of the systems, as a scenario's `system:` has them.
pub const NAMES: &[&str] = &["oci", "kubernetes", "backendai", "paasta", "dynamo", "onebackend"];

/// The controllers of custom resources that the control plane of a system has, by the names that faults give them; those of Grove only where
/// it is there.
pub fn controllers(system: &str, has_grove: bool) -> Vec<&'static str> {
    match system {
        "dynamo" => {
            let groves = grove::Grove::CONTROLLERS.into_iter().filter(|_| has_grove);
            dynamo::Dynamo::CONTROLLERS.into_iter().chain(groves).collect()
        }
        _ => Vec::new(),
    }
}

/// What it means that the controller of a system ends and starts again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restart {
    /// It goes on from its durable records; all else is lost.
    FromRecords,
    /// All that it knows stands in a database of its own, from which it goes on.
    FromDatabase,
    /// It is a job that keeps nothing: it does not run meanwhile, and what else there is of the system does.
    OfJob,
    /// Nothing that could be rehearsed; the text says why.
    Refused(&'static str),
}

/// The profiles of all systems.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profiles {
    /// Of OCI AI Blueprints.
    pub oci: oci::Options,
    /// Of what plain manifests may need beside Kubernetes itself.
    pub kubernetes: leaderworkerset::Profile,
    /// Of Backend.AI.
    pub backendai: backendai::Options,
    /// Of Dynamo.
    pub dynamo: dynamo::Options,
    /// Of PaaSTA.
    pub paasta: paasta::Options,
    /// Of 1Backend.
    pub onebackend: onebackend::Options,
}

/// A system with one document.
#[derive(Clone, Debug)]
pub enum System {
    /// OCI AI Blueprints.
    Oci(oci::Oci),
    /// Plain Kubernetes manifests.
    Kubernetes(kubernetes::Kubernetes),
    /// Backend.AI.
    BackendAi(Box<backendai::BackendAi>),
    /// A service of PaaSTA.
    Paasta(paasta::Paasta),
    /// NVIDIA Dynamo.
    Dynamo(Box<dynamo::Dynamo>),
    /// 1Backend's Deploy Svc and Registry Svc.
    OneBackend(Box<onebackend::OneBackend>),
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its system. One that rejects the document says so when the document is submitted.
    pub system: System,
    /// What the user should know; it keeps nothing from being used.
    pub warnings: Vec<Diagnostic>,
    /// Why the system rejects the document; empty if it accepts it.
    pub problems: Vec<Diagnostic>,
    /// The objects that it would make; of a system whose API may refuse to make what it takes as a change.
    pub made: Vec<Made>,
}

/// An object that a document makes where it is not there yet.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its kind, namespace and name.
    pub object: String,
    /// Why the API refuses to make it like this.
    pub refusal: Option<Diagnostic>,
}

/// Reads a document of the system of this name.
///
/// # Errors
/// What makes it no document that anybody could submit: it is no JSON or YAML, or of another kind.
pub fn read(name: &str, source: &Source, profiles: &Profiles) -> Result<Document, Vec<Diagnostic>> {
    match name {
        "oci" => oci::read(source, &profiles.oci).map(|read| Document {
            system: System::Oci(read.oci),
            warnings: read.warnings,
            problems: read.problems,
            made: Vec::new(),
        }),
        "kubernetes" => kubernetes::load(source).map(|(set, read)| Document {
            system: System::Kubernetes(set.with_groups_of(profiles.kubernetes)),
            warnings: read.warnings,
            problems: read.problems,
            made: Vec::new(),
        }),
        "dynamo" => dynamo::read(source, &profiles.dynamo).map(|read| Document {
            system: System::Dynamo(Box::new(dynamo::Dynamo::new(stem(source.name()), read.document, &profiles.dynamo))),
            warnings: read.warnings,
            problems: read.problems,
            made: read.made,
        }),
        "backendai" => backendai::read(source, &profiles.backendai).map(|read| Document {
            system: System::BackendAi(Box::new(read.backendai)),
            warnings: Vec::new(),
            problems: read.problems,
            made: Vec::new(),
        }),
        "onebackend" => onebackend::read(source, &profiles.onebackend).map(|read| Document {
            system: System::OneBackend(Box::new(read.onebackend)),
            warnings: read.warnings,
            problems: read.problems,
            made: Vec::new(),
        }),
        _ => {
            let message = format!("there is no system `{name}`; known are {}", NAMES.join(", "));
            Err(vec![Diagnostic::about(source, message)])
        }
    }
}

/// `shop/web.v2.yaml` is `web.v2`.
fn stem(file: &str) -> &str {
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Reads a document that may be a folder, with its files.
///
/// # Errors
/// What makes it no document that anybody could submit.
pub fn read_with_files(
    name: &str,
    source: &Source,
    files: &[Source],
    profiles: &Profiles,
) -> Result<Document, Vec<Diagnostic>> {
    if name != "paasta" {
        return read(name, source, profiles);
    }
    paasta::read(source, files, &profiles.paasta).map(|read| Document {
        system: System::Paasta(paasta::Paasta::new(read.service, &profiles.paasta, rejection(&read.problems))),
        warnings: read.warnings,
        problems: read.problems,
        made: Vec::new(),
    })
}

/// Why a document is rejected, in one line.
fn rejection(problems: &[Diagnostic]) -> Option<Arc<str>> {
    let first = &problems.first()?.message;
    Some(match problems.len() {
        1 => first.as_str().into(),
        count => format!("{first} (and {} more)", count - 1).into(),
    })
}

/// Tells members of one name in several documents apart: from now on each is `deployment/<group>/<name>`. Gives the names.
pub fn qualify(systems: &mut [System]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for system in &*systems {
        let own: BTreeSet<&str> = match system {
            System::Oci(oci) => oci.member_names().collect(),
            System::Kubernetes(_)
            | System::BackendAi(_)
            | System::Paasta(_)
            | System::Dynamo(_)
            | System::OneBackend(_) => BTreeSet::new(),
        };
        for name in own {
            if !seen.insert(name.to_owned()) {
                twice.insert(name.to_owned());
            }
        }
    }
    for system in systems {
        match system {
            System::Oci(oci) => oci.qualify(&twice),
            System::Kubernetes(_)
            | System::BackendAi(_)
            | System::Paasta(_)
            | System::Dynamo(_)
            | System::OneBackend(_) => {}
        }
    }
    twice
}

/// The states of several systems as one: lists of the same name are joined, and a group stands in the list of groups, as
/// `GET /deployment_groups` has it.
pub fn together(states: Vec<Value>) -> Value {
    let mut all = Map::new();
    for state in states {
        let state = if state.get("deployment_group_id").is_some() {
            Map::from_iter([("deployment_groups".to_owned(), Value::Array(vec![state]))])
        } else {
            match state {
                Value::Object(state) => state,
                other => Map::from_iter([("states".to_owned(), Value::Array(vec![other]))]),
            }
        };
        for (key, value) in state {
            match (all.get_mut(&key), value) {
                (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                (_, value) => drop(all.insert(key, value)),
            }
        }
    }
    Value::Object(all)
}

impl System {
    /// True if its document belongs to the control plane that an earlier document of the scenario brought: that one takes it then,
    /// as an operator's `apply`.
    pub const fn joins(&self, first: &System) -> bool {
        match (self, first) {
            (System::Dynamo(_), System::Dynamo(_)) | (System::OneBackend(_), System::OneBackend(_)) => true,
            (
                System::Oci(_)
                | System::Kubernetes(_)
                | System::BackendAi(_)
                | System::Paasta(_)
                | System::Dynamo(_)
                | System::OneBackend(_),
                _,
            ) => false,
        }
    }

    /// The names of groups and deployments that an operator's action may mean.
    pub fn names(&self) -> Vec<&str> {
        match self {
            System::Oci(oci) => oci.names().collect(),
            System::Kubernetes(set) => vec![set.name()],
            System::BackendAi(manager) => manager.names().collect(),
            System::Paasta(service) => vec![service.name()],
            System::Dynamo(dynamo) => dynamo.names(),
            System::OneBackend(services) => services.names().collect(),
        }
    }

    /// The manifests that it holds as they are wanted now; none of a system that has documents of its own.
    pub fn manifests(&self) -> Vec<&kubernetes::Manifest> {
        match self {
            System::Oci(_) | System::BackendAi(_) | System::Paasta(_) | System::OneBackend(_) => Vec::new(),
            System::Dynamo(dynamo) => dynamo.manifests(),
            System::Kubernetes(set) => set.wanted().collect(),
        }
    }

    /// The subject of the manifests, if this object stands in them: `manifests/web`.
    pub fn set_with(&self, subject: Subject) -> Option<String> {
        match self {
            System::Kubernetes(set) if set.has(subject) => Some(format!("manifests/{}", set.name())),
            _ => None,
        }
    }

    /// The namespaces that its objects are in, and those that it makes.
    pub fn namespaces(&self) -> (BTreeSet<&str>, BTreeSet<&str>) {
        match self {
            System::Oci(_) | System::BackendAi(_) | System::Paasta(_) | System::Dynamo(_) | System::OneBackend(_) => {
                Default::default()
            }
            System::Kubernetes(set) => set.namespaces(),
        }
    }

    /// How much an operator's action is this system's: 2 if it is about what it has, 1 if it could take it, 0 if it is not.
    pub fn interest(&self, action: &Action) -> u8 {
        match (self, action) {
            (System::Oci(oci), Action::Undeploy(name)) => {
                if oci.names().any(|known| known == name) {
                    2
                } else {
                    0
                }
            }
            (System::Oci(_), _) => 0,
            (System::Kubernetes(set), action) => set.interest(action),
            (System::BackendAi(manager), action) => manager.interest(action),
            (System::Paasta(service), action) => service.interest(action),
            (System::Dynamo(dynamo), action) => dynamo.interest(action),
            (System::OneBackend(services), action) => services.interest(action),
        }
    }

    /// What it means that its controller ends and starts again.
    pub const fn restart(&self) -> Restart {
        match self {
            System::Oci(_) => Restart::FromRecords,
            System::BackendAi(_) => Restart::FromDatabase,
            System::Paasta(_) => Restart::OfJob,
            System::Dynamo(_) => Restart::Refused("a restart of one of Dynamo's controllers names it: `controller`"),
            System::Kubernetes(_) => Restart::Refused(
                "whoever applies manifests ends between two of them: give the write, `on: { after_write: any, by: kubernetes }`",
            ),
            System::OneBackend(_) => Restart::Refused(
                "what 1Backend's services keep in memory and what in their store is not known well enough to end them",
            ),
        }
    }

    /// True if it does its work once, when it is called, and nobody starts it again: `kubectl apply`.
    pub const fn is_run_once(&self) -> bool {
        matches!(self, System::Kubernetes(_))
    }

    /// The job of it that keeps nothing is away from now on, until it resumes.
    pub fn end_job(&mut self) {
        if let System::Paasta(service) = self {
            service.end_setup();
        }
    }

    /// True if it has controllers of custom resources, with an API of their own, that faults of watches and writes can strike.
    pub const fn has_own_api(&self) -> bool {
        matches!(self, System::Dynamo(_))
    }

    /// How often a fault of watches or writes has had an effect on it so far, by the number of the fault.
    pub fn effects(&self, number: u32) -> u64 {
        match self {
            System::Oci(_)
            | System::Kubernetes(_)
            | System::BackendAi(_)
            | System::Paasta(_)
            | System::OneBackend(_) => 0,
            System::Dynamo(dynamo) => dynamo.effects(number),
        }
    }

    /// How many writes or reads there were so far that a point in its own API means, by the point's token.
    pub fn seen_at(&self, token: u64) -> u32 {
        match self {
            System::Dynamo(dynamo) => dynamo.seen_at(token),
            _ => 0,
        }
    }

    /// Goes on from the durable records of an earlier controller of the same document; `false` if there are none.
    pub fn resume(&mut self, cause: Cause, world: &mut dyn World) -> bool {
        match self {
            System::Oci(oci) => oci.resume(cause, world),
            System::BackendAi(manager) => {
                manager.start_again(cause, world);
                true
            }
            System::Paasta(service) => {
                service.start_setup(cause, world);
                true
            }
            // Whoever runs `kubectl apply` keeps no records: all that it knows is in the cluster.
            System::Kubernetes(_) | System::Dynamo(_) | System::OneBackend(_) => false,
        }
    }
}

impl Controller for System {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        match self {
            System::Oci(oci) => oci.wake(wake, cause, world),
            System::Kubernetes(set) => set.wake(wake, cause, world),
            System::BackendAi(manager) => manager.wake(wake, cause, world),
            System::Paasta(service) => service.wake(wake, cause, world),
            System::Dynamo(dynamo) => dynamo.wake(wake, cause, world),
            System::OneBackend(services) => services.wake(wake, cause, world),
        }
    }

    fn native(&self, world: &dyn World) -> Value {
        match self {
            System::Oci(oci) => oci.native(world),
            System::Kubernetes(set) => set.native(world),
            System::BackendAi(manager) => manager.native(world),
            System::Paasta(service) => service.native(world),
            System::Dynamo(dynamo) => dynamo.native(world),
            System::OneBackend(services) => services.native(world),
        }
    }
}
