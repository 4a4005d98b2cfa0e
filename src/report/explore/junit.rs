//! A search as JUnit XML: the scenario is a suite, each finding a test case that failed; one that passed if there is none.

use std::io::{self, Write};

use super::Explored;
use crate::explore::Group;
use crate::report::junit::{Element, Fault, Suite, TestCase, write_suites};
use crate::text::mask::mask;

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored) -> io::Result<()> {
    let found = &explored.exploration;
    let mut cases: Vec<TestCase> = found.groups.iter().map(|group| case(explored, group)).collect();
    if cases.is_empty() {
        let class = format!("{}.explore", explored.name());
        cases.push(TestCase { name: "nothing is found".to_owned(), class, fault: None });
    }
    let suite = Suite {
        properties: vec![("runs", found.runs.to_string())],
        system_out: Some(format!("seed {}\n", found.seed)),
        ..Suite::new(explored.name(), Some(&explored.file), cases)
    };
    write_suites(out, &[suite])
}

fn case(explored: &Explored, group: &Group) -> TestCase {
    let message = mask(&group.finding.detail).into_owned();
    let text = format!("{message}\n{}", group.plan.describe().join("\n"));
    let causes: Vec<&str> = group.signature.causes.iter().map(String::as_str).collect();
    let by = if causes.is_empty() { String::new() } else { format!(" by {}", causes.join(", ")) };
    TestCase {
        name: format!("{} {}{by}", group.rule.name, group.finding.subject),
        class: format!("{}.{}", explored.name(), group.rule.code),
        fault: Some(Fault { element: Element::Failure, kind: group.rule.name, message, text }),
    }
}
