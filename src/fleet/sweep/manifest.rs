//! A sweep as a Kubernetes Job: an Indexed Job has a pod a shard, and a pod that fails is tried again by itself (`backoffLimitPerIndex`,
//! Kubernetes 1.33). The shard's file goes on where the pod before it was killed. The documents come from a ConfigMap that the user
//! makes of the files: what stands in them is not repeated here, as it may be secret.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, EnvFromSource, KeyToPath, PersistentVolumeClaimVolumeSource,
    PodSecurityContext, PodSpec, PodTemplateSpec, ResourceRequirements, SeccompProfile, SecretEnvSource,
    SecurityContext, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The label that Kueue takes a Job by: kueue.sigs.k8s.io, "Run a Job".
const QUEUE: &str = "kueue.x-k8s.io/queue-name";
/// Where a pod finds the scenario, and where it writes.
const SCENARIO_FOLDER: &str = "/scenario";
const RESULTS_FOLDER: &str = "/results";
/// The user that the pods run as: nobody's.
const USER: i64 = 65_532;
/// The most shards: parallelism of an Indexed Job has this bound, and `backoffLimitPerIndex` with it
/// (kubernetes, pkg/apis/batch/validation/validation.go, 1.36).
pub const SHARDS_MAX: u64 = 100_000;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The name of the Job.
    pub name: String,
    /// Its namespace, if it is not left to `kubectl`.
    pub namespace: Option<String>,
    /// The image, which has `greenroom`.
    pub image: String,
    /// How many shards.
    pub shards: u64,
    /// How many pods at a time.
    pub parallelism: u64,
    /// How often a shard is tried again.
    pub retries: u32,
    /// The queue of Kueue.
    pub queue: Option<String>,
    /// Where the results go.
    pub results: Results,
    /// The ConfigMap with the scenario and its documents.
    pub config_map: String,
    /// Processors of a pod.
    pub cpu: u32,
    /// Memory of a pod: `1Gi`.
    pub memory: String,
    /// The scenario's file from its folder on, and its documents likewise.
    pub files: Vec<String>,
    /// The options that say which runs the sweep has.
    pub options: Vec<String>,
}

/// Where shards are written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Results {
    /// A volume, by the name of its claim.
    Claim(String),
    /// Object storage.
    Store {
        /// The folder.
        url: String,
        /// The Secret with its credentials.
        secret: Option<String>,
    },
}

/// The key that a file has in the ConfigMap, where keys have no slashes.
pub fn key(file: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    file.replace('/', "__").chars().map(|letter| if fits(letter) { letter } else { '_' }).collect()
}

/// The Job.
pub fn job(wanted: &Wanted) -> Job {
    let mut labels = BTreeMap::from([("app.kubernetes.io/name".to_owned(), "greenroom-sweep".to_owned())]);
    let template_labels = labels.clone();
    labels.extend(wanted.queue.iter().map(|queue| (QUEUE.to_owned(), queue.clone())));
    let scenario = wanted.files.first().map_or("scenario.yaml", String::as_str);
    let words = ["sweep".to_owned(), format!("{SCENARIO_FOLDER}/{scenario}")];
    let folder = match &wanted.results {
        Results::Claim(_) => RESULTS_FOLDER.to_owned(),
        Results::Store { url, .. } => literal(url),
    };
    // The kubelet puts the number of the pod here: "Variables that reference others" of the API's EnvVar.
    let shard = [
        "--shard".to_owned(),
        format!("$(JOB_COMPLETION_INDEX)/{}", wanted.shards),
        "--out".to_owned(),
        format!("{folder}/{}-$(JOB_COMPLETION_INDEX)-of-{}.ndjson", wanted.name, wanted.shards),
    ];
    let args: Vec<String> =
        words.into_iter().chain(wanted.options.iter().map(|one| literal(one))).chain(shard).collect();
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let resources = BTreeMap::from([
        ("cpu".to_owned(), Quantity(wanted.cpu.to_string())),
        ("memory".to_owned(), Quantity(wanted.memory.clone())),
    ]);
    let (claim, secret) = match &wanted.results {
        Results::Claim(claim) => (Some(claim), None),
        Results::Store { secret, .. } => (None, secret.as_ref()),
    };
    let mounts = [mount("scenario", SCENARIO_FOLDER, true)].into_iter();
    let mounts = mounts.chain(claim.map(|_| mount("results", RESULTS_FOLDER, false)));
    let container = Container {
        name: "sweep".to_owned(),
        image: Some(wanted.image.clone()),
        command: Some(vec!["greenroom".to_owned()]),
        args: Some(args),
        resources: Some(ResourceRequirements {
            limits: Some(BTreeMap::from([("memory".to_owned(), Quantity(wanted.memory.clone()))])),
            requests: Some(resources),
            ..ResourceRequirements::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
            ..SecurityContext::default()
        }),
        env_from: secret.map(|secret| {
            vec![EnvFromSource {
                secret_ref: Some(SecretEnvSource { name: secret.clone(), optional: None }),
                ..EnvFromSource::default()
            }]
        }),
        volume_mounts: Some(mounts.collect()),
        ..Container::default()
    };
    let items = wanted.files.iter().map(|file| KeyToPath { key: key(file), path: file.clone(), mode: None });
    let documents = Volume {
        name: "scenario".to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: wanted.config_map.clone(),
            items: Some(items.collect()),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    };
    let results = claim.map(|claim| Volume {
        name: "results".to_owned(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource { claim_name: claim.clone(), read_only: None }),
        ..Volume::default()
    });
    let pod = PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container],
        restart_policy: Some("Never".to_owned()),
        // What namespaces ask for whose pod security is `restricted`; the program needs no user of its own.
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
            ..PodSecurityContext::default()
        }),
        volumes: Some([documents].into_iter().chain(results).collect()),
        ..PodSpec::default()
    };
    let metadata = ObjectMeta {
        name: Some(wanted.name.clone()),
        namespace: wanted.namespace.clone(),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    Job {
        metadata,
        spec: Some(JobSpec {
            backoff_limit_per_index: Some(wanted.retries as i32),
            completion_mode: Some("Indexed".to_owned()),
            completions: Some(wanted.shards as i32),
            parallelism: Some(wanted.parallelism as i32),
            // Kueue starts what it has room for.
            suspend: wanted.queue.is_some().then_some(true),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(template_labels), ..ObjectMeta::default() }),
                spec: Some(pod),
            },
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// A text as the API takes it for itself: a dollar sign begins a variable unless there are two.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_no_slashes_and_texts_no_variables() {
        assert_eq!(key("manifests/web v1.yaml"), "manifests__web_v1.yaml");
        assert_eq!(literal("labels[$(HOME)]=a"), "labels[$$(HOME)]=a");
    }
}
