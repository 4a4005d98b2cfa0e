//! A search as JUnit XML: the scenario is a suite, each finding a test case that failed; one that passed if there is none.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Property, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use super::Explored;
use crate::explore::Group;
use crate::text::mask::mask;

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored) -> io::Result<()> {
    let found = &explored.exploration;
    let mut suite = TestSuite::new(explored.name());
    suite.add_property(Property::new("file", explored.file.as_str()));
    suite.add_property(Property::new("runs", found.runs.to_string()));
    if found.groups.is_empty() {
        suite.add_test_case(TestCase::new("nothing is found", TestCaseStatus::success()));
    }
    for group in &found.groups {
        suite.add_test_case(case(explored, group));
    }
    suite.set_system_out(format!("seed {}\n", found.seed));
    let mut xml = Xml::new("greenroom");
    xml.add_test_suite(suite);
    xml.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

fn case(explored: &Explored, group: &Group) -> TestCase {
    let detail = mask(&group.finding.detail);
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let plan = group.plan.describe().join("\n");
    status.set_message(&*detail).set_description(format!("{detail}\n{plan}"));
    let causes: Vec<&str> = group.signature.causes.iter().map(String::as_str).collect();
    let by = if causes.is_empty() { String::new() } else { format!(" by {}", causes.join(", ")) };
    let mut case = TestCase::new(format!("{} {}{by}", group.rule.name, group.finding.subject), status);
    case.set_classname(format!("{}.{}", explored.name(), group.rule.code));
    case
}
