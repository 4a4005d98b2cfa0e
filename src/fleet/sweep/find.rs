//! Searches for the least or greatest value that is good enough: `min cluster.nodes[a10].count such that p99(time_to_ready) < 20m`.
//! The search assumes that what is good enough stays so with more (or, for `max`, with less), halves what is left, and then looks at
//! the neighbours of what it found; where they contradict the assumption, it looks at every value.

use std::collections::BTreeMap;
use std::fmt;

use super::cursor::Cursor;
use super::measure::{Condition, Holds};
use super::path::Path;
use crate::text::Diagnostic;

/// The most conditions of a search.
const CONDITIONS_MAX: usize = 8;

/// What is searched for.
#[derive(Clone, PartialEq, Debug)]
pub struct Find {
    /// Which of the values that are good enough.
    pub extreme: Extreme,
    /// The parameter.
    pub path: Path,
    /// What must be so.
    pub conditions: Vec<Condition>,
}

/// Which of several values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extreme {
    /// The first.
    Min,
    /// The last.
    Max,
}

impl Find {
    /// Reads a search.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn parse(text: &str) -> Result<Find, Diagnostic> {
        let mut cursor = Cursor::new("--find", text)?;
        cursor.skip_space();
        let start = cursor.at();
        let extreme = match cursor.take_while(char::is_alphanumeric) {
            "min" => Extreme::Min,
            "max" => Extreme::Max,
            "" => return Err(cursor.error("expected `min` or `max`")),
            _ => return Err(cursor.error_since(start, "expected `min` or `max`")),
        };
        cursor.skip_space();
        let path = Path::read(&mut cursor)?;
        cursor.expect_word("such", "and `that`")?;
        cursor.expect_word("that", "and a condition")?;
        let mut conditions = vec![Condition::read(&mut cursor)?];
        while !cursor.is_done() {
            cursor.expect_word("and", "or the end")?;
            conditions.push(Condition::read(&mut cursor)?);
            if conditions.len() > CONDITIONS_MAX {
                return Err(cursor.error(format!("a search has at most {CONDITIONS_MAX} conditions")));
            }
        }
        Ok(Find { extreme, path, conditions })
    }

    /// How many statements a search over so many values makes at the most if what it assumes is so: what may be wrong is split among
    /// them.
    pub fn statements(&self, values: usize) -> u32 {
        let halvings = usize::BITS - values.leading_zeros();
        (halvings + 3) * self.conditions.len() as u32
    }
}

impl fmt::Display for Find {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extreme = if self.extreme == Extreme::Min { "min" } else { "max" };
        let conditions: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
        write!(out, "{extreme} {} such that {}", self.path, conditions.join(" and "))
    }
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The position of the value; `None`: none is good enough.
    pub best: Option<usize>,
    /// What was seen of each value that was looked at.
    pub seen: BTreeMap<usize, Holds>,
    /// False: a value that should be good enough too is not, so that all were looked at.
    pub is_monotone: bool,
}

/// Searches values of which there are `count`, in their order; `look` says whether one is good enough.
pub fn search(extreme: Extreme, count: usize, look: &mut dyn FnMut(usize) -> Holds) -> Found {
    let mut seen: BTreeMap<usize, Holds> = BTreeMap::new();
    // Turned round so that good enough is always upwards.
    let turned = |place: usize| if extreme == Extreme::Min { place } else { count - 1 - place };
    let mut good = |place: usize| *seen.entry(turned(place)).or_insert_with(|| look(turned(place))) == Holds::Yes;
    if count == 0 {
        return Found { best: None, seen: BTreeMap::new(), is_monotone: true };
    }
    let (mut bad, mut best) = (None, None);
    if good(count - 1) {
        let mut enough = count - 1;
        // The least is looked at early: often it is enough.
        if enough > 0 && good(0) {
            enough = 0;
        } else {
            bad = (enough > 0).then_some(0);
        }
        while let Some(short) = bad.filter(|short| enough - short > 1) {
            let middle = short + (enough - short) / 2;
            if good(middle) { enough = middle } else { bad = Some(middle) }
        }
        best = Some(enough);
    }
    // What stands next above must be good too; with none that is good, the next to the last must not be either.
    let is_monotone = match best {
        Some(best) => best + 1 >= count || good(best + 1),
        None => count < 2 || !good(count - 2),
    };
    if !is_monotone {
        best = (0..count).filter(|place| good(*place)).min();
    }
    Found { best: best.map(turned), seen, is_monotone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> String {
        match Find::parse(text) {
            Ok(find) => format!("{find}\n"),
            Err(error) => format!("{text} -- {}: {}\n", error.place().column, error.message),
        }
    }

    #[test]
    fn searches_are_read_back_as_they_are_shown() {
        let text = "min cluster.nodes[a10].count such that p99(time_to_ready) < 20m and rate(passed) >= 99.5%";
        assert_eq!(Find::parse(text).map(|find| find.to_string()).as_deref(), Ok(text));
        let other = " max  faults[lose].for  such that  p99.95(outage)<=30s and mean(gpu_hours)>0.5 ";
        let shown = "max faults[lose].for such that p99.95(outage) <= 30s and mean(gpu_hours) > 0.5";
        assert_eq!(Find::parse(other).map(|find| find.to_string()).as_deref(), Ok(shown));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let texts = [
            "",
            "least a.b such that mean(outage) < 1s",
            "min",
            "min a..b such that mean(outage) < 1s",
            "min a[] such that mean(outage) < 1s",
            "min a[b such that mean(outage) < 1s",
            "min a.b with mean(outage) < 1s",
            "min a.b such mean(outage) < 1s",
            "min a.b such that median(outage) < 1s",
            "min a.b such that p100(outage) < 1s",
            "min a.b such that p0(outage) < 1s",
            "min a.b such that p99 outage < 1s",
            "min a.b such that p99(outge) < 1s",
            "min a.b such that p99(findings.stuk) < 1",
            "min a.b such that p99(outage < 1s",
            "min a.b such that p99(outage) 1s",
            "min a.b such that p99(outage) <",
            "min a.b such that p99(outage) < 30",
            "min a.b such that rate(passed) > 101%",
            "min a.b such that mean(peak_gpus) < -1",
            "min a.b such that p99(outage) < 1s or p50(outage) < 1s",
            "min documents such that p99(outage) < 1s",
        ];
        insta::assert_snapshot!(texts.map(told).concat());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(min|max)? ?[a-z.\\[\\]0-9]{0,12}( such that )?[a-z0-9()_.]{0,20} ?[<>=]{0,2} ?[0-9a-z%.]{0,6}|.{0,40}") {
            if let Ok(find) = Find::parse(&text) {
                prop_assert_eq!(Find::parse(&find.to_string()), Ok(find));
            }
        }

        /// Where good enough stays so, the search finds where it begins, with few looks.
        #[test]
        fn the_first_that_is_good_is_found(count in 1..500_usize, from in 0..600_usize, min in any::<bool>()) {
            let extreme = if min { Extreme::Min } else { Extreme::Max };
            let is_good = |place: usize| if min { place >= from } else { place + from < count };
            let mut looks = 0_u32;
            let found = search(extreme, count, &mut |place| {
                looks += 1;
                if is_good(place) { Holds::Yes } else { Holds::No }
            });
            let good: Vec<usize> = (0..count).filter(|place| is_good(*place)).collect();
            let best = if min { good.first() } else { good.last() };
            prop_assert_eq!(found.best, best.copied());
            prop_assert!(found.is_monotone);
            prop_assert!(looks <= usize::BITS - count.leading_zeros() + 3, "{looks} looks at {count} values");
        }

        /// Whatever is good, what is found is, and neighbours that contradict the assumption bring a look at all.
        #[test]
        fn what_is_found_is_good(good in proptest::collection::vec(any::<bool>(), 1..40)) {
            let found = search(Extreme::Min, good.len(), &mut |place| if good[place] { Holds::Yes } else { Holds::Undecided });
            if let Some(best) = found.best {
                prop_assert!(good[best]);
                prop_assert!(found.seen.get(&best.wrapping_sub(1)) != Some(&Holds::Yes));
                prop_assert!(best + 1 == good.len() || !found.is_monotone || good[best + 1]);
            }
            if !found.is_monotone {
                prop_assert_eq!(found.best, good.iter().position(|good| *good));
            }
        }
    }
}
