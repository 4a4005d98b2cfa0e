//! What a controller sees of the world and may ask of it. The same contract holds in simulation, on a live cluster and in
//! a world that replays what was recorded.
//!
//! A controller never waits: every ask has an id, and what became of it comes back later as [`super::Wake::Answered`].
//! What it reads is what it *observes*: an informer's view, which may lag behind the truth.

use std::sync::Arc;

use super::pledge::Pledge;
use super::rollout::SelectorPatch;
use super::stage::Store;
use super::traffic::Backend;
use super::{AnalysisPhase, LeaderWorkerSetSpec, NodePatch, Object, PodPhase, PodStatus, PodTemplate, Status};
use crate::kernel::{Duration, Name, Symbol, Time};
use crate::timeline::{Cause, EntryId, Kind, Subject, Why};

/// Names one ask of one controller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AskId(pub u32);

/// Something that a controller wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Create the object, or make its spec this one.
    Apply {
        /// The object's kind, namespace and name.
        key: Subject,
        /// Its spec.
        object: Object,
        /// For whom it is made (`deployment/vllm`); faults and behaviour match on it.
        serves: Subject,
    },
    /// Delete the object; what it owns goes with it. Deleting what is not there is accepted.
    Delete {
        /// The object.
        key: Subject,
        /// For whom.
        serves: Subject,
    },
    /// Read the object from the API itself, not from the informer's view: it may fail where a read of the view cannot.
    Get {
        /// The object.
        key: Subject,
        /// For whom.
        serves: Subject,
    },
    /// Write the status of a LeaderWorkerSet, as its controller does.
    TellGroups {
        /// The LeaderWorkerSet.
        key: Subject,
        /// True while all of its groups are ready and of the newest template.
        available: bool,
        /// For whom.
        serves: Subject,
    },
    /// Change a node that is there.
    PatchNode {
        /// The node.
        key: Subject,
        /// What to change.
        patch: NodePatch,
        /// For whom.
        serves: Subject,
    },
    /// Change what a Service that is there selects: a merge patch of `spec.selector`.
    PatchSelector {
        /// The Service.
        key: Subject,
        /// Labels to set and to take out.
        patch: SelectorPatch,
        /// For whom.
        serves: Subject,
    },
    /// Give a workload another number of replicas, without knowing what else it asks for: the subresource `scale`.
    Scale {
        /// The workload.
        key: Subject,
        /// How many replicas.
        replicas: u32,
        /// For whom.
        serves: Subject,
    },
    /// Ask for the eviction of a pod, which budgets may refuse.
    Evict {
        /// The pod.
        key: Subject,
        /// For whom.
        serves: Subject,
    },
    /// Take a scheduling gate off a pod. A pod without such a gate is left as it is.
    Ungate {
        /// The pod.
        key: Subject,
        /// The gate.
        gate: String,
        /// For whom.
        serves: Subject,
    },
    /// Write the status of a custom resource whose controller asks: the subresource `status`.
    WriteStatus {
        /// The custom resource.
        key: Subject,
        /// Its status.
        status: Status,
        /// For whom.
        serves: Subject,
    },
    /// Ask something outside the cluster for a measurement; the answer is [`Outcome::Measured`].
    Measure {
        /// The AnalysisRun that measures.
        key: Subject,
        /// The AnalysisTemplate that the metric is of.
        template: String,
        /// The metric.
        metric: String,
        /// For whom.
        serves: Subject,
    },
}

impl Ask {
    /// The object that the ask is about.
    pub const fn key(&self) -> Subject {
        match self {
            Ask::Apply { key, .. }
            | Ask::Delete { key, .. }
            | Ask::Get { key, .. }
            | Ask::TellGroups { key, .. }
            | Ask::PatchNode { key, .. }
            | Ask::PatchSelector { key, .. }
            | Ask::Scale { key, .. }
            | Ask::Evict { key, .. }
            | Ask::Ungate { key, .. }
            | Ask::WriteStatus { key, .. }
            | Ask::Measure { key, .. } => *key,
        }
    }

    /// For whom it is asked.
    pub const fn serves(&self) -> Subject {
        match self {
            Ask::Apply { serves, .. }
            | Ask::Delete { serves, .. }
            | Ask::Get { serves, .. }
            | Ask::TellGroups { serves, .. }
            | Ask::PatchNode { serves, .. }
            | Ask::PatchSelector { serves, .. }
            | Ask::Scale { serves, .. }
            | Ask::Evict { serves, .. }
            | Ask::Ungate { serves, .. }
            | Ask::WriteStatus { serves, .. }
            | Ask::Measure { serves, .. } => *serves,
        }
    }
}

/// What became of an ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done; for a read, this is what was found.
    Accepted(Option<Status>),
    /// There is no such object.
    NotFound,
    /// Refused for good, with the reason.
    Refused(Symbol),
    /// Someone else changed the object first; reading again and asking again may work.
    Conflict,
    /// What was measured.
    Measured(AnalysisPhase),
    /// The answer was lost: it may or may not have been done.
    Unknown,
    /// The world could not do it now; asking again may work.
    Failed(Symbol),
}

/// What comes of a connection that somebody tries to make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dial {
    /// It is taken.
    Accepted,
    /// The node answers, and nothing listens there.
    Refused,
    /// Nothing answers: the node is off, or there is none.
    NoAnswer,
}

/// A change to one durable record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordChange {
    /// The record's name.
    pub name: String,
    /// The version that the writer read; 0 for a record that must not be there yet.
    pub expected_version: u64,
    /// The new value; `None` removes the record.
    pub value: Option<String>,
}

/// What a controller sees and may ask.
pub trait World {
    /// The time of this wake. A controller has no other clock.
    fn now(&self) -> Time;

    /// Interns a name.
    fn intern(&mut self, text: &str) -> Symbol;

    /// The name that is shown as `text`.
    fn name(&mut self, text: &str) -> Name {
        Name::of(text, |text| self.intern(text))
    }

    /// The text of an interned name.
    fn text(&self, symbol: Symbol) -> String;

    /// A name as it is shown: what [`World::name`] reads.
    fn show(&self, name: Name) -> String {
        let base = self.text(name.base());
        match name.ordinal() {
            Some(ordinal) => format!("{base}-{ordinal}"),
            None => base,
        }
    }

    /// The status of an object as observed; `None` if the observer does not know of it.
    fn observed(&self, key: Subject) -> Option<Status>;

    /// The spec of a Deployment, a ReplicaSet, a pod or a custom resource as observed; `None` if the observer does not know of it.
    fn observed_spec(&self, key: Subject) -> Option<Object>;

    /// The pods of a Deployment or Job as observed, oldest first.
    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)>;

    /// The templates of a workload that the API still has, by revision, the oldest first: those of a Deployment's ReplicaSets,
    /// or of the ControllerRevisions of a StatefulSet or DaemonSet.
    fn revisions(&self, _workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        Vec::new()
    }

    /// How many pods or groups a workload wants as the API has it now, whoever said so; `None` if it has no scale.
    fn scale(&self, _workload: Subject) -> Option<u32> {
        None
    }

    /// True if a namespace is on its way out, or gone.
    fn is_leaving(&self, _namespace: Symbol) -> bool {
        false
    }

    /// Whether anything can be created in a namespace; an error is the API's refusal.
    ///
    /// # Errors
    /// The namespace is not there, or on its way out.
    fn admits(&self, _namespace: Symbol) -> Result<(), String> {
        Ok(())
    }

    /// What the API has as the spec of a LeaderWorkerSet; `None` if it has none of this name.
    fn group_set(&self, _key: Subject) -> Option<LeaderWorkerSetSpec> {
        None
    }

    /// True if this node tells others of itself at this instant: it runs, does not shut down, and is not silent. A world that cannot
    /// know says what it observes.
    fn hears(&self, node: Subject) -> bool {
        self.observed_nodes(&[]).contains(&(node, true))
    }

    /// True if the build of an image that ends now fails through a fault: of what it is built for, as a system names it.
    fn build_fails(&mut self, _of: Subject) -> bool {
        false
    }

    /// What each of these pods, which serve one workload, uses of a resource at this instant, in thousandths, as an agent on its
    /// node measures it; `None` if nothing is known of it.
    fn usage(&self, _pods: &[Subject], _metric: &str) -> Option<Vec<u64>> {
        None
    }

    /// The nodes as observed that have all of these labels, in the order in which they joined: the node, and whether it is ready.
    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)>;

    /// What comes of a connection to the application of a pod, or to a node, that is tried now. It is a probe of one's own rather
    /// than an informer's view, and knows at once what that learns late; where a world cannot probe, it is what that view has.
    fn dial(&self, target: Subject) -> Dial {
        let taken = |ready: bool, otherwise| if ready { Dial::Accepted } else { otherwise };
        if target.kind == Kind::Node {
            let node = self.observed_nodes(&[]).into_iter().find(|(node, _)| *node == target);
            return taken(node.is_some_and(|(_, ready)| ready), Dial::NoAnswer);
        }
        match self.observed(target) {
            Some(Status::Pod(pod)) if pod.phase == PodPhase::Unknown => Dial::NoAnswer,
            Some(Status::Pod(pod)) => taken(pod.ready, Dial::Refused),
            _ => Dial::Refused,
        }
    }

    /// The value of one label of every node as observed, in the order in which they joined; `None` for a node without it.
    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)>;

    /// True if a store can be reached.
    fn reaches(&self, store: Store) -> bool {
        let _ = store;
        true
    }

    /// From now on, changes of this object wake the controller: of a Deployment or Job, those of its pods too.
    fn watch(&mut self, key: Subject);

    /// Ends a watch.
    fn unwatch(&mut self, key: Subject);

    /// From now on, a node that joins, leaves or changes its readiness or labels wakes the controller.
    fn watch_nodes(&mut self);

    /// A controller of this side hands out all that its watches know again, so often since the start: what it missed of a change
    /// wakes it then. Only worlds that can lose a change need to know.
    fn resyncs(&mut self, _every: Duration) {}

    /// A controller of this side has no watches: what it reads it asks for each time, and a wake stands for the answer. There is nothing
    /// then that could lag or be missed. Only worlds that can do that to a change need to know.
    fn has_no_watches(&mut self) {}

    /// What the silence of a node began with, while nothing is heard of it; `None`: something is, or this world cannot tell.
    fn fell_silent(&self, _node: Subject) -> Option<Cause> {
        None
    }

    /// Asks for something; the answer comes as a wake of its own.
    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId;

    /// Wakes the controller at `at` with `token`. A controller ignores tokens that it no longer expects.
    fn wake_at(&mut self, at: Time, token: u64, cause: Cause);

    /// Writes an entry about one of the controller's own objects.
    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId;

    /// From now on, requests to this name go to these alone: those of their pods that are ready and answer.
    fn route(&mut self, name: Subject, backends: Vec<Backend>, cause: Cause);

    /// How many pods a deployment wants whose system makes them one by one: nothing else tells the world of that. `None`: it is not
    /// asked for any more.
    fn want(&mut self, _deployment: Subject, _pods: Option<u32>) {}

    /// Nobody asks for this pod any more, whether it goes or not: what is left of it is no longer missing. A pod that is made again under
    /// its name is asked for again.
    fn unwant(&mut self, _pod: Subject) {}

    /// True if the API has an object of this name at this instant, as who asks for it by name is told, whatever watches show.
    fn has(&self, key: Subject) -> bool {
        self.observed(key).is_some() || self.observed_spec(key).is_some()
    }

    /// Says what is owed from now on, whatever the controller does. The world keeps it for those who judge.
    fn pledge(&mut self, _pledge: Pledge) {}

    /// Writes down that a subject published a value: `deployment/vllm` its `internal_dns_name`. Expectations read these.
    fn publish(&mut self, subject: Subject, key: &str, value: &str, cause: Cause);

    /// A durable record and its version.
    fn record(&self, name: &str) -> Option<(u64, String)>;

    /// Writes several records, or none of them: `false` if any version was not the expected one.
    fn commit(&mut self, changes: &[RecordChange]) -> bool;

    /// A number below `bound`, drawn from the stream of this purpose, object and ordinal; the same arguments always draw
    /// the same number under one seed.
    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64;

    /// A point that a controller counts for itself, in an API of its own, is reached: whoever drives the world is called with this
    /// token as soon as the controller returns, before anything else happens, or so long afterwards.
    fn reached(&mut self, _token: u64, _after: Duration) {}

    /// The run cannot go on, because a limit is reached; the first that says so is told.
    fn give_up(&mut self, limit: String);
}
