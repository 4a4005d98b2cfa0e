//! A route: a replica behind a deployment's endpoint, which is a session, which here is a pod. Its status, its health and its
//! traffic are three things. When they change is `loops`'.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/manager/data/deployment/types.py.

use crate::kernel::{Name, Symbol, Time};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::AskId;

/// Where a route is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RouteStatus {
    /// Its session is not asked for yet.
    Pending,
    /// Its session does not run yet.
    Starting,
    /// Its session runs.
    Running,
    /// Its session is to end.
    Terminating,
    /// Its session was told to end.
    Terminated,
    /// Its session never ran.
    FailedToStart,
}

/// What is known of a route's health. In the order in which routes are drained: what serves least goes first. The order is
/// assumed: the priorities of the source are not among what could be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Health {
    /// Its checks fail.
    Unhealthy,
    /// Its checks are too old.
    Degraded,
    /// Nothing yet.
    NotChecked,
    /// Its checks pass.
    Healthy,
}

/// A route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The route.
    pub subject: Subject,
    /// The pod that is its session.
    pub pod: Subject,
    /// The position of its revision.
    pub revision: usize,
    /// Which rollout of its deployment made it.
    pub rollout: u32,
    /// Where it is in its life.
    pub status: RouteStatus,
    /// What is known of its health.
    pub health: Health,
    /// True if requests are to come to it; once it is healthy, they do.
    pub takes_traffic: bool,
    /// When its status or health last changed.
    pub changed_at: Time,
    /// When its session was first seen to run.
    pub running_since: Option<Time>,
    /// From when on nothing has been heard of its session.
    pub unheard_since: Option<Time>,
    /// From when on the checks of its session would fail.
    pub failing_since: Option<Time>,
    /// What was last seen of its pod, or its own last entry.
    pub cause: Cause,
    /// The ask for its pod, until it is answered.
    pub ask: Option<AskId>,
    /// True once its pod was there.
    pub session_seen: bool,
    /// Why the API refused its pod.
    pub refusal: Option<Symbol>,
}

/// True while a route whose last word is this is there, by the word of the timeline: its session was not told to end.
pub fn is_route_there(word: &str) -> bool {
    matches!(word, "provisioning" | "starting" | "running" | "healthy" | "unhealthy" | "degraded")
}

/// The revision that a route of a deployment is of, by its name: `v2` of `chat-v2-0` and `chat`. `None`: it is another's.
pub fn revision_of_route<'a>(route: &'a str, deployment: &str) -> Option<&'a str> {
    let (revision, number) = route.strip_prefix(deployment)?.strip_prefix('-')?.rsplit_once('-')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(revision)
}

impl RouteStatus {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            RouteStatus::Pending | RouteStatus::Starting => "provisioning",
            RouteStatus::Running => "running",
            RouteStatus::Terminating => "terminating",
            RouteStatus::Terminated => "terminated",
            RouteStatus::FailedToStart => "failed_to_start",
        }
    }
}

impl Health {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            Health::NotChecked => "not_checked",
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
            Health::Degraded => "degraded",
        }
    }
}

impl Route {
    /// A route that is made now.
    pub fn new(name: Name, revision: usize, rollout: u32, takes_traffic: bool, now: Time, cause: Cause) -> Route {
        Route {
            subject: Subject::new(Kind::Route, name),
            pod: Subject::new(Kind::Pod, name),
            revision,
            rollout,
            status: RouteStatus::Pending,
            health: Health::NotChecked,
            takes_traffic,
            changed_at: now,
            running_since: None,
            unheard_since: None,
            failing_since: None,
            cause,
            ask: None,
            session_seen: false,
            refusal: None,
        }
    }

    /// On its way up, or running.
    pub const fn is_active(&self) -> bool {
        matches!(self.status, RouteStatus::Pending | RouteStatus::Starting | RouteStatus::Running)
    }

    /// Its session was told to end, or never ran: as far as the manager knows, it is over.
    pub const fn is_over(&self) -> bool {
        matches!(self.status, RouteStatus::Terminated | RouteStatus::FailedToStart)
    }

    /// Running, and its checks pass.
    pub fn is_healthy(&self) -> bool {
        self.status == RouteStatus::Running && self.health == Health::Healthy
    }

    /// Requests come to it.
    pub fn serves(&self) -> bool {
        self.takes_traffic && self.is_healthy()
    }

    /// The word of the timeline: the health of what runs, else the status.
    pub fn word(&self) -> &'static str {
        match self.status {
            RouteStatus::Pending => "provisioning",
            RouteStatus::Starting => "starting",
            RouteStatus::Running if self.health == Health::NotChecked => "running",
            RouteStatus::Running => self.health.text(),
            status => status.text(),
        }
    }
}
