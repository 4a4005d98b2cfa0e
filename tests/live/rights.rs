//! The rights of docs/live.md: they are enough for a run and its cleanup, and without them it is told what is lacking.

use std::fs;
use std::path::PathBuf;

use greenroom::live::access::cluster_role;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::config::Kubeconfig;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ground::{Ground, ground, share};
use crate::play::{Scenario, Started, end, greenroom, web};

/// A service account with a kubeconfig of its own. All of it goes with the test.
struct Account<'a> {
    ground: &'a Ground,
    name: String,
    folder: TempDir,
}

impl<'a> Account<'a> {
    fn new(ground: &'a Ground, name: &str, role: Option<Value>) -> Account<'a> {
        let name = format!("live-test-{name}-{}", std::process::id());
        let apply = PatchParams::apply("test").force();
        let client = || ground.client.clone();
        let token = ground.runtime.block_on(async {
            let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
            Api::<Namespace>::all(client()).patch(&name, &apply, &Patch::Apply(namespace)).await?;
            let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name } });
            let accounts = Api::<ServiceAccount>::namespaced(client(), &name);
            accounts.patch(&name, &apply, &Patch::Apply(account)).await?;
            if let Some(mut role) = role {
                role["metadata"]["name"] = json!(name);
                Api::<ClusterRole>::all(client()).patch(&name, &apply, &Patch::Apply(role)).await?;
                let group = "rbac.authorization.k8s.io";
                let binding = json!({
                    "apiVersion": format!("{group}/v1"),
                    "kind": "ClusterRoleBinding",
                    "metadata": { "name": name },
                    "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": name },
                    "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": name }],
                });
                Api::<ClusterRoleBinding>::all(client()).patch(&name, &apply, &Patch::Apply(binding)).await?;
            }
            let spec = TokenRequestSpec { expiration_seconds: Some(3600), ..TokenRequestSpec::default() };
            let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
            accounts.create_token_request(&name, &PostParams::default(), &request).await
        });
        let token = token.expect("an account can be made").status.expect("a token").token;
        let account = Account { ground, name, folder: tempfile::tempdir().expect("a folder can be made") };
        account.write_kubeconfig(&token.expect("a token"));
        account
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The administrator's kubeconfig with another token.
    fn write_kubeconfig(&self, token: &str) {
        let file = Kubeconfig::read_from(&self.ground.kubeconfig).expect("the kubeconfig can be read");
        let context = file.contexts.iter().find(|one| one.name == self.ground.context).expect("the context");
        let cluster = &context.context.as_ref().expect("a context").cluster;
        let cluster = file.clusters.iter().find(|one| &one.name == cluster).expect("its cluster");
        let limited = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "users": [{ "name": "limited", "user": { "token": token } }],
            "contexts": [{ "name": "limited", "context": { "cluster": cluster.name, "user": "limited" } }],
        });
        fs::write(self.kubeconfig(), limited.to_string()).expect("a file can be written");
    }

    fn greenroom(&self, verb: &str) -> std::process::Command {
        let mut command = greenroom();
        command.env("KUBECONFIG", self.kubeconfig()).args([verb, "--context", "limited"]);
        command
    }

    fn start(&self, scenario: &Scenario, more: &[&str]) -> Started {
        Started::new(self.greenroom("run").arg(scenario.file()).arg("--fake-nodes").args(more))
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        let (client, name) = (|| self.ground.client.clone(), self.name.as_str());
        self.ground.runtime.block_on(async {
            let now = DeleteParams::default();
            // What a test that failed has not made cannot be deleted.
            let _ = Api::<ClusterRoleBinding>::all(client()).delete(name, &now).await;
            let _ = Api::<ClusterRole>::all(client()).delete(name, &now).await;
            let _ = Api::<Namespace>::all(client()).delete(name, &now).await;
        });
    }
}

fn role() -> Value {
    serde_saphyr::from_str(&cluster_role()).expect("the role is YAML")
}

#[test]
fn all_rights_that_are_lacking_are_told_at_once() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let account = Account::new(&ground, "nobody", None);
    let scenario = web("5s", "");
    let started = account.start(&scenario, &[]);
    let run = started.run.clone();
    let ended = started.end();
    ended.expect_message(5, &["not allowed", "docs/live.md"]);
    for resource in ["namespaces", "pods", "secrets", "deployments.apps", "pods/eviction", "priorityclasses"] {
        assert!(ended.said.contains(resource), "{resource} is not told: {}", ended.said);
    }
    ground.expect_nothing_of(&run);
    end(&mut account.greenroom("cleanup")).expect_message(5, &["not allowed", "namespaces"]);
    end(&mut account.greenroom("doctor")).expect(5, &["fail  rights"]);
}

#[test]
fn a_right_that_is_taken_away_is_missed() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let mut role = role();
    let rules = role["rules"].as_array_mut().expect("rules");
    rules.retain(|rule| !rule["resources"].to_string().contains("\"jobs\""));
    let account = Account::new(&ground, "jobless", Some(role));
    let scenario = web("5s", "");
    let ended = account.start(&scenario, &[]).end();
    ended.expect_message(5, &["not allowed: list, watch, create, patch, delete jobs.batch", "cronjobs.batch"]);
    assert!(!ended.said.contains("deployments"), "only jobs are lacking: {}", ended.said);
}

/// A rolling update, a drain with a budget, a taint, a quota, a Job, storage, scaling: all that a document can make and a fault can do
/// on fake nodes.
#[test]
fn the_role_of_the_page_is_enough() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let account = Account::new(&ground, "player", Some(role()));
    let more = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { a: b }
---
apiVersion: v1
kind: Secret
metadata: { name: web }
stringData: { a: b }
---
apiVersion: batch/v1
kind: Job
metadata: { name: load }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [ { name: load, image: registry.example.com/load:1 } ]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: fast }
provisioner: example.com/fast
volumeBindingMode: WaitForFirstConsumer
";
    let documents = [
        ("web.yaml", format!("{}---{more}", crate::play::WEB)),
        ("web-v2.yaml", format!("{}---{more}", crate::play::WEB.replace("web:1", "web:2"))),
    ];
    let documents: Vec<(&str, &str)> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let text = "name: rights
until: 35s
cluster: { nodes: [ { pool: cpu, count: 2, cpu: 8, memory: 32Gi } ] }
deploy: [ { document: web.yaml, system: kubernetes } ]
behaviour: [ { match: {}, pull: 1s, start: 1s, run: 3s } ]
faults:
  - { name: drain, at: 15s, drain: { node: cpu-0 } }
  - { name: back, at: 22s, uncordon: { node: cpu-0 } }
  - { name: taint, at: 23s, taint: { node: cpu-1, key: k, value: v, effect: NoSchedule, for: 2s } }
  - { name: kill, at: 24s, pod_kill: { workload: web, count: 1 } }
  - { name: quota, at: 25s, quota_exhausted: { namespace: default, for: 3s } }
actions:
  - { at: 6s, apply: web-v2.yaml }
  - { at: 28s, scale: { Deployment/web: 4 } }
expect:
  - eventually: { Deployment/web: Complete, Job/load: Complete }
    within: 15s
  - eventually: { Node/cpu-0: Drained }
    within: 22s
  - final: { Deployment/web: Complete }
";
    let scenario = Scenario::new(text, &documents);
    let started = account.start(&scenario, &[]);
    let run = started.run.clone();
    let ended = started.end();
    ended.expect(0, &["StorageClass/fast", "Secret/web", "Drained", "4 available"]);
    for word in ["system:serviceaccount", "Rejected", "a fault could not"] {
        assert!(!ended.said.contains(word), "{}", ended.said);
    }
    ground.expect_nothing_of(&run);

    let scenario = web("4s", "");
    let kept = account.start(&scenario, &["--keep"]);
    let run = kept.run.clone();
    kept.end().expect(0, &[]);
    end(account.greenroom("cleanup").args(["--run", &run])).expect(0, &["runs: 1"]);
    ground.expect_nothing_of(&run);
    end(account.greenroom("doctor").arg("--fake-nodes")).expect(0, &["ok    rights", "ok    kwok"]);
}
