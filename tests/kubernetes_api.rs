//! What the API server and the kubelet answer to manifests that lack something. Method: small scenarios in memory are run
//! to their end, and single entries of the timeline are looked for.

use greenroom::rehearsal::{Ending, Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::render::why;

/// The one document of a scenario.
struct Manifests(String);

impl Documents for Manifests {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

fn run(manifests: &str, more: &str) -> RunResult {
    let scenario = format!(
        "name: s\nuntil: 10m\ncluster:\n  nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ]\ndeploy:\n  \
         - {{ document: web.yaml, system: kubernetes }}\n{more}"
    );
    let loaded = load_from(&Source::new("s.yaml", scenario), &Manifests(manifests.to_owned()));
    let run = loaded.and_then(|scenario| rehearse(&scenario, Options::default(), &mut []));
    run.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"))
}

fn story(run: &RunResult) -> Vec<String> {
    let entries = run.timeline.since(0);
    let line = |entry: greenroom::timeline::Entry| {
        let subject = entry.subject.show(&run.names);
        format!("{} {subject} {} {}", entry.at, entry.became, why(&entry.why, &run.names))
    };
    entries.map(|(_, entry)| line(entry)).collect()
}

/// A pod by name with further lines of its spec and its container.
fn pod(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: web }}\nspec:\n{spec}  containers:\n    - name: web\n      image: \
         web:1\n{container}"
    )
}

fn deployment(replicas: u64, metadata: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web{metadata} }}\nspec:\n  replicas: {replicas}\n  selector: \
         {{ matchLabels: {{ app: web }} }}\n  template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec:\n      containers:\n        \
         - {{ name: web, image: 'web:1' }}\n"
    )
}

#[track_caller]
fn assert_told(run: &RunResult, wanted: &[&str]) {
    let told = story(run);
    let mut lines = told.iter();
    for one in wanted {
        assert!(lines.any(|line| line.contains(one)), "{one:?} in its order among {told:#?}");
    }
}

/// Goal: the image is pulled before the environment is made, and the container is created at a try of the kubelet.
#[test]
fn an_environment_without_its_secret_is_a_config_error() {
    let env = "      env: [ { name: TOKEN, valueFrom: { secretKeyRef: { name: token, key: t } } } ]\n";
    let manifests = pod("", env);
    let waits = run(&manifests, "");
    assert_told(&waits, &["Pulling web:1", "Pod/web CreateContainerConfigError Secret/token not found"]);
    assert!(!story(&waits).iter().any(|line| line.contains("Running")), "{:#?}", story(&waits));

    let both = format!("{manifests}---\napiVersion: v1\nkind: Secret\nmetadata: {{ name: token }}\n");
    assert_told(&run(&both, ""), &["Secret/token Created", "Pod/web Running"]);
}

#[test]
fn a_secret_that_comes_later_is_found_at_the_next_try() {
    struct Two;
    impl Documents for Two {
        fn read(&self, path: &str) -> Result<String, String> {
            let env = "      envFrom: [ { configMapRef: { name: settings } }, { secretRef: { name: none, optional: true } } ]\n";
            Ok(match path {
                "web.yaml" => pod("", env),
                _ => "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n".to_owned(),
            })
        }
    }
    let text = "name: s\nuntil: 10m\ncluster:\n  nodes: [ { pool: cpu, count: 1, cpu: 8, memory: 32Gi } ]\ndeploy:\n  \
                - { document: web.yaml, system: kubernetes }\nbehaviour:\n  - { match: {}, pull: 7s, start: 1s }\nactions:\n  \
                - { at: 61s, apply: settings.yaml }\n";
    let scenario = load_from(&Source::new("s.yaml", text.to_owned()), &Two).expect("it can be read");
    let run = rehearse(&scenario, Options::default(), &mut []).expect("it can be run");
    // Tries at 7 s, 17 s, …: the next after 61 s is that of 67 s.
    assert_told(&run, &["00:00:07.000 Pod/web CreateContainerConfigError", "00:01:07.000 Pod/web Running"]);
}

#[test]
fn a_volume_without_its_config_map_fails_to_mount() {
    let volume = "  volumes: [ { name: v, configMap: { name: settings } } ]\n";
    let told = run(&pod(volume, ""), "");
    assert_told(&told, &["Pod/web FailedMount ConfigMap/settings not found"]);
    assert!(!story(&told).iter().any(|line| line.contains("Pulling")), "mounts come before images");
}

#[test]
fn a_claim_that_is_not_there_is_named() {
    let volume = "  volumes: [ { name: v, persistentVolumeClaim: { claimName: models } } ]\n";
    let told = run(&pod(volume, ""), "");
    assert_told(&told, &["Pod/web Unschedulable 0/2 nodes are available: persistentvolumeclaim \"models\" not found."]);
}

#[test]
fn a_claim_says_why_nobody_provides_its_volume() {
    let claim = |class: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{ name: models }}\nspec:\n  accessModes: [ ReadWriteOnce ]\n{class}  \
             resources: {{ requests: {{ storage: 1Gi }} }}\n"
        )
    };
    let unknown = run(&claim("  storageClassName: fast\n"), "");
    assert_told(&unknown, &["models ProvisioningFailed storageclass.storage.k8s.io \"fast\" not found"]);
    let none = run(&claim(""), "");
    let why = "models FailedBinding no persistent volumes available for this claim and no storage class is set";
    assert_told(&none, &[why]);
}

#[test]
fn an_object_needs_its_namespace() {
    let told = run(&deployment(1, ", namespace: shop"), "");
    assert_told(&told, &["Deployment/shop/web Rejected namespaces \"shop\" not found", "manifests/web rejected"]);
    let notice = told.notices.iter().find(|notice| notice.text.contains("`shop`"));
    assert!(
        notice.is_some_and(|notice| notice.text.ends_with("name it in `cluster.namespaces`")),
        "{:?}",
        told.notices
    );
}

/// Goal: a namespace takes its pods along, then the rest, then goes; nothing can be made in it meanwhile.
#[test]
fn a_namespace_takes_all_that_is_in_it_along() {
    let manifests = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{ name: shop }}\n---\n{}",
        deployment(2, ", namespace: shop")
    );
    let actions = "behaviour:\n  - { match: {}, stop: 12s }\nactions:\n  - { at: 2m, delete: Namespace/shop }\n  \
                   - { at: 123s, apply: web.yaml }\n  - { at: 5m, apply: web.yaml }\n";
    let told = run(&manifests, actions);
    assert_told(
        &told,
        &[
            "00:02:00.000 Namespace/shop Terminating",
            "00:02:05.000 Pod/shop/web-r1-0 Terminating",
            "00:02:17.000 Pod/shop/web-r1-1 Deleted",
            "Deployment/shop/web Deleted",
            "Namespace/shop Deleted",
            "00:05:00.000 Namespace/shop Created",
            "00:05:00.000 Deployment/shop/web Created",
        ],
    );
    let gone = story(&told).into_iter().find(|line| line.contains("Namespace/shop Deleted")).expect("it was told");
    // Looks at 125 s, at 130 s for the status of the first, 16 s after that.
    assert!(gone.starts_with("00:02:26.000"), "{gone}");
    let made: Vec<String> = story(&told).into_iter().filter(|line| line.contains("Pending")).collect();
    assert_eq!(made.len(), 4, "no pod is made for those that go: {made:#?}");
}

#[test]
fn replicas_without_end_are_told() {
    let told = run(&deployment(2_147_483_647, ""), "");
    let Ending::LimitReached(limit) = &told.ending else { panic!("{:?}", told.ending) };
    assert!(limit.contains("most lately for Deployment/web, which asks for 2147483647"), "{limit}");
}

#[test]
fn what_controllers_made_can_be_deleted_by_name() {
    let actions = "actions:\n  - { at: 2m, delete: Pod/web-r1-0 }\n  - { at: 4m, delete: ReplicaSet/web-r1 }\n  \
                   - { at: 6m, delete: Pod/web-r1-0 }\n";
    let told = run(&deployment(2, ""), actions);
    assert_told(
        &told,
        &[
            "00:02:00.000 Pod/web-r1-0 Terminating deleted",
            "00:02:00.000 Pod/web-r1-2 Pending",
            "00:04:00.000 ReplicaSet/web-r1 Deleted",
            "00:04:00.000 ReplicaSet/web-r1 Created",
            "00:04:00.000 Pod/web-r1-3 Pending",
            "Deployment/web Complete 2 available",
        ],
    );
    let unfired: Vec<&str> = told.unfired.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(unfired, ["refused: pods \"web-r1-0\" not found"]);
}

/// Goal: a refused creation is a condition of the Deployment, until it succeeds.
#[test]
fn pods_that_cannot_be_created_are_a_condition_of_their_deployment() {
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: team }\nspec: { hard: { pods: 1 } }\n---\n";
    let told = run(&format!("{quota}{}", deployment(2, "")), "");
    assert_told(
        &told,
        &[
            "ReplicaSet/web-r1 FailedCreate exceeded quota: team",
            "Deployment/web ReplicaFailure ReplicaSet/web-r1 cannot create its pods",
        ],
    );
}

/// Goal: a drain that failed is not told to have ended well.
#[test]
fn a_drain_that_two_budgets_refuse_has_one_end() {
    let budget = |name: &str| {
        format!(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{ name: {name} }}\nspec: {{ maxUnavailable: 1, selector: \
             {{ matchLabels: {{ app: web }} }} }}\n---\n"
        )
    };
    let manifests = format!("{}{}{}", budget("a"), budget("b"), deployment(2, ""));
    let told = run(&manifests, "faults:\n  - { name: d, at: 2m, drain: { node: cpu-0 } }\n");
    let ends: Vec<String> = story(&told).into_iter().filter(|line| line.contains(" Drain")).collect();
    assert!(ends.iter().any(|line| line.contains("DrainFailed")), "{ends:#?}");
    assert!(!ends.iter().any(|line| line.contains(" Drained")), "{ends:#?}");
}

#[test]
fn a_fault_that_finds_less_than_it_asks_for_says_so() {
    let told = run(&deployment(2, ""), "faults:\n  - { name: kill, at: 2m, pod_kill: { workload: web, count: 9 } }\n");
    assert!(told.unfired.is_empty(), "{:?}", told.unfired);
    let texts: Vec<&str> = told.notices.iter().map(|notice| notice.text.as_str()).collect();
    assert_eq!(texts, ["fault kill hit 2 of the 9 that it asks for: there were no more"]);
}

#[test]
fn a_job_that_is_collected_leaves_its_set_as_it_was() {
    let job = "---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: once }\nspec: { ttlSecondsAfterFinished: 30, template: \
               { spec: { restartPolicy: Never, containers: [ { name: a, image: b } ] } } }\n";
    let run = run(&(pod("", "") + job), "behaviour:\n  - { match: { workload: once }, run: 20s }\n");
    assert_told(&run, &["Job/once Complete", "manifests/web ready", "Job/once Deleted"]);
    let sets = story(&run).into_iter().filter(|line| line.contains(" manifests/web ")).collect::<Vec<_>>();
    assert!(sets.last().is_some_and(|line| line.contains("ready")), "{sets:#?}");
}

/// Goal: a node has the labels that its kubelet gives it, unless the scenario says otherwise.
#[test]
fn nodes_have_the_labels_of_their_kubelet() {
    let selected = |system: &str| {
        format!(
            "  nodeSelector: {{ kubernetes.io/os: {system}, kubernetes.io/arch: amd64, beta.kubernetes.io/arch: amd64 }}\n"
        )
    };
    assert_told(&run(&pod(&selected("linux"), ""), ""), &["Pod/web Running"]);
    let other = run(&pod(&selected("windows"), ""), "");
    assert!(!story(&other).iter().any(|line| line.contains("Running")), "{:#?}", story(&other));
}

#[test]
fn the_priority_classes_of_a_listing_change_nothing() {
    let class = "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: system-cluster-critical }\nvalue: \
                 2000000000\n";
    let run = run(&(pod("  priorityClassName: system-cluster-critical\n", "") + class), "");
    assert_told(&run, &["manifests/web ready"]);
    assert!(!story(&run).iter().any(|line| line.contains("Rejected")), "{:#?}", story(&run));
}
