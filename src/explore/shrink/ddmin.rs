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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minimal(count: usize, fails: impl Fn(&[usize]) -> bool) -> (Vec<usize>, usize) {
        let mut tries = 0;
        let kept = ddmin(count, &mut |parts| {
            for part in parts {
                tries += 1;
                if fails(&part) {
                    return Some(part);
                }
            }
            None
        });
        (kept, tries)
    }

    #[test]
    fn finds_the_part_that_is_needed() {
        for needed in [vec![], vec![0], vec![7], vec![1, 6], vec![0, 3, 7], (0..8).collect()] {
            let (kept, _) = minimal(8, |part| needed.iter().all(|one| part.contains(one)));
            assert_eq!(kept, needed);
        }
        let (kept, tries) = minimal(1000, |part| part.contains(&513));
        assert_eq!(kept, [513]);
        assert!(tries < 60, "{tries}");
    }

    #[test]
    fn finds_the_least_number() {
        for needed in 1..=9 {
            assert_eq!(least(1, 9, &mut |one| one >= needed), (needed < 9).then_some(needed));
        }
        assert_eq!(least(3, 3, &mut |_| true), None);
    }

    proptest! {
        /// Goal: whatever fails, what is left fails, and nothing can be left out of it alone.
        #[test]
        fn what_is_left_fails_and_is_minimal(count in 0_usize..12, fails in any::<u64>()) {
            let fails = |part: &[usize]| {
                let bits = part.iter().fold(0_u64, |bits, one| bits | 1 << one);
                part.len() == count || bits.wrapping_mul(fails | 1).count_ones() % 3 == 0
            };
            let (kept, _) = minimal(count, fails);
            prop_assert!(fails(&kept) || kept.len() == count);
            for left_out in 0..kept.len() {
                let mut part = kept.clone();
                part.remove(left_out);
                prop_assert!(kept.is_empty() || !fails(&part), "{kept:?} without {left_out}");
            }
        }
    }
}
