//! Whole reports of several files: no format tells another story than the exit code.

use proptest::prelude::*;

use super::*;
use crate::rehearsal::{Ending, Unfired, VerdictStatus};
use crate::text::{Diagnostic, Source};

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writing to memory cannot fail");
    String::from_utf8(out).expect("text")
}

/// Texts that some format gives a meaning.
fn odd() -> impl Strategy<Value = String> {
    "[a-z<>&\"'|`%:,@#\\]\\[\n\r\u{1b}\u{0}é]{0,12}"
}

fn ran() -> impl Strategy<Value = Item> {
    let status = prop_oneof![Just(VerdictStatus::Passed), Just(VerdictStatus::Failed), Just(VerdictStatus::Unjudged)];
    let snapshot = prop_oneof![
        Just(SnapshotState::NotCompared),
        Just(SnapshotState::Same),
        Just(SnapshotState::Written),
        Just(SnapshotState::New { path: "a.timeline".to_owned() }),
        Just(sample::changed()),
    ];
    let verdicts = prop::collection::vec((status, odd()), 0..5);
    (verdicts, 0..2_usize, any::<bool>(), snapshot, odd()).prop_map(|(verdicts, unfired, limit, snapshot, name)| {
        let mut run = sample::run();
        run.name = format!("run-{name}");
        let verdict = |(status, text): &(VerdictStatus, String)| crate::rehearsal::Verdict {
            text: format!("never {text}"),
            detail: text.clone(),
            ..sample::verdict(*status)
        };
        run.verdicts = verdicts.iter().map(verdict).collect();
        let one = run.unfired[0].clone();
        run.unfired =
            (0..unfired).map(|number| Unfired { name: format!("fault {number} {name}"), ..one.clone() }).collect();
        if limit {
            run.ending = Ending::LimitReached(name);
        }
        Item::Ran(Box::new(Rehearsed::new(run, snapshot)))
    })
}

fn invalid() -> impl Strategy<Value = Item> {
    (odd(), prop::collection::vec(odd(), 1..3)).prop_map(|(file, messages)| {
        let file = format!("bad{}.yaml", file.replace(['\0', '\n', '\r'], ""));
        let source = Source::new(file.as_str(), "name: bad\n");
        let problem = |message: &String| Diagnostic::about(&source, format!("not {message}"));
        Item::Invalid(Invalid { file: file.clone(), problems: messages.iter().map(problem).collect() })
    })
}

fn valid() -> impl Strategy<Value = Item> {
    Just(Item::Valid(Valid { file: "good.yaml".to_owned(), notices: sample::run().notices }))
}

fn selections() -> impl Strategy<Value = Option<Selection>> {
    let shard = prop::option::of((1..4_usize).prop_map(|index| Shard { index, count: 4 }));
    let selection = (0..3_usize, prop::option::of(0..3_usize), shard, 0..2_usize)
        .prop_map(|(found, matched, shard, not_run)| Selection { found, matched, shard, not_run });
    prop::option::of(selection)
}

pub fn reports() -> impl Strategy<Value = Report> {
    let items = prop::collection::vec(prop_oneof![4 => ran(), 2 => invalid(), 1 => valid()], 0..6);
    let texts = || prop::collection::vec(odd().prop_map(|text| format!("cannot {text}")), 0..2);
    (items, texts(), texts(), selections()).prop_map(|(items, notices, troubles, selection)| Report {
        items,
        notices,
        troubles,
        selection,
    })
}

/// How often something is wrong: cases, problems of files, troubles, and that there is nothing to run.
fn wrong(report: &Report) -> usize {
    let of = |item: &Item| match item {
        Item::Ran(rehearsed) => rehearsed.failures().count(),
        Item::Valid(_) => 0,
        Item::Invalid(invalid) => invalid.problems.len(),
    };
    let items: usize = report.items.iter().map(of).sum();
    items + report.troubles.len() + usize::from(report.nothing().is_some())
}

proptest! {
    /// Goal: whoever reads one format knows what the others say. Method: reports of every mix of files; each format's count
    /// of what is wrong must be the same, and 0 exactly where the exit code is.
    #[test]
    fn all_formats_of_a_whole_report_agree(report in reports()) {
        let wrong = wrong(&report);
        let code = report.exit().code();
        prop_assert_eq!(code == 0, wrong == 0);
        let bad_files = report.items.iter().filter(|item| item.exit() != Exit::Passed).count();

        let json: serde_json::Value =
            serde_json::from_str(&written(|out| json::write_report(out, &report))).expect("JSON");
        prop_assert_eq!(json["exit_code"].as_u64(), Some(u64::from(code)));
        let scenarios = json["scenarios"].as_array().expect("scenarios");
        prop_assert_eq!(scenarios.len(), report.items.len());
        for (scenario, item) in scenarios.iter().zip(&report.items) {
            prop_assert_eq!(scenario["file"].as_str(), Some(item.file()));
            prop_assert_eq!(scenario["exit_code"].as_u64(), Some(u64::from(item.exit().code())));
        }
        let bad_cases = |scenario: &serde_json::Value| {
            let cases = scenario["cases"].as_array().into_iter().flatten();
            cases.filter(|case| case["status"] != "passed").count()
                + scenario["problems"].as_array().map_or(0, Vec::len)
        };
        let in_json: usize = scenarios.iter().map(bad_cases).sum();
        let troubles = json["troubles"].as_array().map_or(0, Vec::len);
        prop_assert_eq!(in_json + troubles + usize::from(report.nothing().is_some()), wrong);
        prop_assert_eq!(json["selection"].is_object(), report.selection.is_some());

        let ndjson = written(|out| ndjson::write_report(out, &report));
        let rows: Vec<serde_json::Value> =
            ndjson.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let is_wrong = |row: &serde_json::Value| match row["type"].as_str() {
            Some("case") => row["status"] != "passed",
            Some("problem" | "trouble") => true,
            _ => false,
        };
        let in_rows = rows.iter().filter(|row| is_wrong(row)).count();
        prop_assert_eq!(in_rows + usize::from(report.nothing().is_some()), wrong);
        prop_assert_eq!(rows.last().expect("a last line")["exit_code"].as_u64(), Some(u64::from(code)));

        let xml = written(|out| junit::write_report(out, &report));
        let tree = uppsala::parse(&xml).map_err(|error| TestCaseError::fail(format!("{error}\n{xml}")))?;
        let root = tree.document_element().expect("a root");
        let number = |name: &str| tree.get_attribute(root, name).and_then(|text| text.parse::<usize>().ok());
        prop_assert_eq!(number("failures").zip(number("errors")).map(|(one, other)| one + other), Some(wrong));
        let elements = |name: &str| tree.get_elements_by_tag_name(name).len();
        prop_assert_eq!(elements("failure") + elements("error"), wrong);
        prop_assert_eq!(Some(elements("testcase")), number("tests"));
        let general = usize::from(!report.troubles.is_empty() || report.nothing().is_some());
        prop_assert_eq!(elements("testsuite"), report.items.len() + general);

        let annotations = written(|out| github::write_report(out, &report, github::Rest::Log));
        prop_assert_eq!(annotations.lines().count(), wrong.min(github::SHOWN_MAX + 1));
        prop_assert!(annotations.lines().all(|line| line.starts_with("::error ")));
        if wrong > github::SHOWN_MAX {
            let more = format!("{} more failures", wrong - github::SHOWN_MAX);
            prop_assert!(annotations.contains(&more), "{annotations}");
        }

        let markdown = step_summary::text(&report, step_summary::BYTES_MAX).expect("it fits");
        prop_assert_eq!(markdown.matches("\n### <code>").count(), bad_files);
        prop_assert_eq!(markdown.contains("all well"), code == 0 && !report.items.is_empty());

        let human = written(|out| summary::write_report(out, &report, Paint::Plain));
        let ran = |item: &&Item| matches!(item, Item::Ran(_));
        let replays: usize = report
            .items
            .iter()
            .filter(ran)
            .map(|item| match item {
                Item::Ran(rehearsed) => rehearsed.failures().count(),
                Item::Valid(_) | Item::Invalid(_) => 0,
            })
            .sum();
        prop_assert_eq!(human.matches("replay: greenroom ").count(), replays);
    }

    /// Goal: schema/junit.xsd describes every report. Method: a real validator, over the same reports.
    #[test]
    fn junit_is_valid_against_its_schema(report in reports()) {
        let schema = uppsala::parse(include_str!("../../schema/junit.xsd")).expect("XML");
        let validator = uppsala::XsdValidator::from_schema(&schema).expect("a schema");
        let xml = written(|out| junit::write_report(out, &report));
        let errors = validator.validate(&uppsala::parse(&xml).expect("XML"));
        let errors: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{xml}");
    }
}

/// A validator that takes everything would show nothing.
#[test]
fn the_schema_refuses_what_junit_does_not_have() {
    let schema = uppsala::parse(include_str!("../../schema/junit.xsd")).expect("XML");
    let validator = uppsala::XsdValidator::from_schema(&schema).expect("a schema");
    let xml = written(|out| {
        junit::write_report(out, &Report { items: vec![Item::Ran(Box::new(sample::rehearsed()))], ..Report::default() })
    });
    let errors = |xml: &str| validator.validate(&uppsala::parse(xml).expect("XML")).len();
    assert_eq!(errors(&xml), 0);
    let mistakes = [
        ("<testcase ", "<testcase line=\"3\" "),
        ("<testcase name=", "<testcase nam="),
        (" failures=", " failed="),
        ("<failure ", "<skip/><failure "),
        ("<testsuite ", "<suite/><testsuite "),
        (" tests=\"5\"", " tests=\"five\""),
        ("<system-out>", "<system-err/><system-out>"),
        ("type=\"snapshot\"", "type=\"\""),
    ];
    for (right, wrong) in mistakes {
        let changed = xml.replacen(right, wrong, 1);
        assert_ne!(changed, xml, "{right}");
        assert!(errors(&changed) > 0, "{wrong} is taken");
    }
}
