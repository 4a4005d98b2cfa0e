//! What `sweep manifest` prints: an API takes the Job as it stands there, and makes its pods as the shards of the sweep.

use k8s_openapi::api::batch::v1::Job;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use crate::ground::{ground, share};
use crate::play::greenroom;
use crate::scenarios;

/// The Job that is printed, with more options.
fn job(more: &[&str]) -> Value {
    let scenario = scenarios::root().join("scenarios/llama-stack/scenario.yaml");
    let mut command = greenroom();
    command.args(["sweep", "manifest"]).arg(scenario).args([
        "--vary",
        "cluster.nodes[a10].count=2..16",
        "--samples",
        "1000",
    ]);
    let output = command.args(["--shards", "100", "--image", "greenroom:1", "--claim", "results"]).args(more).output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_saphyr::from_str(&String::from_utf8(output.stdout).expect("text")).expect("YAML")
}

#[test]
fn an_api_takes_the_job_of_a_sweep() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let namespace = "greenroom-sweeps";
    // As strict as there is: a Job that asks for more than its pods need would be warned of.
    let _made = ground.namespace(namespace, json!({ "pod-security.kubernetes.io/enforce": "restricted" }));
    let jobs: Api<Job> = Api::namespaced(ground.client.clone(), namespace);
    for more in [&[][..], &["--queue", "planning", "--parallelism", "7", "--retries", "0", "--name", "other"]] {
        let job = job(more);
        let name = job["metadata"]["name"].as_str().expect("a name").to_owned();
        let params = PatchParams {
            dry_run: true,
            field_validation: Some(kube::api::ValidationDirective::Strict),
            ..PatchParams::apply("test").force()
        };
        let taken = ground.runtime.block_on(jobs.patch(&name, &params, &Patch::Apply(&job)));
        let spec = taken.unwrap_or_else(|error| panic!("{error}\n{job:#}")).spec.expect("a spec");
        assert_eq!((spec.completions, spec.completion_mode.as_deref()), (Some(100), Some("Indexed")));
        assert_eq!(spec.backoff_limit_per_index, Some(if more.is_empty() { 3 } else { 0 }));
    }
}
