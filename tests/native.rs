//! What `--native` prints of Dynamo, Grove and gangs is what `kubectl get -o json` could print.
//!
//! Goal: at any instant of any of their scenarios, every object fits the definition of its kind in the version that the operator
//! serves, with no field that it lacks, and every object of Kubernetes itself is read by the API's own type and loses nothing by it;
//! references lead to objects that are there, and no secret is shown. Method: each scenario is run to several of its entries, and all
//! that is printed is checked. The definitions are not part of this repository: `GREENROOM_SHARED` names the folder that holds
//! them, and without it the tests say that they were skipped.

#[path = "native/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use greenroom::kernel::Time;
use greenroom::rehearsal::{Options, rehearse};
use greenroom::scenario::{Scenario, load};
use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core, scheduling::v1 as scheduling};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use schema::Definitions;

/// The folders whose scenarios have objects of Dynamo, Grove or gangs.
const FOLDERS: [&str; 4] = ["scenarios/dynamo", "scenarios/grove", "scenarios/gangs", "scenarios/faults"];

/// So many instants of each scenario, the last entry among them.
const INSTANTS: usize = 5;

fn definitions() -> Option<Definitions> {
    let Ok(shared) = std::env::var("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    Some(Definitions::read(&Path::new(&shared).join("corpus/crds")))
}

/// Every scenario of the folders, twins among them.
fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = FOLDERS.iter().flat_map(|folder| walkdir::WalkDir::new(root.join(folder)).sort_by_file_name());
    let files = files.map(|entry| entry.expect("scenarios can be read").into_path());
    let is_scenario =
        |path: &PathBuf| path.ends_with("scenario.yaml") || path.to_string_lossy().ends_with(".greenroom.yaml");
    files.filter(is_scenario).collect()
}

/// The state at several instants: those of entries, evenly spread over the timeline.
fn states(scenario: &Scenario) -> Vec<(Time, Value)> {
    let whole = rehearse(scenario, Options { native: true, ..Options::default() }, &mut []).expect("it runs");
    let times: Vec<Time> = whole.timeline.since(0).map(|(_, entry)| entry.at).collect();
    let last = times.len().saturating_sub(1);
    let places: BTreeSet<Time> = (1..INSTANTS).map(|part| times[last * part / INSTANTS]).collect();
    let mut states = Vec::new();
    for at in places {
        let options = Options { native: true, stop_at: Some(at), ..Options::default() };
        let run = rehearse(scenario, options, &mut []).expect("it runs");
        states.push((at, run.native.expect("it was asked for")));
    }
    states.push((times.last().copied().unwrap_or_default(), whole.native.expect("it was asked for")));
    states
}

/// The objects of a state.
fn items(state: &Value) -> Vec<&Value> {
    state["items"].as_array().into_iter().flatten().collect()
}

/// Reads an object by its type and writes it again: what is lost has no field there.
fn lost<T: DeserializeOwned + Serialize>(object: &Value) -> Option<String> {
    let read: T = match serde_json::from_value(object.clone()) {
        Ok(read) => read,
        Err(error) => return Some(error.to_string()),
    };
    let again = serde_json::to_value(read).expect("JSON");
    difference("", object, &again)
}

/// The first place where something is missing.
fn difference(path: &str, had: &Value, has: &Value) -> Option<String> {
    match (had, has) {
        (Value::Object(had), Value::Object(has)) => had.iter().find_map(|(name, value)| match has.get(name) {
            Some(again) => difference(&format!("{path}.{name}"), value, again),
            // Empty lists and maps, and what is unset, are left out.
            None if value == &Value::from("") || value.as_array().is_some_and(Vec::is_empty) => None,
            None if value.as_object().is_some_and(serde_json::Map::is_empty) => None,
            None => Some(format!("{path}.{name} has no field")),
        }),
        (Value::Array(had), Value::Array(has)) if had.len() == has.len() => {
            had.iter().zip(has).zip(0..).find_map(|((a, b), place)| difference(&format!("{path}[{place}]"), a, b))
        }
        (had, has) if had == has => None,
        _ => Some(format!("{path}: {had} became {has}")),
    }
}

/// What is wrong with an object of Kubernetes itself; `None` if its kind is none of these.
fn of_kubernetes(object: &Value) -> Option<Vec<String>> {
    let lost = match object["kind"].as_str()? {
        "Pod" => lost::<core::Pod>(object),
        "Service" => lost::<core::Service>(object),
        "Event" => lost::<core::Event>(object),
        "Secret" => lost::<core::Secret>(object),
        "ConfigMap" => lost::<core::ConfigMap>(object),
        "Namespace" => lost::<core::Namespace>(object),
        "PersistentVolumeClaim" => lost::<core::PersistentVolumeClaim>(object),
        "ResourceQuota" => lost::<core::ResourceQuota>(object),
        "Deployment" => lost::<apps::Deployment>(object),
        "ReplicaSet" => lost::<apps::ReplicaSet>(object),
        "StatefulSet" => lost::<apps::StatefulSet>(object),
        "DaemonSet" => lost::<apps::DaemonSet>(object),
        "Job" => lost::<batch::Job>(object),
        "CronJob" => lost::<batch::CronJob>(object),
        "PriorityClass" => lost::<scheduling::PriorityClass>(object),
        _ => return None,
    };
    Some(lost.into_iter().collect())
}

/// What differs of 0.8.0's definitions from those at hand, which are those of 1.5.0.
fn is_of_0_8(complaint: &str) -> bool {
    complaint.contains("/scalingAdapter: ") && complaint.contains("'disable'")
}

#[test]
fn every_object_fits_its_definition_and_its_type() {
    let Some(definitions) = definitions() else { return };
    let (mut findings, mut checked, mut unknown) = (BTreeSet::new(), 0, BTreeSet::new());
    for file in scenarios() {
        let scenario = load(&file).expect("the scenarios are valid");
        for (at, state) in states(&scenario) {
            for object in items(&state) {
                checked += 1;
                let complaints = definitions.complaints(object).or_else(|| of_kubernetes(object));
                let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
                let Some(complaints) = complaints else {
                    let text = |name: &str| object[name].as_str().unwrap_or_default();
                    unknown.insert(format!("{} {}", text("apiVersion"), text("kind")));
                    continue;
                };
                let complaints = complaints.into_iter().filter(|one| !is_of_0_8(one));
                findings.extend(complaints.map(|one| format!("{} at {at}: {kind} {name}: {one}", file.display())));
            }
        }
    }
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), Vec::from_iter(findings).join("\n"));
    assert!(checked > 3_000, "{checked} objects");
    // Kinds of batch schedulers, whose definitions are not at hand.
    let of_schedulers = ["kai.scheduler/v1alpha1 Topology", "scheduling.run.ai/v2alpha2 PodGroup"];
    assert_eq!(unknown.iter().map(String::as_str).collect::<Vec<_>>(), of_schedulers);
}

/// Goal: the check above can fail. Method: what must not be printed.
#[test]
fn what_no_definition_has_is_found() {
    let Some(definitions) = definitions() else { return };
    let state = json!({ "state": "pending", "conditions": [] });
    let graph = |version: &str, spec: Value, status: Value| {
        json!({ "apiVersion": format!("nvidia.com/{version}"), "kind": "DynamoGraphDeployment", "metadata": { "name": "a" },
            "spec": spec, "status": status })
    };
    let component = json!({ "name": "a", "type": "worker" });
    for (object, is_fine) in [
        (graph("v1beta1", json!({ "components": [component] }), state.clone()), true),
        (graph("v1alpha1", json!({ "services": { "a": { "componentType": "worker" } } }), state.clone()), true),
        (graph("v1alpha1", json!({ "components": [component] }), state.clone()), false),
        (graph("v1beta1", json!({ "services": {} }), state.clone()), false),
        (graph("v1beta1", json!({ "components": [{ "name": "a", "type": "engine" }] }), state.clone()), false),
        (graph("v1beta1", json!({ "components": [] }), json!({ "state": "waiting" })), false),
        (graph("v1beta1", json!({ "components": [] }), json!({ "state": "pending", "services": {} })), false),
    ] {
        let complaints = definitions.complaints(&object).expect("there is a definition");
        assert_eq!(complaints.is_empty(), is_fine, "{object}: {complaints:?}");
    }
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" }, "status": { "restarts": 1 } });
    assert_eq!(of_kubernetes(&pod).expect("it has a type"), [".status.restarts has no field"]);
}

#[test]
fn owners_are_there_and_names_are_said_once() {
    for file in scenarios() {
        let scenario = load(&file).expect("the scenarios are valid");
        let run = rehearse(&scenario, Options { native: true, ..Options::default() }, &mut []).expect("it runs");
        let state = run.native.expect("it was asked for");
        let items = items(&state);
        let mut uids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for object in &items {
            let metadata = &object["metadata"];
            let name = format!("{} {}/{}", object["kind"], metadata["namespace"], metadata["name"]);
            assert!(names.insert(name.clone()), "{}: {name} twice", file.display());
            assert!(uids.insert(metadata["uid"].as_str().unwrap_or_default()), "{}: {name}", file.display());
        }
        for object in &items {
            for owner in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
                let uid = owner["uid"].as_str().unwrap_or_default();
                assert!(uids.contains(uid), "{}: {owner} of {}", file.display(), object["metadata"]["name"]);
            }
        }
    }
}
