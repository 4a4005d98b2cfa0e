//! Keys and items at every depth, from the top down (hierarchical delta debugging: G. Misherghi, Z. Su, 2006): whatever the reader of a
//! document does not ask for and the failure does not need.

use super::leave_out;
use crate::explore::shrink::draft::{Draft, File, Spot};
use crate::explore::shrink::tree::{Step, last_key};
use crate::explore::shrink::trial::Trial;

/// Keys of documents that say what something is called and what it is: a story without names is none.
const IDENTITY: [&str; 4] = ["apiVersion", "kind", "name", "namespace"];

/// Keys within a fault whose absence makes it no greater.
const MILD: [&str; 6] = ["force", "delete_emptydir_data", "disable_eviction", "drain", "exit", "value"];

/// Keys of a scenario that say by which rules its systems go. Another release, or one with a mistake that this one has mended, fails in a way of its own.
const RULES: [&str; 6] = ["kubernetes", "oci", "backendai", "dynamo", "paasta", "onebackend"];

/// All documents.
pub fn documents(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    for file in draft.files() {
        if file != File::Scenario {
            draft = file_of(trial, draft, &file, &|path| !last_is_in(path, &IDENTITY));
        }
    }
    draft
}

/// The scenario itself.
pub fn scenario(trial: &mut Trial<'_>, draft: Draft) -> Draft {
    file_of(trial, draft, &File::Scenario, &may_leave_out)
}

/// One file, a depth after the other.
fn file_of(trial: &mut Trial<'_>, mut draft: Draft, file: &File, may: &dyn Fn(&[Step]) -> bool) -> Draft {
    for depth in 1.. {
        let Some(tree) = draft.tree(file) else { break };
        let (mut spots, mut is_deepest) = (Vec::new(), true);
        tree.visit(&mut |path, _| {
            is_deepest &= path.len() < depth;
            if path.len() == depth && may(path) {
                spots.push(Spot { file: file.clone(), path: path.to_vec() });
            }
        });
        if is_deepest || trial.is_cut_short() {
            break;
        }
        draft = leave_out(trial, draft, &spots);
    }
    draft
}

/// True for what a scenario may do without. What it is called, how long it runs, what it expects and what its faults and actions do
/// stays: a fault that lasts for ever because nobody says how long is no smaller fault.
fn may_leave_out(path: &[Step]) -> bool {
    let key = |at: usize| match path.get(at) {
        Some(Step::Key(key)) => key.as_str(),
        _ => "",
    };
    match (key(0), path.len()) {
        ("name" | "until" | "expect" | "oracles" | "deploy" | "cluster" | "faults" | "actions" | "ties", 1) => false,
        ("expect" | "oracles", _) => false,
        (rules, _) if RULES.contains(&rules) => false,
        ("deploy", _) => !last_is_in(path, &["document", "system"]),
        ("faults" | "actions" | "ties", 2) => true,
        ("faults", 3) => key(2) == "after",
        ("faults", 4) => key(2) == "on" && key(3) == "occurrence" || MILD.contains(&key(3)),
        ("actions", 3) => matches!(key(2), "after" | "read"),
        ("actions", 4) => key(2) == "on" && key(3) == "occurrence" || key(2) == "scale",
        ("faults" | "actions" | "ties", _) => false,
        ("behaviour", length) => length < 3 || key(2) != "match",
        ("cluster" | "clusters", _) => !last_is_in(path, &["name", "pool"]),
        _ => true,
    }
}

/// True for the value of one of these keys.
fn last_is_in(path: &[Step], known: &[&str]) -> bool {
    matches!(path.last(), Some(Step::Key(_))) && last_key(path).is_some_and(|key| known.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::shrink::tree::keys;

    #[test]
    fn what_makes_a_fault_greater_stays() {
        let fault = |rest: &[&str]| {
            let mut path = vec![Step::Key("faults".to_owned()), Step::Index(0)];
            path.extend(keys(rest));
            may_leave_out(&path)
        };
        assert!(fault(&[]) && fault(&["after"]) && fault(&["on", "occurrence"]) && fault(&["drain", "force"]));
        assert!(!fault(&["node_down"]) && !fault(&["node_down", "for"]) && !fault(&["pod_kill", "count"]));
        assert!(!may_leave_out(&keys(&["until"])) && may_leave_out(&keys(&["seed"])));
        assert!(!may_leave_out(&keys(&["dynamo", "mended"])) && !may_leave_out(&keys(&["backendai"])));
    }
}
