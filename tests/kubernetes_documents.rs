//! What is told about manifests that cannot be applied, and that reading never panics. Method: documents with one mistake each, as
//! users make them; what is told is compared with an accepted text, whose words are those of the API server.

use greenroom::systems::kubernetes::{Manifests, read};
use greenroom::text::{Diagnostic, Source, render};
use proptest::prelude::*;

/// What is told about each text, one block a text.
fn told(texts: &[(&str, &str)]) -> String {
    let tell = |(what, text): &(&str, &str)| {
        let name = if text.starts_with('{') { "web.json" } else { "web.yaml" };
        let diagnostics: Vec<Diagnostic> = match read(&Source::new(name, *text)) {
            Ok(read) => read.problems.into_iter().chain(read.warnings).collect(),
            Err(errors) => errors,
        };
        assert!(!diagnostics.is_empty(), "nothing is told about {what}");
        format!("## {what}\n{}", render::render(&diagnostics, false))
    };
    texts.iter().map(tell).collect()
}

fn manifests(text: &str) -> Manifests {
    let read = read(&Source::new("web.yaml", text)).expect("manifests");
    assert_eq!(read.problems, []);
    Manifests::clone(&read.manifests)
}

/// A Deployment with something else in place of a part of it.
fn deployment(part: &str, instead: &str) -> String {
    let good = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: web:1
";
    assert!(good.contains(part), "{part}");
    good.replacen(part, instead, 1)
}

#[test]
fn workloads_that_cannot_be() {
    let mistakes = [
        ("labels that the selector does not match", "labels: { app: web }", "labels: { app: wbe }"),
        (
            "no template",
            "  template:\n    metadata:\n      labels: { app: web }\n    spec:\n      containers:\n        - name: web\n          image: web:1\n",
            "",
        ),
        ("no selector", "  selector:\n    matchLabels: { app: web }\n", ""),
        ("negative replicas", "replicas: 3", "replicas: -3"),
        ("replicas as a text", "replicas: 3", "replicas: three"),
        (
            "neither surge nor unavailable",
            "replicas: 3",
            "strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0% } }",
        ),
        ("a share that is none", "replicas: 3", "strategy: { rollingUpdate: { maxSurge: lots } }"),
        ("an unknown strategy", "replicas: 3", "strategy: { type: BlueGreen }"),
        ("bounds of a Recreate", "replicas: 3", "strategy: { type: Recreate, rollingUpdate: { maxSurge: 1 } }"),
        ("a deadline below minReadySeconds", "replicas: 3", "minReadySeconds: 60\n  progressDeadlineSeconds: 30"),
        ("a name that is none", "name: web\nspec", "name: Web_1\nspec"),
        ("no name", "  name: web\nspec", "  labels: {}\nspec"),
        ("a name to be made up", "name: web\nspec", "generateName: web-\nspec"),
        ("a namespace that is none", "name: web\nspec", "name: web\n  namespace: a.b\nspec"),
        ("a label that is none", "name: web\nspec", "name: web\n  labels: { app: -web }\nspec"),
        ("an unknown field", "replicas: 3", "replcias: 3"),
        ("an unknown field of a container", "image: web:1", "imgae: web:1"),
        ("an unknown key of the object", "kind: Deployment", "kind: Deployment\nmetdata: {}"),
        ("a container without a name", "- name: web\n          image", "- image"),
        ("two containers of one name", "image: web:1", "image: web:1\n        - { name: web, image: b }"),
        (
            "a request above its limit",
            "image: web:1",
            "image: web:1\n          resources: { requests: { cpu: 2 }, limits: { cpu: 1 } }",
        ),
        ("half a GPU", "image: web:1", "image: web:1\n          resources: { limits: { nvidia.com/gpu: 500m } }"),
        (
            "a GPU that is requested only",
            "image: web:1",
            "image: web:1\n          resources: { requests: { nvidia.com/gpu: 1 } }",
        ),
        ("an amount that is none", "image: web:1", "image: web:1\n          resources: { requests: { memory: 4 GB } }"),
        ("a probe without a question", "image: web:1", "image: web:1\n          readinessProbe: { periodSeconds: 5 }"),
        (
            "a liveness probe that needs two successes",
            "image: web:1",
            "image: web:1\n          livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 }",
        ),
        (
            "a volume that is not there",
            "image: web:1",
            "image: web:1\n          volumeMounts: [ { name: data, mountPath: /data } ]",
        ),
        ("a restart policy of a Job", "    spec:\n", "    spec:\n      restartPolicy: Never\n"),
        (
            "a toleration that is none",
            "    spec:\n",
            "    spec:\n      tolerations: [ { operator: Exist, key: a }, { key: b, effect: Nope } ]\n",
        ),
        (
            "a spread that is none",
            "    spec:\n",
            "    spec:\n      topologySpreadConstraints: [ { maxSkew: 0, whenUnsatisfiable: Never } ]\n",
        ),
        (
            "an affinity that is none",
            "    spec:\n",
            "    spec:\n      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [ { weight: 200, podAffinityTerm: {} } ] } }\n",
        ),
        (
            "fields that have no effect",
            "    spec:\n",
            "    spec:\n      runtimeClassName: kata\n      readinessGates: [ { conditionType: a/b } ]\n",
        ),
    ];
    let texts: Vec<(&str, String)> =
        mistakes.iter().map(|(what, part, instead)| (*what, deployment(part, instead))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(what, text)| (*what, text.as_str())).collect();
    let told = told(&texts);
    insta::assert_snapshot!(told);
}

#[test]
fn other_objects_that_cannot_be() {
    let told = told(&[
        (
            "a Job that restarts always",
            "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {containers: [{name: a, image: b}]}}}}",
        ),
        (
            "an indexed Job without completions",
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n  completionMode: Indexed\n  parallelism: 2\n  \
             maxFailedIndexes: 1\n  podFailurePolicy: { rules: [ { action: Retry, onExitCodes: { operator: In, values: [0] } } ] }\n  \
             template: {spec: {restartPolicy: OnFailure, containers: [{name: a, image: b}]}}\n",
        ),
        (
            "a CronJob with four fields",
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '* * * *', jobTemplate: {spec: \
             {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}\n",
        ),
        (
            "a StatefulSet and a DaemonSet with wrong strategies",
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {podManagementPolicy: Any, updateStrategy: {type: \
             OnDelete, rollingUpdate: {partition: 1}}, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: \
             b}}, spec: {containers: [{name: a, image: b}]}}}\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: \
             a}\nspec: {updateStrategy: {rollingUpdate: {maxSurge: 1}}, selector: {matchLabels: {a: b}}, template: \
             {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}\n",
        ),
        (
            "a Service without ports, with an upper-case name",
            "apiVersion: v1\nkind: Service\nmetadata: {name: 1Web}\nspec: {type: Cluster, selector: {a: b}}\n",
        ),
        (
            "a Service without a selector",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n",
        ),
        (
            "a Service with a port that nobody has",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {a: b}, ports: [{port: 80, targetPort: web}]}\n",
        ),
        (
            "a budget with both bounds",
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1, maxUnavailable: 1}\n",
        ),
        (
            "an autoscaler with nothing to scale",
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {minReplicas: 5, maxReplicas: 2, \
             metrics: [{type: Resource}], scaleTargetRef: {kind: CloneSet, name: a}}\n",
        ),
        (
            "a priority above what users may define",
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a, namespace: b}\nvalue: 2000000000\n",
        ),
        (
            "a claim that says nothing",
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {accessModes: [Often]}\n",
        ),
        (
            "a group of minus one",
            "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {name: a}\nspec: {startupPolicy: Soon, \
             leaderWorkerTemplate: {size: -1, restartPolicy: Never, workerTemplate: {spec: {containers: [{name: a, image: b}]}}}}\n",
        ),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn texts_that_are_no_manifests() {
    let told = told(&[
        ("nothing", "# nothing\n---\n---\n"),
        ("a list", "- a\n"),
        ("no kind", "apiVersion: v1\nmetadata: { name: a }\n"),
        ("no YAML", "apiVersion: v1\nkind: [\n"),
        ("no YAML in the second document", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\na: b: c\n"),
        ("an old version", "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: { name: a }\n"),
        (
            "other kinds",
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata: {name: b}\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: c}\n",
        ),
        (
            "an object twice",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, \
             namespace: default}\n",
        ),
        (
            "pods of a listing",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a-1, ownerReferences: [{apiVersion: \
             apps/v1, kind: ReplicaSet, name: a, uid: x, controller: true}]}\n",
        ),
        ("JSON with a comment", "{\n// no\n\"kind\": \"List\"}"),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn lists_and_listings_are_taken_as_they_come() {
    let listing = "apiVersion: v1
kind: List
metadata: { resourceVersion: '' }
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    namespace: shop
    uid: 8a9c
    resourceVersion: '12'
    generation: 2
    creationTimestamp: '2026-01-01T00:00:00Z'
    annotations: { deployment.kubernetes.io/revision: '2' }
    managedFields: [ { manager: kubectl, operation: Update, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: { 'f:spec': {} } } ]
  spec:
    selector: { matchLabels: { app: web } }
    template:
      metadata: { creationTimestamp: null, labels: { app: web } }
      spec: { containers: [ { name: web, image: 'web:1', resources: {} } ], schedulerName: default-scheduler }
  status: { replicas: 1, conditions: [ { type: Available, status: 'True' } ] }
- kind: ConfigMapList
  apiVersion: v1
  items: [ { metadata: { name: a }, data: { key: value } } ]
";
    let names =
        |manifests: &Manifests| -> Vec<String> { manifests.objects.iter().map(|one| one.identity.show()).collect() };
    let listed = manifests(listing);
    assert_eq!(names(&listed), ["ConfigMap/a", "Deployment/shop/web"]);
    let json = "{\"kind\": \"Namespace\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"shop\"}}";
    let read = read(&Source::new("a.json", json)).expect("JSON");
    assert_eq!(names(&read.manifests), ["Namespace/shop"]);
}

/// Goal: values of the environment, arguments, ConfigMaps and Secrets are nowhere in what is kept. Method: its debug text.
#[test]
fn values_are_not_kept() {
    let text = "apiVersion: v1
kind: Secret
metadata: { name: a }
stringData: { password: hunter2 }
data: { key: aHVudGVyMg== }
---
apiVersion: v1
kind: Pod
metadata: { name: b, annotations: { note: hunter2 } }
spec:
  containers:
    - name: b
      image: b:1
      args: [ --password, hunter2 ]
      command: [ hunter2 ]
      env: [ { name: PASSWORD, value: hunter2 }, { name: K, valueFrom: { secretKeyRef: { name: a, key: key } } } ]
";
    let kept = format!("{:?}", manifests(text));
    assert!(kept.contains("Secret") && !kept.contains("hunter2") && !kept.contains("aHVudGVyMg"), "{kept}");
}

proptest! {
    /// Goal: no text makes the reader panic. Method: a good text with a piece of it replaced by any value of YAML.
    #[test]
    fn never_panics(at in 0usize..600, length in 0usize..40, piece in "([a-z]|[0-9]|-|: |\n|  |[\\[\\]{}]|~|%|/|\\.){0,12}") {
        let good = deployment("replicas: 3", "strategy: { rollingUpdate: { maxSurge: 25% } }\n  minReadySeconds: 5");
        let text: String = {
            let start = good.floor_char_boundary(at.min(good.len()));
            let end = good.floor_char_boundary((start + length).min(good.len()));
            format!("{}{piece}{}", &good[..start], &good[end..])
        };
        if let Ok(read) = read(&Source::new("web.yaml", text)) {
            render::render(&read.problems, false);
        }
    }

    /// Goal: the same for values where none or others are expected. Method: one scalar of each field replaced.
    #[test]
    fn any_value_in_any_field_is_read_or_refused(field in 0usize..22, value in 0usize..10) {
        let fields = [
            "replicas", "minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit", "paused", "strategy", "selector",
            "template", "parallelism", "completions", "backoffLimit", "suspend", "ports", "type", "hard", "scopes", "maxReplicas",
            "minReplicas", "metrics", "behavior", "schedule", "accessModes",
        ];
        let values = ["null", "-1", "9999999999", "true", "a", "[]", "{}", "[ {} ]", "{ a: {} }", "1.5"];
        let kinds = [
            ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"), ("batch/v1", "CronJob"),
            ("v1", "Service"), ("v1", "ResourceQuota"), ("autoscaling/v2", "HorizontalPodAutoscaler"), ("v1", "Pod"),
            ("v1", "PersistentVolumeClaim"), ("v1", "PersistentVolume"), ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"),
        ];
        for (version, kind) in kinds {
            let text = format!(
                "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{ {}: {} }}\n", fields[field], values[value],
            );
            let _ = read(&Source::new("a.yaml", text));
        }
    }
}

/// Goal: a CronJob is checked when it is read, in the API's words.
#[test]
fn cron_jobs_that_cannot_be() {
    let cron = |name: &str, spec: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{ name: {name} }}\nspec:\n  {spec}\n  jobTemplate:\n    spec:\n      template:\n        \
             spec:\n          restartPolicy: Never\n          containers: [ {{ name: a, image: 'a:1' }} ]\n"
        )
    };
    let long = "a-name-of-more-than-fifty-two-characters-is-too-long-";
    let texts = [
        ("a range that ends before it begins", cron("a", "schedule: 5-1 * * * *")),
        ("a minute too far", cron("a", "schedule: '60 * * * *'")),
        ("no number", cron("a", "schedule: x * * * *")),
        ("a zone in the schedule", cron("a", "schedule: TZ=UTC * * * * *")),
        ("a zone that nobody knows", cron("a", "schedule: '@daily'\n  timeZone: Europe/Atlantis")),
        ("the zone of the machine", cron("a", "schedule: '@daily'\n  timeZone: Local")),
        ("a long name", cron(&format!("{long}x"), "schedule: '@daily'")),
        (
            "a Job that names its pods",
            "apiVersion: batch/v1\nkind: Job\nmetadata: { name: a }\nspec:\n  selector: { matchLabels: { app: a } }\n  template:\n    metadata: \
             { labels: { app: a } }\n    spec:\n      restartPolicy: Never\n      containers: [ { name: a, image: 'a:1' } ]\n"
                .to_owned(),
        ),
        (
            "an amount that no machine has",
            "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [ { name: a, image: 'a:1', resources: { requests: { memory: \
             99999999999999Ei } } } ] }\n"
                .to_owned(),
        ),
        ("a list that is a map", "apiVersion: v1\nkind: List\nitems: { a: b }\n".to_owned()),
        (
            "a bare pod with a label that is none, told once",
            "apiVersion: v1\nkind: Pod\nmetadata: { name: a, labels: { app: '-' } }\nspec: { containers: [ { name: a, image: 'a:1' } ] }\n".to_owned(),
        ),
    ];
    let texts: Vec<(&str, &str)> = texts.iter().map(|(what, text)| (*what, text.as_str())).collect();
    insta::assert_snapshot!(told(&texts));
}
