//! The formats of one run beside each other, and that they agree.

use proptest::prelude::*;

use super::snapshot::snapshot_text;
use super::text::{Form, write as write_text};
use super::*;
use crate::rehearsal::{Ending, Rejection, Unfired, VerdictStatus};
use crate::scenario::model::SnapshotLayers;
use crate::text::{Diagnostic, Source, Span};

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writing to memory cannot fail");
    String::from_utf8(out).expect("text")
}

fn report() -> Report {
    let source = Source::new("bad.yaml", "name: bad\nuntill: 2h\n");
    let problem = Diagnostic::error(&source, Span::new(10, 16), "unknown key `untill`; did you mean `until`?");
    Report {
        items: vec![
            Item::Ran(Box::new(sample::rehearsed())),
            Item::Ran(Box::new(Rehearsed::new(sample::good(), SnapshotState::Same))),
            Item::Invalid(Invalid { file: "bad.yaml".to_owned(), problems: vec![problem] }),
            Item::Valid(Valid { file: "good.yaml".to_owned(), notices: sample::run().notices }),
        ],
        notices: vec!["snapshots/old.timeline belongs to no scenario".to_owned()],
        troubles: Vec::new(),
        selection: None,
    }
}

#[test]
fn text_for_people() {
    let rehearsed = sample::rehearsed();
    let form = Form::Screen(Paint::Plain);
    insta::assert_snapshot!(written(|out| write_text(out, &rehearsed.run, &rehearsed.cases, form)));
}

#[test]
fn text_of_a_snapshot() {
    insta::assert_snapshot!(snapshot_text(&sample::run(), SnapshotLayers::All));
}

#[test]
fn text_of_a_snapshot_of_the_system_alone() {
    insta::assert_snapshot!(snapshot_text(&sample::run(), SnapshotLayers::System));
}

/// The snapshot must be the same wherever the scenario stands and however it is named.
#[test]
fn a_snapshot_does_not_show_where_the_files_are() {
    let shown = snapshot_text(&sample::run(), SnapshotLayers::All);
    assert!(!shown.contains("scenarios/"), "{shown}");
    let mut moved = sample::run();
    moved.file = "/elsewhere/scenario.yaml".to_owned();
    for verdict in &mut moved.verdicts {
        verdict.line.file = "/elsewhere/scenario.yaml".into();
    }
    for notice in &mut moved.notices {
        notice.file = "/elsewhere/group.json".to_owned();
    }
    assert_eq!(snapshot_text(&moved, SnapshotLayers::All), shown);
}

/// Colours add escapes and nothing else.
#[test]
fn coloured_text_without_its_colours_is_the_plain_text() {
    let rehearsed = sample::rehearsed();
    let shown = |paint| written(|out| write_text(out, &rehearsed.run, &rehearsed.cases, Form::Screen(paint)));
    let coloured = shown(Paint::Colour);
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), shown(Paint::Plain));
}

#[test]
fn json_of_one_run() {
    insta::assert_snapshot!(written(|out| json::write_item(out, &Item::Ran(Box::new(sample::rehearsed())))));
}

#[test]
fn ndjson_of_a_command() {
    insta::assert_snapshot!(written(|out| ndjson::write_report(out, &report())));
}

#[test]
fn junit_of_a_command() {
    insta::assert_snapshot!(written(|out| junit::write_report(out, &report())));
}

#[test]
fn annotations_of_a_command() {
    insta::assert_snapshot!(written(|out| github::write_report(out, &report(), github::Rest::Log)));
}

#[test]
fn summary_of_a_command() {
    insta::assert_snapshot!(written(|out| summary::write_report(out, &report(), Paint::Plain)));
}

fn statuses() -> impl Strategy<Value = Vec<VerdictStatus>> {
    let status = prop_oneof![Just(VerdictStatus::Passed), Just(VerdictStatus::Failed), Just(VerdictStatus::Unjudged)];
    prop::collection::vec(status, 0..14)
}

fn snapshots() -> impl Strategy<Value = SnapshotState> {
    prop_oneof![
        Just(SnapshotState::NotCompared),
        Just(SnapshotState::Same),
        Just(SnapshotState::Written),
        Just(SnapshotState::New { path: "a.timeline".to_owned() }),
        Just(sample::changed()),
    ]
}

proptest! {
    /// Goal: no format tells another story than the exit code. Method: runs with every mix of verdicts, unfired faults,
    /// limits and snapshots; each format's count of failures must be the number of cases that did not pass.
    #[test]
    fn every_format_and_the_exit_code_agree(
        statuses in statuses(),
        unfired in 0..3_usize,
        rejected in 0..3_usize,
        expected_rejection in any::<bool>(),
        limit in any::<bool>(),
        snapshot in snapshots(),
    ) {
        let mut run = sample::run();
        run.verdicts = statuses.iter().map(|status| sample::verdict(*status)).collect();
        let one = run.unfired[0].clone();
        run.unfired = (0..unfired).map(|number| Unfired { name: format!("fault f{number}"), ..one.clone() }).collect();
        if limit {
            run.ending = Ending::LimitReached("1000000 events at one instant".to_owned());
        }
        let source = Source::new("group.json", "{}");
        let rejection = |expected| Rejection { diagnostics: vec![Diagnostic::about(&source, "a cycle")], expected };
        run.rejections = vec![rejection(false); rejected];
        if expected_rejection {
            run.rejections.push(rejection(true));
        }
        let own_code = run.exit_code();
        let rehearsed = Rehearsed::new(run, snapshot);
        let failed = rehearsed.failures().count();
        let expected = statuses.iter().filter(|status| **status != VerdictStatus::Passed).count()
            + unfired
            + rejected
            + usize::from(limit)
            + usize::from(matches!(rehearsed.snapshot, SnapshotState::New { .. } | SnapshotState::Changed { .. }));
        prop_assert_eq!(failed, expected);
        let report = Report { items: vec![Item::Ran(Box::new(rehearsed.clone()))], ..Report::default() };
        let code = report.exit().code();
        prop_assert_eq!(code == 0, failed == 0);
        if own_code != 0 {
            prop_assert_eq!(code, own_code);
        }

        let json: serde_json::Value =
            serde_json::from_str(&written(|out| json::write_report(out, &report))).expect("JSON");
        prop_assert_eq!(json["exit_code"].as_u64(), Some(u64::from(code)));
        prop_assert_eq!(json["exit_codes"].as_array().map(Vec::len), Some(failed));
        let cases = json["scenarios"][0]["cases"].as_array().expect("cases");
        prop_assert_eq!(cases.iter().filter(|case| case["status"] != "passed").count(), failed);

        let xml = written(|out| junit::write_report(out, &report));
        let count = |what: &str| xml.matches(what).count();
        prop_assert_eq!(count("<failure ") + count("<error "), failed);
        prop_assert_eq!(count("<testcase "), cases.len());

        let ndjson = written(|out| ndjson::write_report(out, &report));
        let rows: Vec<serde_json::Value> =
            ndjson.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let not_passed = rows.iter().filter(|row| row["type"] == "case" && row["status"] != "passed").count();
        prop_assert_eq!(not_passed, failed);
        prop_assert_eq!(rows.last().expect("a last line")["exit_code"].as_u64(), Some(u64::from(code)));

        let annotations = written(|out| github::write_report(out, &report, github::Rest::Log));
        prop_assert_eq!(annotations.lines().count(), failed.min(github::SHOWN_MAX + 1));

        let human = written(|out| summary::write_report(out, &report, Paint::Plain));
        prop_assert_eq!(human.matches("replay: ").count(), failed);
        prop_assert_eq!(human.starts_with("FAILED"), failed > 0);

        let text = written(|out| write_text(out, &rehearsed.run, &rehearsed.cases, Form::Screen(Paint::Plain)));
        let last = text.lines().last().expect("a last line");
        prop_assert_eq!(last.starts_with("replay: greenroom run "), failed > 0);
    }
}
