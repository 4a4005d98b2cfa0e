//! Goal: manifests as charts print them, and as `kubectl get -o yaml` prints those of a live cluster, are read without a
//! false error and can be rehearsed. Method: the files of tests/charts, in the form of public charts and in our own words,
//! are read; what is applied and left out is compared with an accepted table. Then each is run on a cluster with GPUs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom::rehearsal::{Ending, Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::systems::kubernetes::{Read, read};
use greenroom::text::{Source, render};
use greenroom::timeline::{Kind, render::why};

/// Each chart, its namespace, and Secrets that no manifest holds: in a cluster a hook or an operator makes them.
const CHARTS: [(&str, &str, &[&str]); 17] = [
    ("argo-cd", "argocd", &["argocd-redis"]),
    ("cert-manager", "cert-manager", &[]),
    ("device-plugin", "nvidia-device-plugin", &[]),
    ("gpu-operator", "gpu-operator", &[]),
    ("ingress-nginx", "ingress-nginx", &["ingress-nginx-admission"]),
    ("jupyterhub", "jhub", &[]),
    ("kserve", "kserve", &["kserve-webhook-server-cert"]),
    ("kube-prometheus-stack", "monitoring", &["kps-kube-prometheus-stack-admission"]),
    ("kuberay", "ray-system", &[]),
    ("kustomize-overlay", "embeddings-prod", &[]),
    ("live-list", "llm", &[]),
    ("lws-vllm", "lws-system", &[]),
    ("minio", "storage", &[]),
    ("ollama", "ollama", &[]),
    ("redis", "data", &[]),
    ("triton", "inference", &[]),
    ("vllm-stack", "vllm", &[]),
];

/// Classes of storage that the claims of the charts find.
const CLASSES: &str = "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: standard, annotations: { storageclass.kubernetes.io/is-default-class: 'true' } }
provisioner: csi.example.com
volumeBindingMode: WaitForFirstConsumer
---
{ apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: { name: fss }, provisioner: fss.csi.example.com }
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")
}

fn text(chart: &str) -> String {
    let path = folder().join(format!("{chart}.yaml"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_chart(chart: &str) -> Read {
    read(&Source::new(format!("{chart}.yaml"), text(chart)))
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

/// A chart and what stands beside it.
struct Files(String, String);

impl Documents for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        Ok(if path == "beside.yaml" { self.1.clone() } else { self.0.clone() })
    }
}

fn run(chart: &str, namespace: &str, secrets: &[&str]) -> RunResult {
    let secret = |name: &&str| {
        format!("---\n{{ apiVersion: v1, kind: Secret, metadata: {{ name: {name}, namespace: {namespace} }} }}\n")
    };
    let beside = CLASSES.to_owned() + &secrets.iter().map(secret).collect::<String>();
    let rack = |pool: &str, rack: &str| {
        format!(
            "    - pool: {pool}\n      count: 2\n      shape: BM.GPU.H100.8\n      ephemeral_storage: 2Ti\n      labels: {{ \
             nvidia.com/gpu.present: 'true', nvidia.com/gpu.product: NVIDIA-A10, example.com/rack: {rack} }}\n"
        )
    };
    let scenario = format!(
        "name: {chart}\nuntil: 14m\ncluster:\n  namespaces: [ {namespace} ]\n  nodes:\n{}{}    - {{ pool: cpu, count: 2, cpu: 16, memory: \
         64Gi }}\ndeploy:\n  - {{ document: beside.yaml, system: kubernetes }}\n  - {{ document: {chart}.yaml, system: kubernetes }}\n",
        rack("gpu", "a"),
        rack("gpu-of-b", "b")
    );
    let loaded = load_from(&Source::new("s.yaml", scenario), &Files(text(chart), beside));
    let run = loaded.and_then(|scenario| rehearse(&scenario, Options::default(), &mut []));
    run.unwrap_or_else(|errors| panic!("{chart}: {}", render::render(&errors, false)))
}

/// What each subject became last.
fn last(run: &RunResult) -> BTreeMap<String, &'static str> {
    run.timeline.since(0).map(|(_, entry)| (entry.subject.show(&run.names), entry.became)).collect()
}

fn counted(kinds: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    kinds.for_each(|kind| *counts.entry(kind).or_default() += 1);
    counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_chart_is_read_without_a_false_error() {
    let files = std::fs::read_dir(folder()).expect("the folder is there");
    let stem = |path: PathBuf| path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let mut charts: Vec<String> = files.map(|file| stem(file.expect("a file").path())).collect();
    charts.sort();
    assert_eq!(charts, CHARTS.map(|(chart, ..)| chart), "each chart stands in the table above");
    let (mut table, mut wrong) = (String::new(), String::new());
    for chart in &charts {
        let read = read_chart(chart);
        wrong += &render::render(&read.problems, false);
        let applied = counted(read.manifests.objects.iter().map(|one| one.identity.kind.text().to_owned()));
        let told = read.warnings.iter().filter(|warning| warning.message.starts_with("left out, "));
        // The names stand between backticks.
        let names = told.flat_map(|warning| warning.message.split('`').skip(1).step_by(2));
        let left_out = counted(names.map(|name| name.split('/').next().unwrap_or(name).to_owned()));
        table += &format!("{chart}\n  applied: {applied}\n  left out: {left_out}\n");
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!(table);
}

/// Goal: hooks, tests and migrations are done, and everything else is ready and stays so.
#[test]
fn every_chart_comes_up_and_its_jobs_complete() {
    for (chart, namespace, secrets) in CHARTS {
        let run = run(chart, namespace, secrets);
        assert!(matches!(run.ending, Ending::Until | Ending::Quiet), "{chart}: {:?}", run.ending);
        let last = last(&run);
        assert_eq!(last.get(&format!("manifests/{chart}")), Some(&"ready"), "{chart}: {last:#?}");
        for one in read_chart(chart).manifests.objects.iter().filter(|one| one.identity.kind == Kind::Job) {
            let subject = one.identity.show();
            let mut entries = run.timeline.since(0).map(|(_, entry)| (entry.subject.show(&run.names), entry.became));
            assert!(
                entries.any(|entry| entry == (subject.clone(), "Complete")),
                "{chart}: {subject} has not completed"
            );
        }
    }
}

/// Goal: a chart whose hook makes a Secret says which one its pods wait for.
#[test]
fn a_chart_without_what_its_hooks_make_says_what_is_missing() {
    for (chart, namespace, secrets) in CHARTS.iter().filter(|(.., secrets)| !secrets.is_empty()) {
        let run = run(chart, namespace, &[]);
        let missing = format!("Secret/{namespace}/{} not found", secrets[0]);
        let told = run.timeline.since(0).any(|(_, entry)| why(&entry.why, &run.names).contains(&missing));
        assert!(told, "{chart}: nothing tells of {missing}");
        assert_ne!(last(&run).get(&format!("manifests/{chart}")), Some(&"ready"), "{chart}");
    }
}
