//! The Kubernetes objects of an instance: its workload, its autoscaler. When they are asked for is not known here.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/kubernetes_tools.py (KubernetesDeploymentConfig).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bounce;
use super::model::{Decimal, Healthcheck, Instance, Service, SpreadConstraint};
use super::rollout::Rollout;
use super::version::Version;
use crate::kernel::Duration;
use crate::timeline::Subject;
use crate::workload::policy::{AutoscalerSpec, Metric, MetricTarget, ScalingRules, ScalingSelect};
use crate::workload::resources::NVIDIA_GPU;
use crate::workload::selector::{Namespaces, PodTerm, Weighted};
use crate::workload::strategy::bounce::Method;
use crate::workload::{
    Affinity, Container, DeploymentSpec, LabelSelector, NodeRequirement, NodeTerm, Object, Operator, PodTemplate,
    Probe, ReplicaSetSpec, Resources, StatefulSetSpec, TopologySpread,
};

/// The label of nodes that tells their pool.
const POOL_LABEL: &str = "paasta.yelp.com/pool";
/// The label of nodes that tells their cluster, where a scenario has several.
const CLUSTER_LABEL: &str = "greenroom.dev/cluster";
/// The labels of pods that tell whose they are.
const SERVICE_LABEL: &str = "paasta.yelp.com/service";
const INSTANCE_LABEL: &str = "paasta.yelp.com/instance";
/// The label of pods that tells their commit.
const SHA_LABEL: &str = "paasta.yelp.com/git_sha";
/// Where pods are spread that do not say over what.
const HOST_LABEL: &str = "kubernetes.io/hostname";
/// The share of its requests at which CPU is kept (`DEFAULT_DESIRED_SETPOINT` of paasta_tools/autoscaling).
const SETPOINT: &str = "0.8";
/// How long a pod may take to stop beyond its drain. Assumed.
const GRACE_BEYOND_DRAIN: Duration = Duration::from_secs(30);

/// An instance with what its objects depend on.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The service.
    pub service: &'a Service,
    /// The instance.
    pub instance: &'a Instance,
    /// The profile.
    pub profile: &'a Rollout,
    /// `instance/<service>.<instance>`.
    pub subject: Subject,
}

/// A name as Kubernetes takes it (`sanitise_kubernetes_name`).
pub fn sanitised(name: &str) -> String {
    name.replace('_', "--").to_ascii_lowercase()
}

impl<'a> Setting<'a> {
    /// The name of its workload (`get_sanitised_deployment_name`).
    pub fn workload_name(&self) -> String {
        sanitised(&format!("{}-{}", self.service.name, self.instance.name))
    }

    /// The namespace that its objects are in; that of one of several clusters says which.
    pub fn namespace(&self) -> String {
        let own = match &self.instance.namespace {
            Some(namespace) => namespace.clone(),
            None => format!("paastasvc-{}", sanitised(&self.service.name)),
        };
        if self.profile.clusters.is_empty() { own } else { format!("{own}@{}", self.instance.cluster) }
    }

    /// The share of its copies that a bounce keeps.
    pub fn margin(&self) -> &'a Decimal {
        self.instance.bounce.margin_factor.as_ref().unwrap_or(&self.profile.margin_factor)
    }

    /// True if somebody finds it by one of its registrations.
    fn is_in_smartstack(&self) -> bool {
        let registered = |namespace: &str| format!("{}.{namespace}", self.service.name);
        self.service
            .namespaces
            .iter()
            .any(|one| one.proxy_port.is_some() && self.instance.registrations.contains(&registered(&one.name)))
    }

    /// How long an old pod is drained before it is told to stop.
    pub fn drain(&self) -> Duration {
        let drain = &self.instance.drain;
        let method = drain.method.as_deref().unwrap_or(if self.is_in_smartstack() { "hacheck" } else { "noop" });
        match (drain.pre_stop_drain, method) {
            (Some(length), _) => length,
            (None, "noop") => Duration::ZERO,
            (None, _) => drain.delay.unwrap_or(self.profile.drain_delay),
        }
    }

    /// Its workload at a version, with so many copies.
    pub fn workload(&self, version: &Version, replicas: u32) -> Object {
        let template = Arc::new(self.template(version));
        let min_ready = self.instance.bounce.min_task_uptime.unwrap_or(Duration::ZERO);
        if self.instance.has_persistent_volumes {
            return Object::StatefulSet(StatefulSetSpec { min_ready, ..StatefulSetSpec::of(replicas, template) });
        }
        let overprovision = self.instance.bounce.overprovision_factor.as_ref();
        let overprovision = overprovision.unwrap_or(&self.profile.overprovision_factor);
        let method = Method::from(self.instance.bounce.method);
        let of = DeploymentSpec::of(replicas, template);
        let strategy = bounce::strategy(method, self.margin(), overprovision).unwrap_or_default();
        Object::Deployment(DeploymentSpec { strategy, min_ready, ..of })
    }

    /// The ReplicaSet that bounce_lib runs a version with.
    pub fn app(&self, version: &Version, replicas: u32) -> Object {
        Object::ReplicaSet(ReplicaSetSpec {
            replicas,
            min_ready: self.instance.bounce.min_task_uptime.unwrap_or(Duration::ZERO),
            template: Arc::new(self.template(version)),
            owner: None,
            annotations: BTreeMap::new(),
        })
    }

    /// Its autoscaler, if its number of copies goes by metrics.
    pub fn autoscaler(&self, target: Subject) -> Option<Object> {
        let size = &self.instance.size;
        let replicas_max = size.max?;
        let providers = size.metrics_providers.iter().filter(|one| one.decision_policy.as_deref() != Some("bespoke"));
        let mut metrics: Vec<Metric> = providers
            .map(|provider| {
                let setpoint = provider.setpoint.clone().unwrap_or_else(|| Decimal(SETPOINT.to_owned()));
                // Metrics other than CPU are told by Prometheus as a share of what is wanted, and kept at 1.
                let target = match provider.kind.as_str() {
                    "cpu" => MetricTarget::UtilizationPercent(bounce::percent_cut_off(&setpoint)),
                    _ => MetricTarget::ValueMilli(1000),
                };
                Metric { name: provider.kind.clone(), container: None, target }
            })
            .collect();
        if size.metrics_providers.is_empty() {
            let percent = bounce::percent_cut_off(&Decimal(SETPOINT.to_owned()));
            metrics.push(Metric {
                name: "cpu".to_owned(),
                container: None,
                target: MetricTarget::UtilizationPercent(percent),
            });
        }
        if metrics.is_empty() {
            return None;
        }
        Some(Object::HorizontalPodAutoscaler(Box::new(AutoscalerSpec {
            target,
            replicas_min: size.min,
            replicas_max: replicas_max.max(size.min),
            metrics,
            up: rules(Duration::ZERO),
            down: rules(Duration::from_secs(300)),
        })))
    }

    /// What its pods are made from.
    pub fn template(&self, version: &Version) -> PodTemplate {
        let (instance, service) = (self.instance, &self.service.name);
        let name = sanitised(&instance.name);
        let mut labels: BTreeMap<String, String> = [
            (SERVICE_LABEL.to_owned(), service.clone()),
            (INSTANCE_LABEL.to_owned(), instance.name.clone()),
            (SHA_LABEL.to_owned(), version.sha.clone()),
        ]
        .into();
        for registration in &instance.registrations {
            labels.insert(format!("registrations.paasta.yelp.com/{registration}"), "true".to_owned());
        }
        let (liveness_probe, readiness_probe) = self.probes();
        let resources = self.requests();
        let drain = self.drain();
        let main = Container {
            name,
            image: version.image(service),
            requests: resources.clone(),
            limits: Resources { cpu_milli: 0, ..resources },
            pre_stop: drain,
            liveness_probe,
            readiness_probe,
            ..Container::default()
        };
        let grace = instance.drain.termination_grace.unwrap_or(drain + GRACE_BEYOND_DRAIN);
        PodTemplate {
            labels,
            containers: vec![main],
            termination_grace_period: grace,
            node_selector: self.node_selector(),
            node_terms: self.node_terms(),
            affinity: self.affinity(),
            spread: instance.placement.spread.iter().map(|one| self.spread(one)).collect(),
            serves: Some(self.subject),
            ..PodTemplate::default()
        }
    }

    fn requests(&self) -> Resources {
        let instance = self.instance;
        Resources {
            cpu_milli: instance.cpus_milli,
            memory_bytes: instance.mem_bytes,
            ephemeral_storage_bytes: instance.disk_bytes,
            ..Resources::of(NVIDIA_GPU, instance.gpus.into())
        }
    }

    /// The probe that restarts a copy, and the one that takes it out of service: the same check, which the second begins at
    /// once. Without a mode there is none, but for services that others find, which speak HTTP.
    fn probes(&self) -> (Option<Probe>, Option<Probe>) {
        let check: &Healthcheck = &self.instance.healthcheck;
        if check.mode.is_none() && !self.is_in_smartstack() {
            return (None, None);
        }
        let probe = Probe {
            initial_delay: check.grace,
            period: check.interval,
            timeout: check.timeout,
            success_threshold: 1,
            failure_threshold: check.max_consecutive_failures,
        };
        (Some(probe), Some(Probe { initial_delay: Duration::ZERO, failure_threshold: 3, ..probe }))
    }

    fn node_selector(&self) -> BTreeMap<String, String> {
        let placement = &self.instance.placement;
        let mut selector = placement.node_selectors.clone();
        if let Some(pool) = &placement.pool {
            selector.insert(POOL_LABEL.to_owned(), pool.clone());
        }
        if !self.profile.clusters.is_empty() {
            selector.insert(CLUSTER_LABEL.to_owned(), self.instance.cluster.clone());
        }
        selector
    }

    fn node_terms(&self) -> Vec<NodeTerm> {
        let requirements: Vec<NodeRequirement> = (self.instance.placement.node_requirements.iter())
            .filter_map(|one| {
                let operator = match one.operator.as_str() {
                    "In" => Operator::In,
                    "NotIn" => Operator::NotIn,
                    "Exists" => Operator::Exists,
                    "DoesNotExist" => Operator::DoesNotExist,
                    "Gt" => Operator::Gt,
                    "Lt" => Operator::Lt,
                    _ => return None,
                };
                Some(NodeRequirement { key: one.label.clone(), operator, values: one.values.clone() })
            })
            .collect();
        if requirements.is_empty() { Vec::new() } else { vec![NodeTerm { requirements }] }
    }

    fn affinity(&self) -> Affinity {
        let placement = &self.instance.placement;
        let term = |service: Option<&String>, instance: Option<&String>| {
            let named = [(SERVICE_LABEL, service), (INSTANCE_LABEL, instance)];
            let labels = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.clone())));
            PodTerm {
                selector: LabelSelector { match_labels: labels.collect(), requirements: Vec::new() },
                namespaces: Namespaces::All,
                topology_key: HOST_LABEL.to_owned(),
            }
        };
        let anti_pods =
            placement.anti_affinity.iter().map(|one| term(one.service.as_ref(), one.instance.as_ref())).collect();
        let preferred_pods = placement
            .anti_affinity_preferred
            .iter()
            .map(|one| Weighted {
                weight: -i32::try_from(one.weight).unwrap_or(1),
                term: term(one.service.as_ref(), one.instance.as_ref()),
            })
            .collect();
        Affinity { anti_pods, preferred_pods, ..Affinity::default() }
    }

    fn spread(&self, constraint: &SpreadConstraint) -> TopologySpread {
        let own = [(SERVICE_LABEL, &self.service.name), (INSTANCE_LABEL, &self.instance.name)];
        let match_labels = own.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
        TopologySpread {
            max_skew: constraint.max_skew,
            topology_key: constraint.topology_key.clone().unwrap_or_else(|| HOST_LABEL.to_owned()),
            required: constraint.is_required,
            selector: LabelSelector { match_labels, requirements: Vec::new() },
            min_domains: None,
            honors_affinity: true,
            honors_taints: false,
        }
    }
}

/// How an autoscaler may change in one direction: what PaaSTA writes itself is not in the public documents, and Kubernetes'
/// own defaults hold here (k8s.io/kubernetes v1.36.3, pkg/controller/podautoscaler/config/v1alpha1/defaults.go).
fn rules(stabilization_window: Duration) -> ScalingRules {
    ScalingRules { stabilization_window, policies: Vec::new(), select: ScalingSelect::Max, tolerance_permille: 100 }
}
