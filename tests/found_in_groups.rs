//! Goal: what the documents of OCI AI Blueprints leave open and a search stumbled over is a choice of the profile: whether the control
//! plane looks at its deployments unasked, and for what it waits when it takes one down. Method: a scenario of the project with the one
//! fault or action that showed it, under each choice.

mod put_in;

use greenroom::rehearsal::RunResult;
use put_in::{NOTHING, PutIn, found, when};

/// Plays it with these keys of its profile, and nothing expected of it. Containers take longer to stop than passes are apart.
fn play(scenario: PutIn, profile: &str) -> RunResult {
    let scenario = scenario.unexpecting().rows("oci", &format!("  {profile}\n"));
    scenario.replaced("    start: ", "    stop: 25s\n    start: ").run()
}

#[test]
fn a_missed_change_is_seen_at_the_next_pass_by_whoever_looks_unasked() {
    let entry = "on: { subject: Pod/maps-atlas-r1-0, reaches: Running }, missed_event: { occurrence: 1, times: 1 }";
    let play = |profile| play(put_in::scenario("faults/watch-lag/scenario.yaml").fault(entry), profile);
    let (regular, on_change) = (play("passes: regular"), play("passes: on_change"));
    let ready = when(&regular, "Pod/maps-atlas-r1-0", "Ready").expect("it becomes ready");
    let seen = when(&regular, "deployment/maps", "monitoring").expect("it is seen");
    assert!(seen > ready && seen <= ready + 10, "ready at {ready} s, seen at {seen} s");
    assert_eq!(when(&on_change, "deployment/maps", "monitoring"), None);
    assert_eq!((found(&regular, &["GR106"]).is_empty(), found(&on_change, &["GR106"]).is_empty()), (true, false));
}

#[test]
fn regular_passes_cost_nothing_where_nothing_is_missed() {
    let entry = "at: 1s, cordon: { node: one, for: 1ns }";
    let play = |profile| play(put_in::scenario("faults/watch-lag/scenario.yaml").fault(entry), profile);
    assert_eq!(play("passes: regular").timeline.digest(), play("passes: on_change").timeline.digest());
}

#[test]
fn pods_of_a_lost_node_keep_no_group_unless_they_are_waited_for() {
    let entry = "on: { subject: Node/a10-0, reaches: Down }, undeploy: assistant";
    let play = |profile| play(put_in::scenario("node-lost-while-loading/scenario.yaml").action(entry), profile);
    let (objects, pods) = (play("undeployed_when: objects"), play("undeployed_when: pods"));
    assert!(when(&objects, "group/assistant", "undeployed").is_some());
    assert_eq!(when(&pods, "group/assistant", "undeployed"), None);
    assert_eq!(found(&objects, &["GR106"]).iter().filter(|one| one.starts_with("GR106 group/")).count(), 0);
    assert!(
        found(&pods, &["GR106"]).iter().any(|one| one.starts_with("GR106 group/")),
        "{:?}",
        found(&pods, &["GR106"])
    );
}

#[test]
fn a_pool_of_its_own_goes_once_its_nodes_are_drained() {
    let entry = "at: 1h30m, undeploy: assistant";
    let run = play(put_in::scenario("dedicated-pools/scenario.yaml").action(entry), "undeployed_when: objects");
    let deleted = |kind: &str| {
        let gone = run.timeline.since(0).filter(|(_, one)| one.became == "Deleted");
        let gone = gone.filter(|(_, one)| one.subject.show(&run.names).starts_with(kind));
        gone.map(|(_, one)| one.at.nanos() / 1_000_000_000).collect::<Vec<u64>>()
    };
    let (pods, pools) = (deleted("Pod/"), deleted("NodePool/"));
    let asked = when(&run, "action/put-in", "fired").expect("it is taken down");
    assert!(pods.len() == 2 && pools.len() == 2 && pods[0] >= asked + 25, "pods end at {pods:?}, asked at {asked}");
    assert!(pods.iter().zip(&pools).all(|(pod, pool)| pod <= pool), "pods end at {pods:?}, pools go at {pools:?}");
}

#[test]
fn a_control_plane_that_ends_as_it_first_asks_for_something_goes_on_from_its_records() {
    let ended =
        "on: { after_write: Deployment/small-slices, by: slices }, controller_restart: { of: slices, for: 10s }";
    let run = play(put_in::scenario("mig-slices/scenario.yaml").fault(ended), "passes: regular");
    assert!(when(&run, "deployment/small", "monitoring").is_some());
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

/// What was taken is told as such only once it is written down, together with the names that it claims: a control plane that ends between
/// two writes of a submission neither forgets the group nor keeps its names.
#[test]
fn a_submission_is_written_down_whole_or_not_at_all() {
    for (point, last) in [("before_write", None), ("after_write", Some("monitoring"))] {
        let entry = format!(
            "on: {{ {point}: record, by: llama-stack, occurrence: 1 }}, controller_restart: {{ of: llama-stack, for: 20s }}"
        );
        let run = put_in::scenario("llama-stack/scenario.yaml").unexpecting().fault(&entry).run();
        let mut told =
            put_in::words(&run).into_iter().map(|(_, words)| words).filter(|words| words.starts_with("group/"));
        assert_eq!(told.next_back(), last.map(|last| format!("group/llama-stack {last}")), "{point}");
        assert_eq!(found(&run, &["GR106"]), NOTHING, "{point}");
    }
}

/// What the control plane had decided on before it heard of the undeploy is written after its deletions.
#[test]
fn an_undeploy_in_the_middle_of_a_pass_takes_what_comes_after_it() {
    for (path, point) in [
        ("gpu-packed/scenario.yaml", "before_write: Deployment/caption-night-shift, by: night-shift"),
        ("mig-slices/scenario.yaml", "before_write: record, by: slices"),
    ] {
        let name = point.rsplit(' ').next().expect("a name");
        let entry = format!("on: {{ {point} }}, undeploy: {name}");
        let run = put_in::scenario(path).unexpecting().action(&entry).run();
        assert_eq!(put_in::last_word(&run, &format!("group/{name}")), "undeployed", "{path}");
        assert_eq!(found(&run, &["GR106", "GR107"]), NOTHING, "{path}");
    }
}

/// Two writes of one record, of which the later decision comes first, leave what was decided last.
#[test]
fn what_was_taken_down_between_two_writes_stays_down_when_the_control_plane_starts_again() {
    let undeploy = "on: { after_read: Deployment/api-orders, by: orders, occurrence: 11 }, undeploy: orders";
    let restart = "at: 3m12s, controller_restart: { of: orders, for: 2m }";
    let run = put_in::scenario("export-fails-twice/scenario.yaml").unexpecting().action(undeploy).fault(restart).run();
    assert_eq!(put_in::last_word(&run, "group/orders"), "undeployed");
    assert_eq!(found(&run, &["GR107"]), NOTHING);
}
