//! JUnit XML: a scenario is a suite, a case a test case. Seed and replay command stand in the suite's `system-out`. It is
//! valid against schema/junit.xsd, which takes nothing that the schema of Jenkins' xUnit plugin (junit-10.xsd) refuses: a
//! test case has therefore no `file` and `line`, and its place begins the text of its failure. There are no times: how
//! long a run took is no result of it, and would differ from one to the next.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::xml::Xml;
use super::{Case, CaseStatus, Invalid, Item, Rehearsed, Report, SnapshotState};
use crate::text::mask::mask;

/// The name of the case of a file that is only read.
const VALID: &str = "the file is valid";
/// The name of the suite of what belongs to no scenario.
const GENERAL: &str = "greenroom";

/// A test suite.
pub(super) struct Suite {
    pub name: String,
    pub file: Option<String>,
    pub properties: Vec<(&'static str, String)>,
    pub cases: Vec<TestCase>,
    pub system_out: Option<String>,
}

/// A test case, and what is wrong with it.
pub(super) struct TestCase {
    pub name: String,
    pub class: String,
    pub fault: Option<Fault>,
}

/// Why a test case did not pass.
pub(super) struct Fault {
    pub element: Element,
    /// What kind of case it is.
    pub kind: &'static str,
    pub message: String,
    pub text: String,
}

/// JUnit tells what a test found from what kept it from being judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Failure,
    Error,
}

/// Writes every scenario of a command.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut suites: Vec<Suite> = report.items.iter().map(suite).collect();
    let general = general(report);
    if !general.is_empty() {
        suites.push(Suite::new(GENERAL, None, general));
    }
    write_suites(out, &suites)
}

/// Writes suites.
///
/// # Errors
/// Those of the writer.
pub(super) fn write_suites(out: &mut dyn Write, suites: &[Suite]) -> io::Result<()> {
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let mut xml = Xml::begin(&mut *out)?;
    let counts = [
        ("name", GENERAL.to_owned()),
        ("tests", cases().count().to_string()),
        ("failures", count(cases(), Element::Failure)),
        ("errors", count(cases(), Element::Error)),
    ];
    xml.open("testsuites", &counts)?;
    for suite in suites {
        write_suite(&mut xml, suite)?;
    }
    xml.close("testsuites")?;
    writeln!(out)
}

fn count<'a>(cases: impl Iterator<Item = &'a TestCase>, element: Element) -> String {
    let is_one = |case: &&TestCase| case.fault.as_ref().is_some_and(|fault| fault.element == element);
    cases.filter(is_one).count().to_string()
}

fn write_suite(xml: &mut Xml<'_>, suite: &Suite) -> io::Result<()> {
    let mut attributes = vec![
        ("name", suite.name.clone()),
        ("tests", suite.cases.len().to_string()),
        ("failures", count(suite.cases.iter(), Element::Failure)),
        ("errors", count(suite.cases.iter(), Element::Error)),
        ("skipped", "0".to_owned()),
    ];
    attributes.extend(suite.file.clone().map(|file| ("file", file)));
    xml.open("testsuite", &attributes)?;
    if !suite.properties.is_empty() {
        xml.open("properties", &[])?;
        for (name, value) in &suite.properties {
            xml.empty("property", &[("name", (*name).to_owned()), ("value", value.clone())])?;
        }
        xml.close("properties")?;
    }
    for case in &suite.cases {
        write_case(xml, case)?;
    }
    if let Some(told) = &suite.system_out {
        xml.text("system-out", &[], told)?;
    }
    xml.close("testsuite")
}

fn write_case(xml: &mut Xml<'_>, case: &TestCase) -> io::Result<()> {
    let attributes = [("name", case.name.clone()), ("classname", case.class.clone())];
    let Some(fault) = &case.fault else {
        return xml.empty("testcase", &attributes);
    };
    xml.open("testcase", &attributes)?;
    let element = match fault.element {
        Element::Failure => "failure",
        Element::Error => "error",
    };
    xml.text(element, &[("message", fault.message.clone()), ("type", fault.kind.to_owned())], &fault.text)?;
    xml.close("testcase")
}

impl Suite {
    pub(super) fn new(name: &str, file: Option<&str>, cases: Vec<TestCase>) -> Suite {
        let name = name.to_owned();
        Suite { name, file: file.map(str::to_owned), properties: Vec::new(), cases, system_out: None }
    }
}

fn suite(item: &Item) -> Suite {
    match item {
        Item::Ran(rehearsed) => ran(rehearsed),
        Item::Valid(valid) => {
            let class = format!("{}.valid", valid.file);
            let case = TestCase { name: VALID.to_owned(), class, fault: None };
            Suite::new(&valid.file, Some(&valid.file), vec![case])
        }
        Item::Invalid(invalid) => Suite::new(&invalid.file, Some(&invalid.file), invalid_cases(invalid).collect()),
    }
}

fn ran(rehearsed: &Rehearsed) -> Suite {
    let run = &rehearsed.run;
    let cases = rehearsed.cases.iter().map(|case| test_case(rehearsed, case)).collect();
    let mut told = format!("seed {}\n", run.seed);
    for case in rehearsed.failures() {
        if !told.lines().any(|line| line == case.replay) {
            told.push_str(&case.replay);
            told.push('\n');
        }
    }
    let properties = vec![
        ("file", run.file.clone()),
        ("profile", run.profile.clone()),
        ("ended_at", run.ended_at.to_string()),
        ("digest", run.timeline.digest()),
    ];
    Suite { properties, system_out: Some(told), ..Suite::new(&run.name, Some(&run.file), cases) }
}

fn test_case(rehearsed: &Rehearsed, case: &Case) -> TestCase {
    let element = match case.status {
        CaseStatus::Passed => None,
        CaseStatus::Failed => Some(Element::Failure),
        CaseStatus::Unjudged => Some(Element::Error),
    };
    let fault = element.map(|element| Fault {
        element,
        kind: case.kind,
        message: case.detail.clone(),
        text: description(rehearsed, case),
    });
    TestCase { name: case.name.clone(), class: format!("{}.{}", rehearsed.run.name, case.kind), fault }
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

fn invalid_cases(invalid: &Invalid) -> impl Iterator<Item = TestCase> {
    invalid.problems.iter().map(|problem| {
        let message = mask(&problem.message);
        let text = format!("{}: {message}", problem.place());
        let fault = Fault { element: Element::Error, kind: "invalid", message: message.into_owned(), text };
        TestCase { name: VALID.to_owned(), class: format!("{}.valid", invalid.file), fault: Some(fault) }
    })
}

/// What belongs to no scenario: troubles of the environment, and that there is nothing to run.
fn general(report: &Report) -> Vec<TestCase> {
    let case = |name: &str, class: &str, kind, message: &str| {
        let fault = Fault { element: Element::Error, kind, message: message.to_owned(), text: message.to_owned() };
        TestCase { name: name.to_owned(), class: format!("{GENERAL}.{class}"), fault: Some(fault) }
    };
    let troubles = report.troubles.iter().map(|trouble| case("environment", "environment", "environment", trouble));
    let nothing = report.nothing().map(|nothing| case("there is a scenario", "found", "nothing matched", &nothing));
    troubles.chain(nothing).collect()
}
