//! The rules of a plan: each has a code that stays, a name, and an explanation with an example.

pub use crate::text::rule::{Gravity, Rule};

use crate::text::rule::rules;

rules! {
    SURGE_DEADLOCK "GR001" "surge-deadlock" Error
        "A rolling update waits for ever: its new pods find no room before old ones go, and none may go."
        "A rolling update makes new pods before it takes old ones away, as many as maxSurge says, and takes old ones away only \
         while no more than maxUnavailable are missing. Percentages of maxUnavailable are rounded down: 25 % of one, two or three \
         replicas is none. On a fleet whose GPUs are all held, the new pod stays Pending, no old pod may go, and nothing ever \
         changes. The Deployment reports ProgressDeadlineExceeded after ten minutes and stays as it is.\n\nLet one pod be missing \
         (maxUnavailable: 1), let all go first (strategy Recreate), or have room for the surge.\n\nSource: k8s.io/kubernetes \
         v1.36.3, pkg/controller/deployment/rolling.go and util/deployment_util.go (ResolveFenceposts)."
        "nodes: [ { pool: a10, count: 1, shape: VM.GPU.A10.2 } ]     # two GPUs, both held\n\nkind: Deployment\nspec:\n  replicas: 2\n  \
         # strategy: RollingUpdate, 25 % and 25 %: one more, none missing"
    NO_ROOM "GR002" "no-room" Error
        "Pods find no room, and no rollout stands in their way: the cluster is too small for them."
        "What the pods ask for is not free on any node that they may run on, and will not become free. Either the fleet is too \
         small for what is wanted in all, or no single node is large enough for one pod.\n\nAdd nodes, ask for less, or take \
         something else away."
        "nodes: [ { pool: a10, count: 1, shape: VM.GPU.A10.2 } ]\n\nspec:\n  replicas: 3            # of one GPU each"
    TAINTED "GR003" "untolerated-taint" Error
        "Pods may not run on the nodes that have room, because these have a taint that the pods do not tolerate."
        "A node with a taint of effect NoSchedule or NoExecute takes only pods that tolerate it. GPU nodes are often tainted with \
         nvidia.com/gpu, so that nothing else runs there.\n\nGive the pods a toleration."
        "taints: [ { key: nvidia.com/gpu, effect: NoSchedule } ]\n\nspec:\n  template:\n    spec: {}             # no tolerations"
    NO_SUCH_NODE "GR004" "no-matching-node" Error
        "Pods ask by label for nodes that are not there."
        "A nodeSelector or a required node affinity names labels that no node of the cluster has, or none with room. Labels that a \
         cloud or an operator adds (instance types, GPU products) are easily misspelt.\n\nCompare with the labels of the nodes."
        "nodeSelector: { node.kubernetes.io/instance-type: BM.GPU.H100.8 }   # the cluster has VM.GPU.A10.2"
    QUOTA "GR005" "quota" Error
        "A quota keeps the rollout from making its pods."
        "A ResourceQuota counts old and new pods alike. A rolling update that may surge needs room for the surge in the quota too; \
         without it the ReplicaSet's creations are refused (FailedCreate), and the rollout waits.\n\nRaise the quota by the \
         surge, or let pods be missing instead."
        "kind: ResourceQuota\nspec:\n  hard: { requests.nvidia.com/gpu: 4 }\n---\nkind: Deployment\nspec:\n  replicas: 4             # of one \
         GPU each: the fifth is refused"
    BLOCKED_DRAIN "GR006" "blocked-drain" Error
        "A node cannot be drained: a budget refuses to let its pods go."
        "kubectl drain evicts pods, and an eviction that would leave fewer healthy pods than a PodDisruptionBudget wants is refused \
         and tried again every five seconds, for ever unless there is a timeout. A budget of maxUnavailable: 0, or one that wants \
         all replicas, never lets a pod go.\n\nLet the budget allow one, or run one replica more.\n\nSource: k8s.io/kubernetes \
         v1.36.3, pkg/registry/core/pod/storage/eviction.go."
        "kind: PodDisruptionBudget\nspec:\n  minAvailable: 1          # of one replica"
    OUTAGE "GR007" "outage" Warning
        "A Service has no ready endpoint for a while, although it had one."
        "All old pods are gone or not ready before a new one is ready. With the strategy Recreate that is so by design; in a rolling \
         update maxUnavailable lets all replicas be missing at once, or the only replica.\n\nMake a new pod ready first (maxSurge: \
         1, maxUnavailable: 0), which needs room for it, or run one replica more."
        "spec:\n  replicas: 1\n  strategy: { type: Recreate }"
    DEADLINE "GR008" "deadline-exceeded" Warning
        "A Deployment reports that it has made no progress for longer than its deadline."
        "Without progress for progressDeadlineSeconds (600 by default) a Deployment gets the condition Progressing=False with the \
         reason ProgressDeadlineExceeded. Nothing is stopped, but `kubectl rollout status`, Helm and most pipelines take it for a \
         failure. A model that takes longer to load than the deadline does that in each rollout.\n\nRaise \
         progressDeadlineSeconds above the time from a pod's creation to its readiness."
        "spec:\n  progressDeadlineSeconds: 600   # the model loads for 15 minutes"
    CRASH_LOOP "GR009" "crash-loop" Error
        "Containers end again and again, and the rollout waits for them."
        "The container ends by itself, or its liveness or startup probe ends it before it serves: a startup probe gives it \
         failureThreshold times periodSeconds, without one the liveness probe begins at once.\n\nGive the probe as long as the \
         load takes."
        "startupProbe: { periodSeconds: 10, failureThreshold: 30 }   # five minutes; the model loads for eight"
    IMAGE_PULL "GR010" "image-pull" Error
        "An image cannot be pulled, and the rollout waits for it."
        "The kubelet tries again, after a wait that doubles up to five minutes, and never gives up."
        "faults: [ { at: 0s, image_pull_fail: { image: \"*\" } } ]"
    MISSING "GR011" "missing-reference" Error
        "Pods wait for an object that is not there: a ConfigMap, a Secret, a claim."
        "A volume from an object that is not there keeps the pod from starting (FailedMount), an environment variable keeps its \
         container from being created (CreateContainerConfigError), a claim keeps the pod from being placed. The kubelet tries \
         again for ever.\n\nApply the object, or mark the reference optional."
        "envFrom: [ { secretRef: { name: registry-token } } ]   # nobody makes the Secret"
    VOLUME_HELD "GR012" "volume-held" Error
        "A pod waits for a volume that another node holds, or that nobody provides."
        "A ReadWriteOnce volume is attached to one node. In a rolling update the new pod may be placed elsewhere while the old one \
         still has the volume, and waits; the old one goes only when the new one is ready. A claim that is not bound waits for a \
         volume or a class that provides one.\n\nUse the strategy Recreate for pods with such a volume, or a volume that several \
         nodes can have."
        "accessModes: [ ReadWriteOnce ]\n---\nkind: Deployment\nspec:\n  replicas: 1             # rolling update on two nodes"
    JOB_FAILED "GR013" "job-failed" Error
        "A Job gave up."
        "More pods of the Job failed than its backoffLimit allows, its deadline passed, or its podFailurePolicy ended it."
        "kind: Job\nspec:\n  backoffLimit: 0"
    REJECTED "GR014" "rejected" Error
        "The API refuses an object."
        "What the API server refuses does not come to be: a field that it does not know, a value that it does not take, a field that \
         may not be changed, a namespace that is not there. The rest of the manifests is applied all the same."
        "kind: Deployment\nspec:\n  selector: { matchLabels: { app: other } }   # may not be changed"
    WAITS "GR015" "waits-for-operator" Warning
        "The rollout waits for an operator."
        "A paused Deployment rolls nothing out; a Rollout waits in a pause without a duration, or for its promotion. Resume or promote \
         it."
        "spec:\n  paused: true"
    CROWDED "GR016" "no-place" Error
        "Pods may not stand beside those that are there: (anti-)affinity, spread or a port of the node keep them apart."
        "A required anti-affinity by host, a topology spread that must hold or a host port lets one pod on each node. If there are as \
         many pods as nodes, the new pods of a rolling update have nowhere to go while the old ones are there.\n\nLet one be missing \
         (maxUnavailable: 1 with maxSurge: 0), add a node, or prefer instead of require."
        "podAntiAffinity: requiredDuringScheduling… topologyKey: kubernetes.io/hostname   # 3 replicas, 3 nodes"
    UNFINISHED "GR017" "unfinished" Error
        "The rollout does not come to its end, and none of the other rules says why."
        "Twenty-four hours after the last thing that was done, something is still not as it should be."
        ""
    NOT_EVICTABLE "GR018" "not-evictable" Note
        "A budget allows no disruption when all is well: no node with its pods can ever be drained."
        "A PodDisruptionBudget whose wanted number of healthy pods equals the number of its pods never allows an eviction."
        "kind: PodDisruptionBudget\nspec:\n  maxUnavailable: 0"
    OLD_NOT_READY "GR019" "old-not-ready" Error
        "What is said to be there now does not become ready on this cluster."
        "A plan from one version to another begins with the old version on the empty cluster. If that does not become ready, the \
         cluster or the behaviour is described otherwise than it is, or other workloads are missing."
        ""
    GATED "GR020" "scheduling-gate" Error
        "Pods are held back by a scheduling gate that nobody takes away."
        "A pod with spec.schedulingGates is not looked at by the scheduler until a controller removes its gates."
        "schedulingGates: [ { name: kueue.x-k8s.io/admission } ]"
    ABORTED "GR021" "aborted" Error
        "A Rollout is degraded: its update was aborted, or it passed its deadline."
        "Argo Rollouts aborts an update when an analysis fails or errs, when a user asks for it, or at the progress deadline if \
         progressDeadlineAbort is set. The stable version serves on and the new one is scaled down; the Rollout stays Degraded until \
         it is retried or another version comes.\n\nSource: argoproj/argo-rollouts v1.10.1, rollout/sync.go and \
         utils/rollout/rolloututil.go."
        "kind: Rollout\nspec:\n  progressDeadlineAbort: true    # the new pods find no room"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_there_once_and_in_order() {
        for (index, rule) in ALL.iter().enumerate() {
            assert_eq!(rule.code, format!("GR{:03}", index + 1));
            assert_eq!(ALL.iter().filter(|other| other.name == rule.name).count(), 1, "{}", rule.name);
            assert_eq!(find(rule.code), Some(*rule));
            assert_eq!(find(rule.name), Some(*rule));
        }
        assert_eq!(find("GR999"), None);
    }
}
