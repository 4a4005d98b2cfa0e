//! The state as PaaSTA shows it: deployments.json in its second version, the git tags that it is made from, and what
//! `paasta status` says of each instance.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/generate_deployments_for_service.py and paasta_tools/instance/kubernetes.py.

use serde_json::{Map, Value, json};

use super::controller::Paasta;
use super::done::{Answer, DeployStatus};
use super::model::DesiredState;
use crate::workload::World;

/// What PaaSTA shows of a service.
pub fn state(paasta: &Paasta, world: &dyn World) -> Value {
    let epoch = paasta.options.rollout.epoch_seconds;
    let mut deployments = Map::new();
    for (group, (version, _)) in &paasta.memory.deployed {
        let entry = json!({
            "docker_image": version.image(paasta.name()),
            "git_sha": version.sha,
            "image_version": version.image_version,
        });
        deployments.insert(group.clone(), entry);
    }
    let mut controls = Map::new();
    let mut instances = Vec::new();
    for unit in 0..paasta.memory.instances.len() {
        let instance = paasta.setting(unit).instance;
        let desired_state = desired(instance.desired_state);
        let control = format!("{}:{}.{}", paasta.name(), instance.cluster, instance.name);
        controls.insert(control, json!({ "desired_state": desired_state, "force_bounce": null }));
        instances.push(status(paasta, unit, world));
    }
    let tags: Vec<String> = paasta.memory.tags.iter().map(|tag| tag.text(epoch)).collect();
    let shown = json!({
        "service": paasta.name(),
        "deployments.json": { "v2": { "deployments": deployments, "controls": controls } },
        "tags": tags,
        "instances": instances,
    });
    json!({ "services": [shown] })
}

const fn desired(state: DesiredState) -> &'static str {
    match state {
        DesiredState::Start => "start",
        DesiredState::Stop => "stop",
    }
}

fn status(paasta: &Paasta, unit: usize, world: &dyn World) -> Value {
    let instance = paasta.setting(unit).instance;
    let deployed = paasta.memory.deployed.get(&instance.deploy_group).map(|(version, _)| version);
    let answer = deployed.map_or(Answer::NotFound, |version| paasta.answer(unit, version, world));
    let mut shown = json!({
        "cluster": instance.cluster,
        "instance": instance.name,
        "deploy_group": instance.deploy_group,
        "git_sha": deployed.map(|version| version.sha.clone()),
        "desired_state": desired(instance.desired_state),
    });
    let Value::Object(fields) = &mut shown else { return shown };
    let Answer::Status(status) = answer else {
        fields.insert("error_message".to_owned(), json!("instance not found"));
        return shown;
    };
    let word = match status.deploy_status {
        DeployStatus::Running => "Running",
        DeployStatus::Deploying => "Deploying",
        DeployStatus::Waiting => "Waiting",
        DeployStatus::Stopped => "Stopped",
    };
    let bouncing = status.others_are_active || !status.target_is_active;
    fields.insert("expected_instance_count".to_owned(), json!(status.expected));
    fields.insert("running_instance_count".to_owned(), json!(status.running));
    fields.insert("deploy_status".to_owned(), json!(word));
    fields.insert("bouncing".to_owned(), json!(bouncing));
    shown
}
