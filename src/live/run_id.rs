//! The id of a run: what all that it makes is labelled with, short enough to stand in names.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "an id must differ from run to run")]

use std::time::{SystemTime, UNIX_EPOCH};

/// Digits that cannot be taken for one another, and no vowels that make words.
const DIGITS: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";

/// How long an id is.
const LENGTH: usize = 7;

/// A new id. It differs from that of any other run of this machine, and by chance from those of others.
pub fn new() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    of(since.as_nanos() as u64 ^ u64::from(std::process::id()).rotate_left(32))
}

/// The id that a number gives. It begins with a letter, as names of Services must.
fn of(number: u64) -> String {
    // Times that differ little are to give ids that differ much: the finaliser of SplitMix64.
    let mut state = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^= state >> 31;
    let letters = &DIGITS[8..];
    let mut id = String::with_capacity(LENGTH);
    for position in 0..LENGTH {
        let digits = if position == 0 { letters } else { DIGITS };
        id.push(char::from(digits[(state % digits.len() as u64) as usize]));
        state /= digits.len() as u64;
    }
    id
}

/// True if a text can be an id.
pub fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| DIGITS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_in_a_name() {
        for number in 0..1000 {
            let id = of(number);
            assert!(is_id(&id), "{id}");
            assert!(id.as_bytes()[0].is_ascii_lowercase(), "{id}");
        }
        assert_ne!(of(1), of(2));
        assert!(!is_id("default") && !is_id("../x"));
    }
}
