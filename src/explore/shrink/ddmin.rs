//! Delta debugging: the part of a list that a failure needs (A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
//! Input", 2002), and the least number with which it still shows. What is tried and whether it fails is the caller's.

/// Tries parts of a list in order and gives the first with which it still fails. Parts are positions, in order.
pub type First<'f> = &'f mut dyn FnMut(&mut dyn Iterator<Item = Vec<usize>>) -> Option<Vec<usize>>;

/// A part of `0..count` with which it still fails and of which nothing can be left out alone. The whole is known to fail.
///
/// Nothing at all is tried first, then every list without one of its pieces, from the last to the first, with smaller and smaller
/// pieces: what comes late depends on what comes before it.
pub fn ddmin(count: usize, first: First<'_>) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..count).collect();
    if kept.is_empty() {
        return kept;
    }
    if let Some(none) = first(&mut std::iter::once(Vec::new())) {
        return none;
    }
    let mut pieces = 2.min(kept.len());
    while kept.len() > 1 {
        let size = kept.len().div_ceil(pieces);
        let starts = (0..kept.len()).step_by(size).rev();
        let mut without = starts.map(|start| {
            let end = (start + size).min(kept.len());
            [&kept[..start], &kept[end..]].concat()
        });
        match first(&mut without) {
            Some(smaller) => {
                kept = smaller;
                pieces = pieces.saturating_sub(1).clamp(2.min(kept.len()), kept.len().max(1));
            }
            None if pieces >= kept.len() => break,
            None => pieces = (pieces * 2).min(kept.len()),
        }
    }
    kept
}

/// The least number from `least` on, below `now`, with which it still fails, as far as halving finds it; `None` if there is none.
pub fn least(least: i64, now: i64, holds: &mut dyn FnMut(i64) -> bool) -> Option<i64> {
    if least >= now {
        return None;
    }
    if holds(least) {
        return Some(least);
    }
    // `passes` does not fail any more, `fails` does.
    let (mut passes, mut fails) = (least, now);
    while fails - passes > 1 {
        let middle = passes + (fails - passes) / 2;
        if holds(middle) {
            fails = middle;
        } else {
            passes = middle;
        }
    }
    (fails < now).then_some(fails)
}
