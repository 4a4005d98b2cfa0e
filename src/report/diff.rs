//! The difference between two texts, a line a line.

use similar::TextDiff;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// The most lines of a difference that are kept: a changed seed changes every line, and nobody reads them all.
const LINES_MAX: usize = 200;

/// The difference from `old` to `new` as `diff -u` shows it, cut after `LINES_MAX` lines.
pub fn diff(path: &str, old: &str, new: &str) -> String {
    let changes = TextDiff::from_lines(old, new);
    let whole =
        changes.unified_diff().context_radius(CONTEXT).header(&format!("{path} (accepted)"), "this run").to_string();
    let count = whole.lines().count();
    if count <= LINES_MAX {
        return whole;
    }
    let mut cut: String = whole.split_inclusive('\n').take(LINES_MAX).collect();
    cut.push_str(&format!("… {} more lines\n", count - LINES_MAX));
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_changed_and_little_else() {
        let old: String = (0..20).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 10\n", "line ten\n");
        insta::assert_snapshot!(diff("a.timeline", &old, &new));
    }

    #[test]
    fn a_difference_of_everything_is_cut() {
        let old: String = (0..1000).map(|line| format!("old {line}\n")).collect();
        let new: String = (0..1000).map(|line| format!("new {line}\n")).collect();
        let shown = diff("a.timeline", &old, &new);
        assert_eq!(shown.lines().count(), LINES_MAX + 1);
        assert!(shown.ends_with("more lines\n"), "{shown}");
    }
}
