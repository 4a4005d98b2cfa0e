//! The table of docs/conformance.md: a row a case, in the order of the cases. Nothing in it changes from run to run but a reason
//! why something was tolerated, since these are about moments: a reason that was once seen stays.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::cases::{CASES, Case, Live};
use super::runs::{Verdict, shown};

const BEGIN: &str = "<!-- table:begin -->\n";
const END: &str = "<!-- table:end -->";
const HEAD: &str = "| scenario | speed | verdict |\n|---|---|---|\n";
const TOLERATED: &str = "agree; tolerated: ";

/// The rows by scenario: the speed and the verdict, as the page shows them.
#[derive(Debug, PartialEq, Eq)]
pub struct Table(BTreeMap<String, (String, String)>);

impl Table {
    /// The table of a page.
    pub fn of(page: &str) -> Result<Table, String> {
        let (_, table, _) = parts(page)?;
        let rows = table.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(3, " | ");
            let name = cells.next()?.strip_prefix('[')?.split(']').next()?;
            Some((name.to_owned(), (cells.next()?.to_owned(), cells.next()?.to_owned())))
        });
        Ok(Table(rows.collect()))
    }

    /// The same with what was found now; rows of cases that were not run stay.
    pub fn with(mut self, found: &[(&Case, Verdict)]) -> Table {
        for (case, verdict) in found {
            let verdict = match (verdict, self.0.get(case.scenario)) {
                (Verdict::Agree(reasons), Some((speed, earlier))) if *speed == case.speed() => {
                    let mut reasons = reasons.clone();
                    let earlier = earlier.strip_prefix(TOLERATED).into_iter().flat_map(|text| text.split(", "));
                    reasons.extend(earlier.map(String::from));
                    reasons.sort_unstable();
                    reasons.dedup();
                    Verdict::Agree(reasons)
                }
                _ => verdict.clone(),
            };
            self.0.insert(case.scenario.to_owned(), (case.speed(), shown(&verdict)));
        }
        self
    }

    /// The page with this table.
    pub fn into_page(self, page: &str) -> Result<String, String> {
        let (before, _, behind) = parts(page)?;
        let mut text = format!("{before}{BEGIN}{HEAD}");
        for case in CASES {
            let verdict = match self.0.get(case.scenario) {
                Some((speed, verdict)) if *speed == case.speed() => verdict.as_str(),
                _ => "not compared yet",
            };
            let (name, speed) = (case.scenario, case.speed());
            writeln!(text, "| [{name}](../scenarios/{name}/scenario.yaml) | {speed} | {verdict} |")
                .map_err(|error| error.to_string())?;
        }
        Ok(text + END + behind)
    }

    /// Compares with what was found. Reasons why something was tolerated come and go with the moment, so that they do not
    /// count; that something which agreed diverges does, and so does the other way round.
    pub fn check(&self, found: &[(&Case, Verdict)]) -> Result<(), String> {
        let mut differences = Vec::new();
        for case in CASES {
            if self.0.get(case.scenario).is_none_or(|(speed, _)| *speed != case.speed()) {
                differences.push(format!("{}: no row at speed {}", case.scenario, case.speed()));
            }
        }
        for name in self.0.keys().filter(|name| CASES.iter().all(|case| case.scenario != **name)) {
            differences.push(format!("{name}: a row and no case"));
        }
        for (case, verdict) in found {
            let Some((_, told)) = self.0.get(case.scenario) else { continue };
            let found = shown(verdict);
            if kind(told) != kind(&found) {
                differences.push(format!("{}: the page says `{told}`, found `{found}`", case.scenario));
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(format!("the table is not current, run `cargo xtask conform`:\n  {}", differences.join("\n  ")))
    }
}

/// A verdict without the reasons of what is tolerated.
fn kind(verdict: &str) -> &str {
    if verdict.starts_with(TOLERATED) { "agree" } else { verdict }
}

impl Case {
    /// The speed as the table shows it.
    pub fn speed(&self) -> String {
        match self.live {
            Live::Short(speed) | Live::Long(speed) => speed.to_string(),
            Live::Refused | Live::Left(_) => "–".into(),
        }
    }
}

/// A page before its table, the table, and the page from its end mark on, without that.
fn parts(page: &str) -> Result<(&str, &str, &str), String> {
    let marks = || format!("docs/conformance.md has no `{}` and `{END}`", BEGIN.trim_end());
    let (before, rest) = page.split_once(BEGIN).ok_or_else(marks)?;
    let (table, behind) = rest.split_once(END).ok_or_else(marks)?;
    Ok((before, table, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        format!("# Head\n\n{BEGIN}{END}\n\nTail\n")
    }

    fn agree(reasons: &[&str]) -> Vec<(&'static Case, Verdict)> {
        let reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        CASES.iter().map(|case| (case, Verdict::Agree(reasons.clone()))).collect()
    }

    fn written(page: &str, found: &[(&Case, Verdict)]) -> String {
        let table = Table::of(page).expect("the page has marks");
        table.with(found).into_page(page).expect("the page has marks")
    }

    #[test]
    fn what_was_written_is_read_back_and_nothing_around_it_changes() {
        let once = written(&page(), &agree(&["deadline"]));
        assert!(once.starts_with("# Head\n\n") && once.ends_with(&format!("{END}\n\nTail\n")), "{once}");
        assert_eq!(once.lines().filter(|line| line.ends_with("| agree; tolerated: deadline |")).count(), CASES.len());
        assert_eq!(written(&once, &agree(&[])), once, "a reason that was seen stays");
    }

    #[test]
    fn a_check_is_about_agreement_and_not_about_moments() {
        let table = Table::of(&written(&page(), &agree(&["deadline"]))).expect("the page has marks");
        assert_eq!(table.check(&agree(&["coalesced"])), Ok(()));
        let mut found = agree(&[]);
        found[0].1 = Verdict::Diverge("states of Node/a".into());
        let error = table.check(&found).expect_err("one diverges");
        assert!(error.contains("found `diverge: states of Node/a`"), "{error}");
        assert!(Table::of(&page()).expect("the page has marks").check(&[]).is_err(), "rows are missing");
    }

    #[test]
    fn a_page_without_marks_is_refused() {
        assert!(Table::of("# Head\n").is_err());
    }
}
