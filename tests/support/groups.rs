//! Generated groups of OCI AI Blueprints, as JSON texts: valid ones, and ones with a known fault.

use proptest::prelude::*;

/// A generated group.
#[derive(Clone, Debug)]
pub struct Group {
    /// The document.
    pub text: String,
    /// For each member, the members that it depends on, by position; only earlier ones in a valid group.
    pub dependencies: Vec<Vec<usize>>,
    /// GPUs a pod of each member.
    pub gpus: Vec<u32>,
    /// Pods of each member.
    pub replicas: Vec<u32>,
    /// True for members that are jobs.
    pub jobs: Vec<bool>,
}

/// The name of the member at a position.
pub fn name(position: usize) -> String {
    format!("m{position}")
}

/// The parts of one member.
#[derive(Clone, Debug)]
struct Member {
    dependencies: Vec<usize>,
    job: bool,
    replicas: u32,
    gpus: u32,
    refers: bool,
    probe: bool,
}

fn member(position: usize) -> impl Strategy<Value = Member> {
    let dependencies = proptest::collection::btree_set(0..position.max(1), 0..=position.min(3));
    let parts = (dependencies, proptest::bool::weighted(0.2), 1u32..4, 0u32..3, any::<bool>(), any::<bool>());
    parts.prop_map(move |(dependencies, job, replicas, gpus, refers, probe)| Member {
        dependencies: if position == 0 { Vec::new() } else { dependencies.into_iter().collect() },
        job,
        replicas,
        gpus,
        refers,
        probe,
    })
}

fn render(members: &[Member]) -> Group {
    let services: Vec<bool> = members.iter().map(|member| !member.job).collect();
    let deployments: Vec<String> =
        members.iter().enumerate().map(|(position, member)| deployment(position, member, &services)).collect();
    let text = format!(r#"{{"deployment_group":{{"name":"generated","deployments":[{}]}}}}"#, deployments.join(","));
    Group {
        text,
        dependencies: members.iter().map(|member| member.dependencies.clone()).collect(),
        gpus: members.iter().map(|member| member.gpus).collect(),
        replicas: members.iter().map(|member| member.replicas).collect(),
        jobs: members.iter().map(|member| member.job).collect(),
    }
}

fn deployment(position: usize, member: &Member, services: &[bool]) -> String {
    let list = |items: Vec<String>| items.join(",");
    let depends_on = list(member.dependencies.iter().map(|one| format!("\"{}\"", name(*one))).collect());
    let referred = member.dependencies.iter().filter(|one| member.refers && services[**one]);
    let environment = list(
        referred
            .map(|one| {
                format!(r#"{{"key":"URL_{one}","value":"http://${{{}.internal_dns_name}}/${{SHELL}}"}}"#, name(*one))
            })
            .collect(),
    );
    let mode = if member.job { "job" } else { "service" };
    let exports = if member.job { "" } else { "\"internal_dns_name\"" };
    let shape = if member.gpus > 0 { "VM.GPU.A10.2" } else { "VM.Standard.E4.Flex" };
    let gpus = if member.gpus > 0 { format!(r#","recipe_nvidia_gpu_count":{}"#, member.gpus) } else { String::new() };
    let probe =
        r#","recipe_readiness_probe_params":{"endpoint_path":"/health","initial_delay_seconds":1,"period_seconds":5}"#;
    let probe = if member.probe && !member.job { probe } else { "" };
    format!(
        r#"{{"name":"{}","depends_on":[{depends_on}],"exports":[{exports}],"recipe":{{"recipe_mode":"{mode}",
        "deployment_name":"d{position}","recipe_image_uri":"image-{position}:1","recipe_container_port":"8000",
        "recipe_node_shape":"{shape}","recipe_replica_count":{},"recipe_container_env":[{environment}]{gpus}{probe}}}}}"#,
        name(position),
        member.replicas
    )
}

fn members(most: usize) -> impl Strategy<Value = Vec<Member>> {
    (1..=most).prop_flat_map(|count| (0..count).map(member).collect::<Vec<_>>())
}

/// Groups that are accepted.
pub fn valid(most: usize) -> impl Strategy<Value = Group> {
    members(most).prop_map(|members| render(&members))
}

/// Groups with a cycle: a member depends on a later one that depends on it.
pub fn cyclic(most: usize) -> impl Strategy<Value = Group> {
    (members(most), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(mut members, from, to)| {
        let count = members.len();
        let (a, b) = (from.index(count), to.index(count));
        let (first, last) = (a.min(b), a.max(b));
        if !members[first].dependencies.contains(&last) {
            members[first].dependencies.push(last);
        }
        if first != last && !members[last].dependencies.contains(&first) {
            members[last].dependencies.push(first);
        }
        render(&members)
    })
}

/// Texts near a group: a valid one with a piece cut out, doubled or replaced.
pub fn broken(most: usize) -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just(""),
        Just("null"),
        Just("-1"),
        Just("1e999"),
        Just("99999999999999999999"),
        Just("\"${m0.x}\""),
        Just("\"${m9.internal_dns_name}\""),
        Just("[]"),
        Just("{}"),
        Just("é"),
        Just("\\u0000"),
    ];
    (valid(most), any::<prop::sample::Index>(), 0usize..40, pieces).prop_map(|(group, from, length, piece)| {
        let characters: Vec<char> = group.text.chars().collect();
        let start = from.index(characters.len());
        let end = (start + length).min(characters.len());
        let head: String = characters[..start].iter().collect();
        let tail: String = characters[end..].iter().collect();
        format!("{head}{piece}{tail}")
    })
}
