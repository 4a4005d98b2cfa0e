//! Argo Rollouts against recordings of the real controller (v1.10.1 with Kubernetes v1.36.3 and kwok v0.8.0).
//!
//! Goal: every recorded Rollout goes through the same states here: what its Services select, how many pods each of its
//! ReplicaSets should have, its phase, message, pauses, abort, step and hashes, and its AnalysisRun. Method: the recorded
//! objects are manifests that the system `kubernetes` applies to a simulated cluster, the recorded patches are what a user
//! does; every write of an object is in the cluster's journal. The three rounds of a recording have the same states, and so
//! must the run; each of its times must be within 1.2 s of that of a round, because deadlines are kept in whole seconds and
//! the rounds begin within one. What is counted of pods on their way depends on milliseconds: it is compared at the end.
//!
//! The recordings are not part of this repository: `GREENROOM_SHARED` names the folder that holds them, and without it the
//! test says that it was skipped.

use std::collections::BTreeMap;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Behaviour, Cluster, Match, NodeSpec, Profile, Provider, Pull, Settings, Shown};
use greenroom::kernel::{Distribution, Duration, Limits, Names, Time};
use greenroom::systems::{self, Profiles, System};
use greenroom::text::Source;
use greenroom::timeline::{Cause, Kind, ScenarioLine};
use greenroom::workload::{Action, Controller, Happening, Resources, RolloutStatus, Stage, Status, Wake};
use serde_json::{Value, json};

/// How far a time of the run may be from that of a round.
const TOLERANCE: f64 = 1.2;
/// How late the watches of the controller may be, in milliseconds: at once, and about as late as on the recorded machine.
const LATENCIES: [u64; 3] = [0, 30, 100];
/// How long a run goes on after the last recorded state: what would come later must not come here either.
const AFTER: u64 = 20;

/// The states of each object, with the second at which each began.
type Story = BTreeMap<String, Vec<(f64, String)>>;

#[test]
fn every_recorded_rollout_goes_through_its_states() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return;
    };
    let path = std::path::PathBuf::from(shared).join("golden/kubernetes/argo_rollouts.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let recorded: Value = serde_json::from_str(&text).expect("the recordings are JSON");
    let cases = recorded["cases"].as_object().expect("cases");
    assert_eq!(cases.len(), 13);
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let rounds: Vec<Story> = case["rounds"].as_array().expect("rounds").iter().map(told).collect();
        assert_eq!(rounds.len(), 3, "{name}");
        for latency in LATENCIES {
            let run = Run::of(name, case, latency).story();
            let differences = compare(&rounds, &run).into_iter();
            wrong.extend(differences.map(|difference| format!("{name}, watches {latency} ms late: {difference}")));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// What differs between a run and the rounds.
fn compare(rounds: &[Story], run: &Story) -> Vec<String> {
    let mut wrong = Vec::new();
    let objects: Vec<&String> = rounds[0].keys().collect();
    for other in rounds.iter().chain([run]) {
        if other.keys().collect::<Vec<_>>() != objects {
            wrong.push(format!("objects {:?}, recorded {objects:?}", other.keys()));
        }
    }
    for (object, states) in &rounds[0] {
        let words = |story: &Story| -> Vec<String> {
            story.get(object).into_iter().flatten().map(|(_, state)| state.clone()).collect()
        };
        assert!(rounds.iter().all(|round| words(round) == words(&rounds[0])), "{object}: the rounds agree");
        if words(run) != words(&rounds[0]) {
            wrong.push(format!("{object}:\n      run {:#?}\n      recorded {states:#?}", run.get(object)));
            continue;
        }
        for (number, (at, state)) in run[object].iter().enumerate() {
            let times: Vec<f64> = rounds.iter().map(|round| round[object][number].0).collect();
            if times.iter().all(|recorded| (recorded - at).abs() > TOLERANCE) {
                wrong.push(format!("{object}: {state} at {at}, recorded at {times:?}"));
            }
        }
    }
    wrong
}

/// Adds a state, unless the object is in it.
fn add(story: &mut Story, object: String, at: f64, state: String) {
    let states = story.entry(object).or_default();
    if states.last().is_none_or(|(_, last)| *last != state) {
        states.push((at, state));
    }
}

/// A round of a recording. Hashes are numbered by the order of their ReplicaSets: `r1`, `r2`.
fn told(round: &Value) -> Story {
    let events = round.as_array().expect("events");
    let mut hashes: Vec<(String, String)> = Vec::new();
    for event in events.iter().filter(|event| event[1] == "ReplicaSet") {
        let hash = event[3]["hash"].as_str().expect("a hash").to_owned();
        if hashes.iter().all(|(known, _)| *known != hash) {
            hashes.push((hash, format!("r{}", hashes.len() + 1)));
        }
    }
    let named = |text: &Value| {
        let text = text.as_str().unwrap_or_default().to_owned();
        hashes.iter().fold(text, |text, (hash, number)| text.replace(hash.as_str(), number))
    };
    let mut story = Story::new();
    let mut last = String::new();
    for event in events {
        let (at, kind, name, seen) = (event[0].as_f64().expect("a time"), &event[1], named(&event[2]), &event[3]);
        let count = |key: &str| seen[key].as_u64().unwrap_or(0);
        let object = format!("{}/{name}", kind.as_str().expect("a kind"));
        match kind.as_str().expect("a kind") {
            "Service" => add(&mut story, object, at, named(&seen["hash"])),
            "ReplicaSet" => add(&mut story, object, at, count("spec").to_string()),
            "AnalysisRun" => add(&mut story, object, at, named(&seen["phase"])),
            "Rollout" => {
                let pauses = seen["paused"].as_array().into_iter().flatten();
                let pauses: Vec<&str> = pauses.map(|one| one.as_str().expect("a reason")).collect();
                let hash = |key: &str| named(&seen[key]);
                let state = state(
                    (seen["phase"].as_str().unwrap_or(""), &named(&seen["message"])),
                    &pauses.join(" "),
                    (seen["abort"].as_bool().unwrap_or(false), count("step")),
                    [hash("stable"), hash("current"), hash("active"), hash("preview")],
                );
                last = counts(["replicas", "updated", "readyReplicas", "available"].map(count));
                add(&mut story, object, at, state);
            }
            "Pod" | "action" => {}
            other => panic!("a {other} in the recordings"),
        }
    }
    add(&mut story, "the pods at the end".to_owned(), 0.0, last);
    story
}

fn state((phase, message): (&str, &str), pauses: &str, (abort, step): (bool, u64), hashes: [String; 4]) -> String {
    let [stable, current, active, preview] = hashes;
    format!(
        "{phase}: {message} [{pauses}] abort {abort} step {step} stable {stable} current {current} active {active} \
         preview {preview}"
    )
}

fn counts([replicas, updated, ready, available]: [u64; 4]) -> String {
    format!("{replicas} pods, {updated} updated, {ready} ready, {available} available")
}

/// A recorded case while it is played.
struct Run<'c> {
    case: &'c Value,
    cluster: Cluster,
    system: System,
    cause: Cause,
    rollout: Value,
}

impl<'c> Run<'c> {
    fn of(name: &str, case: &'c Value, latency: u64) -> Run<'c> {
        let mut cluster = cluster(latency);
        let line = ScenarioLine { file: "golden".into(), line: 1, column: 1, what: "recorded".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        for (number, gpus) in case["nodes"].as_array().expect("nodes").iter().enumerate() {
            let gpus = gpus.as_u64().expect("a count");
            let node = node(&mut cluster, name, number, gpus);
            cluster.add_node(node, cause);
        }
        let head = |kind: &str| json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": kind });
        let mut rollout = head("Rollout");
        rollout["metadata"] = json!({ "name": "w" });
        rollout["spec"] = case["rollout"]["spec"].clone();
        stage(&mut rollout["spec"]["template"]);
        let service = |name: &str| {
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
                "spec": { "selector": { "app": "w" }, "ports": [{ "port": 80 }] },
            })
        };
        let mut template = head("AnalysisTemplate");
        template["metadata"] = json!({ "name": "fails" });
        template["spec"] = json!({ "metrics": [{ "name": "m", "provider": { "job": { "spec": {
            "backoffLimit": 0,
            "template": { "spec": {
                "restartPolicy": "Never",
                "nodeSelector": { "case": name },
                "initContainers": [{ "name": "kwok", "image": "kwok:400ms" }],
                "containers": [{ "name": "c", "image": "check:1" }],
            } },
        } } } }] });
        let items = [service("active"), service("preview"), template, rollout.clone()];
        let all = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let read = systems::read("kubernetes", &source(&all), &Profiles::default()).expect("manifests");
        assert!(read.problems.is_empty(), "{name}: {:?}", read.problems);
        Run { case, cluster, system: read.system, cause, rollout }
    }

    /// Plays the case; what its objects went through.
    fn story(mut self) -> Story {
        self.wake(Wake::Submitted);
        for action in self.case["actions"].as_array().expect("actions") {
            self.run_until((action[0].as_f64().expect("a time") * 1000.0) as u64);
            let patch = &action[2];
            let target = "Rollout/w".to_owned();
            let action = match action[1].as_str().expect("an action") {
                "update" => {
                    merge(&mut self.rollout, patch);
                    stage(&mut self.rollout["spec"]["template"]);
                    Action::Apply(source(&self.rollout))
                }
                "status" => match &patch["status"] {
                    status if status["abort"] == true => Action::Abort(target),
                    status if status["abort"] == false => Action::Retry(target),
                    _ => Action::Promote { target, full: false },
                },
                other => panic!("{other} in the recordings"),
            };
            self.wake(Wake::Action(action));
        }
        let rounds = self.case["rounds"].as_array().expect("rounds").iter();
        let ends = rounds.map(|round| round.as_array().and_then(|round| round.last()?[0].as_f64()).unwrap_or(0.0));
        let end = ends.fold(0.0, f64::max);
        self.run_until((end * 1000.0) as u64 + AFTER * 1000);
        journalled(&self.cluster)
    }

    fn wake(&mut self, wake: Wake) {
        let done = self.system.wake(wake, self.cause, &mut *self.cluster.port(0));
        assert_eq!(done, Ok(()));
    }

    fn run_until(&mut self, millis: u64) {
        self.cluster.call_at(Time::ZERO + Duration::from_millis(millis), 0, false);
        loop {
            let (wake, cause) = match self.cluster.next() {
                Happening::Rehearsal(_) => return,
                Happening::Timer { token, cause, .. } => (Wake::Timer(token), cause),
                Happening::Changed { subject, cause, .. } => (subject.map_or(Wake::NodesChanged, Wake::Changed), cause),
                Happening::Answered { ask, outcome, cause, .. } => (Wake::Answered(ask, outcome), cause),
                Happening::InstantEnded => continue,
                other => panic!("{other:?}"),
            };
            let _ = self.system.wake(wake, cause, &mut *self.cluster.port(0));
        }
    }
}

/// A merge patch: maps are merged, everything else is replaced.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

fn source(document: &Value) -> Source {
    Source::new("w.json", document.to_string())
}

/// kwok's stages, from an annotation of the template: pods run 200 ms after they are bound and are ready 200 ms later, which
/// the recordings show as one write, or they are ready after an hour. Here an init container takes that time.
fn stage(template: &mut Value) {
    let delay = &template["metadata"]["annotations"]["pod-ready.stage.kwok.x-k8s.io/delay"];
    let image = match delay.as_str() {
        Some("200ms") => "kwok:400ms",
        Some("1h") => "kwok:1h",
        other => panic!("a delay of {other:?}"),
    };
    template["spec"]["initContainers"] = json!([{ "name": "kwok", "image": image }]);
}

/// A cluster that keeps a journal. The Job's pod runs for 8 s and fails.
fn cluster(latency: u64) -> Cluster {
    let constant = Distribution::Constant;
    let usual = Behaviour {
        pull: Pull::Takes(constant(Duration::ZERO)),
        init: constant(Duration::ZERO),
        start: constant(Duration::ZERO),
        run: constant(Duration::ZERO),
        stop: constant(Duration::ZERO),
        ..Behaviour::default()
    };
    let image = |image: &str| Match { image: Some(image.to_owned()), ..Match::default() };
    let check = Behaviour {
        applies_to: image("check:1"),
        run: constant(Duration::from_secs(8)),
        exit_code: 1,
        ..usual.clone()
    };
    let kwok = |name: &str, millis| Behaviour {
        applies_to: image(name),
        init: constant(Duration::from_millis(millis)),
        ..usual.clone()
    };
    let rows = vec![check, kwok("kwok:400ms", 400), kwok("kwok:1h", 3_600_000), usual.clone()];
    let mut cluster = Cluster::new(Settings {
        seed: 1,
        profile: Profile { watch_latency: Duration::from_millis(latency), ..Profile::kubernetes_1_36() },
        scheduler: SchedulerProfile::KubeDefault,
        behaviour: rows,
        usual: Behaviour::default(),
        provider: Provider::default(),
        limits: Limits::default(),
    });
    cluster.keep_journal();
    cluster
}

fn node(cluster: &mut Cluster, case: &str, number: usize, gpus: u64) -> NodeSpec {
    NodeSpec {
        name: cluster.timeline_mut().1.name(&format!("{case}-n{number}")),
        labels: BTreeMap::from([("case".to_owned(), case.to_owned())]),
        taints: Vec::new(),
        zone: None,
        shape: None,
        gpu_model: None,
        allocatable: Resources { cpu_milli: 64_000, memory_bytes: 1 << 40, ..Resources::of("nvidia.com/gpu", gpus) },
        pods_max: 110,
        ready: true,
        unschedulable: false,
    }
}

/// What the objects of a run went through.
fn journalled(cluster: &Cluster) -> Story {
    let names = cluster.names();
    let mut story = Story::new();
    let mut last = String::new();
    // Services and Rollouts are there before anybody writes to them.
    for object in ["Service/active", "Service/preview"] {
        add(&mut story, object.to_owned(), 0.0, String::new());
    }
    add(
        &mut story,
        "Rollout/w".to_owned(),
        0.0,
        state(("", ""), "", (false, 0), std::array::from_fn(|_| String::new())),
    );
    for write in cluster.journal() {
        let (object, at) = (write.subject.show(names), write.at.nanos() as f64 / 1e9);
        match write.shown {
            Shown::Status(Status::Service(status)) => {
                let selector = names.text(status.selector).to_owned();
                let hash = selector.split(',').find_map(|one| one.strip_prefix("rollouts-pod-template-hash="));
                add(&mut story, object, at, hash.unwrap_or_default().to_owned());
            }
            Shown::Status(Status::ReplicaSet(status)) => {
                // The recording calls a ReplicaSet by its name, which ends in the hash.
                add(&mut story, object, at, status.desired.to_string());
            }
            Shown::Status(Status::AnalysisRun(status)) => {
                let phase = status.phase.map_or("", |phase| phase.text());
                if !story.contains_key(&object) {
                    add(&mut story, object.clone(), at, String::new());
                }
                add(&mut story, object, at, phase.to_owned());
            }
            Shown::Status(Status::Rollout(status)) => {
                let count = [status.replicas, status.updated, status.ready, status.available];
                last = counts(count.map(u64::from));
                add(&mut story, object, at, shown(&status, names));
            }
            _ => assert!(matches!(write.subject.kind, Kind::Pod | Kind::Job), "{object}"),
        }
    }
    add(&mut story, "the pods at the end".to_owned(), 0.0, last);
    story
}

fn shown(status: &RolloutStatus, names: &Names) -> String {
    let text = |symbol| names.text(symbol).to_owned();
    state(
        (status.phase.map_or("", |phase| phase.text()), names.text(status.message)),
        names.text(status.paused),
        (status.abort, status.step.unwrap_or(0).into()),
        [text(status.stable), text(status.current), text(status.active), text(status.preview)],
    )
}
