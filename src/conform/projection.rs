//! Which words of a timeline are compared, and which part of their reason belongs to the state. A word is left out where no
//! API object shows it, or where it tells of what the simulation alone can know; each with its reason.

use super::Substrate;
use crate::timeline::Kind;

/// Words of a kind that are not compared, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The kind.
    pub kind: Kind,
    /// Its words.
    pub words: &'static [&'static str],
    /// Where they are left out; `None`: everywhere.
    pub on: Option<Substrate>,
    /// Only as long as the subject has not become this; `None`: always.
    pub until: Option<&'static str>,
    /// Why.
    pub why: &'static str,
}

const fn out(kind: Kind, words: &'static [&'static str], why: &'static str) -> LeftOut {
    LeftOut { kind, words, on: None, until: None, why }
}

const fn out_on_kwok(kind: Kind, words: &'static [&'static str], why: &'static str) -> LeftOut {
    LeftOut { kind, words, on: Some(Substrate::Kwok), until: None, why }
}

/// What follows on kwok from a pod that runs and is not ready: there is none before it was ready once.
const fn out_at_start_on_kwok(
    kind: Kind,
    words: &'static [&'static str],
    until: &'static str,
    why: &'static str,
) -> LeftOut {
    LeftOut { kind, words, on: Some(Substrate::Kwok), until: Some(until), why }
}

const EVENT: &str = "an Event tells of it, no object: Events are merged, limited in rate and lost";
const MACHINE: &str = "what happens to the machine; the API shows it later as NotReady, taints or the removal";

/// What is not compared. A word that no row names is compared.
const LEFT_OUT: &[LeftOut] = &[
    out(Kind::Pod, &["Serving"], "the application's own truth; an API shows what the probes say"),
    out(Kind::Pod, &["Unserved"], "that no scheduler feels meant is written nowhere: the pod stays Pending"),
    out(
        Kind::Pod,
        &["Nominated"],
        "`status.nominatedNodeName` is written for other reasons too; those who make room show it",
    ),
    out(
        Kind::Pod,
        &["Registered", "Unregistered"],
        "who a frontend knows of stands in a store of the system's own, which no API of the cluster shows",
    ),
    out(Kind::Pod, &["Ungated"], "that a gate is gone is not told by itself; that the pod is scheduled is"),
    out(Kind::Pod, &["FailedMount", "WaitsForVolume", "FailedAttachVolume", "Pulling", "Killing"], EVENT),
    out(Kind::Pod, &["EvictionRefused"], "an answer to the one who drains; how often it asks is its own affair"),
    out(Kind::Pod, &["Initializing"], "the kubelet writes the states of init containers together, when it gets to it"),
    out(
        Kind::Pod,
        &["Error", "Restarted"],
        "steps of a loop that goes on as long as the run; whether containers start again is compared by count",
    ),
    out_on_kwok(Kind::Pod, &["Running"], "kwok has a pod running no sooner than it is ready"),
    out_on_kwok(
        Kind::Route,
        &["running"],
        "its session runs once its pod does, and kwok has that no sooner than it is ready",
    ),
    out_at_start_on_kwok(
        Kind::Instance,
        &["unreachable"],
        "healthy",
        "before it is healthy once: its container runs and does not listen yet, and kwok has it running no sooner than it does",
    ),
    out_on_kwok(
        Kind::Pod,
        &["CrashLoopBackOff", "ImagePullBackOff", "ErrImageNeverPull", "CreateContainerConfigError"],
        "kwok runs no container",
    ),
    out(Kind::Deployment, &["FailedCreate"], EVENT),
    out(Kind::StatefulSet, &["FailedCreate"], EVENT),
    out(Kind::DaemonSet, &["FailedCreate"], EVENT),
    out(Kind::LeaderWorkerSet, &["FailedCreate"], EVENT),
    out(Kind::Rollout, &["FailedCreate"], EVENT),
    out(Kind::Job, &["FailedCreate"], EVENT),
    out(Kind::Job, &["Expired"], "the API shows the deletion alone"),
    out(Kind::CronJob, &["MissedSchedule", "FailedCreate", "Skipped"], EVENT),
    out(Kind::PersistentVolumeClaim, &["FailedBinding", "Provisioning", "ProvisioningFailed"], EVENT),
    out(
        Kind::PersistentVolume,
        &["Attached", "Detached"],
        "a VolumeAttachment is an object of its own, and only drivers that attach have one",
    ),
    out(Kind::Node, &["Silent", "Down", "Back", "ShuttingDown", "Reclaimed", "Unneeded", "Reconfigured"], MACHINE),
    out(
        Kind::NodePool,
        &["Created", "Changed", "Provisioning", "Autoscaled", "Growing", "Ready", "Failed", "Rejected", "Deleted"],
        "a provider's pool is no object of the API; its nodes are",
    ),
    out(Kind::AnalysisRun, &["Measured"], "how many measurements fit into a time depends on the time"),
];

/// All that is not compared, with the reasons.
pub fn left_out() -> &'static [LeftOut] {
    LEFT_OUT
}

/// True if a subject of this kind is compared in this state. `was`: what it is known to have become before.
pub fn is_compared(kind: Kind, word: &str, substrate: Substrate, was: impl Fn(&str) -> bool) -> bool {
    let leaves = |row: &LeftOut| {
        let stands = row.on.is_none_or(|on| on == substrate) && row.until.is_none_or(|until| !was(until));
        row.kind == kind && stands && row.words.contains(&word)
    };
    !LEFT_OUT.iter().any(leaves)
}

/// True for what a pod becomes when its containers or images fail: kwok's pods have neither.
pub fn is_container_failure(kind: Kind, word: &str) -> bool {
    kind == Kind::Pod
        && matches!(
            word,
            "Error"
                | "CrashLoopBackOff"
                | "Restarted"
                | "Killing"
                | "ImagePullBackOff"
                | "ErrImageNeverPull"
                | "CreateContainerConfigError"
        )
}

/// The part of a reason that belongs to the state; most reasons are counts of the moment, or words of one of the worlds.
pub fn detail(kind: Kind, word: &str, why: &str) -> String {
    match (kind, word) {
        // `3 to 1`, `2 to 4: cpu above target`: what it is scaled to.
        (Kind::ReplicaSet | Kind::HorizontalPodAutoscaler, "Scaled" | "Rescaled") => {
            number(why.split_once(" to ").map_or("", |(_, to)| to))
        }
        // `4 available`, `6 succeeded`: all that were wanted.
        (Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job, "Complete") => number(why),
        // `1 of 3: setWeight: 20`: which step.
        (Kind::Rollout, "StepCompleted") => why.to_owned(),
        _ => String::new(),
    }
}

/// The number at the beginning of a text.
fn number(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}
