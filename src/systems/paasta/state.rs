//! What is known while a service runs: its instances, what is deployed where, runs of its pipeline, and deploys.

use std::collections::BTreeMap;

use super::mark_for_deployment::{Machine, Way};
use super::model::Decimal;
use super::version::{Tag, Version};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};
use crate::workload::AskId;

/// All that a run of a service knows.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The service is there.
    pub submitted: bool,
    /// It is being taken down, or gone.
    pub undeployed: bool,
    /// deployments.json: the version of each deploy group, and the entry that made it so.
    pub deployed: BTreeMap<String, (Version, Cause)>,
    /// The tags of its repository, in the order of their time.
    pub tags: Vec<Tag>,
    /// The instances of all clusters, as [`super::model::Service`] has them one after the other.
    pub instances: Vec<Unit>,
    /// The next setup, if one is planned, and what led to it.
    pub setup_at: Option<Time>,
    /// The last that took place.
    pub setup_passed_at: Option<Time>,
    /// The setup job does not run, nor do bounces.
    pub is_setup_away: bool,
    /// Runs of the pipeline, the oldest first.
    pub runs: Vec<Run>,
    /// Deploys of single groups, the oldest first.
    pub deploys: Vec<Deploy>,
    /// Tron jobs, as the service has them one after the other.
    pub jobs: Vec<JobState>,
    /// What each timer is for.
    pub timers: BTreeMap<u64, Timer>,
    /// The token of the next timer.
    pub next_timer: u64,
    /// What each ask is for: the instance.
    pub asks: BTreeMap<AskId, usize>,
    /// The instance of each deletion that is not answered, once the service is taken down.
    pub deletions: BTreeMap<AskId, usize>,
    /// Which instance an object that is watched belongs to.
    pub watched: BTreeMap<Subject, usize>,
}

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// The setup job runs.
    Setup,
    /// A step that builds ends: the run, its member.
    Built(usize, usize),
    /// The tag of a deploy was pushed.
    Marked(usize, Way),
    /// A waiter looks.
    Poll(usize, Way),
    /// A waiter has waited for too long.
    TimedOut(usize, Way),
    /// A deploy has taken a good part of its time.
    Warned(usize),
    /// The pods of a deploy are looked at for crash loops.
    Diagnosis(usize),
    /// A countdown of a deploy ends.
    CountDown(usize, u32),
    /// What a monitor says of a deploy reaches it: which monitor, and whether it fails.
    Monitor(usize, super::deploy::Monitor, bool),
    /// A bounce of bounce_lib looks at its instance.
    Bounce(usize),
    /// A Tron job is due.
    Job(usize),
    /// What is left of an instance of a service that was taken down is looked for.
    CleanUp(usize),
}

/// An instance that runs in a cluster.
#[derive(Clone, Debug)]
pub struct Unit {
    /// `instance/<service>.<instance>`.
    pub subject: Subject,
    /// The cluster's and its own position in the service.
    pub at: (usize, usize),
    /// Its Deployment or StatefulSet; of bounce_lib, the newest ReplicaSet.
    pub workload: Option<Subject>,
    /// The version that was asked for last.
    pub version: Option<Version>,
    /// The version that was last seen to run alone and whole.
    pub running: Option<Version>,
    /// The last entry about it.
    pub entry: Cause,
    /// The word of that entry.
    pub word: &'static str,
    /// Asks that failed since the last that did not.
    pub failures: u64,
    /// The next run of the setup job asks for it again.
    pub again: bool,
    /// What bounce_lib runs: each version with its ReplicaSet, the oldest first.
    pub apps: Vec<App>,
    /// The next look of its bounce.
    pub bounce_at: Option<Time>,
    /// The last.
    pub bounced_at: Option<Time>,
}

/// A version of an instance, as bounce_lib runs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct App {
    /// The version.
    pub version: Version,
    /// Its ReplicaSet.
    pub key: Subject,
    /// Copies that it should have.
    pub wanted: u32,
}

/// One way of a commit through the pipeline.
#[derive(Clone, Debug)]
pub struct Run {
    /// What is brought.
    pub version: Version,
    /// The item that it is at.
    pub item: usize,
    /// Where the steps of that item are.
    pub members: Vec<Member>,
    /// The gate that it waits at, and the entry about it.
    pub gate: Option<(Subject, Cause)>,
    /// Steps of its item are being begun: none of them ends the item yet.
    pub is_beginning: bool,
    /// It has begun.
    pub started: bool,
    /// It is over.
    pub ended: bool,
}

/// A step of the item that a run is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// It builds something.
    Building,
    /// It deploys: which deploy.
    Deploying(usize),
    /// It is over, and went well or may fail.
    Passed,
    /// It is over, and the run with it.
    Failed,
}

/// A run of `paasta mark-for-deployment`.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// `step/<service>.<group>`.
    pub subject: Subject,
    /// The deploy group.
    pub group: String,
    /// The run of the pipeline and the member of its item that it is, if it is of one.
    pub of: Option<(usize, usize)>,
    /// Its states.
    pub machine: Machine,
    /// The new version.
    pub version: Version,
    /// The version before, if it is known.
    pub old: Option<Version>,
    /// When it began.
    pub began: Time,
    /// How long it waits.
    pub timeout: Duration,
    /// After which part of that it warns.
    pub warn_percent: u32,
    /// How its crash loops are judged, if they are.
    pub crashloops: Option<Crashloops>,
    /// How often alerts are asked for, if they are.
    pub alert_interval: Option<Duration>,
    /// Who waits for the new version, and for the old.
    pub forward: Option<Waiter>,
    /// Who waits for the old version.
    pub back: Option<Waiter>,
    /// The last entry about it.
    pub entry: Cause,
}

/// When pods count as looping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crashloops {
    /// Restarts that a pod has at least.
    pub restarts_min: u32,
    /// The share of the pods.
    pub threshold: Decimal,
    /// Restarts of each pod at the first diagnosis.
    pub baseline: Option<BTreeMap<Subject, u32>>,
    /// They were reported.
    pub reported: bool,
    /// The next diagnosis.
    pub next: Option<Time>,
}

/// Somebody waits until the instances of a group run a version.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// The version.
    pub version: Version,
    /// When it began.
    pub began: Time,
    /// Instances that are not done yet.
    pub pending: Vec<usize>,
    /// The next look, if one is planned.
    pub poll_at: Option<Time>,
    /// The last look.
    pub polled_at: Option<Time>,
    /// The entry of the last instance that was done.
    pub entry: Cause,
}

/// A Tron job.
#[derive(Clone, Debug)]
pub struct JobState {
    /// The cluster's and its own position in the service.
    pub at: (usize, usize),
    /// The run that goes on, or was the last.
    pub runs: u32,
    /// Actions of that run: the Job of each, and where it is.
    pub actions: Vec<ActionState>,
    /// The Jobs of all its runs.
    pub made: Vec<Subject>,
}

/// An action of a Tron job's run.
#[derive(Clone, Debug)]
pub struct ActionState {
    /// `instance/<service>.<job>.<action>`.
    pub subject: Subject,
    /// The version that its group had when the run began.
    pub version: Option<Version>,
    /// Its Job, once it was asked for.
    pub key: Option<Subject>,
    /// Whether it went well, once it is over.
    pub ended: Option<bool>,
}
