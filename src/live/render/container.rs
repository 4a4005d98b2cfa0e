//! The containers of a pod: as the document has them, or a stand-in for each.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::figures::{quantities, some};
use super::template::Played;
use super::{Draft, Unsupported};
use crate::kernel::Duration;
use crate::live::conduct::{Conduct, PORT, Role, STATE_FOLDER, pull_arguments, stand_in_arguments};
use crate::workload::{Container, EnvironmentSource, PodTemplate, Probe, Resources, RestartPolicy};

/// The container that stands for the pulls of images, and the volume in which stand-ins count their starts.
const PULL: &str = "greenroom-pull";
const STATE: &str = "greenroom-state";

/// The containers of a pod.
pub struct Containers {
    /// Those that run before the others.
    pub init: Vec<core::Container>,
    /// The others.
    pub main: Vec<core::Container>,
    /// Volumes that stand-ins need.
    pub volumes: Vec<core::Volume>,
}

/// The containers of a template; `mounts` go to the first, because a kubelet sees to mounted volumes alone.
pub(super) fn containers(
    draft: &Draft<'_>,
    from: &PodTemplate,
    mounts: Vec<core::VolumeMount>,
    played: Option<&Played<'_>>,
) -> Result<Containers, Unsupported> {
    let mut made = Containers { init: Vec::new(), main: Vec::new(), volumes: Vec::new() };
    let image = played.and_then(|played| played.image);
    if let (Some(played), Some(image)) = (played, image) {
        made.init.extend(pull(draft, from, played, image));
    }
    for (one, index) in from.init_containers.iter().chain(&from.containers).zip(0_u16..) {
        if played.is_some() && one.never_pulls {
            let what = format!("imagePullPolicy Never of container {}", one.name);
            return Err(draft.unsupported(&what, "no image is looked for, so that none can be missing: leave it out"));
        }
        let place = usize::from(index);
        let is_init = place < from.init_containers.len();
        let port = PORT.saturating_add(port_number(from, index));
        let mut container = container(draft, one, is_init, port)?;
        if let (Some(played), Some(image)) = (played, image) {
            let conduct = played.conduct.init.iter().chain(&played.conduct.main).nth(place);
            let conduct = conduct.expect("each container has its conduct");
            let role = role(from.restart_policy, one, is_init);
            stand_in(draft, &mut container, (conduct, role, port), image, from);
            if conduct.counts_starts(role) {
                container.volume_mounts.get_or_insert_default().push(core::VolumeMount {
                    name: STATE.to_owned(),
                    mount_path: STATE_FOLDER.to_owned(),
                    sub_path: Some(one.name.clone()),
                    ..core::VolumeMount::default()
                });
            }
        }
        if is_init { made.init.push(container) } else { made.main.push(container) }
    }
    let counts = |one: &core::Container| one.volume_mounts.iter().flatten().any(|mount| mount.name == STATE);
    if made.init.iter().chain(&made.main).any(counts) {
        made.volumes.push(core::Volume {
            name: STATE.to_owned(),
            empty_dir: Some(core::EmptyDirVolumeSource::default()),
            ..core::Volume::default()
        });
    }
    if let Some(first) = made.main.first_mut() {
        first.volume_mounts =
            some(mounts.into_iter().chain(first.volume_mounts.take().into_iter().flatten()).collect());
        let ports = from.host_ports.iter().map(|(port, protocol)| core::ContainerPort {
            container_port: i32::from(*port),
            host_port: Some(i32::from(*port)),
            protocol: Some(protocol.clone()),
            ..core::ContainerPort::default()
        });
        first.ports = some(first.ports.take().into_iter().flatten().chain(ports).collect());
    }
    Ok(made)
}

/// The number of a container's port: Services send to that of the first that is no init container, and behind them come those
/// that run before the others.
fn port_number(from: &PodTemplate, index: u16) -> u16 {
    let count = |containers: &[Container]| u16::try_from(containers.len()).unwrap_or(u16::MAX);
    let init = count(&from.init_containers);
    if index < init { count(&from.containers).saturating_add(index) } else { index - init }
}

const fn role(policy: RestartPolicy, one: &Container, is_init: bool) -> Role {
    match policy {
        _ if is_init && !one.sidecar => Role::Init,
        RestartPolicy::Always => Role::Serves,
        // A sidecar goes on until the others have ended.
        _ if is_init || one.runs_on => Role::Serves,
        RestartPolicy::OnFailure => Role::Ends { again: true },
        RestartPolicy::Never => Role::Ends { again: false },
    }
}

fn container(draft: &Draft<'_>, from: &Container, is_init: bool, port: u16) -> Result<core::Container, Unsupported> {
    let field = |name: &str| format!("{name} of container {}", from.name);
    let probe = |probe: &Option<Probe>, name: &str| {
        probe.as_ref().map(|probe| self::probe(draft, probe, port, &field(name))).transpose()
    };
    let lifecycle = match from.pre_stop {
        Duration::ZERO => None,
        length => {
            let sleep = core::SleepAction { seconds: draft.seconds(length, &field("preStop"))? };
            let hook = core::LifecycleHandler { sleep: Some(sleep), ..core::LifecycleHandler::default() };
            Some(core::Lifecycle { pre_stop: Some(hook), ..core::Lifecycle::default() })
        }
    };
    Ok(core::Container {
        name: from.name.clone(),
        image: Some(from.image.clone()),
        image_pull_policy: from.never_pulls.then(|| "Never".to_owned()),
        env_from: some(from.environment.iter().map(environment).collect()),
        lifecycle,
        liveness_probe: probe(&from.liveness_probe, "livenessProbe")?,
        readiness_probe: probe(&from.readiness_probe, "readinessProbe")?,
        startup_probe: probe(&from.startup_probe, "startupProbe")?,
        resources: resources(from),
        restart_policy: (is_init && from.sidecar).then(|| "Always".to_owned()),
        ..core::Container::default()
    })
}

/// Requests and limits. What cannot be overcommitted has a limit even where a system says only what it requests: the API asks
/// for one (k8s.io/kubernetes v1.36.3, pkg/apis/core/validation/validation.go, validateContainerResourceRequirements).
fn resources(from: &Container) -> Option<core::ResourceRequirements> {
    let mut limits = from.limits.clone();
    for (name, amount) in &from.requests.extended {
        limits.extended.entry(name.clone()).or_insert(*amount);
    }
    let (requests, limits) = (quantities(&from.requests), quantities(&limits));
    (requests.is_some() || limits.is_some()).then_some(core::ResourceRequirements { claims: None, requests, limits })
}

fn environment(from: &EnvironmentSource) -> core::EnvFromSource {
    let mut source = core::EnvFromSource::default();
    match from {
        EnvironmentSource::ConfigMap { name, optional } => {
            let optional = optional.then_some(true);
            source.config_map_ref = Some(core::ConfigMapEnvSource { name: name.clone(), optional });
        }
        EnvironmentSource::Secret { name, optional } => {
            let optional = optional.then_some(true);
            source.secret_ref = Some(core::SecretEnvSource { name: name.clone(), optional });
        }
    }
    source
}

/// A probe that asks the stand-in, with the model's timing.
fn probe(draft: &Draft<'_>, from: &Probe, port: u16, field: &str) -> Result<core::Probe, Unsupported> {
    let seconds = |length, name: &str| draft.short_seconds(length, &format!("{name} of {field}"));
    let get = core::HTTPGetAction {
        path: Some("/".to_owned()),
        port: IntOrString::Int(i32::from(port)),
        ..core::HTTPGetAction::default()
    };
    Ok(core::Probe {
        http_get: Some(get),
        initial_delay_seconds: Some(seconds(from.initial_delay, "initialDelaySeconds")?).filter(|delay| *delay > 0),
        period_seconds: Some(seconds(from.period, "periodSeconds")?),
        timeout_seconds: Some(seconds(from.timeout, "timeoutSeconds")?),
        success_threshold: Some(draft.count(from.success_threshold, field)?),
        failure_threshold: Some(draft.count(from.failure_threshold, field)?),
        ..core::Probe::default()
    })
}

/// Puts a stand-in in the place of what the container runs.
fn stand_in(
    draft: &Draft<'_>,
    container: &mut core::Container,
    (conduct, role, port): (&Conduct, Role, u16),
    image: &str,
    from: &PodTemplate,
) {
    let name = from.serves.map_or_else(|| draft.show(), |serves| serves.show(draft.names));
    container.args = Some(stand_in_arguments(conduct, role, port, &name));
    put_image(container, image);
    if role != Role::Init {
        let listens = core::ContainerPort { container_port: i32::from(port), ..core::ContainerPort::default() };
        container.ports = Some(vec![listens]);
    }
}

fn put_image(container: &mut core::Container, image: &str) {
    container.image = Some(image.to_owned());
    container.image_pull_policy = Some("IfNotPresent".to_owned());
}

/// The container that takes as long as the pulls of a pod, before all others. It asks for as much as the first of them does, so that
/// quotas count it and the pod asks for no more; devices are left to those that use them.
fn pull(draft: &Draft<'_>, from: &PodTemplate, played: &Played<'_>, image: &str) -> Option<core::Container> {
    let all = played.conduct.init.iter().chain(&played.conduct.main);
    let length = all.fold(Duration::ZERO, |sum, one| sum + one.pull);
    if length.is_zero() {
        return None;
    }
    let plain = |resources: &Resources| Resources { extended: Default::default(), ..resources.clone() };
    let first = from.containers.first()?;
    let like = Container { requests: plain(&first.requests), limits: plain(&first.limits), ..Container::default() };
    let mut container = core::Container {
        name: PULL.to_owned(),
        args: Some(pull_arguments(length, &draft.show())),
        resources: resources(&like),
        ..core::Container::default()
    };
    put_image(&mut container, image);
    Some(container)
}
