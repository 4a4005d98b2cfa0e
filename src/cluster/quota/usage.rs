//! What a pod, or another object, is charged for in the quotas of its namespace, by the quotas' own names.
//! Source: k8s.io/kubernetes v1.36.3, pkg/quota/v1/evaluator/core/pods.go (PodUsageFunc, podMatchesScopeFunc).

use std::collections::BTreeMap;

use crate::timeline::Kind;
use crate::workload::policy::QuotaScope;
use crate::workload::storage::ClaimSpec;
use crate::workload::{Container, Object, PodTemplate, Resources};

/// Amounts by the names that quotas have for them: CPU in thousandths, memory and storage in bytes, all else in units.
pub type Usage = BTreeMap<String, u64>;

/// What is counted for a pod that is in the API, ended or not.
pub const POD_OBJECTS: &str = "count/pods";
/// Resources that every container must state if a quota bounds them.
const STATED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// What a pod that has not ended is charged for.
pub fn pod_usage(template: &PodTemplate) -> Usage {
    let limits = most(template, |container| &container.limits);
    let mut usage = compute_usage(&template.requests(), &limits);
    usage.insert("pods".to_owned(), 1);
    usage.insert(POD_OBJECTS.to_owned(), 1);
    usage
}

/// The sum over the containers, or the largest init container if that is more.
fn most(template: &PodTemplate, amount: impl Fn(&Container) -> &Resources) -> Resources {
    let running = template.containers.iter().fold(Resources::default(), |sum, one| sum.plus(amount(one)));
    template.init_containers.iter().fold(running, |most, one| most.largest(amount(one)))
}

/// Amounts that are there, under each of their names (`podComputeUsageHelper`).
fn compute_usage(requests: &Resources, limits: &Resources) -> Usage {
    let mut usage = Usage::new();
    let amounts = [
        ("cpu", requests.cpu_milli, limits.cpu_milli),
        ("memory", requests.memory_bytes, limits.memory_bytes),
        ("ephemeral-storage", requests.ephemeral_storage_bytes, limits.ephemeral_storage_bytes),
    ];
    for (name, request, limit) in amounts {
        if request > 0 {
            usage.insert(name.to_owned(), request);
            usage.insert(format!("requests.{name}"), request);
        }
        if limit > 0 {
            usage.insert(format!("limits.{name}"), limit);
        }
    }
    for (name, request) in &requests.extended {
        usage.insert(format!("requests.{name}"), *request);
    }
    usage
}

/// What a quota demands that containers state and some do not, in the words of the API (`Constraints`).
pub fn not_stated(template: &PodTemplate, hard: &Usage) -> Option<String> {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for container in template.containers.iter().chain(&template.init_containers) {
        let usage = compute_usage(&container.requests, &container.limits);
        for name in STATED.into_iter().filter(|name| hard.contains_key(*name) && !usage.contains_key(*name)) {
            missing.entry(name).or_default().push(&container.name);
        }
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(name, mut containers)| {
            containers.sort_unstable();
            format!("{name} for: {}", containers.join(","))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("must specify {}", parts.join("; ")))
}

/// True if a quota with these scopes counts the pods.
pub fn in_scope(template: &PodTemplate, scopes: &[QuotaScope]) -> bool {
    scopes.iter().all(|scope| match scope {
        QuotaScope::Terminating(is) => template.active_deadline.is_some() == *is,
        QuotaScope::BestEffort(is) => is_best_effort(template) == *is,
        QuotaScope::PriorityClass { included, names } => {
            let class = &template.priority_class;
            let named = if names.is_empty() { !class.is_empty() } else { names.contains(class) };
            named == *included
        }
    })
}

/// True if no container asks for CPU or memory, or is bounded in them (`ComputePodQOS`).
fn is_best_effort(template: &PodTemplate) -> bool {
    let none = |amount: &Resources| amount.cpu_milli == 0 && amount.memory_bytes == 0;
    template.containers.iter().chain(&template.init_containers).all(|one| none(&one.requests) && none(&one.limits))
}

/// What an object that is not a pod is charged for.
pub fn object_usage(object: &Object) -> Usage {
    match object {
        Object::PersistentVolumeClaim(claim) => claim_usage(claim),
        _ => kind_usage(object.kind()),
    }
}

/// What an object of a kind is charged for whatever it asks for.
pub fn kind_usage(kind: Kind) -> Usage {
    let names: &[&str] = match kind {
        Kind::Deployment => &["count/deployments.apps"],
        Kind::ReplicaSet => &["count/replicasets.apps"],
        Kind::StatefulSet => &["count/statefulsets.apps"],
        Kind::DaemonSet => &["count/daemonsets.apps"],
        Kind::Job => &["count/jobs.batch"],
        Kind::CronJob => &["count/cronjobs.batch"],
        Kind::Service => &["services", "count/services"],
        Kind::ConfigMap => &["configmaps", "count/configmaps"],
        Kind::Secret => &["secrets", "count/secrets"],
        Kind::ResourceQuota => &["resourcequotas", "count/resourcequotas"],
        Kind::PersistentVolumeClaim => &["persistentvolumeclaims", "count/persistentvolumeclaims"],
        Kind::PodDisruptionBudget => &["count/poddisruptionbudgets.policy"],
        Kind::HorizontalPodAutoscaler => &["count/horizontalpodautoscalers.autoscaling"],
        Kind::Rollout => &["count/rollouts.argoproj.io"],
        Kind::AnalysisTemplate => &["count/analysistemplates.argoproj.io"],
        Kind::AnalysisRun => &["count/analysisruns.argoproj.io"],
        Kind::LeaderWorkerSet => &["count/leaderworkersets.leaderworkerset.x-k8s.io"],
        _ => &[],
    };
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

/// What a claim is charged for.
pub fn claim_usage(claim: &ClaimSpec) -> Usage {
    let mut usage = kind_usage(Kind::PersistentVolumeClaim);
    usage.insert("requests.storage".to_owned(), claim.size_bytes);
    if let Some(class) = claim.class.as_deref().filter(|class| !class.is_empty()) {
        usage.insert(format!("{class}.storageclass.storage.k8s.io/requests.storage"), claim.size_bytes);
        usage.insert(format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"), 1);
    }
    usage
}

/// An amount as messages show it.
pub fn amount_text(name: &str, amount: u64) -> String {
    let base = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
    match base {
        "cpu" if amount.is_multiple_of(1000) => (amount / 1000).to_string(),
        "cpu" => format!("{amount}m"),
        "memory" | "ephemeral-storage" | "storage" => bytes_text(amount),
        _ if base.ends_with("/requests.storage") => bytes_text(amount),
        _ => amount.to_string(),
    }
}

fn bytes_text(bytes: u64) -> String {
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let whole = units.into_iter().find(|(_, shift)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    whole.map_or_else(|| bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

/// Why some amounts cannot be added to what is used, in the words of the API; `None`: they can.
pub fn exceeded(quota: &str, hard: &Usage, used: &Usage, asked: &Usage) -> Option<String> {
    let of = |usage: &Usage, name: &str| usage.get(name).copied().unwrap_or(0);
    let over: Vec<&String> =
        hard.keys().filter(|name| of(asked, name) > 0 && of(used, name) + of(asked, name) > hard[*name]).collect();
    if over.is_empty() {
        return None;
    }
    let list = |usage: &Usage| {
        let parts: Vec<String> =
            over.iter().map(|name| format!("{name}={}", amount_text(name, of(usage, name)))).collect();
        parts.join(",")
    };
    Some(format!("exceeded quota: {quota}, requested: {}, used: {}, limited: {}", list(asked), list(used), list(hard)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(parts: &[(&str, u64)]) -> Usage {
        parts.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
    }

    #[test]
    fn a_refusal_names_what_is_exceeded_alone() {
        let hard = usage(&[("pods", 10), ("requests.memory", 4 << 30), ("requests.nvidia.com/gpu", 4)]);
        let used = usage(&[("pods", 4), ("requests.memory", 3 << 30), ("requests.nvidia.com/gpu", 4)]);
        let asked = usage(&[("pods", 1), ("requests.memory", 2 << 30), ("requests.nvidia.com/gpu", 1)]);
        let refusal = "exceeded quota: team, requested: requests.memory=2Gi,requests.nvidia.com/gpu=1, \
                       used: requests.memory=3Gi,requests.nvidia.com/gpu=4, limited: requests.memory=4Gi,requests.nvidia.com/gpu=4";
        assert_eq!(exceeded("team", &hard, &used, &asked).as_deref(), Some(refusal));
        assert_eq!(exceeded("team", &hard, &Usage::new(), &asked), None);
    }

    #[test]
    fn what_a_quota_bounds_must_be_stated_by_every_container() {
        let mut template = PodTemplate::default();
        template.containers.push(Container { name: "app".into(), ..Container::default() });
        let hard = usage(&[("requests.cpu", 1000), ("requests.nvidia.com/gpu", 1)]);
        assert_eq!(not_stated(&template, &hard).as_deref(), Some("must specify requests.cpu for: app"));
        template.containers[0].requests.cpu_milli = 100;
        assert_eq!(not_stated(&template, &hard), None);
        assert!(!in_scope(&template, &[QuotaScope::BestEffort(true)]));
        assert!(in_scope(&template, &[QuotaScope::Terminating(false)]));
    }

    #[test]
    fn amounts_are_written_in_their_largest_whole_unit() {
        assert_eq!(amount_text("limits.cpu", 1500), "1500m");
        assert_eq!(amount_text("cpu", 2000), "2");
        assert_eq!(amount_text("requests.storage", 1536 << 20), "1536Mi");
    }
}
