//! What Grove's webhook refuses.
//!
//! Goal: documents that Grove refuses are refused, with its words at its paths, and changes that it forbids are forbidden.
//! Method: one good document, spoilt in one place a time, goes through the reader and the checks of creation and of changes.

use greenroom::kernel::Duration;
use greenroom::systems::grove::{Profile, Release, check, model::PodCliqueSetSpec, read};
use greenroom::systems::kubernetes::custom::Findings;
use greenroom::text::{Source, tree};

const GOOD: &str = "\
apiVersion: grove.io/v1alpha1
kind: PodCliqueSet
metadata:
  name: llm
spec:
  replicas: 1
  template:
    cliqueStartupType: CliqueStartupTypeExplicit
    cliques:
      - name: frontend
        spec:
          roleName: frontend
          replicas: 2
          minAvailable: 1
          podSpec:
            containers: [ { name: main, image: frontend:1 } ]
      - name: worker
        spec:
          roleName: worker
          replicas: 4
          startsAfter: [frontend]
          podSpec:
            containers: [ { name: main, image: worker:1 } ]
    podCliqueScalingGroups:
      - name: decode
        cliqueNames: [worker]
        replicas: 2
";

/// The set of a text, and its name.
fn set(text: &str) -> (String, PodCliqueSetSpec) {
    let source = Source::new("set.yaml", text);
    let documents = tree::parse_all(&source).expect("YAML");
    let read = read::pod_clique_set(&documents[0], &source);
    if let Some(problem) = read.problems.first() {
        panic!("{}", problem.message);
    }
    (read.metadata.name.clone(), read.body.expect("a spec"))
}

fn complaints(findings: Findings) -> Vec<String> {
    findings.complaints.iter().map(|complaint| format!("{}: {}", complaint.path, complaint.message)).collect()
}

/// What is said of the good document with this in place of that.
fn spoilt(what: &str, with: &str) -> Vec<String> {
    assert!(GOOD.contains(what), "{what}");
    let (name, spec) = set(&GOOD.replacen(what, with, 1));
    let mut findings = Findings::default();
    check::create(&name, &spec, &Profile::default(), &mut findings);
    complaints(findings)
}

/// What is said of a change of the good document.
fn changed(what: &str, with: &str) -> Vec<String> {
    assert!(GOOD.contains(what), "{what}");
    let ((_, old), (_, new)) = (set(GOOD), set(&GOOD.replacen(what, with, 1)));
    let mut findings = Findings::default();
    check::changes(&old, &new, &mut findings);
    complaints(findings)
}

fn assert_says(complaints: &[String], path: &str, words: &str) {
    let found = complaints.iter().any(|complaint| complaint.starts_with(path) && complaint.contains(words));
    assert!(found, "{path}: {words} is not among {complaints:#?}");
}

#[test]
fn a_good_document_has_its_defaults() {
    assert_eq!(spoilt("replicas: 1", "replicas: 1"), Vec::<String>::new());
    let (_, spec) = set(GOOD);
    assert_eq!(spec.template.cliques[1].spec.min_available, 4);
    assert_eq!(spec.template.scaling_groups[0].min_available, 1);
    assert_eq!(spec.template.termination_delay, Duration::from_secs(4 * 3600));
}

#[test]
fn the_minimum_is_at_most_the_size() {
    let path = "spec.template.cliques[0].spec.minAvailable";
    assert_says(&spoilt("minAvailable: 1", "minAvailable: 3"), path, "minAvailable must not be greater than replicas");
    assert_says(&spoilt("minAvailable: 1", "minAvailable: 0"), path, "must be greater than 0");
    assert_says(
        &spoilt("        cliqueNames: [worker]\n", "        cliqueNames: [worker]\n        minAvailable: 3\n"),
        "spec.template",
        "minAvailable must not be greater than replicas",
    );
}

#[test]
fn cliques_do_not_wait_for_each_other_in_a_circle() {
    let path = "spec.template.cliques";
    let circle = "roleName: frontend\n          startsAfter: [worker]";
    assert_says(&spoilt("roleName: frontend", circle), path, "clique must not have circular dependencies");
    let itself = "roleName: frontend\n          startsAfter: [frontend]";
    assert_says(&spoilt("roleName: frontend", itself), path, "clique dependency cannot refer to itself");
    assert_says(&spoilt("[frontend]", "[router]"), path, "unknown clique names found");
}

#[test]
fn names_leave_room_for_those_of_pods() {
    let long = "a-name-that-takes-thirty-bytes";
    let all = spoilt("name: llm", &format!("name: {long}-and-more-of-it"));
    assert_says(&all, "metadata.name", "exceeds 45-character limit");
    assert_eq!(spoilt("name: llm", &format!("name: {long}")), Vec::<String>::new());
}

#[test]
fn a_scheduler_must_be_known() {
    let first = "          podSpec:\n            containers: [ { name: main, image: frontend:1 } ]";
    let other = first.replace("podSpec:\n", "podSpec:\n            schedulerName: yunikorn\n");
    let (all, path) = (spoilt(first, &other), "spec.template.cliques.spec.podSpec.schedulerName");
    assert_says(&all, path, "have to be the same");
    assert_says(&all, path, "must be an enabled scheduler backend");
}

#[test]
fn topology_has_a_name_and_known_domains() {
    let with = |constraint: &str| format!("  template:\n    topologyConstraint: {constraint}\n");
    let path = "spec.template.topologyConstraint";
    assert_says(&spoilt("  template:\n", &with("{ pack: { required: rack } }")), path, "topologyName is required");
    let unknown = with("{ topologyName: grove-topology, pack: { required: shelf } }");
    assert_says(&spoilt("  template:\n", &unknown), path, "shelf");
    let good = with("{ topologyName: grove-topology, pack: { required: rack } }");
    assert_eq!(spoilt("  template:\n", &good), Vec::<String>::new());
}

#[test]
fn what_a_set_is_made_of_does_not_change() {
    assert_says(&changed("minAvailable: 1", "minAvailable: 2"), "spec.template.cliques.spec.minAvailable", "immutable");
    assert_says(&changed("roleName: worker", "roleName: other"), "spec.template.cliques.spec.roleName", "immutable");
    assert_says(
        &changed(
            "      - name: decode\n        cliqueNames: [worker]\n",
            "      - name: prefill\n        cliqueNames: [worker]\n",
        ),
        "spec.template.podCliqueScalingGroups",
        "not allowed to change scaling group composition",
    );
    assert_eq!(changed("worker:1", "worker:2"), Vec::<String>::new());
    assert_eq!(changed("  replicas: 1\n", "  replicas: 3\n"), Vec::<String>::new());
}

#[test]
fn every_issue_can_be_mended_and_brought_back() {
    for (name, release) in Release::ALL {
        for issue in Profile::ISSUES {
            let mut profile = Profile::of(release);
            assert!(profile.mend(issue, true) && profile.mend(issue, false), "{name}: {issue}");
        }
        assert!(!Profile::of(release).mend(1, true));
    }
}
