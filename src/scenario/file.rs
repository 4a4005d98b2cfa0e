//! The scenario file as it is written: one struct a map, one field a key. The JSON Schema is made from these types;
//! what their values must satisfy beyond their types is checked by `read` and the modules beside it.

mod api_faults;
mod backendai;
mod batch;
mod dynamo;
mod expect;
mod faults;
mod onebackend;
mod oracles;
mod paasta;
mod triggers;

use crate::file_types;
use crate::text::decode::{Spanned, Table};

use super::values::{
    Amount, ExpanderValue, FailOnValue, GateValue, JobGateValue, KubernetesValue, Length, MeasurementValue,
    MonitoringWhenValue, NamesValue, NodePoolsValue, PassesValue, PromoteValue, ReferencesValue, RollbackValue,
    SchedulerValue, SnapshotValue, Spread, SystemValue, TaintEffectValue, Timestamp, UndeployedWhenValue, WaitForValue,
    WorkloadKindValue,
};

pub use api_faults::{ApiConflictFile, ApiErrorFile, MissedEventFile, StoreOutageFile, WatchLagFile, WebhookDownFile};
pub use backendai::BackendAiFile;
pub use batch::{BatchSchedulerFile, BatchSchedulersFile, LwsFile};
pub use dynamo::{DynamoFile, GroveFile, ProfilerFile};
pub use expect::ExpectFile;
pub use onebackend::OneBackendFile;
pub use oracles::OraclesFile;
pub use paasta::PaastaFile;
pub use triggers::{OnFile, TieFile};

pub use faults::{
    AlarmFile, ClockSkewFile, ContainerCrashFile, ControllerRestartFile, CordonFile, DrainFile, ExportFailFile,
    GpuLossFile, ImageBuildFailFile, ImagePullFailFile, NodeDownFile, NodeShutdownFile, NodeSilentFile, NodeTaintFile,
    PodKillFile, QuotaExhaustedFile, ReadinessFlapFile, SlowStartFile, SpotReclaimFile, UncordonFile, UntaintFile,
};

/// Named words and the states that go with them: `deployment/vllm: monitoring`.
pub type States = Table<Spanned<String>>;

file_types! {
    /// A rehearsal: a cluster, deployment documents, how workloads behave, what goes wrong, what an operator does, and what must be so.
    pub struct ScenarioFile as "a scenario" {
        /// The name of the rehearsal and of its snapshot.
        name: Spanned<String>,
        /// The seed of every random draw. Default: 0.
        seed: Option<u64>,
        /// Where the run ends at the latest; it ends before when nothing can happen any more.
        until: Spanned<Length>,
        /// Whether the run ends as soon as every expectation is decided. Default: false.
        stop_when_settled: Option<bool>,
        /// The wall-clock time of the start. Default: 2026-01-01T00:00:00Z.
        epoch: Option<Timestamp>,
        /// Which entries the accepted snapshot holds: all, or those of the system without pods and nodes. Default: all.
        snapshot: Option<SnapshotValue>,
        /// The version of Kubernetes that is simulated, or a map with its settings. Default: "1.36".
        kubernetes: Option<Spanned<KubernetesValue>>,
        /// What the OCI AI Blueprints control plane does where documents do not say.
        oci: Option<OciFile>,
        /// Which code of Backend.AI is rehearsed, and its constants.
        backendai: Option<BackendAiFile>,
        /// Which operator of Dynamo is rehearsed, and the switches of its chart.
        dynamo: Option<DynamoFile>,
        /// What PaaSTA does where its documents do not say.
        paasta: Option<PaastaFile>,
        /// Which 1Backend is rehearsed, and its constants.
        onebackend: Option<OneBackendFile>,
        /// The cluster.
        cluster: Option<ClusterFile>,
        /// Several clusters, instead of `cluster`: systems whose documents name clusters deploy to each.
        clusters: Option<Vec<NamedClusterFile>>,
        /// The documents that are deployed.
        deploy: Vec<DeployFile>,
        /// How workloads behave once placed; the first row that matches is used whole.
        behaviour: Option<Vec<BehaviourFile>>,
        /// What goes wrong.
        faults: Option<Vec<FaultFile>>,
        /// What an operator does.
        actions: Option<Vec<ActionFile>>,
        /// Which of the things of one instant come last.
        ties: Option<Vec<TieFile>>,
        /// What must be so.
        expect: Option<Vec<ExpectFile>>,
        /// What the built-in oracles do, which judge every run.
        oracles: Option<OraclesFile>,
    }

    /// A cluster and how workloads behave on it, without what is deployed.
    #[derive(Default)]
    pub struct StageFile as "a cluster file" {
        /// A name for the plan.
        name: Option<Spanned<String>>,
        /// The seed of every random draw. Default: 0.
        seed: Option<u64>,
        /// The wall-clock time of the start. Default: 2026-01-01T00:00:00Z.
        epoch: Option<Timestamp>,
        /// The version of Kubernetes that is simulated, or a map with its settings. Default: "1.36".
        kubernetes: Option<Spanned<KubernetesValue>>,
        /// The cluster.
        cluster: Option<ClusterFile>,
        /// How workloads behave once placed; the first row that matches is used whole.
        behaviour: Option<Vec<BehaviourFile>>,
    }

    /// The Kubernetes that is simulated.
    pub struct KubernetesFile as "the Kubernetes profile" {
        /// The version. Default: "1.36".
        version: Option<Spanned<String>>,
        /// How long a change takes to reach whoever watches for it. Default: none.
        watch_latency: Option<Length>,
        /// How long the API takes to answer. Default: none.
        api_latency: Option<Length>,
        /// The LeaderWorkerSet that is installed.
        lws: Option<LwsFile>,
    }

    /// Settings of the OCI AI Blueprints control plane.
    pub struct OciFile as "the OCI profile" {
        /// How objects are named: as the feature's documents have it, or as the Corrino control plane does.
        names: Option<NamesValue>,
        /// Time from one pass of the control plane to the next.
        pass_interval: Option<Spanned<Length>>,
        /// Whether it looks at its deployments at each multiple of that, or only after it was told of a change.
        passes: Option<PassesValue>,
        /// Time that the collection of exports takes.
        export_latency: Option<Length>,
        /// The state of a member that lets its dependents go on.
        gate: Option<GateValue>,
        /// The state of a job that lets its dependents go on.
        job_gate: Option<JobGateValue>,
        /// When a service is `monitoring`: once all of its pods are ready, or once they run.
        monitoring_when: Option<MonitoringWhenValue>,
        /// When a deployment is `undeployed`: once its objects are gone, or once their pods are, too.
        undeployed_when: Option<UndeployedWhenValue>,
        /// Which exports of its dependencies a member waits for: those that it refers to, or all that they declare.
        wait_for: Option<WaitForValue>,
        /// To whom a member may refer: to members that it depends on, or to any member of its group.
        references: Option<ReferencesValue>,
        /// What makes a deployment `failed`, beyond a failed job or node pool. Default: startup_probe.
        fail_on: Option<Vec<FailOnValue>>,
        /// Whether the nodes of the scenario are the fleet, or each recipe gets a pool of its own.
        node_pools: Option<NodePoolsValue>,
        /// The domain that public endpoints stand under, where a recipe names none.
        endpoint_domain: Option<Spanned<String>>,
        /// The image that copies object storage into a pod before it starts.
        storage_image: Option<String>,
        /// Failed pods that a job outlives. Default: 6.
        job_backoff_limit: Option<u32>,
        /// How long a node pool takes to come.
        provisioning: Option<Spread>,
    }

    /// The nodes of a cluster and what is behind them.
    #[derive(Default)]
    pub struct ClusterFile as "a cluster" {
        /// The nodes that are there.
        nodes: Option<Vec<NodeFile>>,
        /// The scheduler: a profile, or a file of kind KubeSchedulerConfiguration. Default: kube-default.
        scheduler: Option<SchedulerValue>,
        /// The batch schedulers that are installed. Pods whose scheduler is not there stay pending.
        batch_schedulers: Option<BatchSchedulersFile>,
        /// How long a pool of nodes takes to come.
        provisioning: Option<Spread>,
        /// The most nodes of each shape that the provider has; a shape that is not here is not limited.
        capacity: Option<Table<u32>>,
        /// Bandwidth of image pulls a second, of nodes that do not set their own: `1Gi`.
        bandwidth: Option<Spanned<Amount>>,
        /// Namespaces that are there, beside those that every cluster has and those of the manifests.
        namespaces: Option<Vec<Spanned<String>>>,
        /// Which of several pools that would help grows. Default: least-waste.
        expander: Option<ExpanderValue>,
    }

    /// One of several clusters.
    pub struct NamedClusterFile as "one of several clusters" {
        /// Its name, as documents have it.
        name: Spanned<String>,
        /// The nodes that are there. A name is given once in all clusters.
        nodes: Option<Vec<NodeFile>>,
        /// Bandwidth of image pulls a second, of nodes that do not set their own: `1Gi`.
        bandwidth: Option<Spanned<Amount>>,
    }

    /// One node by `name`, or a `pool` of `count` equal nodes.
    pub struct NodeFile as "a node entry" {
        /// The name of a single node.
        name: Option<Spanned<String>>,
        /// The name of a pool; its nodes are pool-0, pool-1, …
        pool: Option<Spanned<String>>,
        /// How many nodes the pool has. Default: 1.
        count: Option<Spanned<u32>>,
        /// The pool grows when pods find no room and shrinks when nodes are hardly used.
        autoscale: Option<AutoscaleFile>,
        /// The provider's shape: `VM.GPU.A10.2`. What else is given is then set instead of the shape's own figures.
        shape: Option<Spanned<String>>,
        /// CPU: `32`, `500m`.
        cpu: Option<Spanned<Amount>>,
        /// Memory: `128Gi`.
        memory: Option<Spanned<Amount>>,
        /// Ephemeral storage: `500Gi`.
        ephemeral_storage: Option<Spanned<Amount>>,
        /// The most pods. Default: 110.
        pods: Option<Spanned<u32>>,
        /// GPUs.
        gpus: Option<GpusFile>,
        /// Labels beside those that every node has.
        labels: Option<Table<String>>,
        /// Taints.
        taints: Option<Vec<TaintFile>>,
        /// The availability zone.
        zone: Option<Spanned<String>>,
        /// When the node joins, counted from the start of the run. Default: it is there from the start.
        provisioned_after: Option<Spread>,
        /// The MIG configuration of every GPU: `all-1g.10gb`.
        mig: Option<Spanned<String>>,
        /// Bandwidth of image pulls a second: `1Gi`.
        bandwidth: Option<Spanned<Amount>>,
    }

    /// Between how many nodes a pool grows and shrinks.
    pub struct AutoscaleFile as "the bounds of a pool" {
        /// The fewest nodes. Default: 0.
        min: Option<u32>,
        /// The most nodes.
        max: Spanned<u32>,
    }

    /// The GPUs of a node.
    pub struct GpusFile as "the GPUs of a node" {
        /// The model: `A10`, `MI300X`.
        model: Option<Spanned<String>>,
        /// How many. Default: 1.
        count: Option<Spanned<u32>>,
        /// Memory of one GPU: `24Gi`.
        memory: Option<Spanned<Amount>>,
        /// The resource that pods ask for. Default: amd.com/gpu for models that begin with MI, else nvidia.com/gpu.
        resource: Option<Spanned<String>>,
    }

    /// A taint of a node.
    pub struct TaintFile as "a taint" {
        /// The taint's key.
        key: Spanned<String>,
        /// The taint's value. Default: empty.
        value: Option<String>,
        /// What it does to pods that do not tolerate it.
        effect: TaintEffectValue,
    }

    /// A document that is submitted.
    pub struct DeployFile as "a deployment" {
        /// When. Default: 0s.
        at: Option<Spanned<Length>>,
        /// The document's path, from the folder of the scenario; of a service of PaaSTA, its folder.
        document: Spanned<String>,
        /// The system that gives the document its meaning.
        system: SystemValue,
    }

    /// How the workloads that match behave.
    pub struct BehaviourFile as "a row of behaviour" {
        /// Which workloads; every key that is given must fit.
        r#match: MatchFile,
        /// How long a pull of the image takes.
        pull: Option<Spanned<Spread>>,
        /// The size of the image; with the node's bandwidth it gives the time of a pull.
        image_size: Option<Spanned<Amount>>,
        /// How long each init container runs.
        init: Option<Spread>,
        /// How many pods of this row must have nodes before any of them begins, as with one ComputeDomain for all. Default: each
        /// begins by itself.
        together: Option<u32>,
        /// From the container's start to serving.
        start: Option<Spread>,
        /// From readiness to being known to those who send requests. Default: those go by readiness alone.
        register: Option<Spread>,
        /// How long the container of a Job runs.
        run: Option<Spread>,
        /// The exit code of the container of a Job.
        exit: Option<u8>,
        /// The container ends by itself.
        crash: Option<CrashFile>,
        /// How long it takes to stop once asked.
        stop: Option<Spread>,
        /// What the workload uses, by metric (`cpu`, `memory`, or one of the system's own), for autoscalers.
        metrics: Option<Table<Vec<LoadFile>>>,
        /// What measurements say, from a time on until the next: of an analysis that asks outside the cluster.
        measurements: Option<Spanned<Vec<MeasurementFile>>>,
        /// How a step of a pipeline that builds goes.
        build: Option<Spanned<BuildFile>>,
    }

    /// Which workloads a row of behaviour is for.
    pub struct MatchFile as "a match" {
        /// The name of the system's deployment.
        deployment: Option<String>,
        /// The name of the Kubernetes Deployment or Job.
        workload: Option<String>,
        /// A glob over images: `*postgres*`.
        image: Option<Spanned<String>>,
        /// The kind of the Kubernetes workload.
        kind: Option<WorkloadKindValue>,
        /// With `measurements`: the name of the AnalysisTemplate.
        analysis: Option<Spanned<String>>,
        /// With `measurements`: the name of its metric.
        metric: Option<Spanned<String>>,
        /// With `build`: the name of the pipeline's step. Default: every step that builds.
        step: Option<Spanned<String>>,
        /// With `build`: the name of the definition that an image is built for. Default: every one.
        definition: Option<Spanned<String>>,
    }

    /// How a step of a pipeline that builds goes.
    pub struct BuildFile as "`build`" {
        /// How long it takes. Default: as the system's profile has it.
        length: Option<Spread>,
        /// Whether it fails. Default: false.
        fails: Option<bool>,
    }

    /// What measurements say from a time on, until the next.
    pub struct MeasurementFile as "a point of measurements" {
        /// From when on. Default: 0s.
        at: Option<Length>,
        /// What they say.
        is: MeasurementValue,
    }

    /// What a workload uses from a time on, until the next.
    pub struct LoadFile as "a point of a metric" {
        /// From when on. Default: 0s.
        at: Option<Length>,
        /// What its pods use together, in equal shares of those that are ready: `4`, `2500m`, `16Gi`.
        value: Option<Spanned<Amount>>,
        /// What each of its pods uses.
        each: Option<Spanned<Amount>>,
    }

    /// A container that ends by itself.
    pub struct CrashFile as "a crash" {
        /// How long after its start.
        after: Spread,
        /// How many times in each pod. Default: every time.
        times: Option<Spanned<u32>>,
        /// The exit code. Default: 1.
        exit: Option<Spanned<u8>>,
    }

    /// A fault: when, and exactly one thing that goes wrong.
    pub struct FaultFile as "a fault" {
        /// The fault's name. Default: fault-1, fault-2, … by its position.
        name: Option<Spanned<String>>,
        /// At a time.
        at: Option<Spanned<Length>>,
        /// When a subject reaches a state.
        on: Option<OnFile>,
        /// How long after that.
        after: Option<Spanned<Length>>,
        /// Pods are deleted.
        pod_kill: Option<PodKillFile>,
        /// A container ends.
        container_crash: Option<ContainerCrashFile>,
        /// A node stops: its kubelet falls silent and its containers end.
        node_down: Option<NodeDownFile>,
        /// Pulls of an image fail.
        image_pull_fail: Option<ImagePullFailFile>,
        /// Containers that start from then on take longer to serve.
        slow_start: Option<SlowStartFile>,
        /// The exports of a deployment cannot be read.
        export_fail: Option<ExportFailFile>,
        /// Images of a definition cannot be built.
        image_build_fail: Option<ImageBuildFailFile>,
        /// The controller of a system ends and is started again.
        controller_restart: Option<ControllerRestartFile>,
        /// The clock of a node is wrong.
        clock_skew: Option<ClockSkewFile>,
        /// What controllers read is old.
        watch_lag: Option<WatchLagFile>,
        /// Changes wake nobody, although whoever reads sees them.
        missed_event: Option<MissedEventFile>,
        /// Writes of controllers are refused because somebody else was faster.
        api_conflict: Option<ApiConflictFile>,
        /// Writes fail, and nothing is done.
        api_error: Option<ApiErrorFile>,
        /// The webhook that admits custom resources does not answer.
        webhook_down: Option<WebhookDownFile>,
        /// A store in which pods are registered cannot be reached.
        store_outage: Option<StoreOutageFile>,
        /// Service level objectives are missed while a rollout goes on.
        slo_failure: Option<AlarmFile>,
        /// Alerts fire while a rollout goes on.
        alert_failure: Option<AlarmFile>,
        /// GPUs of a node are lost.
        gpu_loss: Option<GpuLossFile>,
        /// Readiness probes fail, again and again.
        readiness_flap: Option<ReadinessFlapFile>,
        /// The quota of a namespace is used up by others.
        quota_exhausted: Option<QuotaExhaustedFile>,
        /// A kubelet falls silent; its containers go on.
        node_silent: Option<NodeSilentFile>,
        /// A node takes no new pods.
        cordon: Option<CordonFile>,
        /// A node takes new pods again.
        uncordon: Option<UncordonFile>,
        /// A node is tainted.
        taint: Option<NodeTaintFile>,
        /// A node's taint is taken off.
        untaint: Option<UntaintFile>,
        /// A node is cordoned, and its pods are evicted.
        drain: Option<DrainFile>,
        /// A node shuts down.
        node_shutdown: Option<NodeShutdownFile>,
        /// A provider takes a node back.
        spot_reclaim: Option<SpotReclaimFile>,
    }

    /// An operator's action: when, and exactly one thing to do.
    pub struct ActionFile as "an action" {
        /// The action's name. Default: its word, with a number if there are several.
        name: Option<Spanned<String>>,
        /// At a time.
        at: Option<Spanned<Length>>,
        /// When a subject reaches a state.
        on: Option<OnFile>,
        /// How long after that.
        after: Option<Spanned<Length>>,
        /// How long before it writes the operator read what it scales or replaces: if somebody wrote since, it is refused with a conflict.
        /// For custom resources. Default: nobody asks who wrote since.
        read: Option<Spanned<Length>>,
        /// Take down the group, single deployment or set of manifests of this name.
        undeploy: Option<Spanned<String>>,
        /// Create what the manifests of this document describe, or change it to that, as `kubectl apply` does.
        apply: Option<Spanned<String>>,
        /// Make what is there what the manifests of this document describe, as `kubectl replace` does.
        replace: Option<Spanned<String>>,
        /// Delete a Kubernetes object: `Deployment/web`.
        delete: Option<Spanned<String>>,
        /// Give Kubernetes workloads other numbers of replicas: `{ Deployment/web: 4 }`.
        scale: Option<Spanned<Table<u32>>>,
        /// Replace the pods of a Kubernetes workload, as `kubectl rollout restart` does.
        restart: Option<Spanned<String>>,
        /// Go back to the template before, or to a revision: `Deployment/web`, or `{ Deployment/web: 1 }`.
        rollback: Option<Spanned<RollbackValue>>,
        /// The same as `rollback`.
        undo: Option<Spanned<RollbackValue>>,
        /// Stop the rollouts of a Deployment, or suspend a Job or CronJob.
        pause: Option<Spanned<String>>,
        /// Go on with what was paused.
        resume: Option<Spanned<String>>,
        /// Promote a Rollout: `Rollout/web`; or fully, without what is left of it: `{ Rollout/web: full }`.
        promote: Option<Spanned<PromoteValue>>,
        /// Abort the update of a Rollout.
        abort: Option<Spanned<String>>,
        /// Begin the aborted update of a Rollout again.
        retry: Option<Spanned<String>>,
        /// Open a gate that waits for somebody: `gate/NAME`.
        click: Option<Spanned<String>>,
        /// Say that a step that waits for it is done: `step/NAME`.
        complete: Option<Spanned<String>>,
        /// Give a step up that was rolled back: `step/NAME`.
        abandon: Option<Spanned<String>>,
        /// Roll a step forward again that is being rolled back: `step/NAME`.
        forward: Option<Spanned<String>>,
        /// Make a revision the one that a deployment runs: `{ deployment/llm: v2 }`.
        activate: Option<Spanned<Table<Spanned<String>>>>,
        /// How much of a deployment's traffic goes to what is being rolled out, in percent: `{ deployment/llm: 50 }`.
        weight: Option<Spanned<Table<u32>>>,
        /// Bring a new commit of a service, which starts its pipeline: `{ my-service: 4c0ffee }`.
        push: Option<Spanned<Table<Spanned<String>>>>,
        /// Mark a commit for a deploy group by hand: `{ prod.canary: 4c0ffee }`.
        mark: Option<Spanned<Table<Spanned<String>>>>,
    }
}
