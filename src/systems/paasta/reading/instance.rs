//! An instance: what a copy needs, how many there are, how they are probed and drained.
//! Defaults are those of paasta_tools/utils.py and long_running_service_tools.py, which differ from the schemas' for CPU and
//! memory: the code decides.

use super::folder::{Folder, Origin, Role};
use super::{Fields, bounce, interpolate, placement};
use crate::kernel::Duration;
use crate::systems::paasta::model::{DesiredState, Drain, Healthcheck, Instance, InstanceKind, MetricsProvider, Size};
use crate::text::Node;

/// get_cpus of paasta_tools/utils.py.
pub const CPUS_MILLI: u64 = 1000;
/// get_mem.
pub const MEM_BYTES: u64 = 4096 << 20;
/// get_disk.
pub const DISK_BYTES: u64 = 1024 << 20;

/// Reads one.
pub fn read(folder: &Folder, origin: &Origin<'_>) -> Instance {
    let fields = &origin.fields;
    let kind = match origin.file.role {
        Role::Instances(kind) => kind,
        _ => InstanceKind::Kubernetes,
    };
    let name = origin.key.text.clone();
    let set_group = fields.text("deploy_group");
    let values = [("cluster", origin.cluster), ("instance", &name), ("service", &folder.name)];
    // A group that cannot be formatted is told of by the checks.
    let deploy_group = set_group
        .as_deref()
        .and_then(|group| interpolate::format(group, &values).ok())
        .unwrap_or_else(|| format!("{}.{name}", origin.cluster));
    Instance {
        place: origin.file.source.place(origin.key.span),
        cluster: origin.cluster.to_owned(),
        kind,
        deploy_group,
        deploy_group_is_set: set_group.is_some(),
        cpus_milli: fields.milli("cpus").unwrap_or(CPUS_MILLI),
        cpu_burst_add_milli: fields.milli("cpu_burst_add"),
        mem_bytes: fields.mebibytes("mem").unwrap_or(MEM_BYTES),
        disk_bytes: fields.mebibytes("disk").unwrap_or(DISK_BYTES),
        gpus: fields.count("gpus").unwrap_or(0),
        size: size(fields),
        bounce: bounce::read(fields),
        drain: drain(fields),
        healthcheck: healthcheck(fields),
        registrations: registrations(&folder.name, &name, fields),
        weight: fields.count("weight"),
        placement: placement::read(fields),
        namespace: fields.text("namespace"),
        desired_state: match fields.get("desired_state").and_then(Node::as_str) {
            Some("stop") => DesiredState::Stop,
            _ => DesiredState::Start,
        },
        has_ebs_volumes: !fields.list("aws_ebs_volumes").is_empty(),
        has_persistent_volumes: !fields.list("persistent_volumes").is_empty(),
        name,
    }
}

/// get_registrations of paasta_tools/long_running_service_tools.py.
fn registrations(service: &str, name: &str, fields: &Fields<'_>) -> Vec<String> {
    let given = fields.texts("registrations");
    if !given.is_empty() {
        return given;
    }
    let namespace = fields.text("nerve_ns").unwrap_or_else(|| name.to_owned());
    vec![format!("{service}.{namespace}")]
}

fn size(fields: &Fields<'_>) -> Size {
    let providers = fields.map("autoscaling");
    let providers = providers.as_ref().map(|autoscaling| autoscaling.list("metrics_providers")).unwrap_or_default();
    Size {
        instances: fields.count("instances").unwrap_or(1),
        min: fields.count("min_instances").unwrap_or(1),
        max: fields.count("max_instances"),
        metrics_providers: providers.iter().map(provider).collect(),
    }
}

fn provider(node: &Node) -> MetricsProvider {
    let fields = Fields::new(node, None);
    MetricsProvider {
        kind: fields.text("type").unwrap_or_else(|| "cpu".to_owned()),
        setpoint: fields.decimal("setpoint"),
        desired_active_requests_per_replica: fields.decimal("desired_active_requests_per_replica"),
        decision_policy: fields.text("decision_policy"),
    }
}

fn drain(fields: &Fields<'_>) -> Drain {
    let lifecycle = fields.map("lifecycle");
    let of_lifecycle = |key: &str| lifecycle.as_ref().and_then(|lifecycle| lifecycle.seconds(key));
    let command = lifecycle.as_ref().and_then(|lifecycle| lifecycle.get("pre_stop_command"));
    Drain {
        method: fields.text("drain_method"),
        delay: fields.map("drain_method_params").and_then(|params| params.seconds("delay")),
        pre_stop_drain: of_lifecycle("pre_stop_drain_seconds"),
        pre_stop_command: match (command, &lifecycle) {
            (Some(command), _) if command.as_str().is_some() => {
                command.as_str().map(str::to_owned).into_iter().collect()
            }
            (_, Some(lifecycle)) => lifecycle.texts("pre_stop_command"),
            _ => Vec::new(),
        },
        waits_for_connections: lifecycle
            .as_ref()
            .and_then(|lifecycle| lifecycle.truth("pre_stop_wait_for_connections_to_complete"))
            .unwrap_or(false),
        termination_grace: of_lifecycle("termination_grace_period_seconds"),
    }
}

fn healthcheck(fields: &Fields<'_>) -> Healthcheck {
    let seconds = |key: &str, default: u64| fields.seconds(key).unwrap_or(Duration::from_secs(default));
    Healthcheck {
        mode: fields.text("healthcheck_mode"),
        uri: fields.text("healthcheck_uri").unwrap_or_else(|| "/status".to_owned()),
        cmd: fields.text("healthcheck_cmd"),
        interval: seconds("healthcheck_interval_seconds", 10),
        timeout: seconds("healthcheck_timeout_seconds", 10),
        grace: seconds("healthcheck_grace_period_seconds", 60),
        max_consecutive_failures: fields.count("healthcheck_max_consecutive_failures").unwrap_or(30),
    }
}
