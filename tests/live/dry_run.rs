//! What `--dry-run` shows: it needs no cluster, and an API takes each document as it stands there.

use std::collections::BTreeSet;
use std::path::Path;

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use crate::ground::{ground, share};
use crate::play::{end, greenroom};
use crate::scenarios;

/// The documents that a dry run of a scenario shows; none if it tells that something of it cannot be rendered.
fn documents(file: &Path) -> Option<Vec<Value>> {
    let mut command = greenroom();
    command.arg("run").arg(file).args(["--dry-run", "--fake-nodes", "--run-id", "k7f3q2b"]);
    // Nobody is asked: there is nobody.
    let output = command.env("KUBECONFIG", "/nonexistent").output().expect("the program starts");
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).expect("the documents are text");
    let parts = text.split("\n--- ").map(|part| part.trim_start_matches("--- ").trim());
    let parts = parts.filter_map(|part| part.split_once('\n').map(|(_, body)| body));
    Some(parts.map(|part| serde_saphyr::from_str(part).unwrap_or_else(|error| panic!("{error}:\n{part}"))).collect())
}

fn scenarios() -> Vec<std::path::PathBuf> {
    let root = scenarios::root().join("scenarios");
    scenarios::names().iter().map(|name| root.join(name).join("scenario.yaml")).collect()
}

#[test]
fn a_dry_run_shows_documents_and_needs_no_cluster() {
    let mut shown = 0;
    for file in scenarios() {
        let Some(documents) = documents(&file) else { continue };
        for document in &documents {
            let metadata = &document["metadata"];
            assert_eq!(metadata["labels"]["greenroom.dev/run"], "k7f3q2b", "{}: {document}", file.display());
            let place = metadata["namespace"].as_str().or(metadata["name"].as_str()).expect("a name");
            assert!(place.starts_with("greenroom-k7f3q2b"), "{}: {document}", file.display());
        }
        shown += usize::from(!documents.is_empty());
    }
    assert!(shown > 20, "{shown} scenarios can be shown");
}

#[test]
fn a_dry_run_tells_what_a_live_run_cannot_do() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/slow-start/scenario.yaml");
    let ended = end(greenroom().arg("run").arg(file).args(["--dry-run", "--fake-nodes"]));
    ended.expect_message(5, &["a live run cannot do this", "slow_start"]);
}

#[test]
fn an_api_takes_what_a_dry_run_shows() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let documents: Vec<(String, Value)> = scenarios()
        .iter()
        .flat_map(|file| documents(file).unwrap_or_default().into_iter().map(|one| (file.display().to_string(), one)))
        .collect();
    let namespaces: BTreeSet<&str> =
        documents.iter().filter_map(|(_, one)| one["metadata"]["namespace"].as_str()).collect();
    let _made: Vec<_> = namespaces.iter().map(|name| ground.namespace(name, json!({}))).collect();
    for (file, document) in &documents {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let api_version = text(&document["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &text(&document["kind"])));
        let client = ground.client.clone();
        let api: Api<DynamicObject> = match document["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        let params = PatchParams { dry_run: true, ..PatchParams::apply("test").force() };
        let (name, patch) = (text(&document["metadata"]["name"]), Patch::Apply(document));
        if let Err(error) = ground.runtime.block_on(api.patch(&name, &params, &patch)) {
            panic!("{file}: {error}\n{document:#}");
        }
    }
    assert!(documents.len() > 50, "{} documents", documents.len());
}
