//! The OCI control plane in a world that replays a script: what goes up, when, and why.

use std::collections::VecDeque;

use greenroom::systems::oci;
use greenroom::systems::oci::options::{JobGate, Options, References, WaitFor};
use greenroom::text::Source;
use greenroom::workload::{JobStatus, Outcome, PodPhase};

use crate::replay::Replay;
use crate::script::{JOB, PLAIN, SERVICE, diamond, group, member, read, seconds};

#[test]
fn a_diamond_goes_up_in_order() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(0));
    world.deployment(seconds(5), "a-diamond", 1, 1);
    world.deployment(seconds(25), "b-diamond", 1, 1);
    world.deployment(seconds(38), "c-diamond", 1, 1);
    world.deployment(seconds(55), "d-diamond", 1, 1);
    world.run(&mut control, seconds(300));
    // Ready at 5 s is seen by the pass at 10 s; exports are read a second later, and used by the pass at 20 s.
    assert_eq!(world.when("deployment/a", "active"), Some(seconds(0)));
    assert_eq!(world.when("deployment/a", "monitoring"), Some(seconds(10)));
    assert_eq!(world.when("deployment/b", "active"), Some(seconds(20)));
    assert_eq!(
        world.when("deployment/d", "active"),
        Some(seconds(50)),
        "c is monitoring at 40 s, its export known at 41 s"
    );
    assert_eq!(world.when("group/diamond", "monitoring"), Some(seconds(60)));
    let chain = world.chain("deployment/d", "active");
    let expected =
        ["deployment/d active", "deployment/c monitoring", "deployment/c monitoring", "Deployment/c-diamond Changed"];
    assert_eq!(chain, expected, "the member that came last opened the gate");
    insta::assert_snapshot!("diamond", world.transcript);
}

#[test]
fn nothing_wakes_it_while_nothing_happens() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(3));
    world.deployment(seconds(65), "a-diamond", 1, 1);
    world.run(&mut control, seconds(3600));
    let passes = world.transcript.lines().filter(|line| line.contains("with 0")).count();
    // One for a's readiness, one after its export.
    assert_eq!(passes, 2, "{}", world.transcript);
}

#[test]
fn a_job_opens_its_gate_when_it_has_ended() {
    let text = group("g", &[member("load", &[], &[], JOB), member("serve", &["load"], &[], PLAIN)]);
    let running = JobStatus { active: 1, ..JobStatus::default() };
    let done = JobStatus { succeeded: 1, complete: true, ..JobStatus::default() };
    for (gate, expected) in [(JobGate::Completed, 50), (JobGate::Monitoring, 20)] {
        let mut world = Replay::default();
        let mut control = read(&text, &Options { job_gate: gate, ..Options::default() });
        world.submit(seconds(0));
        world.pod(seconds(12), "Job/load-g", PodPhase::Running, "", 0);
        world.job(seconds(12), "load-g", running);
        world.job(seconds(45), "load-g", done);
        world.run(&mut control, seconds(100));
        assert_eq!(world.when("deployment/serve", "active"), Some(seconds(expected)), "{gate:?}");
        assert_eq!(world.when("deployment/load", "completed"), Some(seconds(50)), "{gate:?}");
    }
}

#[test]
fn exports_are_collected_again_at_each_pass() {
    let text = group("g", &[member("db", &[], &["internal_dns_name"], SERVICE), member("app", &["db"], &[], SERVICE)]);
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    let refused = Outcome::Failed(world.symbol("connection refused"));
    world.reads.insert("db".into(), VecDeque::from([refused, Outcome::Unknown]));
    world.submit(seconds(0));
    world.deployment(seconds(5), "db-g", 1, 1);
    world.run(&mut control, seconds(300));
    let about_db: Vec<String> =
        world.entries().into_iter().filter(|line| line.contains("deployment/db monitoring")).collect();
    assert_eq!(
        about_db,
        [
            "00:00:10.000 deployment/db monitoring pods ready: 1",
            "00:00:11.000 deployment/db monitoring export collection failed: connection refused",
            "00:00:21.000 deployment/db monitoring export collection failed: no answer",
            "00:00:31.000 deployment/db monitoring exports internal_dns_name db-g.default.svc.cluster.local",
        ]
    );
    assert_eq!(world.when("deployment/app", "active"), Some(seconds(40)));
    let active = world.entries().into_iter().find(|line| line.contains("deployment/app active")).expect("it started");
    assert!(active.ends_with("db monitoring; resolved db.internal_dns_name"), "{active}");
}

#[test]
fn a_public_address_is_waited_for_and_the_rest_is_not() {
    let text = group(
        "g",
        &[
            member("web", &[], &["service_url", "internal_dns_name"], SERVICE),
            member("inner", &["web"], &[], SERVICE),
            member("outer", &["web"], &[], &PLAIN.replace("i:1", "i:${web.service_url}")),
        ],
    );
    let mut world = Replay::default();
    let mut control = read(&text, &Options::default());
    world.submit(seconds(0));
    world.service(seconds(1), "web-g", false);
    world.deployment(seconds(5), "web-g", 1, 1);
    world.service(seconds(25), "web-g", true);
    world.run(&mut control, seconds(100));
    assert_eq!(world.when("deployment/inner", "active"), Some(seconds(20)));
    assert_eq!(world.when("deployment/outer", "active"), Some(seconds(40)));
    let url = world.published.get(&("deployment/web".to_owned(), "service_url".to_owned()));
    assert_eq!(url.map(String::as_str), Some("https://web-g.blueprints.example.com"));
}

#[test]
fn recipe_properties_resolve_without_exports() {
    let app = r#""recipe_mode":"service","recipe_image_uri":"i:${db.port}","recipe_container_port":"${db.recipe_container_port}",
        "recipe_node_shape":"VM.Standard.E4.Flex""#;
    let text = group("g", &[member("db", &[], &["internal_dns_name"], SERVICE), member("app", &["db"], &[], app)]);
    for (wait_for, expected) in [(WaitFor::Referenced, Some(seconds(10))), (WaitFor::Declared, None)] {
        let mut world = Replay::default();
        let mut control = read(&text, &Options { wait_for, ..Options::default() });
        let refused = Outcome::Failed(world.symbol("connection refused"));
        world.reads.insert("db".into(), std::iter::repeat_n(refused, 100).collect());
        world.submit(seconds(0));
        world.deployment(seconds(5), "db-g", 1, 1);
        world.run(&mut control, seconds(300));
        assert_eq!(world.when("deployment/app", "active"), expected, "{wait_for:?}");
        let told = world.entries().iter().filter(|line| line.contains("export collection failed")).count();
        assert_eq!(told, 6, "of 29 failures the first three, the 4th, 8th and 16th are told");
    }
}

#[test]
fn what_depends_on_a_failed_deployment_stays_scheduled() {
    let mut world = Replay::default();
    let mut control = read(&diamond(), &Options::default());
    world.submit(seconds(0));
    world.deployment(seconds(5), "a-diamond", 1, 1);
    world.deployment(seconds(25), "c-diamond", 1, 1);
    world.pod(seconds(95), "Deployment/b-diamond", PodPhase::Running, "", 1);
    world.deployment(seconds(200), "b-diamond", 1, 1);
    world.run(&mut control, seconds(600));
    assert_eq!(world.when("deployment/b", "failed"), Some(seconds(100)));
    assert_eq!(world.when("group/diamond", "failed"), Some(seconds(100)));
    assert_eq!(world.when("deployment/d", "active"), None);
    let last = world.entries().into_iter().rfind(|line| line.contains("deployment/d")).expect("it is told of");
    assert_eq!(last, "00:01:40.000 deployment/d scheduled stays scheduled: deployment/b failed");
    assert_eq!(world.chain("group/diamond", "failed")[..2], ["group/diamond failed", "deployment/b failed"]);
}

#[test]
fn members_that_refer_to_each_other_wait_for_ever() {
    let refers = |name: &str| PLAIN.replace("i:1", &format!("i:${{{name}.service_name}}"));
    let names = &["service_name"];
    let text = group(
        "g",
        &[
            member("core", &[], names, &refers("skin")),
            member("skin", &["core"], names, PLAIN),
            member("late", &[], &[], &refers("base")),
            member("base", &[], names, PLAIN),
        ],
    );
    let strict = oci::read(&Source::new("group.json", text.clone()), &Options::default()).expect("a document");
    assert_eq!(strict.problems.len(), 2, "both refer to what they do not depend on");
    let mut world = Replay::default();
    let mut control = read(&text, &Options { references: References::Members, ..Options::default() });
    world.submit(seconds(0));
    world.deployment(seconds(5), "base-g", 1, 1);
    world.run(&mut control, seconds(600));
    assert!(world.entries().contains(&"00:00:00.000 deployment/core scheduled waits for skin.service_name".to_owned()));
    assert_eq!(world.when("deployment/late", "active"), Some(seconds(20)));
    assert_eq!(world.when("deployment/core", "active"), None);
}

#[test]
fn a_group_is_degraded_while_a_deployment_lacks_pods() {
    let mut world = Replay::default();
    let mut control = read(&group("g", &[member("web", &[], &[], SERVICE)]), &Options::default());
    world.submit(seconds(0));
    world.deployment(seconds(5), "web-g", 2, 2);
    world.deployment(seconds(31), "web-g", 2, 1);
    world.deployment(seconds(55), "web-g", 2, 2);
    world.run(&mut control, seconds(100));
    let group: Vec<String> = world.entries().into_iter().filter(|line| line.contains("group/g")).collect();
    assert_eq!(
        group[2..],
        [
            "00:00:10.000 group/g monitoring deployments up: 1",
            "00:00:40.000 group/g degraded deployment/web lost pods",
            "00:01:00.000 group/g monitoring deployments up: 1",
        ]
    );
}
