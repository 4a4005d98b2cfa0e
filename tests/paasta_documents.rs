//! Folders of PaaSTA's services: what is read of them, and what is told about bad ones, word for word.

use std::fs;

use greenroom::scenario::load;
use greenroom::systems::paasta::model::{BounceMethod, InstanceKind, PipelineItem};
use greenroom::systems::paasta::options::{Engine, Schemas};
use greenroom::systems::paasta::{self, Options, Read};
use greenroom::text::{Diagnostic, Source, render};
use proptest::prelude::*;

/// A service without a mistake; each case spoils it.
const GOOD: [(&str, &str); 5] = [
    (
        "deploy.yaml",
        "pipeline:\n- step: itest\n- step: prod.canary\n  trigger_next_step_manually: true\n- step: prod.main\n",
    ),
    ("kubernetes-west.yaml", KUBERNETES),
    ("smartstack.yaml", "main:\n  proxy_port: 20001\n"),
    ("service.yaml", "description: a shop\nexternal_link: ''\n"),
    ("monitoring.yaml", "team: shop\n"),
];

/// The instances of the good folder.
const KUBERNETES: &str = "\
_all: &all
  cpus: 1
  mem: 512
  registrations: [shop.main]
main:
  <<: *all
  instances: 6
  deploy_group: prod.main
canary:
  <<: *all
  deploy_group: 'prod.{instance}'
";

fn read_with(files: &[(&str, &str)], options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let files: Vec<Source> = files.iter().map(|(name, text)| Source::new(format!("shop/{name}"), *text)).collect();
    paasta::read(&Source::new("shop", ""), &files, options)
}

/// The good folder with other files, or other texts of these.
fn with<'t>(changes: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    let kept = GOOD.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

/// What is told about each spoilt folder, one below the other.
fn told(cases: &[&[(&str, &str)]], options: &Options) -> String {
    let mut out = String::new();
    for case in cases {
        match read_with(&with(case), options) {
            Err(problems) => out.push_str(&render::render(&problems, false)),
            Ok(read) => {
                let all: Vec<Diagnostic> = read.problems.into_iter().chain(read.warnings).collect();
                out.push_str(&if all.is_empty() { "accepted\n".to_owned() } else { render::render(&all, false) });
            }
        }
        out.push('\n');
    }
    out
}

macro_rules! assert_told {
    ($cases:expr) => {
        assert_told!($cases, Options::default())
    };
    ($cases:expr, $options:expr) => {
        let told = told(&$cases, &$options);
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
    };
}

/// One instance of the file, with these lines.
macro_rules! main {
    ($lines:literal) => {
        concat!("main:\n  deploy_group: prod.main\n", $lines, "canary: { deploy_group: prod.canary }\n")
    };
}

#[test]
fn the_good_folder_is_accepted_by_all_schemas() {
    for schemas in [Schemas::Lenient, Schemas::Strict] {
        let read = read_with(&GOOD, &Options { schemas, ..Options::default() }).expect("it is YAML");
        assert_eq!(read.problems, []);
        assert_eq!(read.warnings, []);
    }
}

/// Goal: what a rollout depends on is in the model. Method: a folder with every kind of file.
#[test]
fn a_folder_is_read_into_the_model() {
    let eks = "main:\n  cpus: .5  # override-cpu-setting (see PROJ-12.)\n  mem: 256.5\n  gpus: 2\n  min_instances: 2\n  max_instances: 8\n  bounce_method: downthenup\n  \
               bounce_margin_factor: 0.9\n  healthcheck_mode: cmd\n  healthcheck_cmd: /bin/check\n  \
               healthcheck_grace_period_seconds: 1.5\n  lifecycle: { pre_stop_drain_seconds: 7 }\n  pool: gpu\n  weight: 3\n  \
               node_selectors:\n    zone: [a, b]\n    disk: ssd\n  deploy_group: prod.main\n";
    let tron = "nightly:\n  schedule: cron 0 4 * * *\n  deploy_group: prod.main\n  actions:\n    \
                load: { command: load }\n    sum: { command: sum, requires: [load], deploy_group: prod.canary, cpus: 2 }\n";
    let pipeline = "pipeline:\n- parallel:\n  - step: security-check\n  - step: command-lint\n  trigger_next_step_manually: true\n\
                    - step: prod.canary\n  timeout: 600\n  auto_certify_delay: -1\n- step: prod.main\n";
    let files = with(&[("eks-east.yaml", eks), ("tron-east.yaml", tron), ("deploy.yaml", pipeline)]);
    let mut options = Options::default();
    options.rollout.clusters = vec!["east".to_owned(), "west".to_owned()];
    let read = read_with(&files, &options).expect("it is YAML");
    assert_eq!(read.problems, []);
    let service = read.service;
    let clusters: Vec<&str> = service.clusters.iter().map(|files| files.cluster.as_str()).collect();
    assert_eq!(clusters, ["east", "west"]);
    let (east, west) = (&service.clusters[0], &service.clusters[1]);
    let one = &east.instances[0];
    assert_eq!((one.kind, one.cpus_milli, one.mem_bytes, one.gpus), (InstanceKind::Eks, 500, 268_959_744, 2));
    assert_eq!((one.size.initial(), one.size.limited(1), one.size.limited(9)), (8, 2, 8));
    assert_eq!(one.bounce.method, BounceMethod::Downthenup);
    assert_eq!(one.bounce.margin_factor.as_ref().map(|factor| factor.0.as_str()), Some("0.9"));
    assert_eq!((one.healthcheck.grace.nanos(), one.healthcheck.cmd.as_deref()), (1_500_000_000, Some("/bin/check")));
    assert_eq!(one.drain.pre_stop_drain.map(|drain| drain.whole_secs()), Some(7));
    assert_eq!((one.placement.pool.as_deref(), one.weight), (Some("gpu"), Some(3)));
    assert_eq!(one.placement.node_selectors.get("disk").map(String::as_str), Some("ssd"));
    assert_eq!(one.placement.node_requirements[0].values, ["a", "b"]);
    assert_eq!(one.registrations, ["shop.main"]);
    assert_eq!(one.place.to_string(), "shop/eks-east.yaml:1:1");
    let names: Vec<&str> = west.instances.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["main", "canary"], "templates are no instances");
    let canary = &west.instances[1];
    assert_eq!((canary.deploy_group.as_str(), canary.cpus_milli, canary.size.instances), ("prod.canary", 1000, 1));
    let job = &east.jobs[0];
    let groups: Vec<Option<&str>> = job.actions.iter().map(|action| action.deploy_group.as_deref()).collect();
    assert_eq!((job.schedule.as_str(), groups), ("cron 0 4 * * *", vec![Some("prod.main"), Some("prod.canary")]));
    let pipeline = service.pipeline.expect("there is one");
    assert!(matches!(&pipeline.items[0], PipelineItem::Parallel { steps, .. } if steps.len() == 2));
    assert!(pipeline.items[0].is_gated());
    let deploys: Vec<&str> = pipeline.deploy_groups().map(|step| step.name.as_str()).collect();
    assert_eq!(deploys, ["prod.canary", "prod.main"]);
    let PipelineItem::Step(step) = &pipeline.items[1] else { panic!("it is a step") };
    assert_eq!(step.waiting.timeout.map(|timeout| timeout.whole_secs()), Some(600));
    assert!(step.waiting.auto_certify_delay.is_some_and(|delay| delay.is_zero()));
}

#[test]
fn files_that_are_no_files() {
    assert_told!([
        &[("deploy.yaml", "pipeline: [")],
        &[("deploy.yaml", "pipeline: []\n---\na: 1\n")],
        &[("kubernetes-west.yaml", "main: *all\n")],
        &[("kubernetes-west.yaml", "main: { cpus: 1, cpus: 2 }\n")],
        &[("slo.yaml", "a: 1\n"), ("autotuned_defaults/kubernetes-west.yaml", "main: { cpus: 1 }\n")],
    ]);
    let empty = read_with(&[("README.md", "")], &Options::default());
    assert_eq!(empty.expect_err("it has no YAML")[0].message, "shop does not contain any .yaml files");
}

#[test]
fn pipelines() {
    assert_told!([
        &[("deploy.yaml", "pipeline:\n- instancename: main\n- step: prod.main\n- step: prod.canary\n")],
        &[("deploy.yaml", "pipeline:\n- prod.main\n- step: 5\n- step: prod.main\n- step: prod.canary\n")],
        &[("deploy.yaml", "pipeline:\n- parallel: [ { step: prod.main }, { command: x } ]\n- step: prod.canary\n")],
        &[("deploy.yaml", "pipeline:\n- { step: prod.main, notify_after_wait: true }\n- step: prod.canary\n")],
        &[("deploy.yaml", "pipeline:\n- step: prod.main\n- step: prod.cannary\n- step: staging\n")],
        &[("deploy.yaml", "pipeline: prod.main\n")],
        &[("deploy.yaml", "")],
    ]);
}

#[test]
fn all_schemas_are_applied_where_a_scenario_says_so() {
    let strict = Options { schemas: Schemas::Strict, ..Options::default() };
    assert_told!(
        [
            &[("deploy.yaml", "pipeline:\n- parallel: [ { step: prod.main } ]\n- step: prod.canary\n")],
            &[("deploy.yaml", "pipeline:\n- { step: prod.main, timeout: 1h }\n- step: prod.canary\n")],
        ],
        strict
    );
}

#[test]
fn deploy_groups() {
    assert_told!([
        &[("kubernetes-west.yaml", "main: { deploy_group: prod.mian }\ncanary: { deploy_group: prod.canary }\n")],
        &[("kubernetes-west.yaml", "main: { cpus: 1 }\ncanary: { deploy_group: 'prod.{pool}' }\n")],
        &[(
            "kubernetes-west.yaml",
            "main: { deploy_group: 'prod.{}' }\ncanary: { deploy_group: 'prod.{instance!u}' }\n"
        )],
        &[(
            "tron-west.yaml",
            "job:\n  schedule: daily\n  actions:\n    a: { command: x, deploy_group: gone }\n    b: { command: x }\n    c: { command: x, executor: ssh }\n"
        )],
        &[(
            "tron-west.yaml",
            "job:\n  schedule: daily\n  deploy_group: prod.main\n  actions:\n  - { name: a, command: x }\n"
        )],
        &[(
            "tron-west.yaml",
            "job:\n  schedule: daily\n  deploy_group: prod.main\n  actions:\n    a: { command: x, executor: spark, cpus: 1, mem: 64 }\n"
        )],
    ]);
}

#[test]
fn instances() {
    assert_told!([
        &[("kubernetes-west.yaml", main!("  min_instances: 5\n  max_instances: 3\n"))],
        &[("kubernetes-west.yaml", main!("  registrations: [main, shop.main, a.b.c]\n"))],
        &[("kubernetes-west.yaml", main!("  healthcheck_mode: cmd\n"))],
        &[("service.yaml", "description: a shop\nexternal_link: ''\nhealthcheck_mode: cmd\n")],
        &[("kubernetes-west.yaml", main!("  aws_ebs_volumes: [ { id: x } ]\n  instances: 3\n"))],
        &[("kubernetes-west.yaml", main!("  dependencies_reference: all\n"))],
        &[("dependencies.yaml", "some: []\n"), ("kubernetes-west.yaml", main!("  dependencies_reference: all\n"))],
        &[("eks-west.yaml", "main: { deploy_group: prod.main }\n")],
        &[(
            "eks-east.yaml",
            "an-instance_with_a_name_that_is_by_far_too_long_for_kubernetes: { deploy_group: prod.main }\n",
        )],
        &[("kubernetes-west.yaml", main!("  cpus: 2 cores\n  bounce_method: upthendown\n"))],
        &[("kubernetes-west.yaml", "Main: { cpus: 1 }\n")],
        &[("kubernetes-west.yaml", "")],
    ]);
}

#[test]
fn autoscaling() {
    assert_told!([
        &[("kubernetes-west.yaml", main!("  max_instances: 3\n"))],
        &[("kubernetes-west.yaml", main!("  max_instances: 3\n  cpus: 4\n"))],
        &[("kubernetes-west.yaml", main!("  max_instances: 3\n  cpus: 4  # override-cpu-setting (see PROJ-12.)\n"))],
        &[("kubernetes-west.yaml", main!("  max_instances: 3\n  cpus: 4\n")), ("kubernetes-west.in", ""),],
        &[(
            "kubernetes-west.yaml",
            main!(
                "  max_instances: 3\n  autoscaling:\n    metrics_providers:\n    - { type: uwsgi }\n    - { type: uwsgi }\n"
            ),
        )],
        &[(
            "kubernetes-west.yaml",
            main!(
                "  max_instances: 3\n  autoscaling:\n    metrics_providers:\n    - { decision_policy: bespoke }\n    - { type: uwsgi, series_query: x }\n"
            ),
        )],
        &[(
            "kubernetes-west.yaml",
            main!(
                "  max_instances: 3\n  autoscaling:\n    metrics_providers:\n    - { type: cpu }\n    - { type: active-requests, setpoint: 0.5 }\n    - { type: arbitrary-promql }\n"
            ),
        )],
    ]);
}

#[test]
fn limits() {
    let options = Options { pool_cpus_milli_max: [("default".to_owned(), 8_000)].into(), ..Options::default() };
    assert_told!(
        [
            &[("kubernetes-west.yaml", main!("  cpus: 8.0\n"))],
            &[("kubernetes-west.yaml", main!("  cpus: 64\n  pool: large\n"))],
            &[("kubernetes-west.yaml", main!("  cpu_burst_add: 2.5\n"))],
            &[("kubernetes-west.yaml", main!("  cpu_burst_add: 2.5  # override-cpu-burst (see PROJ-12.)\n"))],
            &[(
                "tron-west.yaml",
                "job:\n  schedule: daily\n  deploy_group: prod.main\n  actions: { a: { command: x, cpus: 9 } }\n"
            )],
        ],
        options
    );
}

#[test]
fn namespaces_and_other_files() {
    assert_told!([
        &[("smartstack.yaml", "main: { proxy_port: 20001, discover: habitat }\n")],
        &[("smartstack.yaml", "main: { proxy_port: 20001, advertise: [galaxy], discover: galaxy }\n")],
        &[("smartstack.yaml", "main: { proxy_port: 20001, advertise: [region], discover: [region] }\n")],
        &[("smartstack.yaml", "main: { proxy_port: 20001, extra_advertise: { 'region:a': ['habitat:b'], c: [] } }\n")],
        &[("smartstack.yaml", "a-namespace-whose-name-leaves-no-room-for-that-of-its-socket: { proxy_port: 20001 }\n")],
        &[("smartstack.yaml", "")],
        &[("smartstack.yaml", "main: { proxy_port: null, proxied_through: other.main }\n")],
        &[(
            "rollback.yaml",
            "conditions:\n  prometheus:\n  - { query: errors, upper_bound: 0 }\n  - { query: load, upper_bound: 1 }\n"
        )],
        &[("rollback.yaml", "enable_slo_rollback: false\n")],
        &[("service.yaml", "description: a shop\n")],
    ]);
    let without = with(&[]).into_iter().filter(|(name, _)| *name != "monitoring.yaml").collect::<Vec<_>>();
    let read = read_with(&without, &Options::default()).expect("it is YAML");
    assert!(read.problems[0].message.starts_with("No monitoring.yaml found in shop."));
}

/// Goal: a folder that cannot be read is refused at its line, and nothing outside the scenario's folder is read. Method: a
/// scenario on disk, beside which each document stands or does not.
#[test]
fn folders_that_cannot_be_read() {
    let outside = tempfile::tempdir().expect("a folder");
    let inside = outside.path().join("scenario");
    fs::create_dir_all(inside.join("large")).expect("a folder");
    fs::create_dir_all(inside.join("latin")).expect("a folder");
    fs::create_dir_all(inside.join("empty")).expect("a folder");
    fs::create_dir_all(outside.path().join("other")).expect("a folder");
    fs::write(outside.path().join("other/deploy.yaml"), "pipeline: []\n").expect("a file");
    fs::write(inside.join("file.yaml"), "pipeline: []\n").expect("a file");
    fs::write(inside.join("latin/deploy.yaml"), b"a: caf\xe9\n").expect("a file");
    fs::write(inside.join("large/deploy.yaml"), "# a comment\n".repeat(400_000)).expect("a file");
    #[cfg(unix)]
    {
        fs::create_dir_all(inside.join("linked")).expect("a folder");
        std::os::unix::fs::symlink("../../other/deploy.yaml", inside.join("linked/deploy.yaml")).expect("a link");
    }
    let told = |document: &str| {
        let text =
            format!("name: a\nuntil: 1h\ncluster: {{}}\ndeploy:\n  - {{ document: {document}, system: paasta }}\n");
        let path = inside.join("scenario.yaml");
        fs::write(&path, text).expect("a file");
        match load(&path) {
            Ok(scenario) => format!("{} files", scenario.deploy[0].files.len()),
            Err(problems) => {
                assert_eq!(problems[0].place().line, 5, "{document}");
                problems[0].message.clone()
            }
        }
    };
    assert_eq!(told("empty"), "0 files");
    for (document, message) in [
        ("gone", "`gone`: cannot read the folder: there is no such file"),
        ("file.yaml", "`file.yaml`: is a file; this system reads a folder"),
        ("../other", "the path `../other` leaves the scenario's folder; a document stands in it or below it"),
        ("/etc", "the path `/etc` is absolute; a document stands in the scenario's folder or below it"),
        ("latin/", "`latin/deploy.yaml`: the file is not text in UTF-8: line 1 has a byte that is not"),
        ("large", "`large`: its files have more than 4 MiB"),
        #[cfg(unix)]
        ("linked", "`linked/deploy.yaml`: leads out of the scenario's folder through a link"),
    ] {
        assert_eq!(told(document), message);
    }
}

/// Goal: values that could be secret are in no message. Method: each stands where a message would repeat it.
#[test]
fn no_value_that_could_be_secret_is_shown() {
    let cases: [&str; 6] = [
        "main: { deploy_group: prod.main, env: { TOKEN: 77hunter2 }, service_account_name: a, iam_role: b }\n",
        "main: { deploy_group: prod.main, env: { TOKEN: [77hunter2] } }\n",
        "main: { deploy_group: prod.main, env: { TOKEN: 77hunter2 }, healthcheck_cmd: x }\n",
        "main: { deploy_group: prod.main, args: 77hunter2 }\n",
        "main: { deploy_group: prod.main, cmd: { a: 77hunter2 } }\n",
        "main: { deploy_group: gone, env: { TOKEN: 77hunter2 } }\n",
    ];
    for text in cases {
        let told = told(&[&[("kubernetes-west.yaml", text)]], &Options::default());
        assert!(told.contains("error"), "{text}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

/// Goal: a short file cannot stand for any number of values.
#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "_a0: &a0 { x: 1, y: 2, z: 3 }\n".to_owned();
    for level in 1..14 {
        let entries: Vec<String> = (0..9).map(|key| format!("k{key}: *a{}", level - 1)).collect();
        bomb.push_str(&format!("_a{level}: &a{level} {{ {} }}\n", entries.join(", ")));
    }
    let problems = read_with(&[("kubernetes-west.yaml", &bomb)], &Options::default()).expect_err("it is too large");
    assert!(problems[0].message.contains("aliases"), "{}", problems[0].message);
}

proptest! {
    /// Goal: any text is read or refused with a message, and nothing panics.
    #[test]
    fn never_panics(
        text in "(main|_t|step|pipeline|parallel|cpus|deploy_group|actions|schedule|<<|proxy_port|: |- |\n|  |\\[|\\]|\\{|\\}|&a |\\*a|1|0\\.5|'x'|null|true|,){0,40}",
        name in prop::sample::select(vec![
            "deploy.yaml", "kubernetes-a.yaml", "eks-a.yaml", "adhoc-a.yaml", "tron-a.yaml", "smartstack.yaml", "service.yaml",
            "rollback.yaml", "monitoring.yaml", "dependencies.yaml", "autotuned_defaults/kubernetes-a.yaml",
        ]),
        strict in any::<bool>(),
    ) {
        let schemas = if strict { Schemas::Strict } else { Schemas::Lenient };
        let files = with(&[(name, text.as_str())]);
        match read_with(&files, &Options { schemas, ..Options::default() }) {
            Ok(read) => prop_assert_eq!(read.problems.is_empty(), render::render(&read.problems, false).is_empty()),
            Err(problems) => prop_assert!(!render::render(&problems, false).is_empty()),
        }
    }
}

#[test]
fn settings_without_effect_are_told() {
    let tron = |jobs: &'static str| [("tron-west.yaml", jobs)];
    assert_told!([
        &tron("a: { schedule: every thursday, deploy_group: prod.main, actions: { x: { command: y } } }\n")[..],
        &tron("a: { schedule: { start_time: '04:00:00' }, deploy_group: prod.main, actions: { x: { command: y } } }\n"),
        &tron(
            "a: { schedule: { type: daily, value: '04:00' }, deploy_group: prod.main, actions: { x: { command: y } } }\n"
        ),
        &tron("a: { schedule: daily, deploy_group: prod.main, actions: { x: { command: y, requires: [zz] } } }\n"),
        &tron(
            "a:\n  schedule: daily\n  deploy_group: prod.main\n  actions:\n    w: { command: y, requires: [x] }\n    \
             x: { command: y, requires: [z] }\n    z: { command: y, requires: [x] }\n",
        ),
        &[(
            "deploy.yaml",
            "pipeline:\n- parallel:\n  - step: prod.canary\n    enable_crashloop_auto_rollback: true\n  - step: prod.main\n    \
             alertmanager_rollback: true\n",
        )],
        &[("smartstack.yaml", "other:\n  proxy_port: 20001\n")],
    ]);
}

#[test]
fn a_schema_error_hides_nothing_else() {
    assert_told!([
        &[("kubernetes-west.yaml", main!("  nosuch: 1\n  cpus: 2\n  max_instances: 3\n"),)][..],
        &[("smartstack.yaml", "main:\n  proxy_port: 1\n  advertise: [region]\n  discover: habitat\n")],
    ]);
}

#[test]
fn upthendown_is_a_method_of_bounce_lib_alone() {
    let cases: [&[(&str, &str)]; 1] = [&[("kubernetes-west.yaml", main!("  bounce_method: upthendown\n"))]];
    assert_eq!(told(&cases, &Options { engine: Engine::BounceLib, ..Options::default() }), "accepted\n\n");
    assert!(told(&cases, &Options::default()).contains("'upthendown' is not one of"));
}
