//! Which scenario runs live, how fast, and which does not. Every folder of scenarios/ has a row.
//!
//! A scenario's own lengths are divided by the speed; those of Kubernetes and of documents are not: passes of a control plane every
//! 10 s, a node's grace of 40 s, tolerations, deadlines, back-offs. The speed is one of the highest at which the simulated run still
//! tells what it tells at speed 1, but for a deadline of ten minutes that it then does not live to see, and at which no two lengths
//! meet: a pod that is killed at the very pass of a control plane is seen by it or not.

/// One scenario.
pub struct Case {
    /// Its folder below scenarios/.
    pub scenario: &'static str,
    /// Whether it runs live.
    pub live: Live,
}

/// Whether a scenario runs live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Live {
    /// At this speed, in minutes of real time.
    Short(u32),
    /// At this speed; it waits for what no speed shortens and takes longer, or is better run by itself.
    Long(u32),
    /// greenroom refuses it and says why.
    Refused,
    /// It would run, but not mean the same: why.
    Left(&'static str),
}

impl Case {
    /// Whether it runs without `--all`.
    pub const fn is_short(&self) -> bool {
        !matches!(self.live, Live::Long(_))
    }

    /// Its scenario file.
    pub fn file(&self) -> String {
        format!("scenarios/{}/scenario.yaml", self.scenario)
    }
}

const fn short(scenario: &'static str, speed: u32) -> Case {
    Case { scenario, live: Live::Short(speed) }
}

const fn long(scenario: &'static str, speed: u32) -> Case {
    Case { scenario, live: Live::Long(speed) }
}

const fn refused(scenario: &'static str) -> Case {
    Case { scenario, live: Live::Refused }
}

const fn left(scenario: &'static str, why: &'static str) -> Case {
    Case { scenario, live: Live::Left(why) }
}

/// Expectations on `serving` where no probe tells of it.
const NO_PROBE: &str = "it is about what an application does behind no probe, which no API shows";

/// A scenario that changes a quota.
const QUOTA_CHANGED: &str = "a live run does not tell that a quota was changed";

/// A scenario of Grove in which a pod is lost.
const UNREADY: &str = "kwok shows no pod unready that is asked to go, and Grove tells here of a breach that lasts until such a pod is gone";

/// A scenario of Grove in which a pod is deleted before the operator's watch shows it.
const UNSEEN: &str = "nothing from without deletes a pod within the milliseconds in which the operator has not seen it";

/// A scenario of Grove in which pods of a gang are on lost nodes while others are not.
const GOING: &str =
    "how often Grove takes a replica down while pods of it cannot go depends on how soon each of its controllers looks";

/// A scenario of Grove in which a pod starts while an update comes.
const STARTING: &str =
    "kwok shows a pod running only once it is ready, and here an update comes while one runs and has not started";

/// A scenario of Grove in which pods are slow to become ready.
const BREACHED: &str =
    "kwok shows a pod running only once it is ready, and Grove tells here of a breach while pods run and are not ready";

/// Scenarios in which a node is lost while a pod on it starts.
const SILENCED: &str = "kwok goes on with a pod that it has begun to start on a node that is then silenced";

/// A scenario of 1Backend in which an instance is registered and scanned once, while it starts.
const UNHEARD: &str =
    "kwok shows a pod running only once it is ready, and here it is scanned while it runs and does not listen";

/// A scenario of 1Backend's autoscaling.
const LOADS: &str = "nothing on the cluster would measure what its instances use";

/// A scenario of 1Backend's heartbeats.
const HEARTBEATS: &str = "1Backend's nodes send it heartbeats; on a cluster a node is known to be silent when its lease has run out, 40 s later";

/// A scenario of Dynamo in which a controller reads what is seconds old.
const APART: &str = "which write is in conflict with which of two others is a matter of milliseconds: they are of one instant in the simulation";

/// A scenario of Dynamo in which several workers start at once, in the middle of a rollout.
const ONE_BY_ONE: &str = "the operator scales at each worker that becomes ready, and four that start together are ready one by one on a cluster";

/// A scenario of Dynamo in which all workers are lost at once, in the middle of a rollout.
const LOST_ONE_BY_ONE: &str =
    "the operator scales at each change, and workers that are lost or ready together are so one by one on a cluster";

/// A scenario of Dynamo that asks what a component holds when it is gone.
const GONE: &str = "a live run counts what watches show, and nothing of a component that is gone";

/// Scenarios that wait for time-outs of Backend.AI's manager.
const MANAGER: &str =
    "it waits for time-outs and tries of the manager, which no speed shortens, for longer than ten minutes";

/// Scenarios in which something is decided while a model loads.
const LOADING: &str = "kwok shows a pod running only once it is ready, and here a rollout ends while pods run and load";

/// Scenarios that wait for PaaSTA's pollers, or for a schedule.
const PAASTA: &str =
    "it waits for PaaSTA's own polls, delays or schedules, which no speed shortens, for longer than ten minutes";

/// The cases, by name.
pub const CASES: &[Case] = &[
    refused("autoscaled-by-load"),
    refused("autoscaled-inference"),
    left("backendai/activate-while-stuck", LOADING),
    short("backendai/apply-missing-argument", 40),
    left("backendai/batch-wide-mutation", LOADING),
    short("backendai/blue-green-auto", 10),
    short("backendai/blue-green-manual", 20),
    left("backendai/delay-ignored", MANAGER),
    long("backendai/drift-ignored", 6),
    left("backendai/fix-made-it-worse", MANAGER),
    refused("backendai/give-up-missing"),
    refused("backendai/green-flaps"),
    left("backendai/green-leak", MANAGER),
    left("backendai/green-never-healthy", MANAGER),
    short("backendai/groups-blue-green", 10),
    long("backendai/groups-canary", 6),
    left("backendai/groups-delay-used-up", MANAGER),
    refused("backendai/groups-first-fails"),
    left("backendai/groups-green-never-up", MANAGER),
    left("backendai/groups-manual-given-up", MANAGER),
    left("backendai/groups-no-progress", MANAGER),
    long("backendai/groups-rolling", 6),
    refused("backendai/image-pull-fails"),
    refused("backendai/manager-ends-mid-rollout"),
    short("backendai/manual-promote-no-ready", 40),
    short("backendai/need-retry-missing", 40),
    long("backendai/no-healthy-green", 10),
    left("backendai/old-must-serve", MANAGER),
    left("backendai/orphans-kept", MANAGER),
    long("backendai/promote-zero-green", 10),
    refused("backendai/rolling-image-fails"),
    short("backendai/rolling-never-ready", 15),
    short("backendai/rolling-update", 15),
    refused("backendai/routes-lost"),
    left("backendai/scale-down-deadlock", MANAGER),
    left("backendai/timeout-never-fires", MANAGER),
    left("backendai/tz-naive-elapsed", MANAGER),
    left("backendai/unchecked-not-counted", MANAGER),
    short("blue-green", 20),
    short("blue-green-analysed", 20),
    short("blue-green-full-fleet", 20),
    short("canary-aborted", 20),
    left("claims-per-member", "nothing on the cluster provides volumes"),
    refused("container-crash"),
    short("controller-restart", 5),
    refused("crash-loop"),
    short("deadline-exceeded", 20),
    short("dedicated-pools", 60),
    short("dependency-cycle", 60),
    short("diamond", 10),
    short("drain-blocked", 20),
    short("drain-blocked-by-budget", 20),
    left("dynamo/adapters-collide", APART),
    short("dynamo/admission", 20),
    short("dynamo/claimed-devices", 20),
    left("dynamo/component-removed", GONE),
    long("dynamo/conflict-retried", 10),
    short("dynamo/deleted-mid-rollout", 20),
    refused("dynamo/disaggregated"),
    refused("dynamo/etcd-out"),
    refused("dynamo/leader-after-workers"),
    short("dynamo/lora-model", 20),
    short("dynamo/managed-rollout", 20),
    long("dynamo/missed-change", 3),
    long("dynamo/multinode-update", 20),
    short("dynamo/namespace-missing", 40),
    refused("dynamo/nats-out"),
    short("dynamo/no-spare-gpu", 40),
    refused("dynamo/node-lost-under-gang"),
    left("dynamo/old-generations", ONE_BY_ONE),
    left("dynamo/old-workers-unwell", LOST_ONE_BY_ONE),
    long("dynamo/operator-restarted", 10),
    refused("dynamo/part-of-a-gang"),
    short("dynamo/profiling-retries", 40),
    left("dynamo/quota-on-objects", QUOTA_CHANGED),
    refused("dynamo/ready-before-registered"),
    short("dynamo/rebalance-conflict", 20),
    short("dynamo/refused-at-creation", 20),
    short("dynamo/refused-update", 20),
    short("dynamo/replaced-graph", 20),
    short("dynamo/request-applied", 40),
    short("dynamo/request-edited", 40),
    short("dynamo/request-invalid", 40),
    short("dynamo/request-kept", 20),
    short("dynamo/restart-superseded", 20),
    short("dynamo/revert-mid-rollout", 6),
    refused("dynamo/two-schedulers"),
    short("dynamo/two-writers", 20),
    short("dynamo/webhook-out", 20),
    short("export-answers", 1),
    short("export-fails-twice", 10),
    refused("faults/api-conflict"),
    refused("faults/api-outage"),
    refused("faults/clock-ahead-holds-rollout"),
    refused("faults/clock-set-back"),
    refused("faults/controllers-away-while-node-lost"),
    refused("faults/controllers-restart-mid-rollout"),
    refused("faults/creations-refused"),
    refused("faults/half-applied"),
    refused("faults/killed-between-two-writes"),
    refused("faults/missed-event"),
    refused("faults/node-lost-before-binding"),
    refused("faults/ready-before-registered"),
    refused("faults/restart-at-a-record"),
    refused("faults/scheduler-restart"),
    refused("faults/tie-decides-who-has-room"),
    refused("faults/watch-lag"),
    short("full-fleet-deadlock", 20),
    refused("gangs/completes-in-turn"),
    short("gangs/exclusive-racks", 10),
    refused("gangs/leader-worker-set"),
    refused("gangs/node-lost"),
    refused("gangs/one-rack"),
    refused("gangs/parts-or-nothing"),
    refused("gangs/preempted"),
    short("gangs/surge-of-one", 10),
    refused("gangs/update-stuck"),
    refused("gangs/volcano-admits"),
    refused("gangs/waits-for-room"),
    short("gpu-fragmentation", 40),
    refused("gpu-loss"),
    refused("gpu-packed"),
    refused("gpu-packed-by-config"),
    refused("grove/base-and-scaled-gangs"),
    refused("grove/base-gang-never-ready"),
    left("grove/deleted-unseen", UNSEEN),
    refused("grove/group-scaled"),
    long("grove/leaving-not-replaced", 3),
    left("grove/lost-and-not-missed", UNREADY),
    long("grove/never-whole-taken-down", 1),
    long("grove/owner-outlives-pods", 3),
    refused("grove/packed-by-rack"),
    long("grove/rolling-update", 4),
    left("grove/scale-forgotten", GOING),
    refused("grove/scaled-to-none"),
    short("grove/starts-after", 4),
    refused("grove/topology-missing"),
    left("grove/update-begins-with-pending", BREACHED),
    left("grove/update-forgets-starting-pod", STARTING),
    short("grove/update-on-delete", 10),
    refused("image-pull-fails"),
    short("job-backoff", 10),
    short("job-before-service", 20),
    refused("job-dependency"),
    left("kubernetes-1.33", "it is about another version than the testbed's"),
    short("late-readiness", 1),
    short("llama-stack", 20),
    short("mig-slices", 10),
    refused("multi-node-inference"),
    refused("node-agents"),
    short("node-drain", 7),
    short("node-lost", 5),
    left("node-lost-while-loading", SILENCED),
    short("node-out-of-service", 10),
    refused("node-shutdown"),
    left("node-silent", NO_PROBE),
    short("onebackend/as-built-busy-nodes", 10),
    left("onebackend/as-built-caller-lost", UNHEARD),
    short("onebackend/as-built-change-ignored", 10),
    short("onebackend/as-built-dead-instance", 10),
    short("onebackend/as-built-late-definition", 4),
    short("onebackend/as-built-missing-definition", 4),
    short("onebackend/as-built-name-within-name", 10),
    short("onebackend/as-built-no-ports", 10),
    short("onebackend/as-built-node-lost", 3),
    left("onebackend/as-built-node-lost-in-call", SILENCED),
    short("onebackend/as-built-node-url", 10),
    short("onebackend/as-built-orphans", 10),
    short("onebackend/as-built-phantom-replica", 10),
    short("onebackend/as-built-port-taken", 2),
    short("onebackend/as-built-removed-while-queued", 10),
    short("onebackend/as-built-repository", 10),
    short("onebackend/as-built-scale-down", 10),
    short("onebackend/as-built-shared-container", 10),
    short("onebackend/as-built-slow-dial", 10),
    short("onebackend/as-built-slow-pull", 10),
    short("onebackend/as-built-too-few-nodes", 10),
    short("onebackend/as-built-trigger-race", 2),
    left("onebackend/autoscaling", LOADS),
    refused("onebackend/build-fails"),
    refused("onebackend/node-lost"),
    short("onebackend/recreate", 10),
    short("onebackend/refused-by-the-client", 10),
    long("onebackend/regions", 2),
    short("onebackend/rolling-update", 8),
    short("onebackend/scaled-and-removed", 4),
    short("onebackend/secret-missing", 10),
    left("onebackend/silent-node", HEARTBEATS),
    long("onebackend/tight-room", 3),
    refused("onebackend/update-given-up"),
    short("onebackend/vram-fits-nowhere", 2),
    refused("out-of-capacity"),
    short("paasta/bounce-lib", 20),
    refused("paasta/canary-share"),
    refused("paasta/crash-loop-rollback"),
    short("paasta/misspelt-deploy-group", 60),
    refused("paasta/one-stuck-copy"),
    short("paasta/parallel-gate", 40),
    short("paasta/pipeline-item-without-step", 60),
    left("paasta/rollback-and-forward", PAASTA),
    short("paasta/setup-job-away", 20),
    // sigs.k8s.io/kwok v0.8.0, kustomize/stage/pod/general/pod-delete.yaml: the delay has a jitter up to `deletionTimestamp`.
    left(
        "paasta/several-clusters",
        "kwok deletes a pod at a random moment of its grace period, and copies are drained for a minute",
    ),
    left("paasta/tron-job", PAASTA),
    short("paasta/wait-before-bounce", 20),
    short("pod-kill", 7),
    refused("pool-grows"),
    // sigs.k8s.io/kwok v0.8.0, kustomize/stage/pod/general/pod-delete.yaml: only pods without finalizers.
    left("preemption", "kwok fails no pod that is deleted, and a Job with a podFailurePolicy waits for that"),
    short("priority-preempts", 20),
    short("quota-blocks-rollout", 20),
    refused("registry-outage"),
    short("rolling-update", 20),
    short("rollout-deadline", 20),
    short("shared-pool-never-comes", 90),
    short("slow-model-load-with-probe", 10),
    left("slow-model-load-without-probe", NO_PROBE),
    refused("slow-start"),
    refused("spot-reclaim"),
    refused("startup-budget-too-short"),
    // Not with many beside it: kwok deletes by name alone (sigs.k8s.io/kwok v0.8.0, pkg/kwok/controllers/pod_controller.go), and when it
    // does so twice the second strikes the pod that has the name then.
    long("statefulset-update", 20),
    short("stuck-canary", 20),
    short("stuck-compute-unavailable", 20),
    short("stuck-controller-upgrade", 20),
    refused("stuck-pool-at-its-limit"),
    short("stuck-restart-again", 20),
    short("stuck-single-gpu", 20),
    short("stuck-single-replicas", 20),
    short("surge-undone", 10),
    short("undeploy-reverse", 10),
    refused("undo-a-rollout"),
    left("volume-held-by-lost-node", "nothing on the cluster provides volumes"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn every_scenario_has_one_row_and_the_rows_are_in_order() {
        let mut folders = Vec::new();
        let root = shell::root().join("scenarios");
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).expect("scenarios/ can be read") {
                let path = entry.expect("scenarios/ can be read").path();
                if path.join("scenario.yaml").is_file() {
                    let below = path.strip_prefix(&root).expect("it is below scenarios/");
                    folders.push(below.to_string_lossy().into_owned());
                }
                if path.is_dir() {
                    open.push(path);
                }
            }
        }
        folders.sort();
        let rows: Vec<&str> = CASES.iter().map(|case| case.scenario).collect();
        assert_eq!(rows, folders);
    }
}
