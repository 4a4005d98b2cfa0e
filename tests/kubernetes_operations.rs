//! What several hands do to the same objects: operators, autoscalers, quotas, preemption. Method: small scenarios in memory are
//! run to their end, and single entries of the timeline are looked for.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Ending, Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::render::why;

/// Documents that stand in memory.
struct Memory(BTreeMap<&'static str, String>);

impl Documents for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

fn run(documents: &[(&'static str, &str)], more: &str) -> RunResult {
    let deploy: String = documents
        .iter()
        .filter(|(name, _)| !name.starts_with("later"))
        .map(|(name, _)| format!("  - {{ document: {name}, system: kubernetes }}\n"))
        .collect();
    let scenario = format!(
        "name: s\nuntil: 20m\ncluster:\n  nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ]\n{more}deploy:\n{deploy}"
    );
    let documents = Memory(documents.iter().map(|(name, text)| (*name, (*text).to_owned())).collect());
    let loaded = load_from(&Source::new("s.yaml", scenario), &documents);
    let run = loaded.and_then(|scenario| rehearse(&scenario, Options { native: true, ..Options::default() }, &mut []));
    run.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"))
}

fn story(run: &RunResult) -> Vec<String> {
    let line = |entry: greenroom::timeline::Entry| {
        let subject = entry.subject.show(&run.names);
        format!("{} {subject} {} {}", entry.at, entry.became, why(&entry.why, &run.names)).trim_end().to_owned()
    };
    run.timeline.since(0).map(|(_, entry)| line(entry)).collect()
}

#[track_caller]
fn assert_told(run: &RunResult, wanted: &[&str]) {
    let told = story(run);
    let mut lines = told.iter();
    for one in wanted {
        assert!(lines.any(|line| line.contains(one)), "{one:?} in its order among {told:#?}");
    }
}

fn unfired(run: &RunResult) -> Vec<String> {
    run.unfired.iter().map(|one| format!("{}: {}", one.name, one.why)).collect()
}

/// A workload with a template of one container.
fn workload(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n{spec}  selector: {{ matchLabels: {{ app: {name} }} }}\n  \
         template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    spec:\n      containers: [ {{ name: a, image: 'a:1', resources: \
         {{ requests: {{ cpu: 100m }} }} }} ]\n---\n"
    )
}

fn autoscaler(name: &str, version: &str, kind: &str, target: &str) -> String {
    format!(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{ name: {name} }}\nspec:\n  minReplicas: 3\n  maxReplicas: \
         6\n  scaleTargetRef: {{ apiVersion: {version}, kind: {kind}, name: {target} }}\n---\n"
    )
}

fn groups(spec: &str) -> String {
    format!(
        "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {{ name: llm }}\nspec:\n{spec}  leaderWorkerTemplate:\n    \
         size: 2\n    workerTemplate:\n      spec:\n        containers: [ {{ name: a, image: 'a:1', resources: {{ requests: {{ cpu: 100m }} \
         }} }} ]\n---\n"
    )
}

fn replicas(run: &RunResult) -> serde_json::Value {
    run.native.as_ref().expect("the state")["items"][0]["spec"]["replicas"].clone()
}

/// Goal: what an autoscaler of another document has scaled stays through applies and restarts, unless a document names a number.
#[test]
fn nothing_undoes_what_an_autoscaler_scaled() {
    let actions = "actions:\n  - { at: 2m, apply: web.yaml }\n  - { at: 3m, restart: KIND/web }\n";
    for kind in ["Deployment", "StatefulSet"] {
        let web = workload(kind, "web", "");
        let scaler = autoscaler("web", "apps/v1", kind, "web");
        let told = run(&[("web.yaml", &web), ("scaler.yaml", &scaler)], &actions.replace("KIND", kind));
        assert_told(&told, &["Rescaled 1 to 3"]);
        let shrinks = ["replicas 3 to 1", "replicas 1 to 3 "];
        let again = story(&told).iter().filter(|line| shrinks.iter().any(|one| line.contains(one))).count();
        assert_eq!((again, replicas(&told)), (0, 3.into()), "{:#?}", story(&told));
    }
    let (web, two) = (workload("Deployment", "web", ""), workload("Deployment", "web", "  replicas: 5\n"));
    let scaler = autoscaler("web", "apps/v1", "Deployment", "web");
    let documents = [("web.yaml", web.as_str()), ("scaler.yaml", &scaler), ("later.yaml", &two)];
    let told = run(&documents, "actions:\n  - { at: 2m, apply: later.yaml }\n");
    assert_told(&told, &["Rescaled 1 to 3", "00:02:00.000 Deployment/web Changed replicas 3 to 5"]);
}

/// Goal: a set that joins an object of another keeps what neither document says, and may not change what cannot be changed.
#[test]
fn a_second_set_joins_a_deployment() {
    let web = workload("Deployment", "web", "");
    let documents = [("web.yaml", web.as_str()), ("same.yaml", &web)];
    let later = "actions:\n  - { at: 1m, scale: { Deployment/web: 3 } }\n";
    let scenario = |documents: &[(&'static str, &str)], more: &str| {
        let deploy = "deploy:\n  - { document: web.yaml, system: kubernetes }\n  - { document: same.yaml, system: kubernetes, at: 2m }\n";
        let text = format!(
            "name: s\nuntil: 5m\ncluster:\n  nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ]\n{more}{deploy}"
        );
        let documents = Memory(documents.iter().map(|(name, text)| (*name, (*text).to_owned())).collect());
        let loaded = load_from(&Source::new("s.yaml", text), &documents);
        let run =
            loaded.and_then(|scenario| rehearse(&scenario, Options { native: true, ..Options::default() }, &mut []));
        run.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"))
    };
    let told = scenario(&documents, later);
    assert_eq!(replicas(&told), 3, "{:#?}", story(&told));
    let other = web.replace("app: web", "app: wob");
    let told = scenario(&[("web.yaml", &web), ("same.yaml", &other)], "");
    let refused = unfired(&told);
    assert!(
        refused.len() == 1 && refused[0].starts_with("deploy same.yaml: Deployment/web was refused: spec.selector"),
        "{refused:#?}"
    );
}

/// Goal: the scale of a LeaderWorkerSet is its groups, and its leaders are the pods that count.
#[test]
fn an_autoscaler_scales_groups() {
    let documents = groups("") + &autoscaler("llm", "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "llm");
    let told = run(&[("web.yaml", &documents)], "actions:\n  - { at: 3m, apply: web.yaml }\n");
    let wanted = [
        "Rescaled 1 to 3",
        "LeaderWorkerSet/llm Changed groups 1 to 3",
        "Pod/llm-2 ",
        "LeaderWorkerSet/llm Available 3 of 3",
    ];
    assert_told(&told, &wanted);
    assert!(!story(&told).iter().any(|line| line.contains("groups 3 to 1")), "{:#?}", story(&told));
    assert!(story(&told).last().is_some_and(|line| !line.contains("degraded")));
}

#[test]
fn two_autoscalers_of_one_target_go_by_no_metric() {
    let documents = workload("Deployment", "web", "  replicas: 4\n")
        + &autoscaler("a", "apps/v1", "Deployment", "web")
        + &autoscaler("b", "apps/v1", "Deployment", "web");
    let load = "behaviour:\n  - match: {}\n    metrics: { cpu: [ { at: 0s, each: 90m } ] }\n";
    let told = run(&[("web.yaml", &documents)], load);
    let ambiguous = "ScalingInactive AmbiguousSelector: its pods are controlled by multiple HPAs";
    assert_told(
        &told,
        &[&format!("HorizontalPodAutoscaler/a {ambiguous}"), &format!("HorizontalPodAutoscaler/b {ambiguous}")],
    );
    assert!(!story(&told).iter().any(|line| line.contains("Rescaled")), "{:#?}", story(&told));
}

/// Goal: a second set that has the same groups does not make them again; both sets become ready, and both follow a change.
#[test]
fn a_second_set_joins_groups_that_are_there() {
    let (one, two) = (groups("  replicas: 1\n"), groups("  replicas: 2\n"));
    let told = run(
        &[("web.yaml", &one), ("same.yaml", &one), ("later.yaml", &two)],
        "actions:\n  - { at: 5m, apply: later.yaml }\n",
    );
    let created = story(&told).iter().filter(|line| line.contains("LeaderWorkerSet/llm Created")).count();
    assert_eq!(created, 1, "{:#?}", story(&told));
    assert_told(&told, &["manifests/web ready", "LeaderWorkerSet/llm Changed groups 1 to 2", "Available 2 of 2"]);
    assert_told(&told, &["manifests/same ready"]);
}

#[test]
fn a_bare_pod_that_is_refused_may_be_expected() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec:\n  priorityClassName: gold\n  containers: [ { name: a, image: 'a:1' } ]\n";
    let told = run(&[("web.yaml", pod)], "");
    assert_told(&told, &["Pod/p Rejected"]);
    let refused = unfired(&told);
    assert!(refused.len() == 1 && refused[0].starts_with("deploy web.yaml: Pod/p was refused: "), "{refused:#?}");
    assert_eq!(told.exit_code(), 8);
    for state in ["Pod/p: Rejected", "manifests/web: rejected"] {
        let told = run(&[("web.yaml", pod)], &format!("expect:\n  - eventually: {{ {state} }}\n"));
        assert!(unfired(&told).is_empty(), "{state}: {:#?}", unfired(&told));
    }
}

/// Goal: what a second document may not change, and what a quota refuses at an apply, is told at the end of the run.
#[test]
fn refusals_during_the_run_are_told() {
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{ name: {name} }}\nspec: {{ selector: {{ app: web }}, ports: [ {{ port: 80 }} ] }}\n---\n"
        )
    };
    let quota =
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: team }\nspec: { hard: { count/services: '1' } }\n---\n";
    let (first, second) = (format!("{quota}{}", service("a")), service("b"));
    let told = run(
        &[("web.yaml", &first), ("later.yaml", &second)],
        "actions:\n  - { name: more, at: 2m, apply: later.yaml }\n",
    );
    let refused = unfired(&told);
    assert!(
        refused.len() == 1
            && refused[0]
                .starts_with("action more: Service/b was refused: services \"b\" is forbidden: exceeded quota: "),
        "{refused:#?}"
    );
}

#[test]
fn what_history_no_longer_has_does_not_come_back() {
    let web = |image: &str| workload("Deployment", "web", "  revisionHistoryLimit: 1\n").replace("a:1", image);
    let (one, two, three) = (web("a:1"), web("a:2"), web("a:3"));
    let actions = "actions:\n  - { at: 2m, apply: later2.yaml }\n  - { at: 4m, apply: later3.yaml }\n  - { name: old, at: 6m, rollback: { \
                   Deployment/web: 1 } }\n  - { at: 8m, rollback: { Deployment/web: 2 } }\n";
    let told = run(&[("web.yaml", &one), ("later2.yaml", &two), ("later3.yaml", &three)], actions);
    assert_told(
        &told,
        &[
            "ReplicaSet/web-r1 Deleted beyond revisionHistoryLimit",
            "00:08:00.000 Deployment/web Changed a new template",
        ],
    );
    assert_eq!(unfired(&told), ["action old: refused: unable to find specified revision 1 in history"]);
    let first = run(&[("web.yaml", &one)], "actions:\n  - { name: none, at: 2m, undo: Deployment/web }\n");
    assert_eq!(unfired(&first), ["action none: refused: no rollout history found for deployment \"web\""]);
}

#[test]
fn a_set_misses_its_bare_pod() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec:\n  containers: [ { name: a, image: 'a:1' } ]\n";
    let told = run(&[("web.yaml", pod)], "faults:\n  - { name: kill, at: 2m, pod_kill: { pod: p } }\n");
    assert_told(&told, &["manifests/web ready", "manifests/web degraded", "Pod/p Deleted"]);
    let after: Vec<String> = story(&told).into_iter().filter(|line| line.contains("manifests/web")).collect();
    assert!(after.last().is_some_and(|line| line.contains("degraded")), "{after:#?}");
    // Who deletes it himself misses nothing.
    let told = run(&[("web.yaml", pod)], "actions:\n  - { at: 2m, delete: Pod/p }\n");
    assert!(!story(&told).iter().any(|line| line.contains("degraded")), "{:#?}", story(&told));
    // Applied again it is there again.
    let told = run(
        &[("web.yaml", pod)],
        "faults:\n  - { name: kill, at: 2m, pod_kill: { pod: p } }\nactions:\n  - { at: 5m, apply: web.yaml }\n",
    );
    assert_told(&told, &["manifests/web degraded", "00:05:00.000 Pod/p Pending", "manifests/web ready"]);
}

/// Goal: sizes that nobody can have end with a message, or cost little.
#[test]
fn huge_sizes_take_no_room() {
    let huge = "  replicas: 2147483647\n";
    let ordered = run(&[("web.yaml", &workload("StatefulSet", "web", huge))], "");
    assert_eq!(ordered.ending, Ending::Until);
    let told = run(&[("web.yaml", &groups(huge))], "");
    let Ending::LimitReached(limit) = &told.ending else { panic!("{:?}", told.ending) };
    assert!(limit.contains("more than 1500000 pods"), "{limit}");
}

#[test]
fn a_pod_is_active_no_longer_than_its_deadline() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec:\n  activeDeadlineSeconds: 90\n  containers: [ { name: a, image: 'a:1' } ]\n";
    let told = run(&[("web.yaml", pod)], "behaviour:\n  - { match: {}, pull: 5s, start: 1s, stop: 4s }\n");
    assert_told(&told, &["Pod/p Ready", "00:01:34.000 Pod/p Failed DeadlineExceeded", "manifests/web failed"]);
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      \
               restartPolicy: Never\n      activeDeadlineSeconds: 30\n      containers: [ { name: a, image: 'a:1' } ]\n";
    let told = run(&[("web.yaml", job)], "behaviour:\n  - { match: {}, pull: 5s, start: 1s, stop: 4s, run: 10m }\n");
    assert_told(&told, &["Pod/j-0 Failed DeadlineExceeded", "Job/j Failed"]);
}

#[test]
fn a_container_that_does_not_stop_in_time_is_killed() {
    let liveness = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      \
                    restartPolicy: Never\n      terminationGracePeriodSeconds: 10\n      activeDeadlineSeconds: 30\n      containers: [ { \
                    name: a, image: 'a:1' } ]\n";
    // The code of a pod that was stopped shows in what its Job makes of it.
    let policy =
        "  podFailurePolicy:\n    rules: [ { action: Ignore, onExitCodes: { operator: In, values: [ 137 ] } } ]\n";
    let with = liveness.replace("  template:\n", &format!("{policy}  template:\n"));
    let run_with = |stop: &str| {
        run(
            &[("web.yaml", &with)],
            &format!("behaviour:\n  - {{ match: {{}}, pull: 5s, start: 1s, stop: {stop}, run: 10m }}\n"),
        )
    };
    let failed = |told: &RunResult| story(told).iter().any(|line| line.contains("Job/j Failed"));
    assert!(failed(&run_with("4s")) && !failed(&run_with("20s")));
}

/// A StatefulSet with a claim for each pod, and a class that makes volumes.
fn claiming(replicas: u32, retention: &str) -> String {
    let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: fast }\nprovisioner: block.example.com\n---\n";
    let claims = format!(
        "  replicas: {replicas}\n{retention}  volumeClaimTemplates:\n    - metadata: {{ name: data }}\n      spec: {{ storageClassName: fast, \
         accessModes: [ ReadWriteOnce ], resources: {{ requests: {{ storage: 1Gi }} }} }}\n"
    );
    format!("{class}{}", workload("StatefulSet", "db", &claims))
}

#[test]
fn claims_of_a_stateful_set_are_kept_or_go_as_its_policy_says() {
    let policy = |scaled: &str, deleted: &str| {
        format!("  persistentVolumeClaimRetentionPolicy: {{ whenScaled: {scaled}, whenDeleted: {deleted} }}\n")
    };
    let actions = "actions:\n  - { at: 4m, scale: { StatefulSet/db: 1 } }\n  - { at: 6m, delete: StatefulSet/db }\n";
    let gone = |scaled: &str, deleted: &str| {
        let told = run(&[("web.yaml", &claiming(2, &policy(scaled, deleted)))], actions);
        let lines = story(&told);
        ["PersistentVolumeClaim/data-db-0 Deleted", "PersistentVolumeClaim/data-db-1 Deleted"]
            .map(|one| lines.iter().find(|line| line.contains(one)).map(|line| line[3..5].to_owned()))
    };
    let at = |minute: &str| Some(minute.to_owned());
    assert_eq!(gone("Retain", "Retain"), [None, None]);
    assert_eq!(gone("Delete", "Retain"), [None, at("04")]);
    assert_eq!(gone("Delete", "Delete"), [at("06"), at("04")]);
    assert_eq!(gone("Retain", "Delete"), [at("06"), None]);
}

/// Goal: a quota on a kind binds controllers as it binds people, and they try again.
#[test]
fn quotas_on_objects_bind_controllers() {
    let quota = |what: &str| {
        format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{ name: team }}\nspec: {{ hard: {{ {what}: '1' }} }}\n---\n"
        )
    };
    let claims = run(&[("web.yaml", &(quota("persistentvolumeclaims") + &claiming(2, "")))], "");
    assert_told(
        &claims,
        &["Pod/db-0 Pending", "StatefulSet/db FailedCreate exceeded quota: team, requested: persistentvolumeclaims=1"],
    );
    assert!(!story(&claims).iter().any(|line| line.contains("Pod/db-1")), "{:#?}", story(&claims));
    let (one, two) = (workload("Deployment", "a", ""), workload("Deployment", "b", ""));
    let sets = run(
        &[("web.yaml", &format!("{}{one}{two}", quota("count/replicasets.apps")))],
        "actions:\n  - { at: 5m, delete: Deployment/a }\n",
    );
    assert_told(
        &sets,
        &["ReplicaSet/a-r1 Created", "Deployment/b FailedCreate exceeded quota: team", "ReplicaSet/b-r1 Created"],
    );
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: c }\nspec:\n  schedule: '*/5 * * * *'\n  jobTemplate:\n    spec:\n      \
                template:\n        spec:\n          restartPolicy: Never\n          containers: [ { name: a, image: 'a:1' } ]\n";
    let jobs = run(&[("web.yaml", &format!("{}{cron}", quota("count/jobs.batch")))], "");
    assert_told(
        &jobs,
        &["CronJob/c Scheduled", "CronJob/c FailedCreate exceeded quota: team, requested: count/jobs.batch=1"],
    );
}

#[test]
fn an_image_that_may_not_be_pulled_must_be_there() {
    let pod = |name: &str, policy: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nspec:\n  nodeName: cpu-0\n  containers: [ {{ name: a, image: 'a:1'{policy} \
             }} ]\n---\n"
        )
    };
    let told = run(
        &[("web.yaml", &pod("p", ", imagePullPolicy: Never")), ("later.yaml", &pod("q", ""))],
        "actions:\n  - { at: 2m, apply: later.yaml }\n",
    );
    assert_told(
        &told,
        &[
            "Pod/p ErrImageNeverPull a:1 is not present with pull policy of Never",
            "Pod/q Pulling",
            "00:02:10.000 Pod/p Running",
        ],
    );
}

#[test]
fn a_hook_before_the_stop_takes_its_time() {
    let pod = |hook: &str, grace: u32| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: p }}\nspec:\n  terminationGracePeriodSeconds: {grace}\n  containers: [ {{ name: a, \
             image: 'a:1', lifecycle: {{ preStop: {{ {hook} }} }} }} ]\n"
        )
    };
    let deleted = |pod: &str| {
        let more = "behaviour:\n  - { match: {}, pull: 5s, stop: 4s }\nactions:\n  - { at: 2m, delete: Pod/p }\n";
        run(&[("web.yaml", pod)], more)
    };
    assert_told(&deleted(&pod("sleep: { seconds: 10 }", 30)), &["00:02:14.000 Pod/p Deleted"]);
    assert_told(&deleted(&pod("sleep: { seconds: 10 }", 12)), &["00:02:12.000 Pod/p Deleted"]);
    let told = deleted(&pod("exec: { command: [ 'drain' ] }", 30));
    assert_told(&told, &["00:02:04.000 Pod/p Deleted"]);
    assert!(told.notices.iter().any(|notice| notice.text.contains("preStop.exec")), "{:?}", told.notices);
}

#[test]
fn small_things_are_as_the_api_has_them() {
    let pod = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: p }}\nspec:\n{spec}  containers: [ {{ name: a, image: 'a:1' }} ]\n"
        )
    };
    let told = run(&[("web.yaml", &pod("  priority: 1000\n"))], "");
    assert_told(
        &told,
        &[
            "Pod/p Rejected pods \"p\" is forbidden: the integer value of priority (1000) must not be provided in pod spec",
        ],
    );
    let told = run(&[("web.yaml", &pod("  nodeName: gone\n"))], "");
    assert_told(
        &told,
        &["Pod/p Unschedulable there is no node gone", "Pod/p Failed its node is gone", "Pod/p Deleted"],
    );
    let told = run(&[("web.yaml", &pod("  terminationGracePeriodSeconds: -5\n"))], "");
    assert_told(&told, &["Pod/p Ready"]);
    assert!(told.notices.iter().any(|notice| notice.text.contains("will be treated as 1")), "{:?}", told.notices);
    let told = run(&[("web.yaml", &pod(""))], "actions:\n  - { name: all, at: 1m, delete: Namespace/default }\n");
    assert_eq!(
        unfired(&told),
        ["action all: refused: namespaces \"default\" is forbidden: this namespace may not be deleted"]
    );
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: team }\nspec: { hard: { pods: '0' } }\n---\n";
    let told = run(&[("web.yaml", &format!("{quota}{}", pod("")))], "");
    assert_told(&told, &["Pod/p Rejected pods \"p\" is forbidden: exceeded quota: team"]);
}

/// Goal: a Job that failed and was collected stands as failed, is not shown, and can be applied again.
#[test]
fn a_collected_job_keeps_its_end() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec:\n  backoffLimit: 0\n  ttlSecondsAfterFinished: 60\n  template:\n    \
               spec:\n      restartPolicy: Never\n      containers: [ { name: a, image: 'a:1' } ]\n";
    let fails = "behaviour:\n  - { match: {}, pull: 5s, run: 10s, exit: 1 }\n";
    let told = run(&[("web.yaml", job)], fails);
    assert_told(&told, &["manifests/web failed", "Job/j Deleted"]);
    assert_eq!(told.native.as_ref().expect("the state")["items"].as_array().map(Vec::len), Some(0));
    assert!(
        story(&told).iter().rfind(|line| line.contains("manifests/web")).is_some_and(|line| line.contains("failed"))
    );
    let other = job.replace("a:1", "b:1");
    let told = run(
        &[("web.yaml", job), ("later.yaml", &other)],
        &format!("{fails}actions:\n  - {{ at: 5m, apply: later.yaml }}\n"),
    );
    assert_told(&told, &["Job/j Deleted", "00:05:00.000 Job/j Created", "Pulling b:1"]);
    assert!(unfired(&told).is_empty(), "{:#?}", unfired(&told));
}

#[test]
fn a_pool_may_begin_empty() {
    let scenario = "name: s\nuntil: 20m\ncluster:\n  provisioning: 2m\n  nodes:\n    - { pool: a, count: 0, cpu: 8, memory: 32Gi, autoscale: { min: 0, max: 2 } }\ndeploy:\n  - \
                    { document: web.yaml, system: kubernetes }\nexpect:\n  - eventually: { Deployment/web: Complete }\n";
    let documents = Memory([("web.yaml", workload("Deployment", "web", ""))].into());
    let loaded = load_from(&Source::new("s.yaml", scenario), &documents);
    let told = loaded.and_then(|scenario| rehearse(&scenario, Options::default(), &mut []));
    let told = told.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"));
    assert_told(&told, &["NodePool/a Growing 0 to 1 nodes", "Node/a-0 ", "Deployment/web Complete"]);
}

/// Goal: what goes with a pod keeps its node from being drained, unless it is said that it may.
#[test]
fn data_in_an_empty_dir_refuses_a_drain() {
    let web = workload("Deployment", "web", "")
        .replace("      containers:", "      volumes: [ { name: v, emptyDir: {} } ]\n      containers:");
    let drain = |more: &str| {
        let fault = format!("faults:\n  - {{ name: d, at: 2m, drain: {{ workload: web{more} }} }}\n");
        story(&run(&[("web.yaml", &web)], &fault))
    };
    assert!(drain("").iter().any(|line| line.contains("DrainRefused Pod/web-r1-0 has data in an emptyDir")));
    assert!(drain(", delete_emptydir_data: true").iter().any(|line| line.contains(" Drained")));
}

/// A CronJob whose write is refused, or which ends at one.
#[test]
fn a_job_whose_creation_was_refused_is_made_once() {
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: c }\nspec:\n  schedule: '*/5 * * * *'\n  successfulJobsHistoryLimit: 1\n  \
                jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers: [ { name: a, \
                image: 'a:1' } ]\n";
    let lines = |faults: &str| {
        let behaviour = "behaviour:\n  - { match: { workload: c }, run: 30s }\n";
        let run = run(&[("web.yaml", cron)], &format!("{behaviour}faults:\n  - {{ {faults} }}\n"));
        assert_eq!(unfired(&run), Vec::<String>::new());
        story(&run)
    };
    let made = |told: &[String]| told.iter().filter(|line| line.contains("Job/c-") && line.contains("Created")).count();
    let plain = made(&story(&run(&[("web.yaml", cron)], "behaviour:\n  - { match: { workload: c }, run: 30s }\n")));
    for faults in [
        "at: 0s, api_error: { controller: cronjob, object: Job }",
        "on: { before_write: Job, by: cronjob }, controller_restart: { of: kube-controller-manager, for: 10s }",
        "on: { after_write: Job, by: cronjob }, controller_restart: { of: kube-controller-manager, for: 10s }",
        "on: { before_write: CronJob/c, by: cronjob }, controller_restart: { of: kube-controller-manager, for: 10s }",
    ] {
        let told = lines(faults);
        assert_eq!(made(&told), plain, "{faults}: {told:#?}");
    }
    let refused = lines("at: 0s, api_error: { controller: cronjob, object: Job }").join("\n");
    assert!(refused.contains("controller/cronjob failed Job/c-") && refused.contains("again after 5ms"), "{refused}");
    let kept = lines("at: 0s, api_error: { controller: cronjob, object: Job, occurrence: 3 }");
    let failed = kept.iter().position(|line| line.contains("controller/cronjob failed")).expect("it is told");
    assert!(kept[failed..].iter().any(|line| line.contains("Job/c-") && line.ends_with("Deleted")), "{kept:#?}");
}
