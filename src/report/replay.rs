//! The command that shows a failure again.

use std::borrow::Cow;

use crate::kernel::Time;
use crate::rehearsal::RunResult;

/// `replay: greenroom run x.yaml --seed 42 --at 00:07:31.250`.
pub fn replay(run: &RunResult, at: Option<Time>) -> String {
    let mut line = format!("replay: greenroom run {} --seed {}", shell_word(&run.file), run.seed);
    if run.speed > 1 {
        line.push_str(&format!(" --speed {}", run.speed));
    }
    if let Some(live) = &run.live {
        // What happened on a real cluster does not happen at the same time again.
        line.push_str(" --context ");
        line.push_str(&shell_word(&live.context));
        for option in &live.options {
            line.push(' ');
            line.push_str(&shell_word(option));
        }
    } else if let Some(at) = at {
        line.push_str(" --at ");
        line.push_str(&shown_after(at).to_string());
    }
    line
}

/// The first time that can be written with three digits at which the instant has happened: shown times are cut.
fn shown_after(at: Time) -> Time {
    const MILLI: u64 = 1_000_000;
    Time::from_nanos(at.nanos().div_ceil(MILLI) * MILLI)
}

/// A path as a shell takes it for one word.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=:,@%".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_below_a_millisecond_is_shown_after_it_happened() {
        assert_eq!(shown_after(Time::from_nanos(451_250_000_001)).to_string(), "00:07:31.251");
        assert_eq!(shown_after(Time::from_nanos(451_250_000_000)).to_string(), "00:07:31.250");
    }

    #[test]
    fn odd_paths_are_quoted() {
        assert_eq!(shell_word("a/b-1.yaml"), "a/b-1.yaml");
        assert_eq!(shell_word("my file.yaml"), "'my file.yaml'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }
}
