//! Faults that strike a node as a whole, a namespace or a probe, as the scenario file writes them.

use crate::file_types;
use crate::scenario::values::{Length, TaintEffectValue};
use crate::text::decode::Spanned;

file_types! {
    /// A kubelet falls silent; its containers go on.
    pub struct NodeSilentFile as "`node_silent`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A node takes no new pods.
    pub struct CordonFile as "`cordon`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// For how long. Default: until it is uncordoned.
        r#for: Option<Spanned<Length>>,
    }

    /// A node takes new pods again.
    pub struct UncordonFile as "`uncordon`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
    }

    /// A node is tainted.
    pub struct NodeTaintFile as "`taint`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
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
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// The taint's key.
        key: Spanned<String>,
    }

    /// A node is cordoned, and its pods are evicted.
    pub struct DrainFile as "`drain`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// Pods that no controller would make again go too. Default: false, they refuse the drain.
        force: Option<bool>,
        /// Pods are deleted rather than evicted, whatever budgets say. Default: false.
        disable_eviction: Option<bool>,
        /// How long pods may take to stop. Default: as each pod has it.
        grace_period: Option<Spanned<Length>>,
        /// How long it is tried. Default: for ever.
        timeout: Option<Spanned<Length>>,
    }

    /// A node shuts down.
    pub struct NodeShutdownFile as "`node_shutdown`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// The kubelet's `shutdownGracePeriod`, in which it ends pods in order. Default: 0s, as the kubelet's: nobody is told.
        grace_period: Option<Spanned<Length>>,
        /// The part of it that is kept for critical pods. Default: 0s.
        grace_period_critical: Option<Spanned<Length>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A provider takes a node back.
    pub struct SpotReclaimFile as "`spot_reclaim`" {
        /// The node below the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// The node below the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// The node below the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// The node below this pod.
        pod: Option<Spanned<String>>,
        /// This node.
        node: Option<Spanned<String>>,
        /// From the notice to the end of the node. Default: 2m.
        notice: Option<Spanned<Length>>,
        /// Whether something drains the node when the notice comes. Default: true.
        drain: Option<bool>,
    }

    /// Readiness probes fail although the application answers.
    pub struct ReadinessFlapFile as "`readiness_flap`" {
        /// Of the pods of this system's deployment.
        deployment: Option<Spanned<String>>,
        /// Of the pods of this system's deployment, or this subject: `Pod/vllm-r1-0`.
        running: Option<Spanned<String>>,
        /// Of the pods of this Kubernetes Deployment or Job.
        workload: Option<Spanned<String>>,
        /// Of this pod.
        pod: Option<Spanned<String>>,
        /// How long they fail each time.
        r#for: Spanned<Length>,
        /// From the start of one failure to the start of the next. Default: twice `for`.
        every: Option<Spanned<Length>>,
        /// How often they fail. Default: once.
        times: Option<Spanned<u32>>,
    }

    /// The quota of a namespace is used up by others: no pod can be created there.
    pub struct QuotaExhaustedFile as "`quota_exhausted`" {
        /// The namespace. Default: default.
        namespace: Option<String>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }
}
