//! Grove's documents of the corpus: read, admitted, counted.
//!
//! Goal: every PodCliqueSet of the corpus is read or refused with a reason, and has the pods and GPUs that the manifest of the
//! corpus counts. Method: each document goes through the reader and the webhook's checks, and its template is counted. The
//! corpus is not part of this repository: `GREENROOM_SHARED` names the folder that holds it, and without it the tests say that
//! they were skipped.

use std::path::{Path, PathBuf};

use greenroom::systems::grove::{Profile, check, model::PodCliqueSetSpec, read};
use greenroom::systems::kubernetes::custom::Findings;
use greenroom::text::{Source, tree};

fn corpus() -> Option<PathBuf> {
    let Ok(shared) = std::env::var("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    Some(Path::new(&shared).join("corpus"))
}

/// A row of the manifest: the file, which document of it, pods, GPUs, and whether it fits its schema.
struct Row {
    path: PathBuf,
    document: usize,
    pods: u64,
    gpus: u64,
    fits: bool,
}

fn rows(corpus: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(corpus.join("dynamo-manifest.csv")).expect("the manifest");
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[3] != "PodCliqueSet" {
            continue;
        }
        let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("{line}"));
        rows.push(Row {
            path: corpus.join(cells[0]).join(cells[1]),
            document: cells[2].parse().expect("a number"),
            pods: number(cells[8]),
            gpus: number(cells[9]),
            fits: cells[12] == "valid",
        });
    }
    rows
}

fn count(spec: &PodCliqueSetSpec) -> (u64, u64) {
    let (mut pods, mut gpus) = (0, 0);
    for clique in &spec.template.cliques {
        let copies = spec.template.group_of(&clique.name).map_or(1, |group| group.replicas);
        let all = u64::from(clique.spec.replicas * copies * spec.replicas);
        pods += all;
        gpus += all * clique.spec.pods.requests().extended("nvidia.com/gpu");
    }
    (pods, gpus)
}

#[test]
fn every_document_is_counted_as_the_manifest_has_it_or_refused_with_a_reason() {
    let Some(corpus) = corpus() else { return };
    let rows = rows(&corpus);
    assert_eq!(rows.len(), 42);
    let (mut wrong, mut refused) = (Vec::new(), Vec::new());
    for row in &rows {
        let text = std::fs::read_to_string(&row.path).expect("a document");
        let name = row.path.file_name().expect("a name").to_string_lossy().into_owned();
        let source = Source::new(name.as_str(), text.as_str());
        let documents = tree::parse_all(&source).expect("YAML");
        let Some(document) = documents.get(row.document) else {
            wrong.push(format!("{name}: no document {}", row.document));
            continue;
        };
        let read = read::pod_clique_set(document, &source);
        if let Some(problem) = read.problems.first() {
            refused.push(format!("{name}: {}", problem.message));
            continue;
        }
        let spec = read.body.expect("what has no problem has a spec");
        let mut findings = Findings::default();
        // The suite that a document is of makes the topologies that it names.
        let mut profile = Profile::default();
        profile.name_topologies(["grove-topology", "h100-topology"].map(str::to_owned).into_iter());
        check::create(&read.metadata.name, &spec, &profile, &mut findings);
        if let Some(complaint) = findings.complaints.first() {
            wrong.push(format!("{name}: {}: {}", complaint.path, complaint.message));
        }
        let counted = count(&spec);
        if counted != (row.pods, row.gpus) || !row.fits && !name.contains("tas-large-scale") {
            wrong.push(format!("{name}: {counted:?} instead of {:?}", (row.pods, row.gpus)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let expected = [
        "deploy__operator__internal__controller__testdata__dgd__grove__output.yaml: PodCliqueSet \"grove-manifest\" in version \
         \"v1alpha1\" cannot be handled as a PodCliqueSet: strict decoding error: unknown field `metadata.$strict`",
        "operator__samples__user-guide__02_pod-and-resource-naming-conventions__multinode-disaggregated-with-frontend.yaml: \
         the PodCliqueSet \"mn-disagg\" is invalid: spec.template.cliques[0].spec.roleName: Required value",
        "operator__samples__user-guide__03_environment-variables-for-pod-discovery__standalone-env-vars.yaml: \
         the PodCliqueSet \"env-demo-standalone\" is invalid: spec.template.cliques[0].spec.roleName: Required value",
    ];
    assert_eq!(refused, expected);
}
