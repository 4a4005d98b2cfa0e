//! The OCI control plane in a world that replays a script: taking down, pools of nodes, failing writes, restarts, the API's view.

use std::collections::VecDeque;

use greenroom::kernel::Duration;
use greenroom::systems::oci;
use greenroom::systems::oci::options::{NodePools, Options};
use greenroom::text::Source;
use greenroom::timeline::Cause;
use greenroom::workload::{Controller, Outcome};

use crate::replay::Replay;
use crate::script::{PLAIN, SERVICE, SHARED, diamond, group, member, read, seconds};

#[test]
fn undeploying_goes_in_reverse_and_waits_for_each() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(0));
    for (at, name) in [(5, "a"), (25, "b"), (26, "c"), (45, "d")] {
        world.deployment(seconds(at), &format!("{name}-diamond"), 1, 1);
    }
    world.undeploy(seconds(100), "diamond");
    world.undeploy(seconds(101), "diamond");
    world.undeploy(seconds(102), "square");
    for (at, name) in [(131, "d"), (141, "b"), (151, "c"), (165, "a")] {
        world.gone(seconds(at), &format!("Deployment/{name}-diamond"));
    }
    let refusals = world.run(&mut control, seconds(600));
    assert_eq!(
        refusals,
        ["`diamond` is already taken down, or was rejected", "there is no group or deployment `square`"]
    );
    let began = |name: &str| world.when(&format!("deployment/{name}"), "undeploying");
    let ended = |name: &str| world.when(&format!("deployment/{name}"), "undeployed");
    assert_eq!((began("d"), ended("d")), (Some(seconds(100)), Some(seconds(140))));
    assert_eq!((began("b"), began("c")), (Some(seconds(140)), Some(seconds(140))));
    assert_eq!((ended("b"), ended("c")), (Some(seconds(150)), Some(seconds(160))));
    assert_eq!((began("a"), ended("a")), (Some(seconds(160)), Some(seconds(170))));
    assert_eq!(world.when("group/diamond", "undeployed"), Some(seconds(170)));
    assert!(!world.records.iter().any(|(name, ..)| name.starts_with("oci/name/")), "names are free again");
    assert_eq!(
        world.chain("deployment/a", "undeploying")[..2],
        ["deployment/a undeploying", "deployment/c undeployed"]
    );
}

#[test]
fn a_deployment_that_never_started_has_nothing_to_take_down() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(0));
    world.deployment(seconds(0), "a-diamond", 1, 0);
    world.undeploy(seconds(7), "diamond");
    world.gone(seconds(12), "Deployment/a-diamond");
    world.run(&mut control, seconds(60));
    assert_eq!(world.when("deployment/d", "undeployed"), Some(seconds(7)));
    assert_eq!(world.when("deployment/a", "undeployed"), Some(seconds(20)));
    assert_eq!(world.when("group/diamond", "undeployed"), Some(seconds(20)));
}

#[test]
fn a_shared_pool_is_waited_for_without_an_error() {
    let text = group("g", &[member("llm", &[], &[], SHARED)]);
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    world.submit(seconds(0));
    world.node(seconds(0), "a10-0", &[("node.kubernetes.io/instance-type", "VM.GPU.A10.2")]);
    world.run(&mut control, seconds(36_000));
    let waiting = "00:00:00.000 deployment/llm scheduled waits for a shared pool of shape BM.GPU.H100.8";
    assert!(world.entries().contains(&waiting.to_owned()), "{:?}", world.entries());
    assert_eq!(world.when("deployment/llm", "active"), None);
    let shape = ("node.kubernetes.io/instance-type", "BM.GPU.H100.8");
    world.node(seconds(36_005), "h100-0", &[shape, ("greenroom.dev/pool", "h100")]);
    world.run(&mut control, seconds(40_000));
    assert_eq!(world.when("deployment/llm", "active"), Some(seconds(36_010)));
    assert_eq!(world.chain("deployment/llm", "active")[1], "Node/h100-0 Changed");
    assert!(world.entries().iter().any(|line| line.ends_with("no dependencies; on shared pool h100")));
}

#[test]
fn a_dedicated_pool_comes_first_and_goes_last() {
    let options = Options { node_pools: NodePools::Provision, ..Options::default() };
    let mut world = Replay::default();
    let mut control = read(&group("g", &[member("web", &[], &[], SERVICE)]), &options);
    world.submit(seconds(0));
    world.pool(seconds(0), "web-g-pool", 1, 0, false);
    world.pool(seconds(605), "web-g-pool", 1, 1, false);
    world.deployment(seconds(623), "web-g", 1, 1);
    world.undeploy(seconds(700), "web");
    world.gone(seconds(721), "Deployment/web-g");
    world.gone(seconds(755), "NodePool/web-g-pool");
    world.run(&mut control, seconds(1000));
    let states = ["creating", "active", "monitoring", "undeploying", "undeployed"];
    let times = states.map(|state| world.when("deployment/web", state).map(|at| at.nanos() / 1_000_000_000));
    assert_eq!(times, [Some(0), Some(610), Some(630), Some(700), Some(760)]);
    let deletes: Vec<&str> = world.transcript.lines().filter(|line| line.contains("delete")).collect();
    assert_eq!(
        deletes,
        [
            "00:11:40.000 ask delete Deployment/web-g for deployment/web",
            "00:11:40.000 ask delete Service/web-g for deployment/web",
            "00:12:10.000 ask delete NodePool/web-g-pool for deployment/web",
        ]
    );
}

#[test]
fn a_pool_that_cannot_be_delivered_fails_its_deployment() {
    let pool = r#"{"recipe_mode":"shared_node_pool","deployment_name":"pool of H100",
        "shared_node_pool_shape":"BM.GPU.H100.8","shared_node_pool_size":2,"shared_node_pool_boot_volume_size_in_gbs":500}"#;
    for failed in [true, false] {
        let mut world = Replay::default();
        let mut control = read(pool, &Options::default());
        world.submit(seconds(0));
        world.pool(seconds(61), "poolofh100", 2, if failed { 0 } else { 2 }, failed);
        world.run(&mut control, seconds(100));
        let state = if failed { "failed" } else { "monitoring" };
        assert_eq!(world.when("deployment/pool of H100", state), Some(seconds(70)));
    }
}

#[test]
fn an_update_changes_a_node_or_fails() {
    let update = r#"{"recipe_mode":"update","deployment_name":"u","recipe_node_name":"a10-0","recipe_node_labels":{"corrino":"a"}}"#;
    for (there, state) in [(true, "completed"), (false, "failed")] {
        let mut world = Replay::default();
        let mut control = read(update, &Options::default());
        if there {
            world.node(seconds(0), "a10-0", &[]);
        }
        world.submit(seconds(1));
        world.run(&mut control, seconds(100));
        assert!(world.when("deployment/u", state).is_some(), "{:?}", world.entries());
    }
}

#[test]
fn writes_that_fail_are_made_again_and_refusals_fail() {
    let text = group("g", &[member("web", &[], &[], SERVICE)]);
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    let down = Outcome::Failed(world.symbol("the API is down"));
    world.writes.insert("web-g".into(), VecDeque::from([down, Outcome::Conflict, Outcome::Unknown]));
    world.submit(seconds(3));
    world.deployment(seconds(45), "web-g", 1, 1);
    world.run(&mut control, seconds(100));
    assert_eq!(world.transcript.matches("ask apply").count(), 5, "{}", world.transcript);
    let told: Vec<String> = world.entries().into_iter().filter(|line| line.contains("could not")).collect();
    assert_eq!(
        told,
        [
            "00:00:03.000 deployment/web active could not make Service/web-g: the API is down",
            "00:00:03.000 deployment/web active could not make Deployment/web-g: conflict",
            "00:00:10.000 deployment/web active could not make Service/web-g: no answer",
        ]
    );
    assert_eq!(world.when("deployment/web", "monitoring"), Some(seconds(50)));
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    let quota = Outcome::Refused(world.symbol("exceeded quota"));
    world.writes.insert("web-g".into(), VecDeque::from([Outcome::Accepted(None), quota]));
    world.submit(seconds(3));
    world.run(&mut control, seconds(100));
    assert!(world.entries().contains(&"00:00:03.000 deployment/web failed refused: exceeded quota".to_owned()));
}

#[test]
fn a_name_that_is_in_use_is_rejected() {
    let mut world = Replay::default();
    let text = group("g", &[member("web", &[], &[], SERVICE)]);
    let mut first = read(&text, &Options::default());
    world.submit(seconds(0));
    world.run(&mut first, seconds(1));
    let mut second = read(&text, &Options::default());
    world.submit(seconds(2));
    world.run(&mut second, seconds(100));
    let entries = world.entries();
    assert_eq!(
        entries[entries.len() - 2..],
        [
            "00:00:02.000 group/g rejected deployment name `web` is in use: undeploy that deployment first",
            "00:00:02.000 deployment/web rejected with group/g",
        ]
    );
}

#[test]
fn a_rejected_document_says_so_when_it_is_submitted() {
    let text = group("g", &[member("a", &["b"], &[], PLAIN), member("b", &["a"], &[], PLAIN)]);
    let mut read = oci::read(&Source::new("group.json", text), &Options::default()).expect("a document");
    assert!(!read.problems.is_empty());
    let mut world = Replay::default();
    world.submit(seconds(4));
    world.run(&mut read.oci, seconds(100));
    let entries = world.entries();
    assert_eq!(entries[0], "00:00:04.000 group/g rejected circular dependency detected: a -> b -> a");
    assert_eq!(
        entries[1..],
        ["00:00:04.000 deployment/a rejected with group/g", "00:00:04.000 deployment/b rejected with group/g"]
    );
    assert!(!world.transcript.contains("ask"));
}

#[test]
fn a_restarted_control_plane_goes_on_from_its_records() {
    let straight = run_diamond(&[]);
    // At each of these times the control plane dies and another one takes over: before, between and after steps.
    for restarts in [&[3][..], &[10, 21], &[15], &[20, 30, 41, 60], &[5, 15, 25, 35, 45, 55]] {
        let restarted = run_diamond(restarts);
        for subject in ["deployment/a", "deployment/b", "deployment/c", "deployment/d", "group/diamond"] {
            let first = |world: &Replay| world.when(subject, "monitoring").expect("it comes up");
            let late = first(&restarted).since(first(&straight));
            // What was being collected is collected again: at most a pass and a read later for each restart on the way.
            assert!(
                late <= Duration::from_secs(11 * restarts.len() as u64),
                "{subject} {late} late after {restarts:?}"
            );
        }
        assert_eq!(restarted.published, straight.published);
        let applied =
            |world: &Replay, name: &str| world.transcript.matches(&format!("apply Deployment/{name}-diamond")).count();
        assert!((1..=1 + restarts.len()).contains(&applied(&restarted, "a")));
        assert_eq!(restarted.entries().iter().filter(|line| line.contains("deployment/d active")).count(), 1);
    }
}

fn run_diamond(restarts: &[u64]) -> Replay {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(0));
    for (at, name) in [(5, "a"), (25, "b"), (26, "c"), (58, "d")] {
        world.deployment(seconds(at), &format!("{name}-diamond"), 1, 1);
    }
    for at in restarts {
        world.run(&mut control, seconds(*at));
        control = read(&diamond(), &Options::default());
        let cause = Cause::Entry(world.timeline.since(0).last().expect("something happened").0);
        assert!(control.resume(cause, &mut world), "there is a record");
    }
    world.run(&mut control, seconds(600));
    world
}

#[test]
fn the_api_shows_the_group_as_documented() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options { epoch_seconds: 1_736_951_400, ..Options::default() });
    world.submit(seconds(0));
    world.deployment(seconds(5), "a-diamond", 1, 1);
    world.run(&mut control, seconds(70));
    let shown = serde_json::to_string_pretty(&control.native(&world)).expect("JSON");
    insta::assert_snapshot!("native", shown);
    let list = oci::native_list([&control]);
    assert_eq!(list["deployment_groups"][0], control.native(&world));
}

#[test]
fn secrets_reach_nothing_that_is_written() {
    let secret = "hunter2-Zq9";
    let link = format!("https://objectstorage.example.com/p/{secret}/n/ns/b/models/o/");
    let db = format!(
        r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80","recipe_node_shape":"VM.Standard.E4.Flex",
        "service_endpoint_domain":"https://user:{secret}@example.com",
        "recipe_container_env":[{{"key":"PASSWORD","value":"{secret}"}}],
        "recipe_inference_gateway":{{"model_name":"m","api_key":"{secret}"}},
        "input_object_storage":[{{"par":"{link}","mount_location":"/m","volume_size_in_gbs":1}}]"#
    );
    let app = r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80","recipe_node_shape":"VM.Standard.E4.Flex",
        "recipe_container_env":[{"key":"DB","value":"${db.service_endpoint_domain}/${db.internal_dns_name}"}]"#;
    let text = group("g", &[member("db", &[], &["internal_dns_name"], &db), member("app", &["db"], &[], app)]);
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    world.submit(seconds(0));
    world.deployment(seconds(5), "db-g", 1, 1);
    world.run(&mut control, seconds(100));
    assert!(world.when("deployment/app", "active").is_some(), "{:?}", world.entries());
    let written = format!("{}{:?}{:?}{}", world.transcript, world.records, world.published, control.native(&world));
    assert!(!written.contains(secret), "{written}");
    assert!(!format!("{control:?}").contains(secret), "the controller shows a secret");
    // The same values under wrong keys: no message repeats them.
    for (right, wrong) in
        [("\"par\":", "\"parr\":"), ("\"value\":\"", "\"value\":[\""), ("\"key\":\"PASSWORD\"", "\"kee\":\"PASSWORD\"")]
    {
        let text = text.replace(right, wrong).replace(&format!("[\"{secret}\""), &format!("[\"{secret}\"]"));
        let told = match oci::read(&Source::new("group.json", text), &Options::default()) {
            Ok(read) => read.problems,
            Err(problems) => problems,
        };
        assert!(!told.is_empty());
        for one in told {
            let words = [vec![one.message, one.label], one.notes, one.helps].concat().join(" ");
            assert!(!words.contains(secret), "{words}");
        }
    }
}
