//! What a rehearsal drives: a world that time passes in, that can be disturbed, and whose true state can be read.
//! `World` is a controller's side of the same thing.

use super::asked::Short;
use super::leftover::Leftover;
use super::load::Excess;
use super::{Access, AccessPoint, ApiFault, AskId, NodeDisruption, Outcome, Pledge, Process, Traffic, World};
use crate::kernel::{Duration, Names, Time};
use crate::timeline::{Cause, Subject, Timeline};

/// Something that happened and that those above the world must handle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A timer of the rehearsal itself.
    Rehearsal(u64),
    /// A timer of a controller.
    Timer {
        /// Which controller.
        controller: usize,
        /// Its token.
        token: u64,
        /// What led to it.
        cause: Cause,
    },
    /// A change that a controller watches for has reached it.
    Changed {
        /// Which controller.
        controller: usize,
        /// The object; `None` for nodes.
        subject: Option<Subject>,
        /// What led to it.
        cause: Cause,
    },
    /// An answer to an ask of a controller.
    Answered {
        /// Which controller.
        controller: usize,
        /// The ask.
        ask: AskId,
        /// What became of it.
        outcome: Outcome,
        /// What led to it.
        cause: Cause,
    },
    /// The instant is over: everything due at this time has happened.
    InstantEnded,
    /// Nothing is left that could ever happen.
    Quiet,
    /// A limit of the kernel was hit; the text says which.
    LimitReached(String),
    /// Somebody or something outside the world ends the run.
    Stopped(Stop),
}

/// What ends a run from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The user.
    Interrupted,
    /// The world cannot be reached any more; the text says what was tried last.
    Lost(String),
}

/// Where pods are registered for those that look for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Store {
    /// Leases and keys: what is registered is lost once its lease runs out.
    Etcd,
    /// Messages: who is registered is not reached.
    Nats,
}

impl Store {
    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            Store::Etcd => "etcd",
            Store::Nats => "NATS",
        }
    }

    /// As a scenario names it.
    pub const fn key(self) -> &'static str {
        match self {
            Store::Etcd => "etcd",
            Store::Nats => "nats",
        }
    }
}

/// How a world can be disturbed. The names are those that chaos tools use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disruption {
    /// Delete pods that serve the subject, or the one pod named.
    PodKill {
        /// A pod, a workload, or a system's deployment.
        target: Subject,
        /// How many pods; `None`: all.
        count: Option<u32>,
    },
    /// End a container of the target with this exit code.
    ContainerCrash {
        /// A pod, a workload, or a system's deployment.
        target: Subject,
        /// The exit code; not zero.
        exit_code: u8,
    },
    /// A node stops: its kubelet falls silent and its containers end.
    NodeDown {
        /// A node, or what runs on it: a pod, a workload, a system's deployment.
        target: Subject,
        /// When it comes back; `None`: never.
        lasts: Option<Duration>,
    },
    /// Readiness probes fail, again and again, although the application answers.
    ReadinessFlap {
        /// A pod, a workload, or a system's deployment.
        target: Subject,
        /// How long they fail each time.
        lasts: Duration,
        /// From the start of one failure to the start of the next; not less.
        every: Duration,
        /// How often they fail; not 0.
        times: u32,
    },
    /// The quota of a namespace is used up by others: no pod can be created there.
    QuotaExhausted {
        /// The namespace.
        namespace: String,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Something is done to a node as a whole.
    Node {
        /// A node, or what runs on it: a pod, a workload, a system's deployment.
        target: Subject,
        /// What.
        what: NodeDisruption,
    },
    /// GPUs of a node are lost.
    GpuLoss {
        /// A node, or what runs on it.
        target: Subject,
        /// How many GPUs.
        count: u32,
        /// When they come back; `None`: never.
        lasts: Option<Duration>,
    },
    /// Pulls of images fail.
    ImagePullFail {
        /// A glob over images.
        image: String,
        /// How many pulls fail; `None`: all.
        times: Option<u32>,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Containers that start from now on take longer.
    SlowStart {
        /// A pod, a workload, or a system's deployment.
        target: Subject,
        /// Added to the time to serving.
        extra: Duration,
        /// Multiplied with it first, in percent: 300 is three times as long.
        percent: u32,
    },
    /// Watches or writes of Kubernetes' own objects go wrong. Where the fault names a controller, it is none of a world's.
    Api {
        /// Of which of those that the world serves; `None`: of all.
        system: Option<usize>,
        /// What goes wrong.
        fault: ApiFault,
    },
    /// A store in which pods are registered cannot be reached.
    StoreOutage {
        /// Which.
        store: Store,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// A process of Kubernetes' own controllers ends and starts again.
    ProcessRestart {
        /// Which.
        process: Process,
        /// How long it is away.
        lasts: Duration,
    },
    /// The clock of a node is wrong.
    ClockSkew {
        /// A node, or what runs on it.
        target: Subject,
        /// By how much.
        by: Duration,
        /// True: it shows what is to come; false: what was.
        ahead: bool,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Reads of the API on behalf of the subject fail.
    ReadFail {
        /// The system's deployment.
        serves: Subject,
        /// How many reads; `None`: all.
        times: Option<u32>,
    },
}

/// Events of one instant and class, about several subjects, that waited for their turn together: any could have come first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TieGroup {
    /// The instant.
    pub at: Time,
    /// The number of the class.
    pub class: u8,
    /// What they are about, in the order in which they came.
    pub subjects: Vec<Subject>,
}

/// What a disruption did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Struck {
    /// It hit so many objects, at once; zero means that it had nothing to act on.
    Now(u32),
    /// It stands from now on; [`Stage::effects`] of this number tells whether it ever had an effect.
    Standing(usize),
}

/// True figures of a workload, or of everything that serves a system's deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Pods that are wanted.
    pub desired: u32,
    /// Pods that are there and not terminating.
    pub pods: u32,
    /// Pods with a running container.
    pub running: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// Pods whose application really answers, whatever the probes say.
    pub serving: u32,
    /// Pods that those who send requests know of: ready, and registered where that is more.
    pub registered: u32,
    /// Restarts of their containers.
    pub restarts: u32,
    /// GPUs that they hold.
    pub gpus: u64,
}

/// A world that a rehearsal can drive.
pub trait Stage {
    /// The present.
    fn now(&self) -> Time;

    /// Lets time pass up to the next thing that those above must handle.
    fn next(&mut self) -> Happening;

    /// The world as one controller sees it.
    fn port(&mut self, controller: usize) -> Box<dyn World + '_>;

    /// Calls back with `Happening::Rehearsal(token)`: at the start of that instant (before anything else due then), or at
    /// its end if `late`.
    fn call_at(&mut self, at: Time, token: u64, late: bool);

    /// Calls back with `Happening::Rehearsal(token)` at a write or read: with no time between, before anything else happens.
    ///
    /// # Errors
    /// The reason, when this world does not stand between who writes and what is written.
    fn call_on_access(&mut self, _point: AccessPoint, _token: u64) -> Result<(), String> {
        Err("this world does not see single writes and reads".to_owned())
    }

    /// How many writes or reads that a point of [`Stage::call_on_access`] means there were since it was set.
    fn accesses_seen(&self, _token: u64) -> u32 {
        0
    }

    /// Keeps every write and read from now on, for [`Stage::accesses`].
    fn keep_accesses(&mut self) {}

    /// The writes and reads since they are kept, in their order.
    fn accesses(&self) -> &[Access] {
        &[]
    }

    /// Puts the events of an instant that are about a subject behind those of their class with a lower tie; a system is the subject
    /// `controller/system-N`, with its number from 0. [`Stage::effects`] of the number tells how many there were.
    ///
    /// # Errors
    /// The reason, when this world does not order its events.
    fn break_tie(&mut self, _at: Time, _subject: Subject, _tie: u16) -> Result<usize, String> {
        Err("this world does not say in which order things happen".to_owned())
    }

    /// Keeps from now on which events of one instant could have come in another order, for [`Stage::ties`].
    fn keep_ties(&mut self) {}

    /// The groups of events that could have come in another order since they are kept.
    fn ties(&self) -> &[TieGroup] {
        &[]
    }

    /// True while a point before a read of this system is waited for: its next turn is to be tried first, as [`Stage::begin_trial`] has it.
    fn tries_turns_of(&self, _controller: usize) -> bool {
        false
    }

    /// From now on nothing that this system asks for is done, until [`Stage::end_trial`].
    fn begin_trial(&mut self, _controller: usize) {}

    /// Ends a trial; the tokens of the points before the reads that it made.
    fn end_trial(&mut self, _controller: usize) -> Vec<u64> {
        Vec::new()
    }

    /// True while a point is waited for at which this system ends in the middle of a turn.
    fn may_end(&self, _controller: usize) -> bool {
        false
    }

    /// True if this system has ended in the middle of the turn that it has just had.
    fn has_ended(&self, _controller: usize) -> bool {
        false
    }

    /// Drops what a system that has ended had decided on and not done.
    fn drop_held(&mut self, _controller: usize) {}

    /// Disturbs the world.
    ///
    /// # Errors
    /// The reason, when this world cannot do it at all.
    fn disrupt(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String>;

    /// Who served what so far, as far as this world keeps it.
    fn traffic(&self) -> Option<&Traffic> {
        None
    }

    /// How often a standing disruption has had an effect so far.
    fn effects(&self, standing: usize) -> u64;

    /// True figures of a Pod, a workload, a Service's pods, or of a system's deployment. `None`: nothing of that name.
    fn counts(&self, subject: Subject) -> Option<Counts>;

    /// How many pods the system of a deployment told the world that it wants, where it makes them one by one.
    fn told_wanted(&self, _deployment: Subject) -> Option<u32> {
        None
    }

    /// Everything that has fewer pods than are asked for. A world that cannot tell has nothing to say.
    fn short(&self) -> Vec<Short> {
        Vec::new()
    }

    /// What the pods of a node have beyond what there is, summed from the pods themselves. A world that cannot tell has nothing to
    /// say.
    fn excess(&self, _node: Subject, _newcomers: &[Subject]) -> Vec<Excess> {
        Vec::new()
    }

    /// What is there and asked for by nobody. A world that cannot tell has nothing to say.
    fn leftovers(&self) -> Vec<Leftover> {
        Vec::new()
    }

    /// How many pods are asked for behind a Service, or by a workload or a system's deployment, whatever is there. `None`: nothing
    /// of that name is there, it is a name for what does not serve yet (a preview), or this world cannot tell.
    fn pods_asked(&self, _subject: Subject) -> Option<u32> {
        None
    }

    /// The ready endpoints behind a Service; `None`: there is none of this name.
    fn ready_endpoints(&self, service: Subject) -> Option<u32>;

    /// The same figures as the watches show them now.
    fn observed_counts(&self, subject: Subject) -> Option<Counts>;

    /// Positions of the rows of behaviour that no workload has met so far. A world without such rows has none.
    fn idle_behaviour(&self) -> Vec<usize> {
        Vec::new()
    }

    /// GPUs of ready nodes, and how many of them are held by pods.
    fn gpus(&self) -> (u64, u64);

    /// What a subject has published under a key.
    fn published(&self, subject: Subject, key: &str) -> Option<&str>;

    /// What systems owe, in the order in which they said so. It only grows.
    fn pledges(&self) -> &[Pledge] {
        &[]
    }

    /// The record of the run so far.
    fn timeline(&self) -> &Timeline;

    /// For the entries that the rehearsal itself writes.
    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names);

    /// The names that the timeline's ids stand for.
    fn names(&self) -> &Names;
}
