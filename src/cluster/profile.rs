//! The constants of one Kubernetes release, each beside its source. No other file of the cluster holds a bare figure.
//! Paths are those of the module `k8s.io/kubernetes` at the release's version.

use super::scheduler::Balance;
use crate::kernel::Duration;

/// Constants and defaults of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The release, as the scenario names it.
    pub kubernetes: &'static str,
    /// The first wait before a container is restarted; doubles each time.
    pub restart_backoff: Duration,
    /// The longest wait before a container is restarted.
    pub restart_backoff_max: Duration,
    /// The first wait after an image could not be pulled; doubles each time.
    pub image_backoff: Duration,
    /// The longest wait after an image could not be pulled.
    pub image_backoff_max: Duration,
    /// The first wait after a Job's pod failed; doubles each time.
    pub job_backoff: Duration,
    /// The longest wait after a Job's pod failed.
    pub job_backoff_max: Duration,
    /// For how long the events of a Job's pods are gathered before it looks at them.
    pub job_sync_batch: Duration,
    /// How long after its time a CronJob is looked at.
    pub cronjob_delay: Duration,
    /// Pods that a Job creates or deletes in one sync at most.
    pub job_burst: u32,
    /// The first and the longest wait before a failed pod of a DaemonSet is deleted.
    pub daemonset_failed_backoff: [Duration; 2],
    /// Pods that a DaemonSet creates or deletes in one sync at most.
    pub daemonset_burst: u32,
    /// Pods that a ReplicaSet creates or deletes in one sync at most.
    pub replicaset_burst: u32,
    /// Old ReplicaSets that a Deployment keeps.
    pub revision_history: usize,
    /// How often a kubelet renews its node's lease.
    pub lease_renewal: Duration,
    /// How often the node controller looks at the leases.
    pub node_monitor_period: Duration,
    /// How old a lease may be before its node counts as lost.
    pub node_monitor_grace: Duration,
    /// How often lost nodes get their NoExecute taint, if the rate allows.
    pub taint_pass: Duration,
    /// Time between two nodes that get the NoExecute taint in a healthy zone.
    pub taint_interval: Duration,
    /// The same in a zone where most nodes are lost, if it is large.
    pub taint_interval_partial: Duration,
    /// A zone of at most so many nodes taints none while most of its nodes are lost.
    pub large_zone_nodes: u32,
    /// Hundredths of a zone's nodes that must be lost for it to count as mostly lost.
    pub unhealthy_zone_percent: u32,
    /// True: a node that is found lost gets into the queue for its NoExecute taint at once; false: at the next tick, because
    /// what the monitor looks at is what it saw before.
    pub taints_at_detection: bool,
    /// How long a pod stays on a lost node unless it says otherwise.
    pub unreachable_toleration: Duration,
    /// How often orphaned pods are collected.
    pub pod_gc_period: Duration,
    /// How long a node must be gone before its pods are collected.
    pub pod_gc_quarantine: Duration,
    /// Pods that have ended and are kept: beyond them the oldest are collected.
    pub terminated_pods_max: usize,
    /// How often `kubectl drain` tries again to evict a pod that a budget protects.
    pub drain_retry: Duration,
    /// Pods of at least this priority are ended last when a node shuts down.
    pub system_critical_priority: i32,
    /// How long a kubelet waits after a sync of a pod that failed.
    pub sync_error_backoff: Duration,
    /// How long a namespace is left alone once it was deleted, and after each change of its status.
    pub namespace_delay: Duration,
    /// The longest wait between two looks at a namespace that should be empty and is not.
    pub namespace_retry_max: Duration,
    /// The first and the longest wait of a kubelet that could not mount a volume; the wait doubles each time.
    pub mount_backoff: [Duration; 2],
    /// How the scheduler's BalancedAllocation scores.
    pub balance: Balance,
    /// Thousandths by which a metric may miss its target without a change.
    pub autoscaler_tolerance_permille: u32,
    /// True: an autoscaler's own tolerances count; false: the field is dropped.
    pub autoscaler_tolerance_of_spec: bool,
    /// True: ReplicaSets and Deployments count their terminating pods.
    pub terminating_replicas: bool,
    /// How often an autoscaler looks at its metrics.
    pub autoscaler_sync: Duration,
    /// How long an autoscaler without `behavior` keeps the largest answer before it shrinks.
    pub autoscaler_down_window: Duration,
    /// How long after its start a pod's use of CPU counts only while it is ready.
    pub cpu_initialization: Duration,
    /// How often the metrics server asks the kubelets; a pod has metrics once it has been asked about twice.
    pub metrics_resolution: Duration,
    /// The least time that a container has to stop, however short its grace period is.
    pub grace_min: Duration,
    /// How often claims without a volume are looked at again.
    pub volume_sync: Duration,
    /// How often the controller of attachments compares what is attached with what pods need.
    pub attach_sync: Duration,
    /// How often the scheduler looks whether the claims of a pod that it has placed are bound, and for how long.
    pub volume_bind_poll: Duration,
    /// The same: after so long it gives up.
    pub volume_bind_timeout: Duration,
    /// How long a node that does not answer has to unmount a volume before it is detached by force.
    pub unmount_wait: Duration,
    /// How long a provider takes to make a volume.
    pub volume_provision: Duration,
    /// How long it takes to attach one.
    pub volume_attach: Duration,
    /// How long it takes to detach one.
    pub volume_detach: Duration,
    /// How often the cluster autoscaler looks at pods and nodes.
    pub scan_interval: Duration,
    /// How long a node must have been unneeded to be given back.
    pub scale_down_unneeded: Duration,
    /// How long after a pool grew no node is given back.
    pub scale_down_delay_after_add: Duration,
    /// A node is hardly used if less than so many hundredths of it are asked for.
    pub scale_down_threshold_percent: u32,
    /// How long the cluster autoscaler tries to evict the pods of a node.
    pub pod_eviction_max: Duration,
    /// How often what quotas are charged is counted in full.
    pub quota_resync: Duration,
    /// The first and the longest wait of a controller whose sync failed; the wait doubles each time.
    pub sync_backoff: [Duration; 2],
    /// The same of the Job controller.
    pub job_api_backoff: [Duration; 2],
    /// Pods that a node takes unless it says otherwise.
    pub pods_per_node: u32,
    /// How much longer than its deadline a rollout may go before its Deployment is looked at again.
    pub progress_check_margin: Duration,
    /// What the API and the built-in controllers need.
    pub control_plane: ControlPlane,
    /// From a change of an object to the moment that a watch shows it.
    pub watch_latency: Duration,
    /// From an ask of the API to its answer.
    pub api_latency: Duration,
}

/// How fast the API takes what built-in controllers write, and how fast they learn of it. These are no constants of
/// Kubernetes but of the machines that it runs on; which steps a rollout takes depends on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlPlane {
    /// From one write of a sync to the next.
    pub write: Duration,
    /// The same of a Deployment's sync.
    pub rollout_write: Duration,
    /// From one pod that a sync makes to the next.
    pub create: Duration,
    /// From a write to the sync of a controller that watches for it.
    pub notice: Duration,
}

impl ControlPlane {
    /// Nothing takes time: timelines show the events that matter.
    pub const INSTANT: ControlPlane = ControlPlane {
        write: Duration::ZERO,
        rollout_write: Duration::ZERO,
        create: Duration::ZERO,
        notice: Duration::ZERO,
    };
}

impl Profile {
    /// Kubernetes 1.36 (v1.36.3).
    pub const fn kubernetes_1_36() -> Profile {
        Profile {
            kubernetes: "1.36",
            // pkg/kubelet/kubelet.go:165-177 (initialContainerRestartBackoff, MaxCrashLoopBackOff)
            restart_backoff: Duration::from_secs(10),
            restart_backoff_max: Duration::from_secs(300),
            // pkg/kubelet/kubelet.go:180,228 (MaxImageBackOff, imageBackOffPeriod)
            image_backoff: Duration::from_secs(10),
            image_backoff_max: Duration::from_secs(300),
            // pkg/controller/job/job_controller.go:77,79 (DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff)
            job_backoff: Duration::from_secs(10),
            job_backoff_max: Duration::from_secs(600),
            // pkg/controller/job/job_controller.go:70,86 (SyncJobBatchPeriod, MaxPodCreateDeletePerSync)
            job_sync_batch: Duration::from_secs(1),
            job_burst: 500,
            // pkg/controller/cronjob/cronjob_controllerv2.go (nextScheduleDelta)
            cronjob_delay: Duration::from_millis(100),
            // cmd/kube-controller-manager/app/apps.go (flowcontrol.NewBackOff of the DaemonSet controller)
            daemonset_failed_backoff: [Duration::from_secs(1), Duration::from_secs(900)],
            // pkg/controller/daemon/daemon_controller.go (BurstReplicas)
            daemonset_burst: 250,
            // pkg/controller/replicaset/replica_set.go (BurstReplicas)
            replicaset_burst: 500,
            // pkg/apis/apps/v1/defaults.go (RevisionHistoryLimit)
            revision_history: 10,
            // pkg/kubelet/kubelet.go:239 (a quarter of NodeLeaseDurationSeconds, 40 s)
            lease_renewal: Duration::from_secs(10),
            // pkg/controller/nodelifecycle/config/v1alpha1/defaults.go (NodeMonitorGracePeriod);
            // cmd/kube-controller-manager/app/options (NodeMonitorPeriod)
            node_monitor_period: Duration::from_secs(5),
            node_monitor_grace: Duration::from_secs(50),
            // pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go:38 (NodeEvictionPeriod)
            taint_pass: Duration::from_millis(100),
            // cmd/kube-controller-manager/app/options/nodelifecyclecontroller.go (node-eviction-rate 0.1,
            // secondary-node-eviction-rate 0.01, large-cluster-size-threshold 50, unhealthy-zone-threshold 0.55)
            taint_interval: Duration::from_secs(10),
            taint_interval_partial: Duration::from_secs(100),
            large_zone_nodes: 50,
            unhealthy_zone_percent: 55,
            // pkg/controller/nodelifecycle/node_lifecycle_controller.go:767 (processTaintBaseEviction)
            taints_at_detection: true,
            // plugin/pkg/admission/defaulttolerationseconds/admission.go:44
            unreachable_toleration: Duration::from_secs(300),
            // pkg/controller/podgc/gc_controller.go:48-51
            pod_gc_period: Duration::from_secs(20),
            pod_gc_quarantine: Duration::from_secs(40),
            // pkg/controller/podgc/config/v1alpha1/defaults.go:33 (TerminatedPodGCThreshold)
            terminated_pods_max: 12_500,
            // k8s.io/kubectl v0.36.3, pkg/cmd/drain/drain.go:155 (EvictErrorRetryDelay)
            drain_retry: Duration::from_secs(5),
            // pkg/apis/scheduling/types.go (SystemCriticalPriority, twice HighestUserDefinablePriority)
            system_critical_priority: 2_000_000_000,
            // pkg/kubelet/kubelet.go (backOffPeriod)
            sync_error_backoff: Duration::from_secs(10),
            // pkg/controller/namespace/namespace_controller.go (namespaceDeletionGracePeriod, nsControllerRateLimiter)
            namespace_delay: Duration::from_secs(5),
            namespace_retry_max: Duration::from_secs(60),
            // pkg/util/goroutinemap/exponentialbackoff/exponential_backoff.go (initialDurationBeforeRetry, maxDurationBeforeRetry)
            mount_backoff: [Duration::from_millis(500), Duration::from_secs(122)],
            // pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (balancedResourceScorer)
            balance: Balance::ByChange,
            // pkg/controller/podautoscaler/config/v1alpha1/defaults.go:52 (HorizontalPodAutoscalerTolerance);
            // pkg/features/kube_features.go (HPAConfigurableTolerance, beta and on since 1.35)
            autoscaler_tolerance_permille: 100,
            autoscaler_tolerance_of_spec: true,
            // pkg/features/kube_features.go (DeploymentReplicaSetTerminatingReplicas, beta and on since 1.35)
            terminating_replicas: true,
            // pkg/controller/podautoscaler/config/v1alpha1/defaults.go:40-52 (HorizontalPodAutoscalerSyncPeriod,
            // DownscaleStabilizationWindow, CPUInitializationPeriod)
            autoscaler_sync: Duration::from_secs(15),
            autoscaler_down_window: Duration::from_secs(300),
            cpu_initialization: Duration::from_secs(300),
            // kubernetes-sigs/metrics-server v0.7, its manifests (--metric-resolution=15s)
            metrics_resolution: Duration::from_secs(15),
            // pkg/kubelet/kuberuntime/kuberuntime_manager.go:84 (minimumGracePeriodInSeconds)
            grace_min: Duration::from_secs(2),
            // pkg/controller/volume/persistentvolume/config/v1alpha1/defaults.go:39 (PVClaimBinderSyncPeriod)
            volume_sync: Duration::from_secs(15),
            // pkg/controller/volume/attachdetach/attach_detach_controller.go:90 (ReconcilerLoopPeriod)
            attach_sync: Duration::from_millis(100),
            // pkg/scheduler/framework/plugins/volumebinding/binder.go:496 (BindPodVolumes) and
            // pkg/scheduler/apis/config/v1/defaults.go (BindTimeoutSeconds)
            volume_bind_poll: Duration::from_secs(1),
            volume_bind_timeout: Duration::from_secs(600),
            // pkg/controller/volume/attachdetach/attach_detach_controller.go:91 (ReconcilerMaxWaitForUnmountDuration)
            unmount_wait: Duration::from_secs(360),
            // Not constants of Kubernetes but of the provider, and assumed: a block volume that is made, attached, detached.
            volume_provision: Duration::from_secs(5),
            volume_attach: Duration::from_secs(10),
            volume_detach: Duration::from_secs(10),
            // kubernetes/autoscaler at 01ea19e5, cluster-autoscaler/config/flags/flags.go (scan-interval,
            // scale-down-unneeded-time, scale-down-delay-after-add, scale-down-utilization-threshold and
            // scale-down-gpu-utilization-threshold, max-pod-eviction-time)
            scan_interval: Duration::from_secs(10),
            scale_down_unneeded: Duration::from_secs(600),
            scale_down_delay_after_add: Duration::from_secs(600),
            scale_down_threshold_percent: 50,
            pod_eviction_max: Duration::from_secs(120),
            // pkg/controller/resourcequota/config/v1alpha1/defaults.go:41 (ResourceQuotaSyncPeriod)
            quota_resync: Duration::from_secs(300),
            // k8s.io/client-go v0.36.3, util/workqueue/default_rate_limiters.go (DefaultTypedControllerRateLimiter)
            sync_backoff: [Duration::from_millis(5), Duration::from_secs(1000)],
            // pkg/controller/job/job_controller.go:72-75 (DefaultJobApiBackOff, MaxJobApiBackOff)
            job_api_backoff: [Duration::from_secs(1), Duration::from_secs(60)],
            // pkg/kubelet/apis/config/v1beta1/defaults.go (MaxPods)
            pods_per_node: 110,
            // pkg/controller/deployment/progress.go (requeueStuckDeployment)
            progress_check_margin: Duration::from_secs(1),
            // Not constants of Kubernetes: these depend on the machines. Zero keeps every timeline on the events that matter.
            control_plane: ControlPlane::INSTANT,
            watch_latency: Duration::ZERO,
            api_latency: Duration::ZERO,
        }
    }

    /// Kubernetes 1.33 (v1.33.5): what its sources have otherwise than those of 1.36, as far as both were compared: the
    /// node lifecycle, evictions, Jobs, autoscalers and the scheduler's scores. The node grace of 50 s (since 1.32) and the
    /// ten minutes of a Job's back-off are the same; what was not compared is taken over from 1.36.
    pub const fn kubernetes_1_33() -> Profile {
        Profile {
            kubernetes: "1.33",
            // pkg/controller/nodelifecycle/node_lifecycle_controller.go (processTaintBaseEviction): it switches on the
            // condition that was observed before the tick, so that the taint comes a tick later.
            taints_at_detection: false,
            // pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (balancedResourceScorer)
            balance: Balance::ByState,
            // pkg/features/kube_features.go (HPAConfigurableTolerance, DeploymentReplicaSetTerminatingReplicas: alpha, off)
            autoscaler_tolerance_of_spec: false,
            terminating_replicas: false,
            ..Profile::kubernetes_1_36()
        }
    }

    /// The profile of a release, if there is one.
    pub fn named(kubernetes: &str) -> Option<Profile> {
        match kubernetes {
            "1.36" => Some(Profile::kubernetes_1_36()),
            "1.33" => Some(Profile::kubernetes_1_33()),
            _ => None,
        }
    }

    /// The releases that have a profile.
    pub const NAMES: &'static [&'static str] = &["1.36", "1.33"];
}

/// The constants of kube-scheduler, the same in every release here. Paths are below pkg/scheduler unless they say otherwise.
pub(super) mod scheduling {
    use crate::kernel::Duration;

    const MEBIBYTE: i64 = 1024 * 1024;
    /// The best score that one plugin gives: `MaxNodeScore`, k8s.io/kube-scheduler v0.36.3, framework/interface.go.
    pub const SCORE_MAX: i64 = 100;
    /// The largest skew of the default constraint on hosts: framework/plugins/podtopologyspread/plugin.go,
    /// systemDefaultConstraints.
    pub const HOST_SKEW_MAX: u32 = 3;
    /// The largest skew of the default constraint on zones: same place.
    pub const ZONE_SKEW_MAX: u32 = 5;
    /// Images below this size count for nothing: framework/plugins/imagelocality/image_locality.go.
    pub const IMAGE_BYTES_MIN: i64 = 23 * MEBIBYTE;
    /// A container's images above this size count no more: same file.
    pub const IMAGE_BYTES_MAX: i64 = 1000 * MEBIBYTE;
    /// `hardPodAffinityWeight`: apis/config/v1/defaults.go, SetDefaults_InterPodAffinityArgs.
    pub const HARD_POD_AFFINITY_WEIGHT: i64 = 1;
    /// How many of the possible nodes preemption tries, in hundredths, and at least: same file,
    /// SetDefaults_DefaultPreemptionArgs.
    pub const PREEMPTION_PERCENT: u32 = 10;
    /// See [`PREEMPTION_PERCENT`].
    pub const PREEMPTION_LEAST: u32 = 100;
    /// Fewer nodes than this are all looked at: schedule_one.go, minFeasibleNodesToFind.
    pub const FEASIBLE_MIN: usize = 100;
    /// The smallest adaptive sample in hundredths: schedule_one.go, minFeasibleNodesPercentageToFind.
    pub const FEASIBLE_PERCENT_MIN: usize = 5;
    /// The largest adaptive sample in hundredths, and the nodes that make it one less: schedule_one.go,
    /// numFeasibleNodesToFind.
    pub const FEASIBLE_PERCENT_MAX: usize = 50;
    /// See [`FEASIBLE_PERCENT_MAX`].
    pub const FEASIBLE_NODES_A_PERCENT: usize = 125;
    /// The first back-off: backend/queue/scheduling_queue.go, DefaultPodInitialBackoffDuration.
    pub const BACKOFF_INITIAL: Duration = Duration::from_secs(1);
    /// The longest back-off: same file, DefaultPodMaxBackoffDuration.
    pub const BACKOFF_MAX: Duration = Duration::from_secs(10);
    /// How often back-off that is over is looked for, and the width of the windows in which it ends:
    /// backend/queue/backoff_queue.go.
    pub const BACKOFF_WINDOW: Duration = Duration::from_secs(1);
    /// How often unschedulable pods are looked through: backend/queue/scheduling_queue.go, Run.
    pub const LEFTOVER_PERIOD: Duration = Duration::from_secs(30);
    /// How long a pod stays unschedulable without an event: same file, DefaultPodMaxInUnschedulablePodsDuration.
    pub const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(5 * 60);
}
