//! Goal: what a real cluster is given is what the document says. Method: manifests are read, rendered and read again, and must ask for the
//! same; all that the controllers of every scenario ask for is rendered for kwok and for stand-ins, and must hold together.
#![cfg(feature = "live")]

#[path = "support/asked.rs"]
mod asked;
#[path = "support/scenarios.rs"]
mod scenarios;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asked::{Asked, asked};
use greenroom::kernel::Names;
use greenroom::live::conduct::Conducts;
use greenroom::live::render::{MANAGED_BY, Naming, Nodes, Pods, RUN, Rendering, Unsupported, WORKLOAD, object};
use greenroom::scenario::model::SystemName;
use greenroom::systems::kubernetes::{Body, Manifests, read};
use greenroom::text::Source;
use greenroom::timeline::{Kind, Subject};
use greenroom::workload::policy::AutoscalerSpec;
use greenroom::workload::{LabelSelector, Object, PodTemplate};
use serde_json::{Value, json};

const RUN_ID: &str = "k7f3q2";
/// Kinds that no API has before greenroom or a provider makes them.
const CUSTOM: [Kind; 6] = [
    Kind::Rollout,
    Kind::LeaderWorkerSet,
    Kind::AnalysisTemplate,
    Kind::ClusterAnalysisTemplate,
    Kind::AnalysisRun,
    Kind::NodePool,
];
/// Labels that hold the number of a template, which rendering changes.
const REVISIONS: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

fn rendering(pods: Pods) -> Rendering {
    Rendering { naming: Naming::new(RUN_ID).expect("an id"), nodes: Nodes::Own, pods, owns_cluster: true }
}

fn objects(manifests: &Manifests, names: &mut Names) -> Asked {
    let asked = manifests.objects.iter().map(|manifest| {
        let key = Subject::parse(&manifest.identity.show(), names).expect("a subject");
        let object = match &manifest.body {
            Body::Object(object) => object.clone(),
            Body::Autoscaler(from) => {
                let (kind, name) = &from.target;
                Object::HorizontalPodAutoscaler(Box::new(AutoscalerSpec {
                    target: Subject { kind: *kind, name: names.name(name), ..key },
                    replicas_min: from.replicas_min,
                    replicas_max: from.replicas_max,
                    metrics: from.metrics.clone(),
                    up: from.up.clone(),
                    down: from.down.clone(),
                }))
            }
        };
        (key, object)
    });
    asked.collect()
}

/// Renders objects; what the run makes is known before.
fn rendered(asked: &Asked, names: &Names, mut how: Rendering) -> Vec<(Subject, Result<Value, Unsupported>)> {
    for (key, _) in asked {
        how.naming.learn(key.kind, names.text(key.namespace), &names.show(key.name));
    }
    asked.iter().map(|(key, one)| (*key, object(*key, one, names, &how))).collect()
}

/// Gives names and namespaces back their form in the document.
fn unnamed(value: &mut Value, naming: &Naming) {
    match value {
        Value::String(text) => {
            let found = naming.document_namespace(text).map(|name| if name.is_empty() { "default" } else { name });
            if let Some(name) = found.map(str::to_owned) {
                *text = name;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| unnamed(item, naming)),
        Value::Object(map) => map.values_mut().for_each(|item| unnamed(item, naming)),
        _ => {}
    }
}

/// Takes from a template what rendering adds or numbers anew.
fn plain(template: &mut Arc<PodTemplate>) {
    let template = Arc::make_mut(template);
    template.fingerprint = 0;
    for key in [MANAGED_BY.0, RUN, WORKLOAD] {
        template.labels.remove(key);
    }
    template.node_selector.remove(RUN);
    template.tolerations.retain(|one| one.key.as_deref() != Some(RUN));
    let affinity = &mut template.affinity;
    let terms = affinity.pods.iter_mut().chain(&mut affinity.anti_pods);
    let terms = terms.chain(affinity.preferred_pods.iter_mut().map(|one| &mut one.term)).map(|one| &mut one.selector);
    for selector in terms.chain(template.spread.iter_mut().map(|one| &mut one.selector)) {
        selector.requirements.sort();
        for one in selector.requirements.iter_mut().filter(|one| REVISIONS.contains(&one.key.as_str())) {
            one.values = vec!["the revision".to_owned()];
        }
    }
    for key in REVISIONS {
        template.labels.entry(key.to_owned()).and_modify(|value| "the revision".clone_into(value));
    }
}

fn template_of(object: &mut Object) -> Option<&mut Arc<PodTemplate>> {
    Some(match object {
        Object::Pod(template) => template,
        Object::Deployment(spec) => &mut spec.template,
        Object::ReplicaSet(spec) => &mut spec.template,
        Object::StatefulSet(spec) => &mut spec.template,
        Object::DaemonSet(spec) => &mut spec.template,
        Object::Job(spec) => &mut spec.template,
        Object::CronJob(spec) => &mut spec.job.template,
        _ => return None,
    })
}

fn normal(asked: Asked, names: &Names) -> BTreeMap<String, Object> {
    let each = asked.into_iter().map(|(key, mut object)| {
        if let Some(template) = template_of(&mut object) {
            plain(template);
        }
        if let Object::PersistentVolume(spec) = &mut object {
            spec.labels.retain(|label, _| ![MANAGED_BY.0, RUN].contains(&label.as_str()));
        }
        (key.show(names), object)
    });
    each.collect()
}

/// Reads, renders and reads again; how many objects came through, and what did not.
fn round_trip(path: &Path, kinds: &mut BTreeMap<&'static str, usize>, refused: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Ok(first) = read(&Source::new(path.display().to_string(), text)) else { return };
    let mut names = Names::default();
    let mut asked = objects(&first.manifests, &mut names);
    let how = rendering(Pods::Plain);
    let mut items = Vec::new();
    let mut unsupported = BTreeSet::new();
    for (key, result) in rendered(&asked, &names, how.clone()) {
        match result {
            Ok(mut item) => {
                unnamed(&mut item, &how.naming);
                items.push(item);
                *kinds.entry(key.kind.text()).or_default() += 1;
            }
            Err(error) => {
                let kind = key.kind.text();
                refused.insert(format!("{kind}: {}", error.why));
                unsupported.insert(key);
            }
        }
    }
    if items.is_empty() {
        return;
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
    let again =
        read(&Source::new("rendered.json", list)).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
    assert_eq!(again.problems, [], "{}", path.display());
    let found = normal(objects(&again.manifests, &mut names), &names);
    asked.retain(|(key, _)| !unsupported.contains(key));
    let wanted = normal(asked, &names);
    assert_eq!(wanted.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{}", path.display());
    for (name, object) in &wanted {
        assert_eq!(object, &found[name], "{name} of {}", path.display());
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The YAML files below a folder, in order.
fn manifests_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_rendered_reads_as_the_document_does() {
    let (mut kinds, mut refused) = (BTreeMap::new(), BTreeSet::new());
    for path in manifests_below(&folder("scenarios")).into_iter().chain(manifests_below(&folder("tests/charts"))) {
        round_trip(&path, &mut kinds, &mut refused);
    }
    let shown: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    ConfigMap 33
    CronJob 1
    DaemonSet 8
    Deployment 105
    HorizontalPodAutoscaler 5
    Job 13
    Namespace 5
    PersistentVolume 1
    PersistentVolumeClaim 8
    Pod 4
    PodDisruptionBudget 10
    PriorityClass 7
    ResourceQuota 5
    Secret 13
    Service 69
    StatefulSet 9
    StorageClass 3
    ");
    insta::assert_snapshot!(refused.into_iter().collect::<Vec<_>>().join("\n"), @"
    AnalysisTemplate: it is a custom resource that greenroom plays itself: what it makes is applied, not the resource
    HorizontalPodAutoscaler: it is a custom resource that greenroom plays itself
    Job: no batch scheduler places it: rehearse gangs in simulation
    LeaderWorkerSet: it is a custom resource that greenroom plays itself: what it makes is applied, not the resource
    Pod: no batch scheduler places it: rehearse gangs in simulation
    PodGroup: it is for a batch scheduler, and no live cluster of greenroom's has one: rehearse gangs in simulation
    Rollout: it is a custom resource that greenroom plays itself: what it makes is applied, not the resource
    StatefulSet: no batch scheduler places it: rehearse gangs in simulation
    Topology: it is for a batch scheduler, and no live cluster of greenroom's has one: rehearse gangs in simulation
    ");
}

/// The same with public manifests.
#[test]
fn public_manifests_read_as_they_did() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return;
    };
    let (mut kinds, mut refused) = (BTreeMap::new(), BTreeSet::new());
    for path in manifests_below(&Path::new(&shared).join("corpus")) {
        round_trip(&path, &mut kinds, &mut refused);
    }
    assert!(kinds.values().sum::<usize>() > 0, "nothing was rendered");
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The metadata and spec of an object's pods.
fn pods_of(object: &Value) -> Option<(&Value, &Value)> {
    let template = match object["kind"].as_str()? {
        "Pod" => object,
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
        _ => object["spec"].get("template")?,
    };
    Some((&template["metadata"], &template["spec"]))
}

/// All that holds of what one scenario asks for. Returns what cannot be expressed.
fn check(name: &str, results: &[(Subject, Result<Value, Unsupported>)], stand_ins: bool) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let objects: Vec<&Value> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    for (key, result) in results {
        match result {
            Err(error) if !CUSTOM.contains(&key.kind) => drop(told.insert(format!("{name}: {error}"))),
            other => assert_eq!(other.is_err(), CUSTOM.contains(&key.kind), "{name}: {key:?}"),
        }
    }
    for object in &objects {
        assert_eq!(object["metadata"]["labels"][RUN], RUN_ID, "{name}: {object}");
        let Some((metadata, spec)) = pods_of(object) else { continue };
        let own = labels(&metadata["labels"]);
        assert_eq!(own.get(RUN).map(String::as_str), Some(RUN_ID), "{name}");
        assert_eq!(spec["nodeSelector"][RUN], RUN_ID, "{name}");
        if object["spec"]["selector"].is_object() {
            let selector = LabelSelector::labels(labels(&object["spec"]["selector"]["matchLabels"]));
            assert!(!selector.is_empty() && selector.matches(&own), "{name}: {object}");
        }
        for container in spec["containers"].as_array().expect("containers") {
            let image = container["image"].as_str().expect("an image");
            assert_eq!(image.starts_with("greenroom.dev/stand-in:"), stand_ins, "{name}: {image}");
        }
    }
    told
}

/// The stand-ins' port is the one that a Service leads to.
fn check_services(name: &str, asked: &Asked, results: &[(Subject, Result<Value, Unsupported>)]) -> usize {
    let mut selected = 0;
    for ((key, object), (_, result)) in asked.iter().zip(results) {
        let (Object::Service(spec), Ok(service)) = (object, result) else { continue };
        let selector = LabelSelector::labels(labels(&service["spec"]["selector"]));
        let target = &service["spec"]["ports"][0]["targetPort"];
        for ((pods, with), (_, result)) in asked.iter().zip(results) {
            let Some(template) = template_of(&mut with.clone()).map(|template| Arc::clone(template)) else { continue };
            let Some((metadata, pod)) = result.as_ref().ok().and_then(pods_of) else { continue };
            let is_meant = pods.namespace == key.namespace
                && LabelSelector::labels(spec.selector.clone()).matches(&template.labels);
            let there =
                service["metadata"]["namespace"] == result.as_ref().expect("it is rendered")["metadata"]["namespace"];
            assert_eq!(there && selector.matches(&labels(&metadata["labels"])), is_meant, "{name}: {service}");
            if is_meant && target.is_number() {
                assert_eq!(&pod["containers"][0]["ports"][0]["containerPort"], target, "{name}: {service}");
                selected += 1;
            }
        }
    }
    selected
}

#[test]
fn what_the_scenarios_ask_for_holds_together() {
    let (mut told, mut selected, mut rendered_kinds) = (BTreeSet::new(), 0, BTreeSet::new());
    for name in scenarios::names() {
        let (scenario, asked, names) = asked(&folder("scenarios").join(&name));
        // A live run refuses what a batch scheduler would place, and 1Backend's containers are none of Kubernetes'.
        let in_docker = scenario.deploy.iter().any(|deploy| deploy.system == SystemName::OneBackend);
        if in_docker || !scenario.cluster.batch_schedulers.is_empty() {
            continue;
        }
        let conducts = Conducts::of(&scenario, scenario.seed);
        let on_kwok = rendered(&asked, &names, rendering(Pods::Kwok(conducts.clone())));
        told.extend(check(&format!("kwok, {name}"), &on_kwok, false));
        let image = Pods::stand_in_image();
        let stand_ins = rendered(&asked, &names, rendering(Pods::StandIn { conducts, image }));
        told.extend(check(&format!("stand-ins, {name}"), &stand_ins, true));
        selected += check_services(&name, &asked, &stand_ins);
        let kinds = stand_ins.iter().filter(|(_, result)| result.is_ok()).map(|(key, _)| key.kind);
        rendered_kinds.extend(kinds);
    }
    assert!(selected > 5, "{selected} workloads behind Services");
    assert!([Kind::Deployment, Kind::Job, Kind::StatefulSet].iter().all(|kind| rendered_kinds.contains(kind)));
    insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"), @"
    kwok, autoscaled-by-load: HorizontalPodAutoscaler/api: load of Deployment/api (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    kwok, autoscaled-inference: HorizontalPodAutoscaler/serving: load of Deployment/serving (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    kwok, crash-loop: Deployment/worker: crash of container worker cannot be run on a cluster: kwok starts no container again: use real nodes
    kwok, paasta/canary-share: HorizontalPodAutoscaler/paastasvc-ranker/ranker-main: load of Deployment/ranker-main (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    kwok, paasta/crash-loop-rollback: Deployment/paastasvc-mailer/mailer-main: crash of container main cannot be run on a cluster: kwok starts no container again: use real nodes
    kwok, startup-budget-too-short: Deployment/llm-assistant: a probe that kills container llm-assistant after 1m8s cannot be run on a cluster: kwok has no probes and starts no container again: use real nodes
    kwok, undo-a-rollout: Deployment/api: crash of container api cannot be run on a cluster: kwok starts no container again: use real nodes
    stand-ins, autoscaled-by-load: HorizontalPodAutoscaler/api: load of Deployment/api (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    stand-ins, autoscaled-inference: HorizontalPodAutoscaler/serving: load of Deployment/serving (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    stand-ins, grove/starts-after: Pod/llm-0-frontend-0: an init container that waits for pods cannot be run on a cluster: stand-ins do not look at other pods: use fake nodes, or rehearse what waits in simulation
    stand-ins, grove/starts-after: Pod/llm-0-router-0: an init container that waits for pods cannot be run on a cluster: stand-ins do not look at other pods: use fake nodes, or rehearse what waits in simulation
    stand-ins, paasta/canary-share: HorizontalPodAutoscaler/paastasvc-ranker/ranker-main: load of Deployment/ranker-main (`behaviour.metrics`) cannot be run on a cluster: nothing on the cluster would measure it: scale by an action instead
    ");
}

/// A stand-in serves where its Service leads, whatever runs before it; what crashes counts in a folder that outlives it.
#[test]
fn stand_ins_of_a_pod_keep_apart() {
    let mut names = Names::default();
    let text = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers:
        - { name: fetch, image: fetch, resources: { limits: { cpu: 250m, nvidia.com/gpu: 1 } } }
        - { name: proxy, image: proxy, restartPolicy: Always }
      containers:
        - name: web
          image: web
          resources: { limits: { cpu: 1500m, memory: 1Gi, nvidia.com/gpu: 2 } }
          readinessProbe: { periodSeconds: 3, httpGet: { port: 80 } }
          lifecycle: { preStop: { sleep: { seconds: 2 } } }
        - { name: side, image: side }
";
    let read = read(&Source::new("web.yaml", text)).expect("manifests");
    let asked = objects(&read.manifests, &mut names);
    let crash = greenroom::cluster::Crash {
        after: greenroom::kernel::Distribution::Constant(greenroom::kernel::Duration::from_secs(9)),
        times: 2,
        exit_code: 3,
    };
    let row = greenroom::cluster::Behaviour { crash: Some(crash), ..Default::default() };
    let conducts = Conducts::new(vec![row], Default::default(), 7);
    let how = rendering(Pods::StandIn { conducts, image: "stand-in:1".to_owned() });
    let web = rendered(&asked, &names, how).remove(0).1.expect("it can be rendered");
    let spec = &web["spec"]["template"]["spec"];
    let told =
        spec["initContainers"].as_array().into_iter().chain(spec["containers"].as_array()).flatten().map(|one| {
            let args: Vec<&str> = one["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let shown = [
                &one["ports"][0]["containerPort"],
                &one["readinessProbe"]["httpGet"]["port"],
                &one["resources"]["requests"],
            ];
            let shown: Vec<String> = shown.iter().map(|value| value.to_string()).collect();
            let mounts = one["volumeMounts"][0]["subPath"].as_str().unwrap_or("-");
            format!("{}: {} | {} | {mounts}", one["name"].as_str().unwrap_or("?"), args.join(" "), shown.join(" "))
        });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    greenroom-pull: --name Deployment/web --run 40s | null null {"cpu":"1500m","memory":"1073741824"} | -
    fetch: --name Deployment/web --run 5s | null null {"cpu":"250m","nvidia.com/gpu":"1"} | -
    proxy: --name Deployment/web --listen 8083 --start-delay 5s --stop 1s | 8083 null null | -
    web: --name Deployment/web --listen 8080 --start-delay 5s --stop 1s --crash-after 9s --exit-code 3 --crash-times 2 --state /greenroom/state | 8080 8080 {"cpu":"1500m","memory":"1073741824","nvidia.com/gpu":"2"} | web
    side: --name Deployment/web --listen 8081 --start-delay 5s --stop 1s --crash-after 9s --exit-code 3 --crash-times 2 --state /greenroom/state | 8081 null null | side
    "#);
    assert_eq!(spec["terminationGracePeriodSeconds"], 30);
}

/// Who else is on the cluster is not touched, and fields that the API has no form for are told.
#[test]
fn a_shared_cluster_keeps_its_defaults() {
    let mut names = Names::default();
    let text = "apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: usual }
value: 5
globalDefault: true
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: system-node-critical }
value: 2000001000
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: fast, annotations: { storageclass.kubernetes.io/is-default-class: 'true' } }
provisioner: csi.example.com
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [ { port: 80 } ] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec: { nodeName: a10-0, priorityClassName: usual, containers: [ { name: web, image: web, imagePullPolicy: Never } ] }
";
    let read = read(&Source::new("web.yaml", text)).expect("manifests");
    let asked = objects(&read.manifests, &mut names);
    let shared = Rendering { owns_cluster: false, ..rendering(Pods::Plain) };
    let results = rendered(&asked, &names, shared);
    let told: Vec<String> =
        results.iter().filter_map(|(_, result)| result.as_ref().err().map(ToString::to_string)).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    PriorityClass/usual: globalDefault cannot be run on a cluster: it would become the priority of everybody's pods: name the class in the pods, or use a cluster of your own
    PriorityClass/system-node-critical cannot be run on a cluster: every cluster has it, and a run does not change it: leave it out of the manifests
    StorageClass/fast: storageclass.kubernetes.io/is-default-class cannot be run on a cluster: it would become the class of everybody's claims: leave the annotation out, or use a cluster of your own
    ");
    let found = |kind| {
        results.iter().find(|(key, _)| key.kind == kind).and_then(|(_, result)| result.as_ref().ok()).expect("it")
    };
    let service = found(Kind::Service);
    assert_eq!(service["spec"]["type"], "ClusterIP");
    assert_eq!(service["metadata"]["annotations"]["greenroom.dev/ingress"], "true");
    assert_eq!(service["metadata"]["namespace"], "greenroom-k7f3q2-shop");
    let pod = found(Kind::Pod);
    assert_eq!(pod["spec"]["nodeName"], "greenroom-k7f3q2-a10-0");
    assert_eq!(pod["spec"]["priorityClassName"], "greenroom-k7f3q2-usual");
    let kwok = rendering(Pods::Kwok(Conducts::new(Vec::new(), Default::default(), 7)));
    let told = rendered(&asked, &names, kwok)
        .into_iter()
        .filter(|(key, _)| key.kind == Kind::Pod)
        .find_map(|(_, one)| one.err());
    assert_eq!(told.map(|error| error.what), Some("Pod/shop/web: imagePullPolicy Never of container web".to_owned()));
}

/// The ReplicaSet of a Rollout: its owner is no object of the API.
#[test]
fn an_owner_that_lives_in_greenroom_is_an_annotation() {
    let mut names = Names::default();
    let (key, owner) = (Subject::parse("ReplicaSet/web-5d4", &mut names), Subject::parse("Rollout/web", &mut names));
    let container = greenroom::workload::Container { name: "web".into(), image: "web".into(), ..Default::default() };
    let template = PodTemplate { containers: vec![container], fingerprint: 255, ..PodTemplate::default() };
    let spec = greenroom::workload::ReplicaSetSpec {
        replicas: 2,
        min_ready: Default::default(),
        template: Arc::new(template),
        owner,
        annotations: [("rollout.argoproj.io/revision".to_owned(), "1".to_owned())].into(),
    };
    let rendered =
        object(key.expect("a subject"), &Object::ReplicaSet(spec), &names, &rendering(Pods::Plain)).expect("it");
    assert_eq!(rendered["metadata"].get("ownerReferences"), None);
    assert_eq!(
        rendered["metadata"]["annotations"],
        json!({ "greenroom.dev/owner": "Rollout/web", "rollout.argoproj.io/revision": "1" })
    );
    assert_eq!(
        rendered["spec"]["template"]["metadata"]["annotations"],
        json!({ "greenroom.dev/fingerprint": "00000000000000ff" })
    );
    assert_eq!(rendered["spec"]["selector"]["matchLabels"], json!({ "greenroom.dev/workload": "replicaset.web-5d4" }));
}
