//! Goal: what searches found in scenarios of 1Backend, and what turned out to be a mistake of the model or of an oracle, stays mended.
//! Method: a scenario of the project, long enough, with the fault or action that showed it at the point where it did; the oracle that
//! told of it has nothing to tell, or tells of the right cause. docs/explore.md says what each was.

mod put_in;

use greenroom::explore::{Choice, Options as Search, explore};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use greenroom::timeline::{EntryId, Kind};
use put_in::{NOTHING, PutIn, found, is_of_a_fault, judged, words};

/// A scenario below scenarios/onebackend that expects nothing and ends later.
fn scenario(path: &str, until: &str) -> PutIn {
    put_in::scenario(&format!("onebackend/{path}")).unexpecting().until(until)
}

#[test]
fn a_pull_that_breaks_off_with_its_machine_makes_no_container() {
    let off =
        "on: { subject: deployment/web, reaches: pending }, node_shutdown: { node: gpu-0, grace_period: 1m, for: 10m }";
    let run = scenario("as-built-trigger-race/scanned.greenroom.yaml", "25m").fault(off).run();
    assert_eq!(found(&run, &["GR106"]), NOTHING);
    let words: Vec<String> = words(&run).into_iter().map(|(_, word)| word).collect();
    let registered = words.iter().filter(|word| *word == "instance/inst_web_1 unknown").count();
    assert_eq!(registered, 1, "one START was answered, the second");
    let last = words.iter().rev().find(|word| word.starts_with("instance/")).expect("an instance");
    assert_eq!(last, "instance/inst_web_1 healthy");
}

/// Another container still stops when the START fails: the server is up, and says so.
#[test]
fn a_machine_that_shuts_down_takes_no_container() {
    let off = "on: { subject: Pod/1backend-large-svc.gpu-1, reaches: Running }, node_shutdown: { node: gpu-1, grace_period: 1m, for: 10m }";
    let run = scenario("as-built-slow-pull/scenario.yaml", "33m15s").fault(off).run();
    let stuck = found(&run, &["GR106"]);
    assert!(stuck.len() == 1 && stuck[0].starts_with("GR106 deployment/large"), "{stuck:?}");
    let words: Vec<String> = words(&run).into_iter().map(|(_, word)| word).collect();
    assert!(words.contains(&"deployment/small error".to_owned()), "its START failed");
    assert!(
        !words.iter().any(|word| word.ends_with(" Restarted")),
        "what was pulled for a pod that ended is not started"
    );
}

#[test]
fn there_is_no_watch_that_could_miss_or_lag() {
    for path in ["as-built-trigger-race/scanned.greenroom.yaml", "rolling-update/scenario.yaml"] {
        for fault in ["at: 0s, missed_event: { times: 9 }", "at: 0s, watch_lag: { for: 10m }"] {
            let run = scenario(path, "40m").fault(fault).run();
            assert_eq!(found(&run, &["GR106"]), NOTHING, "{path}, {fault}");
            assert_eq!(run.unfired.len(), 1, "{path}, {fault}: nothing to hit");
        }
    }
}

#[test]
fn a_machine_that_is_off_has_no_container() {
    let plain = scenario("as-built-node-lost/scenario.yaml", "30m").run();
    assert_eq!(found(&plain, &["GR107"]), NOTHING);
    let later = "on: { subject: instance/inst_web_2, reaches: healthy }";
    let off = format!("{later}, node_shutdown: {{ deployment: web, for: 10m }}");
    let killed = format!("{later}, pod_kill: {{ deployment: web }}");
    for fault in [off, killed] {
        let run = scenario("as-built-node-lost/scenario.yaml", "40m").fault(&fault).run();
        let stuck = found(&run, &["GR106"]);
        assert!(
            stuck.len() == 1 && stuck[0].starts_with("GR106 deployment/web: 1 of 1 pods is missing"),
            "{fault}: {stuck:?}"
        );
        assert!(!stuck[0].contains("gpu-1"), "{fault}: the one that was lost long before is not waited for: {stuck:?}");
        // The container that went is the one on the other machine.
        let terminated = words(&run).into_iter().filter(|(_, word)| word == "Pod/1backend-web-svc.gpu-1 Terminating");
        assert_eq!(terminated.count(), 0, "{fault}: there was none to kill");
    }
}

#[test]
fn no_quota_bounds_containers_of_docker() {
    for path in ["as-built-slow-dial/scenario.yaml", "rolling-update/scenario.yaml"] {
        let fault = "on: { subject: Node/gpu-0, reaches: Ready }, quota_exhausted: { namespace: default, for: 10m }";
        let fault = if path.starts_with("as-built") { fault } else { &fault.replace("gpu-0", "node-0") };
        let run = scenario(path, "30m").fault(fault).run();
        assert_eq!(run.unfired.len(), 1, "{path}");
        assert_eq!(found(&run, &["GR106"]), NOTHING, "{path}");
    }
}

#[test]
fn a_search_tries_no_quota_where_docker_runs_all() {
    let choice = Choice { faults: Some(vec!["quota_exhausted".to_owned()]), no_actions: true };
    let options = Search { runs: Some(5), choice, depth: 1, ..Search::default() };
    let found = explore(&scenario("rolling-update/scenario.yaml", "20m").scenario(), &options, &mut |_| true)
        .expect("a search");
    assert_eq!(found.by_stage[0], 0, "nothing to try");
}

#[test]
fn what_fails_for_want_of_a_node_comes_from_its_silence() {
    let later = "on: { subject: instance/late-0, reaches: healthy }, node_shutdown: { node: gpu-0, for: 10m }";
    let lost = "on: { subject: deployment/web, reaches: error, occurrence: 4 }, node_down: { node: gpu-0 }";
    let gone = "on: { subject: Node/large, reaches: Ready }, spot_reclaim: { node: small, notice: 2m }";
    for (path, fault, count) in [
        ("as-built-repository/documented.greenroom.yaml", later, 2),
        ("as-built-late-definition/documented.greenroom.yaml", lost, 1),
        ("tight-room/scenario.yaml", gone, 1),
    ] {
        let stuck = found(&scenario(path, "40m").fault(fault).run(), &["GR106"]);
        assert_eq!(stuck.len(), count, "{path}: {stuck:?}");
        let explained = stuck.iter().all(|one| one.ends_with("; explained by fault/put-in"));
        assert!(explained, "{path}: {stuck:?}");
    }
}

/// Two faults: the one that killed a container is not why there is no node.
#[test]
fn of_two_faults_the_one_is_told_that_took_the_node() {
    let silent = "on: { subject: deployment/api, reaches: pending }, node_silent: { node: gpu-0, for: 10m }";
    let killed = "on: { subject: Pod/late-0, reaches: Running }, pod_kill: { deployment: worker }";
    let run = scenario("as-built-no-ports/documented.greenroom.yaml", "30m").fault(silent).fault(killed).run();
    let stuck = found(&run, &["GR106"]);
    let worker = stuck.iter().find(|one| one.starts_with("GR106 deployment/worker")).expect("it is given up");
    assert!(worker.ends_with("; explained by fault/put-in"), "{worker}");
}

/// The node falls silent at the very instant at which nodes are first told of.
#[test]
fn what_is_removed_with_a_lost_node_comes_from_its_silence() {
    let silent = "on: { subject: deployment/depl_feed, reaches: pending }, node_silent: { node: large, for: 2m }";
    let run = scenario("tight-room/scenario.yaml", "30m").fault(silent).run();
    let removed = run.timeline.since(0).filter(|(_, entry)| {
        entry.subject.kind == Kind::Instance && entry.why.template == "its node is lost" && entry.became == "removed"
    });
    let removed: Vec<EntryId> = removed.map(|(id, _)| id).collect();
    assert_eq!(removed.len(), 7, "the instances of the large node");
    assert!(removed.iter().all(|id| is_of_a_fault(&run, *id)));
    let refused = run.timeline.since(0).filter(|(_, entry)| entry.why.template.contains("does not admit"));
    assert_eq!(refused.count(), 0, "docker takes new containers while the old ones stop");
}

/// The server of a machine that shuts down with a grace period ends first: nothing is started there any more, and all that goes, goes with it.
#[test]
fn a_server_ends_before_its_machine() {
    let off = "on: { subject: Pod/depl_feed-5, reaches: Deleted }, node_shutdown: { node: large, grace_period: 1m, for: 10m }";
    let run = scenario("tight-room/scenario.yaml", "39m").fault(off).run();
    let words = words(&run);
    let at = |word: &str, from: usize| words.iter().skip(from).position(|(_, one)| one == word).expect(word) + from;
    let ends = at("Node/large ShuttingDown", 0);
    let back = at("Node/large Ready", ends);
    for (id, _) in &words[ends..back] {
        let entry = run.timeline.get(*id).expect("an entry");
        let is_started_there =
            entry.became == "starting" && greenroom::timeline::render::why(&entry.why, &run.names) == "on large";
        assert!(!is_started_there, "{}", entry.subject.show(&run.names));
        if entry.subject.kind == Kind::Instance && entry.why.template == "its node is lost" {
            assert!(is_of_a_fault(&run, *id));
        }
    }
}

/// An instance that was shrunk away goes at the same step as two that do not answer.
#[test]
fn what_failed_leads_to_an_outage_rather_than_what_was_told_to_go() {
    let flap = "on: { subject: Pod/depl_mailer-1, reaches: Serving }, readiness_flap: { deployment: depl_mailer, for: 20s, every: 60s, times: 3 }";
    let run = scenario("scaled-and-removed/scenario.yaml", "33m").fault(flap).run();
    for (id, word) in words(&run) {
        if word == "traffic/depl_mailer outage"
            && run.timeline.get(id).is_some_and(|entry| entry.at.nanos() < 5 * 60_000_000_000)
        {
            assert!(is_of_a_fault(&run, id), "before it is removed, none answers because of the flap");
        }
    }
}

#[test]
fn an_update_that_comes_further_with_each_instance_comes_to_rest() {
    let slow = "on: { subject: Pod/depl_feed-14, reaches: Pulling }, slow_start: { deployment: depl_feed, extra: 2m }";
    // In its middle, soon after its end, and long after.
    for until in ["28m", "34m", "39m15s", "60m"] {
        assert_eq!(
            found(&scenario("tight-room/scenario.yaml", until).fault(slow).run(), &["GR105"]),
            NOTHING,
            "{until}"
        );
    }
}

/// Twelve pods, one after the other.
struct Twelve;

impl Documents for Twelve {
    fn read(&self, path: &str) -> Result<String, String> {
        let image = path.trim_end_matches(".yaml");
        let set = format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{ name: web }}\nspec:\n  replicas: 12\n  serviceName: web\n  \
             selector: {{ matchLabels: {{ app: web }} }}\n  template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec:\n      \
             containers: [ {{ name: web, image: \"{image}\", readinessProbe: {{ httpGet: {{ port: 80 }} }} }} ]\n"
        );
        Ok(set)
    }
}

#[test]
fn a_stateful_set_that_makes_one_pod_after_the_other_comes_to_rest() {
    let scenario = |at: &str, until: &str| {
        format!(
            "name: slow\nuntil: {until}\ncluster: {{ nodes: [ {{ pool: n, count: 2, cpu: 8, memory: 32Gi }} ] }}\n\
             deploy: [ {{ document: one.yaml, system: kubernetes }} ]\nbehaviour: [ {{ match: {{ workload: web }}, start: 90s }} ]\n\
             actions: [ {{ at: {at}, apply: two.yaml }} ]\n"
        )
    };
    // As it is made, as it is updated, and soon after that.
    for (at, until) in [("15m", "15m"), ("30m", "45m"), ("30m", "49m30s")] {
        let source = Source::new("scenario.yaml", scenario(at, until));
        let scenario = load_from(&source, &Twelve).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(found(&judged(&scenario), &["GR105"]), NOTHING, "{until}");
    }
}

#[test]
fn attempts_that_are_counted_are_not_endless() {
    let slow =
        "on: { subject: Pod/depl_quotes-0, reaches: Serving }, slow_start: { deployment: depl_quotes, extra: 10m }";
    let middle = scenario("autoscaling/scenario.yaml", "50m30s").fault(slow).run();
    assert_eq!(found(&middle, &["GR105"]), NOTHING);
    let end = scenario("autoscaling/scenario.yaml", "90m").fault(slow).run();
    assert_eq!(found(&end, &["GR105"]), NOTHING);
    assert!(found(&end, &["GR106"])[0].contains("given up after 10 attempts"), "{:?}", found(&end, &["GR106"]));
}

/// Nobody needs the image any more.
#[test]
fn a_build_that_fails_for_a_deployment_that_was_removed_is_not_given_up() {
    let removed =
        "on: { subject: deployment/depl_invoices, reaches: deploying, occurrence: 2 }, undeploy: depl_invoices";
    let run = scenario("build-fails/scenario.yaml", "20m").action(removed).run();
    assert_eq!(put_in::last_word(&run, "definition/invoices"), "failed");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}
