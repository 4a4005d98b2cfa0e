//! Manifests are judged as the API server judges what `kubectl` sends it, which differs from what they look like: plain values,
//! nulls, owners, gates, hooks. Method: manifests with one such thing each; nothing is told of those that the API server takes, and
//! of the others what it answers.

use greenroom::systems::kubernetes::{Manifests, read};
use greenroom::text::{Diagnostic, Source, render};

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

/// What is wrong with the text, and what is told about it beside that.
fn messages(text: &str) -> (Vec<String>, Vec<String>) {
    let read =
        read(&Source::new("web.yaml", text)).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let words = |all: Vec<Diagnostic>| all.into_iter().map(|one| one.message).collect();
    (words(read.problems), words(read.warnings))
}

#[track_caller]
fn assert_refused(text: &str, words: &[&str]) {
    let (problems, _) = messages(text);
    assert_eq!(problems.len(), words.len(), "{problems:#?}");
    for (problem, words) in problems.iter().zip(words) {
        assert!(problem.contains(words), "{words:?} in {problem:?}");
    }
}

#[track_caller]
fn assert_taken(text: &str) {
    let (problems, warnings) = messages(text);
    assert_eq!((problems, warnings), (Vec::new(), Vec::new()), "{text}");
}

/// Goal: what a plain value means is settled on the way to the API server, by YAML 1.1 and JSON, and not by the field.
#[test]
fn values_are_what_kubectl_sends() {
    for instead in [
        "securityContext: { runAsUser: 1e+06 }",
        "volumes: [ { name: a, configMap: { name: c, defaultMode: 0644 } } ]",
        "volumes: [ { name: a, configMap: { name: c, defaultMode: 0o644 } } ]",
        "hostNetwork: yes",
        "automountServiceAccountToken: off",
        "terminationGracePeriodSeconds: 3_0.0",
        "nodeSelector: { a: null, b: 'yes', c: 1234e567 }",
        "imagePullSecrets: [ null, { name: } ]",
        "nodeSelector: { a: !Ref yes, b: !Sub 5 }",
    ] {
        assert_taken(&deployment("    spec:\n", &format!("    spec:\n      {instead}\n")));
    }
    assert_taken(&deployment("replicas: 3", "replicas: 3.0\n  strategy: { rollingUpdate: { maxSurge: 1.0 } }"));
    assert_taken(&deployment(
        "name: web\nspec",
        "name: web\n  annotations: { a: null, sum: 1234e567, day: 2026-01-01 }\nspec",
    ));
    let container = "args: [ null, a ]\n          resources: { requests: { cpu: null, memory: 1e9 } }\n          env: [ { name: A } ]";
    assert_taken(&deployment("image: web:1", &format!("image: web:1\n          {container}")));
    let replicas =
        |text: &str| manifests(&deployment("replicas: 3", &format!("replicas: {text}"))).objects[0].replicas();
    assert_eq!(
        [replicas("011"), replicas("0b11"), replicas("1e1"), replicas("08")],
        [Some(9), Some(3), Some(10), Some(8)]
    );
    for (value, found) in [("yes", "bool"), ("off", "bool"), ("0755", "number"), ("1e3", "number")] {
        let env = format!("image: web:1\n          env: [ {{ name: A, value: {value} }} ]");
        let told = format!("env[0].value: json: cannot unmarshal {found} into Go struct field of type string");
        assert_refused(&deployment("image: web:1", &env), &[&told]);
    }
    for (field, wanted) in [("hostNetwork: 'yes'", "bool"), ("priority: '010'", "int32"), ("priority: 1.5", "int32")] {
        let text = deployment("    spec:\n", &format!("    spec:\n      {field}\n"));
        assert_refused(&text, &[&format!("into Go struct field of type {wanted}")]);
    }
}

#[test]
fn an_object_is_called_by_its_name_whatever_else_does_not_fit() {
    let text = deployment("name: web\nspec", "name: web\n  namespace: shop\n  labels: { a: 5 }\nspec");
    assert_refused(
        &text,
        &["Deployment \"web\" in version \"v1\" cannot be handled as a Deployment: metadata.labels.a: json:"],
    );
    let read = read(&Source::new("web.yaml", text)).expect("manifests");
    let refused: Vec<String> = read.manifests.refused.iter().map(|one| one.identity.show()).collect();
    assert_eq!((refused, read.manifests.nameless), (vec!["Deployment/shop/web".to_owned()], 0));
}

#[test]
fn a_namespace_of_an_object_of_the_whole_cluster_is_taken_off() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, namespace: shop }\n---\napiVersion: \
                scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high, namespace: Not_A_Name }\nvalue: 5\n";
    let names: Vec<String> = manifests(text).objects.iter().map(|one| one.identity.show()).collect();
    assert_eq!(names, ["PriorityClass/high", "Namespace/shop"]);
}

/// Goal: what a controller of the run makes is left out, and what an operator made that is not simulated is kept.
#[test]
fn objects_of_operators_are_kept() {
    let owned = |kind: &str, version: &str, owner: &str, owner_version: &str| {
        let spec = match kind {
            "Deployment" | "ReplicaSet" => {
                ", spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: \
                 { containers: [ { name: a, image: b } ] } } }"
            }
            "Pod" => ", spec: { containers: [ { name: a, image: b } ] }",
            _ => "",
        };
        let owner = format!("{{ apiVersion: {owner_version}, kind: {owner}, name: o, uid: u, controller: true }}");
        let text = format!(
            "---\n{{ apiVersion: {version}, kind: {kind}, metadata: {{ name: a, ownerReferences: [ {owner} ] }}{spec} }}\n"
        );
        let read = read(&Source::new("web.yaml", text)).expect("manifests");
        assert_eq!(read.problems, []);
        read.manifests.objects.len() == 1
    };
    for (kind, version, owner, owner_version) in [
        ("Secret", "v1", "SealedSecret", "bitnami.com/v1alpha1"),
        ("Deployment", "apps/v1", "InferenceService", "serving.kserve.io/v1beta1"),
        ("Deployment", "apps/v1", "Deployment", "example.com/v1"),
        ("ConfigMap", "v1", "Deployment", "apps/v1"),
        ("Pod", "v1", "RayCluster", "ray.io/v1"),
    ] {
        assert!(owned(kind, version, owner, owner_version), "{kind} of {owner}");
    }
    for (kind, version, owner, owner_version) in [
        ("ReplicaSet", "apps/v1", "Deployment", "apps/v1"),
        ("Pod", "v1", "ReplicaSet", "apps/v1"),
        ("Pod", "v1", "Node", "v1"),
        ("Pod", "v1", "Job", "batch/v1"),
    ] {
        assert!(!owned(kind, version, owner, owner_version), "{kind} of {owner}");
    }
}

#[test]
fn kubernetes_own_priority_classes_are_known() {
    let class = |name: &str, value: &str| {
        format!("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{ name: {name} }}\nvalue: {value}\n")
    };
    assert_taken(&class("system-cluster-critical", "2000000000"));
    assert_taken(&class("system-node-critical", "2000001000"));
    assert_refused(
        &class("system-node-critical", "5"),
        &["value of system-node-critical PriorityClass must be 2000001000"],
    );
    assert_refused(&class("system-mine", "5"), &["system-mine is not a known system priority class"]);
}

#[test]
fn a_pod_may_not_have_white_space_around_its_image_and_a_template_may() {
    let (problems, warnings) = messages(&deployment("image: web:1", "image: 'web:1 '"));
    assert_eq!((problems.len(), warnings.len()), (0, 1), "{problems:?} {warnings:?}");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [ { name: a, image: ' b' } ] }\n";
    assert_refused(
        pod,
        &["spec.containers[0].image: Invalid value: \" b\": must not have leading or trailing whitespace"],
    );
}

#[test]
fn targets_of_metrics_are_judged_by_what_they_are_of() {
    let metric = |of: &str, more: &str, target: &str| {
        let field = of.to_lowercase();
        format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{ name: a }}\nspec: {{ maxReplicas: 2, \
             scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: a }}, metrics: [ {{ type: {of}, {field}: {{ {more}, \
             target: {{ {target} }} }} }} ] }}\n"
        )
    };
    let object = "describedObject: { kind: Service, name: s }, metric: { name: m }";
    for (of, more, target) in [
        ("Pods", "metric: { name: m }", "type: Value, averageValue: 5"),
        ("External", "metric: { name: m }", "type: Value, averageValue: 5"),
        ("External", "metric: { name: m }", "type: AverageValue, value: 5"),
        ("Object", object, "type: Value, value: 5"),
        ("Resource", "name: cpu", "type: Value, averageUtilization: 80"),
    ] {
        assert_taken(&metric(of, more, target));
    }
    let (problems, warnings) = messages(&metric("Object", object, "type: Value, averageValue: 5"));
    assert_eq!(problems, Vec::<String>::new());
    assert!(warnings[0].contains("the target has no figure of its type"), "{warnings:?}");
    for (of, more, target, told) in [
        ("Pods", "metric: { name: m }", "type: Value, value: 5", "must specify a positive target averageValue"),
        (
            "External",
            "metric: { name: m }",
            "type: Value, value: 5, averageValue: 5",
            "may not set both a target value",
        ),
        ("External", "metric: { name: m }", "type: Value", "must set either a target value for metric"),
        ("Object", object, "type: Value", "must set either a target value or averageValue"),
        (
            "Resource",
            "name: cpu",
            "type: Utilization, averageUtilization: 80, averageValue: 5",
            "may not set both a target raw value",
        ),
        (
            "Resource",
            "name: cpu",
            "type: Utilization, averageValue: 0",
            "averageValue: Invalid value: \"0\": must be positive",
        ),
        (
            "Resource",
            "name: cpu",
            "type: Share, averageUtilization: 80",
            "must be either Utilization, Value, or AverageValue",
        ),
    ] {
        assert_refused(&metric(of, more, target), &[told]);
    }
}

/// Goal: fields behind feature gates that are off in 1.36 are refused.
#[test]
fn gates_that_are_off_are_off() {
    let toleration = "    spec:\n      tolerations: [ { key: a, operator: Gt, value: '5' } ]\n";
    let told = "Unsupported value: \"Gt\": supported values: \"Equal\", \"Exists\", \"Lt\", \"Gt\"";
    assert_refused(&deployment("    spec:\n", toleration), &[told]);
    let none = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: a }\nspec: { minReplicas: 0, maxReplicas: \
                2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: a }, metrics: [ { type: External, external: \
                { metric: { name: q }, target: { type: AverageValue, averageValue: 5 } } } ] }\n";
    assert_refused(none, &["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"]);
}

#[test]
fn a_refused_workload_has_the_ports_of_its_service_all_the_same() {
    let ports = "image: web:1\n          imgae: x\n          ports: [ { name: http, containerPort: 8080 } ]";
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [ { port: 80, \
                   targetPort: http } ] }\n";
    let (problems, warnings) = messages(&(deployment("image: web:1", ports) + service));
    assert_eq!((problems.len(), warnings), (1, Vec::new()));
}

#[test]
fn hooks_of_another_time_and_schedulers_that_are_not_there_are_told() {
    let job = |name: &str, hook: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{ name: {name}, annotations: {{ helm.sh/hook: {hook} }} }}\nspec: \
             {{ template: {{ spec: {{ restartPolicy: Never, containers: [ {{ name: a, image: b }} ] }} }} }}\n"
        )
    };
    assert_taken(&(job("a", "pre-install") + &job("b", "'post-install,post-delete'")));
    let (_, warnings) =
        messages(&(job("a", "pre-install") + &job("b", "test") + &job("c", "'pre-delete, post-delete'")));
    let told = "applied at once, though Helm runs these hooks at another time: `Job/b (test)`, `Job/c (pre-delete, post-delete)`";
    assert_eq!(warnings, [told]);
    assert_taken(&deployment("    spec:\n", "    spec:\n      schedulerName: default-scheduler\n"));
    let (_, warnings) = messages(&deployment("    spec:\n", "    spec:\n      schedulerName: second\n"));
    assert!(
        warnings[0].contains("spec.template.spec.schedulerName: taken as the cluster's own scheduler"),
        "{warnings:?}"
    );
}

/// Goal: where the API server answers about a field that is called a secret, its answer is shown.
#[test]
fn answers_about_secret_volumes_are_not_masked() {
    let text = deployment(
        "    spec:\n",
        "    spec:\n      volumes: [ { name: a, secret: { secretName: b, defaultMode: 'x' } } ]\n",
    );
    let read = read(&Source::new("web.yaml", text)).expect("manifests");
    let told = render::render(&read.problems, false);
    assert!(told.contains("secret.defaultMode: json: cannot unmarshal string"), "{told}");
}

#[test]
fn json_values_may_stand_one_behind_the_other() {
    let text = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}\n{\"apiVersion\":\"v1\",\"kind\":\
                \"ConfigMap\",\"metadata\":{\"name\":\"b\"}}\n";
    for name in ["web.json", "web.yaml"] {
        let read = read(&Source::new(name, text)).expect("JSON");
        assert_eq!((read.manifests.objects.len(), read.problems), (2, Vec::new()), "{name}");
    }
}
