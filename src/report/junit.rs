//! JUnit XML: a scenario is a suite, a case a test case. Seed and replay command stand in the suite's `system-out`.

use std::fmt::Write as _;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Property, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use crate::text::mask::mask;

use super::{Case, CaseStatus, Invalid, Item, Rehearsed, Report, SnapshotState};

/// The name of the case of a file that is only read.
const VALID: &str = "the file is valid";

/// Writes every scenario of a command.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut xml = Xml::new("greenroom");
    for item in &report.items {
        xml.add_test_suite(match item {
            Item::Ran(rehearsed) => suite(rehearsed),
            Item::Valid(valid) => {
                let mut suite = TestSuite::new(valid.file.as_str());
                suite.add_test_case(TestCase::new(VALID, TestCaseStatus::success()));
                suite
            }
            Item::Invalid(invalid) => invalid_suite(invalid),
        });
    }
    if !report.troubles.is_empty() {
        let mut suite = TestSuite::new("greenroom");
        for trouble in &report.troubles {
            let status = status(NonSuccessKind::Error, trouble, trouble);
            suite.add_test_case(TestCase::new("environment", status));
        }
        xml.add_test_suite(suite);
    }
    xml.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

fn suite(rehearsed: &Rehearsed) -> TestSuite {
    let run = &rehearsed.run;
    let mut suite = TestSuite::new(run.name.as_str());
    suite.add_property(Property::new("file", run.file.as_str()));
    suite.add_property(Property::new("profile", run.profile.as_str()));
    suite.add_property(Property::new("ended_at", run.ended_at.to_string()));
    suite.add_property(Property::new("digest", run.timeline.digest()));
    for case in &rehearsed.cases {
        suite.add_test_case(test_case(rehearsed, case));
    }
    let mut told = format!("seed {}\n", run.seed);
    for case in rehearsed.failures() {
        if !told.lines().any(|line| line == case.replay) {
            told.push_str(&case.replay);
            told.push('\n');
        }
    }
    suite.set_system_out(told);
    suite
}

fn test_case(rehearsed: &Rehearsed, case: &Case) -> TestCase {
    let status = match case.status {
        CaseStatus::Passed => TestCaseStatus::success(),
        CaseStatus::Failed => status(NonSuccessKind::Failure, &case.detail, &description(rehearsed, case)),
        CaseStatus::Unjudged => status(NonSuccessKind::Error, &case.detail, &description(rehearsed, case)),
    };
    let mut xml = TestCase::new(case.name.as_str(), status);
    xml.set_classname(format!("{}.{}", rehearsed.run.name, case.kind));
    xml.extra.insert("file".into(), (&*case.place.file).into());
    xml.extra.insert("line".into(), case.place.line.to_string().into());
    xml
}

fn description(rehearsed: &Rehearsed, case: &Case) -> String {
    let mut text = format!("{}: {}\n", case.place, case.name);
    if !case.detail.is_empty() {
        text.push_str(&case.detail);
        text.push('\n');
    }
    for line in case.chain(|path| path) {
        writeln!(text, "because {line}").expect("writing to a string cannot fail");
    }
    if case.kind == "snapshot"
        && let SnapshotState::Changed { diff, .. } = &rehearsed.snapshot
    {
        text.push_str(diff);
    }
    text.push_str(&case.replay);
    text
}

fn status(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_description(description);
    status
}

fn invalid_suite(invalid: &Invalid) -> TestSuite {
    let mut suite = TestSuite::new(invalid.file.as_str());
    for problem in &invalid.problems {
        let message = mask(&problem.message);
        let text = format!("{}: {message}", problem.place());
        suite.add_test_case(TestCase::new(VALID, status(NonSuccessKind::Error, &message, &text)));
    }
    suite
}
