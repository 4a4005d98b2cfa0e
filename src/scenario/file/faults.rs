//! What goes wrong in each kind of fault, as the scenario file writes it. When it does stands in `FaultFile`.

use crate::file_types;
use crate::scenario::values::{Length, TaintEffectValue};
use crate::text::decode::Spanned;

/// Declares structs as [`file_types!`] does, whose first keys name what a fault hits. Behind `hits` stand the words for
/// the pods of something, for one pod, and for one node if that can be named too.
macro_rules! fault_types {
    (hits $words:tt $($(#[$doc:meta])* pub struct $name:ident as $what:literal $fields:tt)*) => {
        $(fault_types! { $words $(#[$doc])* pub struct $name as $what $fields })*
    };
    (
        [$pods:literal, $pod:literal $(, $node:literal)?]
        $(#[$doc:meta])* pub struct $name:ident as $what:literal { $($fields:tt)* }
    ) => {
        file_types! {
            $(#[$doc])*
            pub struct $name as $what {
                #[doc = concat!($pods, " this system's deployment.")]
                deployment: Option<Spanned<String>>,
                #[doc = concat!($pods, " this system's deployment, or this subject: `Pod/vllm-r1-0`.")]
                running: Option<Spanned<String>>,
                #[doc = concat!($pods, " this Kubernetes Deployment or Job.")]
                workload: Option<Spanned<String>>,
                #[doc = $pod]
                pod: Option<Spanned<String>>,
                $(
                    #[doc = $node]
                    node: Option<Spanned<String>>,
                )?
                $($fields)*
            }
        }
    };
}

fault_types! {
    hits ["The pods of", "This pod."]

    /// Pods are deleted.
    pub struct PodKillFile as "`pod_kill`" {
        /// How many. Default: all.
        count: Option<Spanned<u32>>,
    }
}

fault_types! {
    hits ["Of the pods of", "Of this pod."]

    /// A container ends.
    pub struct ContainerCrashFile as "`container_crash`" {
        /// With this exit code. Default: 1.
        exit: Option<Spanned<u8>>,
    }

    /// Readiness probes fail although the application answers.
    pub struct ReadinessFlapFile as "`readiness_flap`" {
        /// How long they fail each time.
        r#for: Spanned<Length>,
        /// From the start of one failure to the start of the next. Default: twice `for`.
        every: Option<Spanned<Length>>,
        /// How often they fail. Default: once.
        times: Option<Spanned<u32>>,
    }
}

fault_types! {
    hits ["Those of", "Those of this pod."]

    /// Containers take longer to serve.
    pub struct SlowStartFile as "`slow_start`" {
        /// Multiplied with the time to serving, in percent: 300 is three times as long. Default: 100.
        percent: Option<Spanned<u32>>,
        /// Added to the time to serving. Default: 0s.
        extra: Option<Spanned<Length>>,
    }
}

fault_types! {
    hits ["Of the node below the pods of", "Of the node below this pod.", "Of this node."]

    /// GPUs of a node are lost.
    pub struct GpuLossFile as "`gpu_loss`" {
        /// How many. Default: 1.
        count: Option<Spanned<u32>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }
}

fault_types! {
    hits ["The node below the pods of", "The node below this pod.", "This node."]

    /// The clock of a node is wrong: `minReadySeconds` and leases go by it.
    pub struct ClockSkewFile as "`clock_skew`" {
        /// It shows what is to come, by so much.
        ahead: Option<Spanned<Length>>,
        /// It shows what was, by so much.
        behind: Option<Spanned<Length>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A node stops.
    pub struct NodeDownFile as "`node_down`" {
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A kubelet falls silent; its containers go on.
    pub struct NodeSilentFile as "`node_silent`" {
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A node takes no new pods.
    pub struct CordonFile as "`cordon`" {
        /// For how long. Default: until it is uncordoned.
        r#for: Option<Spanned<Length>>,
    }

    /// A node takes new pods again.
    pub struct UncordonFile as "`uncordon`" {}

    /// A node is tainted.
    pub struct NodeTaintFile as "`taint`" {
        /// The taint's key.
        key: Spanned<String>,
        /// The taint's value. Default: empty.
        value: Option<String>,
        /// What it does to pods that do not tolerate it.
        effect: TaintEffectValue,
        /// For how long. Default: until it is taken off.
        r#for: Option<Spanned<Length>>,
    }

    /// A node's taint is taken off.
    pub struct UntaintFile as "`untaint`" {
        /// The taint's key.
        key: Spanned<String>,
    }

    /// A node is cordoned, and its pods are evicted.
    pub struct DrainFile as "`drain`" {
        /// Pods that no controller would make again go too. Default: false, they refuse the drain.
        force: Option<bool>,
        /// Pods with data in an `emptyDir` go too. Default: false, they refuse the drain.
        delete_emptydir_data: Option<bool>,
        /// Pods are deleted rather than evicted, whatever budgets say. Default: false.
        disable_eviction: Option<bool>,
        /// How long pods may take to stop. Default: as each pod has it.
        grace_period: Option<Spanned<Length>>,
        /// How long it is tried. Default: for ever.
        timeout: Option<Spanned<Length>>,
    }

    /// A node shuts down.
    pub struct NodeShutdownFile as "`node_shutdown`" {
        /// The kubelet's `shutdownGracePeriod`, in which it ends pods in order. Default: 0s, as the kubelet's: nobody is told.
        grace_period: Option<Spanned<Length>>,
        /// The part of it that is kept for critical pods. Default: 0s.
        grace_period_critical: Option<Spanned<Length>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A provider takes a node back.
    pub struct SpotReclaimFile as "`spot_reclaim`" {
        /// From the notice to the end of the node. Default: 2m.
        notice: Option<Spanned<Length>>,
        /// Whether something drains the node when the notice comes. Default: true.
        drain: Option<bool>,
    }
}

file_types! {
    /// Pulls of an image fail.
    pub struct ImagePullFailFile as "`image_pull_fail`" {
        /// A glob over images: `*vllm*`.
        image: Spanned<String>,
        /// How many pulls. Default: all.
        times: Option<Spanned<u32>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// The exports of a deployment cannot be read.
    pub struct ExportFailFile as "`export_fail`" {
        /// The system's deployment.
        deployment: Spanned<String>,
        /// How many times. Default: always.
        times: Option<Spanned<u32>>,
    }

    /// Images that are built from a repository cannot be built.
    pub struct ImageBuildFailFile as "`image_build_fail`" {
        /// The definition that they are built for.
        definition: Spanned<String>,
        /// How many times. Default: always.
        times: Option<Spanned<u32>>,
    }

    /// The controller of a system ends and is started again: what it kept in memory is lost, and it goes on from what is kept elsewhere.
    pub struct ControllerRestartFile as "`controller_restart`" {
        /// The name of a group, deployment or document of its control plane, or one of Kubernetes' own processes:
        /// `kube-controller-manager`, `kube-scheduler`. Default, where `controller` says which: any.
        of: Option<Spanned<String>>,
        /// One of the controllers of custom resources. Default: all of the control plane.
        controller: Option<Spanned<String>>,
        /// Instead of a write: of a kind, of one object, or of `any`. Default: at once.
        before_write: Option<Spanned<String>>,
        /// Right after a write: of a kind, of one object, or of `any`. Default: at once.
        after_write: Option<Spanned<String>>,
        /// With `before_write` or `after_write`: the how many-th from then on. Default: 1.
        occurrence: Option<Spanned<u32>>,
        /// How long it is away; it misses all that happens meanwhile. Default: 0s.
        r#for: Option<Spanned<Length>>,
    }

    /// What watches a rollout from outside sees a failure.
    pub struct AlarmFile as "an alarm" {
        /// Of which rollout: a step (`step/NAME`), a deploy group, or a service with all of its rollouts.
        of: Spanned<String>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// The quota of a namespace is used up by others: no pod can be created there.
    pub struct QuotaExhaustedFile as "`quota_exhausted`" {
        /// The namespace. Default: default.
        namespace: Option<String>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }
}
