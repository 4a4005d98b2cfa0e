//! Goal: with real containers on a real node a scenario starts, becomes ready, crashes, waits out its back-off and answers over
//! HTTP, and what the run tells of it is what the kubelet says. Method: scenarios run with the program as a user runs it, and
//! are left on the cluster; then the API is asked. `GREENROOM_TEST_NODE_CONTEXT` names the context of a cluster with a real node
//! that has the image of the stand-in (docs/testbed.md); without it these tests say that they were skipped.
#![cfg(feature = "live")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a cluster is asked in real time")]

use std::process::Command;

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod, Service};
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A run that was left on the cluster; it goes with the test.
struct Kept {
    context: String,
    id: String,
    /// The result as JSON.
    result: Value,
}

impl Kept {
    /// Runs a scenario and leaves what it made; `None` where there is no cluster for it.
    fn run(scenario: &str) -> Option<Kept> {
        let Ok(context) = std::env::var("GREENROOM_TEST_NODE_CONTEXT") else {
            println!("skipped: GREENROOM_TEST_NODE_CONTEXT is not set");
            return None;
        };
        let mut kept = Kept { context, id: greenroom::live::new_run_id(), result: Value::Null };
        let file = format!("{}/scenarios/{scenario}/scenario.yaml", env!("CARGO_MANIFEST_DIR"));
        let args = ["run", &file, "--context", &kept.context, "--run-id", &kept.id, "--keep", "--format", "json"];
        let output = Command::new(env!("CARGO_BIN_EXE_greenroom")).args(args).output().expect("the program starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}\n{}", String::from_utf8_lossy(&output.stdout));
        assert!(!told.contains("panicked"), "{told}");
        kept.result = serde_json::from_slice(&output.stdout).expect("the result is JSON");
        Some(kept)
    }

    fn namespace(&self) -> String {
        format!("greenroom-{}", self.id)
    }

    /// Asks the cluster.
    fn ask<T, F: Future<Output = kube::Result<T>>>(&self, question: impl FnOnce(Client) -> F) -> T {
        let runtime = Runtime::new().expect("a runtime can be made");
        runtime.block_on(async {
            let kubeconfig = Kubeconfig::read().expect("a kubeconfig");
            let options = KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("the context is known");
            question(Client::try_from(config).expect("a client can be made")).await.expect("the cluster answers")
        })
    }

    /// What the kubelet says of the only container of the only pod.
    fn container(&self) -> ContainerStatus {
        let pods = self.ask(async |client| {
            let pods: Api<Pod> = Api::namespaced(client, &self.namespace());
            pods.list(&ListParams::default()).await
        });
        assert_eq!(pods.items.len(), 1, "no pod was replaced");
        let mut containers =
            pods.items[0].status.clone().and_then(|status| status.container_statuses).unwrap_or_default();
        assert_eq!(containers.len(), 1);
        containers.remove(0)
    }

    /// The reason of the first entry about a subject that begins with these words.
    fn why(&self, subject: &str, begins: &str) -> String {
        let entries = self.result["entries"].as_array().expect("entries");
        let about =
            entries.iter().filter(|entry| entry["subject"] == subject).filter_map(|entry| entry["why"].as_str());
        let why = about.into_iter().find_map(|why| why.strip_prefix(begins));
        why.unwrap_or_else(|| panic!("{subject}: no {begins:?} in {entries:#?}")).to_owned()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let args = ["cleanup", "--context", &self.context, "--run", &self.id];
        let done = Command::new(env!("CARGO_BIN_EXE_greenroom")).args(args).output();
        if !done.is_ok_and(|output| output.status.success()) && !std::thread::panicking() {
            panic!("the run {} could not be cleaned up", self.id);
        }
    }
}

/// How the start before the present one ended.
fn last_end(container: &ContainerStatus) -> ContainerStateTerminated {
    container.last_state.clone().and_then(|state| state.terminated).expect("an earlier start ended")
}

#[test]
fn an_export_of_a_group_answers_over_http() {
    let Some(kept) = Kept::run("export-answers") else { return };
    let address = kept.why("deployment/catalogue", "exports internal_dns_name ");
    let name = address.split('.').next().expect("a name");
    let service: Service = kept.ask(async |client| Api::namespaced(client, &kept.namespace()).get(name).await);
    let port = service.spec.and_then(|spec| spec.ports).expect("a port")[0].port;
    // No DNS of the cluster is needed: the API server sends it to an endpoint of the Service.
    let path = format!("/api/v1/namespaces/{}/services/{name}:{port}/proxy/v1/items", kept.namespace());
    let answer = kept.ask(async |client| {
        let request = http::Request::get(&path).body(Vec::new()).expect("a request");
        client.request_text(request).await
    });
    assert_eq!(answer, "greenroom stand-in for deployment/catalogue\n");
}

#[test]
fn a_container_that_crashes_waits_out_its_back_off_and_becomes_ready() {
    let Some(kept) = Kept::run("crash-loop") else { return };
    let container = kept.container();
    assert_eq!((container.restart_count, container.ready), (3, true));
    let last = last_end(&container);
    assert_eq!(last.exit_code, 3);
    let started = container.state.and_then(|state| state.running).and_then(|running| running.started_at);
    let (ended, started) = (last.finished_at.expect("an end"), started.expect("a start"));
    let waited = started.0.as_second() - ended.0.as_second();
    assert!((19..40).contains(&waited), "the second back-off is 20 s: {waited} s");
}

#[test]
fn a_container_can_be_crashed_from_outside_and_starts_again_in_its_pod() {
    let Some(kept) = Kept::run("container-crash") else { return };
    let container = kept.container();
    assert_eq!((container.restart_count, container.ready), (1, true));
    assert_eq!(last_end(&container).exit_code, 137);
}
