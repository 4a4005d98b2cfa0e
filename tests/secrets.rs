//! No secret of a document comes out of any command, in any format. Method: a group with secrets wherever one can stand is
//! run, tested, checked and broken, and everything that is printed or written is searched for them.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

/// The secrets; each is in the document once or more.
const SECRETS: &[&str] =
    &["hunter2-env", "hunter3-url", "hunter4-signed", "hunter5-arg", "hunter6-sig", "hunter7-token"];

const SCENARIO: &str = r#"
name: secrets
until: 30m
cluster:
  nodes: [ { pool: cpu, count: 2, cpu: 16, memory: 64Gi } ]
deploy:
  - { document: group.json, system: oci }
expect:
  - eventually: { group/vault: monitoring }
    within: 10m
  - eventually: { deployment/api: failed }
"#;

const GROUP: &str = r#"{
  "deployment_group": {
    "name": "vault",
    "deployments": [
      {
        "name": "db",
        "exports": ["internal_dns_name"],
        "recipe": {
          "recipe_id": "db",
          "recipe_mode": "service",
          "deployment_name": "db",
          "recipe_image_uri": "registry.example.com/db:1",
          "recipe_node_shape": "VM.Standard.E5.Flex",
          "recipe_node_pool_size": 1,
          "recipe_flex_shape_ocpu_count": 4,
          "recipe_flex_shape_memory_size_in_gbs": 32,
          "recipe_replica_count": 1,
          "recipe_container_port": "5432",
          "recipe_container_env": [ { "key": "POSTGRES_PASSWORD", "value": "hunter2-env" } ],
          "recipe_container_command_args": ["--admin-password", "hunter5-arg"]
        }
      },
      {
        "name": "api",
        "depends_on": ["db"],
        "recipe": {
          "recipe_id": "api",
          "recipe_mode": "service",
          "deployment_name": "api",
          "recipe_image_uri": "registry.example.com/api:1",
          "recipe_node_shape": "VM.Standard.E5.Flex",
          "recipe_node_pool_size": 1,
          "recipe_flex_shape_ocpu_count": 4,
          "recipe_flex_shape_memory_size_in_gbs": 32,
          "recipe_replica_count": 1,
          "recipe_container_port": "8080",
          "recipe_container_env": [
            { "key": "DATABASE", "value": "postgres://api:hunter3-url@${db.internal_dns_name}:5432/api" },
            { "key": "MODEL", "value": "https://objectstorage.example.com/p/hunter4-signed/n/ns/b/models/o/${db.internal_dns_name}" },
            { "key": "HF_TOKEN", "value": "hunter2-env" }
          ],
          "recipe_container_command_args": [
            "--blob=https://blob.example.com/${db.internal_dns_name}?part=1&sig=hunter6-sig",
            "--auth-token=hunter7-token",
            "hunter5-arg"
          ]
        }
      }
    ]
  }
}
"#;

const MANIFESTS_SCENARIO: &str = r#"
name: secrets
until: 30m
cluster:
  nodes: [ { pool: cpu, count: 2, cpu: 16, memory: 64Gi } ]
deploy:
  - { document: group.json, system: kubernetes }
actions:
  - { at: 5m, restart: Deployment/api }
expect:
  - eventually: { manifests/group: ready }
    within: 10m
  - eventually: { manifests/group: failed }
"#;

const MANIFESTS: &str = r#"{ "kind": "List", "apiVersion": "v1", "items": [
  { "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db" },
    "stringData": { "key": "hunter2-env", "url": "postgres://db:hunter3-url@db" },
    "data": { "other": "hunter7-token" } },
  { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" },
    "data": { "model": "https://objectstorage.example.com/p/hunter4-signed/n/ns/b/models/o/x" } },
  { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "annotations": { "note": "hunter6-sig" } },
    "spec": {
      "selector": { "matchLabels": { "app": "api" } },
      "template": {
        "metadata": { "labels": { "app": "api" } },
        "spec": { "containers": [ {
          "name": "api",
          "image": "registry.example.com/api:1",
          "args": [
            "--admin-password",
            "hunter5-arg"
          ],
          "env": [
            { "name": "PASSWORD", "value": "hunter2-env" },
            { "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "db", "key": "key" } } }
          ]
        } ] }
      }
    } }
] }
"#;

const GRAPHS_SCENARIO: &str = r#"
name: secrets
until: 30m
cluster:
  nodes: [ { pool: gpu, count: 2, cpu: 16, memory: 64Gi, gpus: { model: H100, count: 4 } } ]
dynamo: { provider: PROVIDER, operator: "VERSION" }
deploy:
  - { document: group.json, system: dynamo }
expect:
  - eventually: { graph/chat: successful }
    within: 20m
  - eventually: { graph/chat: failed }
"#;

const GRAPH: &str = r#"{ "apiVersion": "nvidia.com/v1alpha1", "kind": "DynamoGraphDeployment",
  "metadata": { "name": "chat", "annotations": { "note": "hunter6-sig", "nvidia.com/note": "token=hunter7-token" } },
  "spec": {
    "envs": [ { "name": "HF_TOKEN", "value": "hunter2-env" } ],
    "services": {
      "Frontend": { "componentType": "frontend", "replicas": 1,
        "extraPodSpec": { "mainContainer": { "image": "registry.example.com/frontend:1.5.0" } } },
      "Worker": {
        "componentType": "worker",
        "replicas": 1,
        "envs": [ { "name": "URL", "value": "postgres://db:hunter3-url@db" } ],
        "annotations": { "note": "hunter6-sig" },
        "extraPodMetadata": { "annotations": { "example.com/key": "hunter4-signed" } },
        "resources": { "limits": { "gpu": "1" } },
        "readinessProbe": { "httpGet": { "port": 80, "httpHeaders": [ { "name": "X", "value": "hunter7-token" } ] } },
        "extraPodSpec": {
          "initContainers": [ { "name": "get", "image": "a:1", "command": [ "curl hunter5-arg" ] } ],
          "mainContainer": {
            "image": "registry.example.com/worker:1.5.0",
            "command": [ "python3", "-m", "dynamo.vllm", "hunter5-arg" ],
            "args": [ "--api-key", "hunter5-arg" ],
            "env": [ { "name": "A", "value": "hunter2-env" } ]
          }
        }
      }
    }
  }
}
"#;

fn greenroom(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("greenroom").expect("the binary is built");
    command.current_dir(folder).env_remove("CI").args(args).output().expect("it runs")
}

/// Searches what was printed.
fn assert_no_secret(told: &str, of: &str) {
    for secret in SECRETS {
        assert!(!told.contains(secret), "{of} tells {secret}:\n{told}");
    }
}

fn assert_output_has_no_secret(output: &Output, of: &str) {
    assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{of} tells nothing");
    assert_no_secret(&String::from_utf8_lossy(&output.stdout), of);
    assert_no_secret(&String::from_utf8_lossy(&output.stderr), of);
}

fn folder_with(group: &str) -> tempfile::TempDir {
    folder_of(SCENARIO, group)
}

fn folder_of(scenario: &str, group: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("scenario.yaml"), scenario).expect("a file");
    fs::write(folder.path().join("group.json"), group).expect("a file");
    folder
}

#[test]
fn no_command_tells_a_secret() {
    let folder = folder_with(GROUP);
    tell_everything(&folder);
    let run = greenroom(folder.path(), &["run", "scenario.yaml"]);
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(told.contains("group/vault") && told.contains("monitoring"), "the group comes up:\n{told}");
}

#[test]
fn no_command_tells_a_secret_of_manifests() {
    let folder = folder_of(MANIFESTS_SCENARIO, MANIFESTS);
    tell_everything(&folder);
    let run = greenroom(folder.path(), &["run", "scenario.yaml"]);
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(told.contains("manifests/group") && told.contains("api-r2"), "the manifests are applied:\n{told}");
}

#[test]
fn no_command_tells_a_secret_of_a_graph() {
    for (provider, version) in [("component", "0.8"), ("component", "1.5"), ("grove", "1.5")] {
        let scenario = GRAPHS_SCENARIO.replace("PROVIDER", provider).replace("VERSION", version);
        let folder = folder_of(&scenario, GRAPH);
        tell_everything(&folder);
        let run = greenroom(folder.path(), &["run", "scenario.yaml", "--at", "10m", "--native"]);
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(told.contains("HF_TOKEN") && told.contains("\"successful\""), "{provider} {version}:\n{told}");
    }
}

/// Runs every command over a folder, and searches what each prints and writes.
fn tell_everything(folder: &tempfile::TempDir) {
    let commands: &[&[&str]] = &[
        &["check", "scenario.yaml"],
        &["run", "scenario.yaml"],
        &["run", "scenario.yaml", "--format", "json"],
        &["run", "scenario.yaml", "--format", "ndjson"],
        &["run", "scenario.yaml", "--format", "junit"],
        &["run", "scenario.yaml", "--format", "github"],
        &["run", "scenario.yaml", "--at", "1s"],
        &["run", "scenario.yaml", "--at", "10m", "--native"],
        &["explain", "scenario.yaml"],
        &["explain", "scenario.yaml", "--format", "json"],
        &["explain", "scenario.yaml", "--format", "mermaid"],
        &["explain", "scenario.yaml", "--format", "dot"],
        &["explain", "scenario.yaml", "--expectation", "1"],
        &["explain", "scenario.yaml", "--entry", "25", "--format", "dot=entry.dot", "--format", "human"],
        &["test", "--accept"],
        &["test"],
    ];
    for args in commands {
        assert_output_has_no_secret(&greenroom(folder.path(), args), &args.join(" "));
    }
    for entry in walkdir::WalkDir::new(folder.path()).into_iter().filter_map(Result::ok) {
        let written = entry.file_type().is_file()
            && !["scenario.yaml", "group.json"].contains(&&*entry.file_name().to_string_lossy());
        if written {
            let text = fs::read_to_string(entry.path()).expect("it is text");
            assert_no_secret(&text, &entry.path().display().to_string());
        }
    }
}

#[test]
fn a_message_about_a_line_with_a_secret_does_not_show_it() {
    let spoils = [
        ("\"value\": \"hunter2-env\" } ],", "\"value\": \"hunter2-env\", \"value\": 1 } ],"),
        ("\"value\": \"hunter2-env\" } ],", "\"value\": \"hunter2-env\" ],"),
        ("\"value\": \"hunter2-env\" } ],", "\"valeu\": \"hunter2-env\" } ],"),
        ("\"value\": \"hunter2-env\" } ],", "\"value\": [\"hunter2-env\"] } ],"),
        ("[\"--admin-password\", \"hunter5-arg\"]", "[\"--admin-password\" \"hunter5-arg\"]"),
        ("[\"--admin-password\", \"hunter5-arg\"]", "{\"hunter5\": \"hunter5-arg\"}"),
        ("\"hunter5-arg\"\n          ]", "\"hunter5-arg\",\n          ]"),
        ("\"hunter5-arg\"\n          ]", "\"hunter5-arg\n          ]"),
        ("\"hunter5-arg\"\n          ]", "\"hunter5-arg\\q\"\n          ]"),
        ("\"hunter5-arg\"\n          ]", "\"hunter5-arg\t\"\n          ]"),
        ("hunter3-url@${db.internal_dns_name}", "hunter3-url@${db.no_such_export}"),
        (
            "hunter4-signed/n/ns/b/models/o/${db.internal_dns_name}",
            "hunter4-signed/n/ns/b/models/o/${gone.service_url}",
        ),
        ("?part=1&sig=hunter6-sig", "?part=${db.nothing}&sig=hunter6-sig"),
    ];
    for (good, bad) in spoils {
        assert!(GROUP.contains(good), "{good}");
        let folder = folder_with(&GROUP.replacen(good, bad, 1));
        for args in [&["check", "scenario.yaml"][..], &["run", "scenario.yaml"]] {
            let output = greenroom(folder.path(), args);
            assert_output_has_no_secret(&output, &format!("{} with {bad}", args.join(" ")));
        }
    }
}

#[test]
fn a_message_about_manifests_with_secrets_does_not_show_them() {
    let spoils = [
        ("\"stringData\": {", "\"stringDaat\": {"),
        ("\"hunter7-token\" }", "\"hunter7-token\", }"),
        ("\"hunter7-token\" }", "\"hunter7-token\""),
        ("\"hunter7-token\"", "\"hunter7-token"),
        ("\"key\": \"hunter2-env\",", "\"key\": \"hunter2-env\" x"),
        ("\"name\": \"settings\" },", "\"name\": \"Settings\" },"),
        ("{ \"model\":", "{ \"model\" \"model\":"),
        ("\"value\": \"hunter2-env\"", "\"value\": [ \"hunter2-env\" ]"),
        ("\"value\": \"hunter2-env\"", "\"vlaue\": \"hunter2-env\""),
        ("\"value\": \"hunter2-env\"", "\"value\": \"hunter2-env\", \"valueFrom\": {}"),
        ("            \"hunter5-arg\"\n", "            { \"hunter5-arg\": \"hunter5-arg\" }\n"),
        ("            \"hunter5-arg\"\n", "            \"hunter5-arg\n"),
        ("\"note\": \"hunter6-sig\"", "\"n ote\": \"hunter6-sig\""),
        ("\"note\": \"hunter6-sig\"", "\"note\": [\"hunter6-sig\"]"),
        ("\"note\": \"hunter6-sig\" }", "\"note\": \"hunter6-sig\" }, \"labels\": { \"a\": \"-b\" }"),
        (
            "\"args\": [",
            "\"livenessProbe\": { \"httpGet\": { \"port\": 80, \"httpHeaders\": [ \"X: hunter7-token\" ] } }, \"args\": [",
        ),
        (
            "\"args\": [",
            "\"livenessProbe\": { \"httpGet\": { \"port\": 80, \"httpHeaders\": { \"name\": \"hunter7-token\" } } }, \"args\": [",
        ),
        ("\"note\": \"hunter6-sig\" }", "\"/x\": \"hunter6-sig\", \"note\": \"hunter6-sig\" }"),
    ];
    for (good, bad) in spoils {
        assert!(MANIFESTS.contains(good), "{good}");
        let folder = folder_of(MANIFESTS_SCENARIO, &MANIFESTS.replacen(good, bad, 1));
        for args in [&["check", "scenario.yaml"][..], &["run", "scenario.yaml"]] {
            let output = greenroom(folder.path(), args);
            assert!(!output.status.success(), "{bad} is accepted");
            assert_output_has_no_secret(&output, &format!("{} with {bad}", args.join(" ")));
        }
    }
}
