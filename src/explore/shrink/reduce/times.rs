//! Times of a scenario: lengths that vary become constant, and all become round and short.

use crate::explore::shrink::draft::{Draft, File, Spot};
use crate::explore::shrink::tree::{Step, Tree};
use crate::explore::shrink::trial::Trial;
use crate::kernel::Duration;
use crate::text::duration;

/// Round lengths in seconds, the shortest first.
const ROUND: [u64; 21] = [
    0, 1, 10, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 2_700, 3_600, 5_400, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800,
];

/// Whole minutes, tens of seconds and seconds, in seconds: what a length is rounded to if it cannot be shorter.
const UNITS: [u64; 3] = [60, 10, 1];
/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// How distributions are written, each with the parameters that may stand for it as a constant.
const SPREADS: [(&str, &[&str]); 4] = [
    ("uniform", &["min", "max"]),
    ("normal", &["mean", "min", "max"]),
    ("lognormal", &["mean", "min", "max"]),
    ("exponential", &["mean", "min", "max"]),
];

/// Distributions become constants.
pub fn spreads(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    for spot in spots(&draft, &|value| !constants(value).is_empty()) {
        let values = draft.get(&spot).map(constants).unwrap_or_default();
        let mut drafts = values.into_iter().map(|value| draft.clone().with(&spot, Tree::Text(value)));
        if let Some((_, found)) = trial.first(&mut drafts) {
            draft = found;
        }
    }
    draft
}

/// What may stand for a distribution.
fn constants(value: &Tree) -> Vec<String> {
    let Tree::Map(entries) = value else { return Vec::new() };
    let [(kind, body)] = &entries[..] else { return Vec::new() };
    let text = |value: &Tree| value.as_text().filter(|text| duration::parse(text).is_ok()).map(str::to_owned);
    if kind == "empirical" {
        return body.items().iter().filter_map(text).collect();
    }
    let known = SPREADS.iter().find(|(name, _)| name == kind);
    known.map(|(_, keys)| keys.iter().filter_map(|key| text(body.key(key)?)).collect()).unwrap_or_default()
}

/// Every length becomes the shortest round one with which it still fails, or at least a round one. The end of the run comes first: all
/// others are shorter.
pub fn lengths(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    let mut spots = spots(&draft, &|value| length_of(value).is_some());
    spots.sort_by_key(|spot| !matches!(&spot.path[..], [Step::Key(key)] if key == "until"));
    for spot in spots {
        let Some(now) = draft.get(&spot).and_then(length_of) else { continue };
        let shorter = simpler(now);
        let mut drafts = shorter.into_iter().map(|length| draft.clone().with(&spot, Tree::Text(length.to_string())));
        if let Some((_, found)) = trial.first(&mut drafts) {
            draft = found;
        }
    }
    draft
}

/// Lengths that are simpler than this one, the simplest first: round and shorter ones, then itself rounded. Each is rounder than this
/// one, or as round and shorter, so that this comes to an end.
fn simpler(now: Duration) -> Vec<Duration> {
    let rounded = UNITS.into_iter().flat_map(|unit| {
        let below = now.nanos() / (unit * NANOS) * unit;
        [below, below + unit]
    });
    let mut simpler: Vec<Duration> = Vec::new();
    let shorter = ROUND.into_iter().filter(|round| Duration::from_secs(*round) < now);
    for length in shorter.chain(rounded).map(Duration::from_secs) {
        if rank(length) < rank(now) && !simpler.contains(&length) {
            simpler.push(length);
        }
    }
    simpler
}

/// How round a length is, and how long: the less, the simpler.
fn rank(length: Duration) -> (usize, Duration) {
    let is_whole = |unit: u64| length.nanos().is_multiple_of(unit * NANOS);
    let class = match length {
        _ if !is_whole(1) => UNITS.len() + 1,
        _ if ROUND.contains(&length.whole_secs()) => 0,
        _ => UNITS.iter().position(|unit| is_whole(*unit)).unwrap_or_default() + 1,
    };
    (class, length)
}

fn length_of(value: &Tree) -> Option<Duration> {
    duration::parse(value.as_text()?).ok()
}

/// Values of the scenario that are of this sort, in the order of the file. What it expects is left as it is.
fn spots(draft: &Draft, is_one: &dyn Fn(&Tree) -> bool) -> Vec<Spot> {
    let mut spots = Vec::new();
    draft.scenario.visit(&mut |path, value| {
        let top = match path.first() {
            Some(Step::Key(key)) => key.as_str(),
            _ => return,
        };
        if !matches!(top, "name" | "expect" | "oracles" | "epoch" | "kubernetes") && is_one(value) {
            spots.push(Spot { file: File::Scenario, path: path.to_vec() });
        }
    });
    spots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simpler_lengths_come_in_order() {
        let shown = |text: &str| {
            let now = duration::parse(text).expect("a length");
            simpler(now).iter().map(Duration::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("31.25s"), "0s 1s 10s 30s 1m 40s 31s 32s");
        assert_eq!(shown("30s"), "0s 1s 10s");
        assert_eq!(shown("90s"), "0s 1s 10s 30s 1m 2m");
    }
}
