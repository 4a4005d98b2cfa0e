//! How many of each thing there are: nodes and GPUs, replicas and workers, how often a fault strikes. A failure often hangs on two
//! numbers at once (as many replicas as nodes), so that they are lowered together as well as each by itself.

use crate::explore::shrink::ddmin::least;
use crate::explore::shrink::draft::{Draft, File, Spot};
use crate::explore::shrink::tree::{Step, Tree, last_key};
use crate::explore::shrink::trial::Trial;

/// Words in the name of a key whose number says how many there are.
const WORDS: [&str; 13] = [
    "replica",
    "count",
    "instance",
    "parallelism",
    "completions",
    "size",
    "gpu",
    "worker",
    "node",
    "minimum",
    "maximum",
    "min",
    "max",
];

/// With so many numbers, pairs of them are still tried.
const PAIRED_MAX: usize = 12;

/// Lowers numbers: all of them, those that are equal, pairs, and each by itself.
pub fn counts(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    loop {
        let spots = spots(&draft);
        let halved = |number: i64| (number / 2).max(1);
        let Some(smaller) = trial.holds(with_all(&draft, &spots, halved)).filter(|_| !spots.is_empty()) else { break };
        draft = smaller;
    }
    let mut values: Vec<i64> = spots(&draft).iter().map(|(_, number)| *number).collect();
    values.sort_unstable();
    values.dedup();
    for value in values.into_iter().rev() {
        let equal: Vec<(Spot, i64)> = spots(&draft).into_iter().filter(|(_, number)| *number == value).collect();
        if equal.len() > 1 {
            draft = lower(trial, draft, &equal, value);
        }
    }
    for (spot, _) in spots(&draft) {
        let Some(number) = draft.get(&spot).and_then(number_of) else { continue };
        draft = lower(trial, draft, &[(spot, number)], number);
    }
    let spots = spots(&draft);
    if spots.len() <= PAIRED_MAX {
        for (at, (one, _)) in spots.iter().enumerate() {
            for (other, _) in &spots[at + 1..] {
                draft = lower_both(trial, draft, one, other);
            }
        }
    }
    draft
}

/// Lowers these numbers, which are equal, to the least with which it still fails.
fn lower(trial: &mut Trial<'_>, draft: Draft, equal: &[(Spot, i64)], now: i64) -> Draft {
    let mut smallest = draft.clone();
    least(1, now, &mut |number| match trial.holds(with_all(&draft, equal, |_| number)) {
        Some(found) => {
            smallest = found;
            true
        }
        None => false,
    });
    smallest
}

/// Lowers two numbers by the same amount.
fn lower_both(trial: &mut Trial<'_>, draft: Draft, one: &Spot, other: &Spot) -> Draft {
    let numbers = draft.get(one).and_then(number_of).zip(draft.get(other).and_then(number_of));
    let Some((first, second)) = numbers.filter(|(first, second)| *first > 1 && *second > 1) else { return draft };
    let now = first.min(second);
    let pair = [(one.clone(), first), (other.clone(), second)];
    let mut smallest = draft.clone();
    least(1, now, &mut |number| match trial.holds(with_all(&draft, &pair, |old| old - (now - number))) {
        Some(found) => {
            smallest = found;
            true
        }
        None => false,
    });
    smallest
}

fn with_all(draft: &Draft, spots: &[(Spot, i64)], change: impl Fn(i64) -> i64) -> Draft {
    spots.iter().fold(draft.clone(), |draft, (spot, number)| {
        let value = match draft.get(spot) {
            Some(Tree::Text(_)) => Tree::Text(change(*number).to_string()),
            _ => Tree::Int(change(*number)),
        };
        draft.with(spot, value)
    })
}

/// Numbers from 2 on that say how many there are of something, in the order of the files.
fn spots(draft: &Draft) -> Vec<(Spot, i64)> {
    let mut spots = Vec::new();
    for file in draft.files() {
        let Some(tree) = draft.tree(&file) else { continue };
        tree.visit(&mut |path, value| {
            let counts = if file == File::Scenario { is_count_of_scenario(path) } else { is_count(path) };
            if let Some(number) = number_of(value).filter(|number| counts && *number > 1) {
                spots.push((Spot { file: file.clone(), path: path.to_vec() }, number));
            }
        });
    }
    spots
}

/// The whole number that a value is, also as a text, as Kubernetes has amounts of GPUs.
fn number_of(value: &Tree) -> Option<i64> {
    match value {
        Tree::Int(number) => Some(*number),
        Tree::Text(text) if text.len() < 7 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

fn is_count(path: &[Step]) -> bool {
    let key = last_key(path).unwrap_or_default().to_ascii_lowercase();
    WORDS.iter().any(|word| key.contains(word)) && !key.contains("seconds") && !key.contains("port")
}

fn is_count_of_scenario(path: &[Step]) -> bool {
    let top = path.first().and_then(|_| last_key(&path[..1])).unwrap_or_default();
    let key = last_key(path).unwrap_or_default();
    match top {
        "cluster" | "clusters" => {
            matches!(key, "count" | "min" | "max" | "pods") || path.len() == 3 && path_has(path, "capacity")
        }
        "faults" => matches!(key, "count" | "times" | "occurrence"),
        "actions" => path_has(path, "scale"),
        "behaviour" => matches!(key, "together" | "times"),
        _ => false,
    }
}

fn path_has(path: &[Step], key: &str) -> bool {
    path.iter().any(|step| matches!(step, Step::Key(known) if known == key))
}
