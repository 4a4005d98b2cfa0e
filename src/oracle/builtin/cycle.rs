//! Cycles at the end of a sequence of changes: the same changes again and again, as far apart each time.

use crate::kernel::{Duration, Time};

/// So often the same changes must have come.
pub const ROUNDS: usize = 6;
/// The most changes of one round.
const ROUND_MAX: usize = 16;

/// A cycle that a sequence ends with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// Changes of one round.
    pub changes: usize,
    /// Rounds.
    pub rounds: usize,
    /// From one round to the next, at the end.
    pub period: Duration,
}

/// The shortest round that a sequence repeats at least [`ROUNDS`] times at its end. Rounds are as long as one another up to a tenth
/// of the longest: what waits longer each time comes to rest.
pub fn at_the_end<T: PartialEq>(changes: &[(Time, T)]) -> Option<Cycle> {
    (1..=ROUND_MAX).find_map(|length| {
        let same = changes.iter().rev().zip(changes.iter().rev().skip(length)).take_while(|(a, b)| a.1 == b.1).count();
        let rounds = same / length + 1;
        if rounds < ROUNDS {
            return None;
        }
        let ends: Vec<Time> = changes.iter().rev().step_by(length).take(ROUNDS).map(|change| change.0).collect();
        let lengths = || ends.windows(2).map(|pair| pair[0].since(pair[1]));
        let (shortest, longest) = (lengths().min()?, lengths().max()?);
        let is_even = !shortest.is_zero() && (longest.nanos() - shortest.nanos()) <= longest.nanos() / 10;
        is_even.then(|| Cycle { changes: length, rounds, period: lengths().next().unwrap_or(longest) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[(u64, char)]) -> Vec<(Time, char)> {
        seconds.iter().map(|(second, word)| (Time::ZERO + Duration::from_secs(*second), *word)).collect()
    }

    #[test]
    fn what_takes_turns_is_a_cycle() {
        let turns: Vec<(u64, char)> = (0..6).flat_map(|round| [(round * 60, 'a'), (round * 60 + 7, 'b')]).collect();
        let cycle = at_the_end(&at(&turns)).expect("a cycle");
        assert_eq!((cycle.changes, cycle.rounds, cycle.period), (2, 6, Duration::from_secs(60)));
        assert_eq!(at_the_end(&at(&turns[..10])), None);
    }

    #[test]
    fn a_back_off_is_none() {
        let tries: Vec<(u64, char)> = (0..10).map(|number| (10 << number, 'a')).collect();
        assert_eq!(at_the_end(&at(&tries)), None);
    }

    /// Whatever comes before it, a sequence that ends in enough even rounds has a cycle, and one that ends in something new has none.
    #[test]
    fn only_the_end_counts() {
        for length in 1..=5u64 {
            for before in 0..7u64 {
                let head = (0..before).map(|second| (second, 'x'));
                let round = |number: u64| {
                    (0..length).map(move |step| (100 + number * 50 + step, char::from(b'a' + step as u8)))
                };
                let mut all: Vec<(u64, char)> = head.chain((0..ROUNDS as u64).flat_map(round)).collect();
                let cycle = at_the_end(&at(&all)).expect("a cycle");
                assert_eq!((cycle.changes as u64, cycle.period), (length, Duration::from_secs(50)));
                all.push((10_000, 'z'));
                assert_eq!(at_the_end(&at(&all)), None);
            }
        }
    }
}
