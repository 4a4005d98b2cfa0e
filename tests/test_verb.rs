//! `greenroom test` over a repository of scenarios, as its users and their CI meet it: shards, filters, stopping early,
//! and what GitHub and JUnit's readers are given.

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeSet;

use folder::{BAD, Folder, GOOD, UNFIRED, scenario};

/// Five scenarios that hold, `a` to `e`, with accepted snapshots.
fn five() -> Folder {
    Folder::with(&[("a", GOOD), ("b", GOOD), ("c", GOOD), ("d", GOOD), ("e", GOOD)]).accepted()
}

/// Goal: a CI that deals its scenarios to machines runs each once. Method: all shards of several counts, of which some are
/// empty; each must pass, and together they are the list.
#[test]
fn shards_run_every_scenario_once() {
    let folder = five();
    folder.write("a/stray.timeline", "old\n");
    let all: Vec<String> = ["a", "b", "c", "d", "e"].map(|name| format!("{name}/scenario.yaml")).to_vec();
    let whole = folder.run(&["test"]);
    assert_eq!(whole.files(), all);
    assert!(whole.out.contains("a/stray.timeline belongs to no scenario"), "{}", whole.show());
    for count in [1, 2, 3, 5, 7] {
        let mut seen = Vec::new();
        for index in 1..=count {
            let ran = folder.run(&["test", "--shard", &format!("{index}/{count}")]);
            assert_eq!(ran.code, 0, "{}", ran.show());
            assert_eq!(ran.out.contains("belongs to no scenario"), count == 1, "{}", ran.show());
            assert_eq!(ran.files().is_empty(), ran.out.starts_with("nothing to run here: shard "), "{}", ran.show());
            seen.extend(ran.files());
        }
        assert!(count != 3 || seen[..2] == ["a/scenario.yaml", "d/scenario.yaml"], "every third: {seen:?}");
        seen.sort();
        assert_eq!(seen, all, "{count} shards");
    }
}

#[test]
fn an_empty_shard_passes_and_an_empty_repository_does_not() {
    let folder = Folder::with(&[("a", GOOD)]).accepted();
    let ran = folder.run(&["test", "--shard", "2/2", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.show());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["selection"]["shard"], "2/2");
    assert_eq!(json["selection"]["found"], 1);
    let nothing = Folder::empty().run(&["test", "--shard", "2/2"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (4, "no scenario was found\n"));
    // Filters come first: what they leave is dealt out, and nothing that matches is no empty shard.
    let none = folder.run(&["test", "--shard", "2/2", "--filter", "nowhere"]);
    assert_eq!((none.code, none.out.as_str()), (4, "no scenario matches, of 1 found\n"));
}

#[test]
fn filters_choose_by_path_name_and_content() {
    let folder = five();
    folder.add("unfired", UNFIRED);
    folder.write("bad/scenario.yaml", "name: [");
    let files = |filters: &[&str]| {
        let args: Vec<&str> = filters.iter().flat_map(|filter| ["--filter", filter]).collect();
        let ran = folder.run(&[&["test", "-j", "2"], args.as_slice()].concat());
        let files = ran.files();
        let folders = files.iter().map(|file| file.split('/').next().unwrap_or_default());
        (ran.code, folders.collect::<Vec<&str>>().join(" "))
    };
    assert_eq!(files(&["path:b/"]), (0, "b".to_owned()));
    assert_eq!(files(&["a/*", "name:c"]), (2, "a bad c".to_owned()));
    assert_eq!(files(&["a/*", "path:c/"]), (0, "a c".to_owned()));
    assert_eq!(files(&["fault:pod_kill not path:bad"]), (8, "unfired".to_owned()));
    assert_eq!(files(&["system:kubernetes not fault:pod_kill not path:bad not path:e/"]), (0, "a b c d".to_owned()));
    assert_eq!(files(&["system:dynamo"]), (2, "bad".to_owned()), "what cannot be read is told");
    assert_eq!(files(&["path:nowhere"]), (4, String::new()));
}

#[test]
fn a_run_of_a_part_says_so() {
    let folder = five();
    folder.write("a/stray.timeline", "old\n");
    let ran = folder.run(&["test", "--filter", "path:a/", "--filter", "path:c/", "--shard", "2/2"]);
    insta::assert_snapshot!(ran.show());
}

/// Goal: a run that stops early is the same on every machine. Method: the second of five fails; one thread and eight, with
/// and without the snapshot as the reason.
#[test]
fn fail_fast_stops_in_the_order_of_the_files() {
    let folder = five();
    folder.write("b/scenario.yaml", &scenario("b", BAD));
    folder.write("d/scenario.yaml", &scenario("d", BAD));
    let run = |jobs| folder.run(&["test", "--fail-fast", "-j", jobs]);
    let one = run("1");
    assert_eq!((one.code, one.files()), (1, vec!["a/scenario.yaml".to_owned(), "b/scenario.yaml".to_owned()]));
    assert!(one.out.ends_with("(3 not run after the first failure)\n"), "{}", one.show());
    for _ in 0..3 {
        assert_eq!(run("8").show(), one.show());
    }
    folder.write("a/a.timeline", "other\n");
    assert_eq!((run("8").code, run("8").files()), (3, vec!["a/scenario.yaml".to_owned()]));
    assert_eq!(folder.run(&["test", "--fail-fast", "nowhere", "a"]).files(), ["nowhere"]);
    assert_eq!(folder.run(&["test", "--fail-fast", "c", "e"]).show(), folder.run(&["test", "c", "e"]).show());
}

#[test]
fn mistakes_of_usage_are_refused() {
    let folder = five();
    let wrong: [&[&str]; 12] = [
        &["--shard", "0/3"],
        &["--shard", "4/3"],
        &["--shard", "1"],
        &["--shard", "1/0"],
        &["--filter", "sytem:oci"],
        &["--filter", "fault:nodedown"],
        &["--filter", ""],
        &["--filter", "a not"],
        &["--watch", "--accept"],
        &["--watch", "--shard", "1/2"],
        &["--watch", "--fail-fast"],
        &["--watch", "--format", "json"],
    ];
    let shown: Vec<String> = wrong
        .iter()
        .map(|args| {
            let ran = folder.run(&[&["test"], *args].concat());
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.show());
            format!("greenroom test {}\n{}", args.join(" "), ran.err)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// Goal: whoever opens the job sees what failed. Method: with GitHub's variable set and the format asked for, the file has the
/// totals and each failure, after what other commands of the step wrote; without either, nothing is written.
#[test]
fn github_gets_annotations_and_a_summary() {
    let folder = Folder::with(&[("a", GOOD), ("b", BAD), ("c", UNFIRED)]).accepted();
    folder.write("d/scenario.yaml", "name: d\nuntill: 2h\n");
    let summary = folder.path().join("summary.md");
    let run = |args: &[&str]| {
        let output = folder.command(args).env("GITHUB_STEP_SUMMARY", &summary).output().expect("greenroom starts");
        folder::Ran::of(output)
    };
    assert_eq!(run(&["test"]).code, 2);
    assert!(!summary.exists(), "nobody asked for it");
    folder.write("summary.md", "# Before\n");
    let ran = run(&["test", "--format", "github"]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.lines().all(|line| line.starts_with("::error ")), "{}", ran.show());
    insta::assert_snapshot!(folder.read("summary.md"));
    // All that fits into a step is one MiB, whoever wrote it.
    folder.write("summary.md", &"x".repeat((1 << 20) - 300));
    let full = run(&["test", "--format", "github"]);
    assert!(full.err.contains("has no room"), "{}", full.show());
    assert_eq!((full.code, folder.read("summary.md").len()), (2, (1 << 20) - 300));
    let nowhere = folder.command(&["test", "--format", "github"]).env("GITHUB_STEP_SUMMARY", "no/such/file").output();
    assert_eq!(nowhere.expect("greenroom starts").status.code(), Some(5));
}

#[test]
fn the_summary_is_named_where_annotations_end() {
    let names: Vec<String> = (0..12).map(|number| format!("n{number:02}")).collect();
    let scenarios: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), BAD)).collect();
    let folder = Folder::with(&scenarios).accepted();
    let last = |command: &mut std::process::Command| {
        let ran = folder::Ran::of(command.output().expect("greenroom starts"));
        assert_eq!(ran.out.lines().count(), 10);
        ran.out.lines().last().unwrap_or_default().to_owned()
    };
    let mut command = folder.command(&["test", "--format", "github"]);
    assert!(last(&mut command).ends_with("3 more failures are not shown here; the log has them all"));
    let shown = last(command.env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md")));
    assert!(shown.ends_with("3 more failures are not shown here; the summary of the step has them all"), "{shown}");
    assert_eq!(folder.read("summary.md").matches("**expectation**").count(), 12);
}

/// Goal: what CI reads is valid. Method: schema/junit.xsd over the reports of runs that pass, fail, are not valid, and of
/// nothing at all.
#[test]
fn junit_is_valid_against_its_schema() {
    let schema = uppsala::parse(include_str!("../schema/junit.xsd")).expect("XML");
    let validator = uppsala::XsdValidator::from_schema(&schema).expect("a schema");
    let folder = Folder::with(&[("a", GOOD), ("b", BAD), ("c", UNFIRED)]);
    folder.write("d/scenario.yaml", "name: d\nuntill: 2h\n");
    let mut roots = BTreeSet::new();
    for args in
        [["test", "."], ["test", "a"], ["check", "."], ["run", "b/scenario.yaml"], ["test", "d"], ["test", ".git"]]
    {
        let ran = folder.run(&[&args[..], &["--format", "junit"]].concat());
        let xml = uppsala::parse(&ran.out).expect("XML");
        let errors: Vec<String> = validator.validate(&xml).iter().map(|error| error.message.clone()).collect();
        assert!(errors.is_empty(), "{args:?}: {errors:?}\n{}", ran.out);
        let failed = ran.out.matches("<failure ").count() + ran.out.matches("<error ").count();
        assert_eq!(ran.code == 0, failed == 0, "{}", ran.show());
        assert!(!ran.out.contains(" time="), "how long it took is no result");
        roots.insert(ran.out.lines().nth(1).unwrap_or_default().to_owned());
    }
    assert!(roots.len() > 4, "the reports differ: {roots:?}");
}

/// Among many scenarios, those that failed are listed again where the user looks.
#[test]
fn failures_among_many_are_listed_at_the_end() {
    let names: Vec<String> = (0..21).map(|number| format!("n{number:02}")).collect();
    let scenarios: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), GOOD)).collect();
    let folder = Folder::with(&scenarios).accepted();
    assert!(folder.run(&["test"]).out.ends_with("\n21 scenarios: 21 passed\n"));
    folder.write("n07/scenario.yaml", "name: [");
    folder.write("n03/scenario.yaml", &scenario("n03", BAD));
    let ran = folder.run(&["test"]);
    let end = "not valid, 1 failed, 1 with a new or changed snapshot (greenroom test --accept writes it)\n  \
               FAILED   n03/scenario.yaml\n  INVALID  n07/scenario.yaml\n";
    assert!(ran.out.ends_with(end), "{}", ran.show());
}
