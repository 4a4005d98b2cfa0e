//! Dynamo's documents against the list of the corpus.
//!
//! Goal: every document of Dynamo in the corpus is read, or rejected with a reason; its components, pods and GPUs are those of
//! dynamo-manifest.csv, and the schema accepts what the list says that it accepts. Method: each row names a file and the place of a
//! document in it; the file is read without webhooks, because the list judges the schema alone. PodCliqueSets are Grove's.
//!
//! The corpus is not part of this repository: `GREENROOM_SHARED` names the folder that holds it, and without it the tests that need it
//! say that they were skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use greenroom::systems::dynamo::model::Resource;
use greenroom::systems::dynamo::{self, Operator, Options, Read, plan};
use greenroom::text::{Node, Source, tree};

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("GREENROOM_SHARED").map(PathBuf::from);
    if shared.is_none() {
        println!("skipped: GREENROOM_SHARED is not set");
    }
    shared
}

/// A row of the list.
struct Row {
    root: String,
    file: String,
    document: usize,
    kind: String,
    components: u64,
    pods: u64,
    gpus: u64,
    valid: bool,
}

fn rows(shared: &std::path::Path) -> Vec<Row> {
    let path = shared.join("corpus/dynamo-manifest.csv");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text} is no number"));
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.trim().split(',').collect();
        let [root, file, document, kind, _, _, _, components, pods, gpus, _, _, schema] = cells[..] else {
            panic!("{line} has other columns")
        };
        Row {
            root: root.to_owned(),
            file: file.to_owned(),
            document: document.parse().expect("a number"),
            kind: kind.to_owned(),
            components: number(components),
            pods: number(pods),
            gpus: number(gpus),
            valid: schema == "valid",
        }
    });
    rows.filter(|row| row.root != "grove" && row.kind != "PodCliqueSet").collect()
}

fn source(shared: &std::path::Path, row: &Row) -> Source {
    let path = shared.join("corpus").join(&row.root).join(&row.file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Source::new(row.file.clone(), text)
}

fn read(source: &Source, options: &Options) -> Read {
    dynamo::read(source, options).unwrap_or_else(|problems| panic!("{}: {}", source.name(), problems[0].message))
}

/// The name of the document of a row.
fn name(source: &Source, row: &Row) -> String {
    let nodes = tree::parse_all(source).unwrap_or_else(|problem| panic!("{}: {}", row.file, problem.message));
    let node = &nodes[row.document];
    assert_eq!(node.get("kind").and_then(Node::as_str), Some(row.kind.as_str()), "{}", row.file);
    let name = node.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
    name.unwrap_or_else(|| panic!("{} has no name", row.file)).to_owned()
}

/// Components, pods and GPUs of an object.
fn figures(resource: &Resource) -> (u64, u64, u64) {
    let of = |plan: Vec<plan::Pods>, components: usize| {
        let (pods, gpus) = plan::totals(&plan);
        (components as u64, pods, gpus)
    };
    match resource {
        Resource::Graph(graph) => of(plan::plan(&graph.spec), graph.spec.components.len()),
        Resource::Component(one) => of(plan::component(&one.spec.component), 1),
        Resource::Request(request) => (0, 0, request.spec.hardware.gpus.unwrap_or(0).into()),
        _ => (0, 0, 0),
    }
}

#[test]
fn every_document_comes_to_its_pods_and_gpus() {
    let Some(shared) = shared() else { return };
    let options = Options { webhook: false, ..Options::default() };
    let (mut wrong, mut rejected, mut count) = (Vec::new(), BTreeMap::new(), 0);
    for row in rows(&shared) {
        count += 1;
        let source = source(&shared, &row);
        let name = name(&source, &row);
        let read = read(&source, &options);
        // What the operator's own tests expect stands for a name that they make up: it is no name.
        if name.starts_with('$') {
            let one = read.problems.iter().find(|one| one.message.contains(&format!("{name:?}")));
            let why = one.map(|one| one.message.clone()).unwrap_or_default();
            assert!(why.contains("metadata.name: Invalid value"), "{}: {why}", row.file);
            continue;
        }
        let found = read.document.objects.iter().find(|one| one.identity.name == name);
        let refused = read.document.refused.iter().find(|one| one.identity.name == name);
        match (found, refused) {
            (Some(one), None) => {
                let expected = (row.components, row.pods, row.gpus);
                if figures(&one.resource) != expected {
                    let found = figures(&one.resource);
                    wrong.push(format!("{}/{} {name}: {found:?} instead of {expected:?}", row.root, row.file));
                }
            }
            (None, Some(refused)) => {
                drop(rejected.insert(format!("{}/{}", row.root, row.file), refused.reason.clone()))
            }
            _ => wrong.push(format!("{}/{} {name}: neither read nor refused, or both", row.root, row.file)),
        }
        // The schema has no nulls, which are taken as absent here.
        let place = format!("{name:?}: ");
        let nulls =
            read.warnings.iter().any(|one| one.message.contains(&place) && one.message.contains("null is taken"));
        if row.valid != (found.is_some() && !nulls) {
            let why = refused.map_or("", |one| one.reason.as_str());
            wrong.push(format!("{}/{} {name}: the schema says valid={}: {why}", row.root, row.file, row.valid));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 248);
    let one =
        "dynamo-0.8.0/deploy__cloud__operator__config__samples__nvidia.com_v1alpha1_dynamographdeploymentrequest.yaml";
    let why = "DynamoGraphDeploymentRequest \"example-llm-sla\" is invalid: spec.profilingConfig.profilerImage: Required value";
    assert_eq!(rejected, BTreeMap::from([(one.to_owned(), why.to_owned())]));
}

#[test]
fn documents_of_the_first_version_come_to_the_same_with_its_operator() {
    let Some(shared) = shared() else { return };
    let options = Options { operator: Operator::V0_8, webhook: false, ..Options::default() };
    let rows: Vec<Row> = rows(&shared).into_iter().filter(|row| row.root == "dynamo-0.8.0" && row.valid).collect();
    assert_eq!(rows.len(), 40);
    for row in rows {
        let source = source(&shared, &row);
        let name = name(&source, &row);
        let read = read(&source, &options);
        let found = read.document.objects.iter().find(|one| one.identity.name == name);
        let found = found.unwrap_or_else(|| panic!("{} is refused", row.file));
        assert_eq!(figures(&found.resource), (row.components, row.pods, row.gpus), "{}", row.file);
        // Every service gets an adapter, unless it says that it wants none.
        if let Resource::Graph(graph) = &found.resource {
            assert!(graph.spec.components.iter().all(|one| one.scaling_adapter), "{}", row.file);
        }
    }
}

#[test]
fn the_webhook_refuses_with_reasons_alone() {
    let Some(shared) = shared() else { return };
    let options = Options { inference_pool: true, ..Options::default() };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows(&shared) {
        let source = source(&shared, &row);
        for refused in read(&source, &options).document.refused {
            let reason = refused.reason.split(" is invalid: ").nth(1).unwrap_or(&refused.reason).to_owned();
            // What is in brackets tells one component from another.
            let plain: String = reason.split(['[', ']']).step_by(2).collect();
            *reasons.entry(plain).or_default() += 1;
        }
    }
    let shown: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    println!("{}", shown.join("\n"));
    let no_version = reasons.keys().filter(|reason| reason.contains("runtimeVersionOverride")).count();
    assert!(no_version > 0, "{reasons:?}");
}
