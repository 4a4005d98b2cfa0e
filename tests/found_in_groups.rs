//! Goal: what the documents of OCI AI Blueprints leave open and a search stumbled over is a choice of the profile: whether the control
//! plane looks at its deployments unasked, and for what it waits when it takes one down. Method: a scenario of the project with the one
//! fault or action that showed it, under each choice.

use std::fs;
use std::path::PathBuf;

use greenroom::oracle::Oracles;
use greenroom::rehearsal::{Observer, Options, RunResult, rehearse};
use greenroom::scenario::{Folder, load_from};
use greenroom::text::Source;

/// Plays a scenario below scenarios/ with one fault or action more and these keys of its profile, and nothing expected of it. Containers
/// take longer to stop than passes are apart.
fn play(path: &str, list: &str, entry: &str, profile: &str) -> RunResult {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path);
    let text = fs::read_to_string(&path).expect("a scenario");
    let mut text = format!("{}\n", text.split("\nexpect:\n").next().expect("some text"));
    let rows = [(list, format!("- {{ name: put-in, {entry} }}")), ("oci", profile.to_owned())];
    for (list, row) in rows {
        let (head, line) = (format!("\n{list}:\n"), format!("  {row}\n"));
        text = match text.contains(&head) {
            true => text.replacen(&head, &format!("{head}{line}"), 1),
            false => format!("{text}{head}{line}"),
        };
    }
    let text = text.replace("    start: ", "    stop: 25s\n    start: ");
    let folder = Folder::new(path.parent().expect("a folder"));
    let source = Source::new("scenario.yaml", text.as_str());
    let scenario = load_from(&source, &folder).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    let oracles = Oracles::new(&scenario).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(oracles)];
    rehearse(&scenario, Options::default(), &mut observers).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// When a subject became this, in seconds since the start.
fn when(run: &RunResult, subject: &str, became: &str) -> Option<u64> {
    let mut meant = run.timeline.since(0).filter(|(_, one)| one.became == became);
    let found = meant.find(|(_, one)| one.subject.show(&run.names) == subject);
    found.map(|(_, one)| one.at.nanos() / 1_000_000_000)
}

/// What is told to be stuck.
fn stuck(run: &RunResult) -> Vec<String> {
    let told = run.findings.iter().filter(|one| one.rule.code == "GR106");
    told.map(|one| one.subject.clone()).collect()
}

#[test]
fn a_missed_change_is_seen_at_the_next_pass_by_whoever_looks_unasked() {
    let entry = "on: { subject: Pod/maps-atlas-r1-0, reaches: Running }, missed_event: { occurrence: 1, times: 1 }";
    let play = |profile| play("faults/watch-lag/scenario.yaml", "faults", entry, profile);
    let (regular, on_change) = (play("passes: regular"), play("passes: on_change"));
    let ready = when(&regular, "Pod/maps-atlas-r1-0", "Ready").expect("it becomes ready");
    let seen = when(&regular, "deployment/maps", "monitoring").expect("it is seen");
    assert!(seen > ready && seen <= ready + 10, "ready at {ready} s, seen at {seen} s");
    assert_eq!(when(&on_change, "deployment/maps", "monitoring"), None);
    assert_eq!((stuck(&regular).is_empty(), stuck(&on_change).is_empty()), (true, false));
}

#[test]
fn regular_passes_cost_nothing_where_nothing_is_missed() {
    let entry = "at: 1s, cordon: { node: one, for: 1ns }";
    let play = |profile| play("faults/watch-lag/scenario.yaml", "faults", entry, profile);
    assert_eq!(play("passes: regular").timeline.digest(), play("passes: on_change").timeline.digest());
}

#[test]
fn pods_of_a_lost_node_keep_no_group_unless_they_are_waited_for() {
    let entry = "on: { subject: Node/a10-0, reaches: Down }, undeploy: assistant";
    let play = |profile| play("node-lost-while-loading/scenario.yaml", "actions", entry, profile);
    let (objects, pods) = (play("undeployed_when: objects"), play("undeployed_when: pods"));
    assert!(when(&objects, "group/assistant", "undeployed").is_some());
    assert_eq!(when(&pods, "group/assistant", "undeployed"), None);
    assert_eq!(stuck(&objects).iter().filter(|one| one.starts_with("group/")).count(), 0);
    assert!(stuck(&pods).iter().any(|one| one.starts_with("group/")), "{:?}", stuck(&pods));
}

#[test]
fn a_pool_of_its_own_goes_once_its_nodes_are_drained() {
    let entry = "at: 1h30m, undeploy: assistant";
    let run = play("dedicated-pools/scenario.yaml", "actions", entry, "undeployed_when: objects");
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
    let run = play("mig-slices/scenario.yaml", "faults", ended, "passes: regular");
    assert!(when(&run, "deployment/small", "monitoring").is_some());
    assert_eq!(stuck(&run), Vec::<String>::new());
}
