//! Comments beside a key, by which an owner says that a figure is meant: _get_comments_for_key.

use regex::Regex;

use crate::text::{Node, Source};

/// True if the comment behind a value, or on the lines below it, says `override-<what> (TICKET-1)`.
pub fn overrides(source: &Source, node: &Node, what: &str) -> bool {
    let pattern = format!("#[ \\t]*{what}[ \\t]+\\(.+[A-Z]+-[0-9]+.+\\)");
    let Ok(pattern) = Regex::new(&pattern) else { return false };
    let behind = source.text().get(node.span.end as usize..).unwrap_or("");
    let mut lines = behind.lines();
    let first = lines.next().into_iter();
    let below = lines.take_while(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#'));
    first.chain(below).any(|line| line.find('#').is_some_and(|at| pattern.is_match(&line[at..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree;

    #[test]
    fn a_comment_beside_or_below_counts() {
        let says = |text: &str| {
            let source = Source::new("a.yaml", text);
            let root = tree::parse_python(&source).expect("it is YAML");
            overrides(&source, root.get("cpus").expect("it is there"), "override-cpu-setting")
        };
        assert!(says("cpus: 5  # override-cpu-setting (see PROJ-12.)\nmem: 1\n"));
        assert!(says("cpus: 5\n# override-cpu-setting (PR PROJ-12 x)\nmem: 1\n"));
        assert!(!says("cpus: 5\nmem: 1 # override-cpu-setting (see PROJ-12.)\n"));
        assert!(!says("cpus: 5 # override-cpu-setting PROJ-12\n"));
        assert!(!says("# override-cpu-setting (see PROJ-12.)\ncpus: 5\n"));
    }
}
