//! Bars that show how far a command is, on stderr, if a person looks at it.

use std::fmt;
use std::io::IsTerminal;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// A bar of so many of something; `form` is a template of indicatif, in which `per_sec` is a whole number.
pub fn bar(length: u64, form: &str) -> ProgressBar {
    shown(|| ProgressBar::new(length), form)
}

/// The same where nobody knows how many there will be.
pub fn spinner(form: &str) -> ProgressBar {
    shown(ProgressBar::new_spinner, form)
}

fn shown(bar: impl FnOnce() -> ProgressBar, form: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    bar().with_style(style(form))
}

fn style(form: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("per_sec", |state: &ProgressState, out: &mut dyn fmt::Write| {
        // Nobody can be told if the writing fails.
        let _ = write!(out, "{}/s", HumanCount(state.per_sec().round() as u64));
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("nobody panicked with it").push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Goal: a rate is a whole number. Method: a bar is drawn that has come far at once, so that its rate has digits behind the point.
    #[test]
    fn a_rate_is_a_whole_number() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let bar = ProgressBar::with_draw_target(Some(10_000), target).with_style(style("[{per_sec}]"));
        for position in [1, 7, 4_001] {
            bar.set_position(position);
            bar.tick();
        }
        bar.abandon();
        let drawn = paper.0.lock().expect("nobody panicked with it").clone();
        let last = drawn.rsplit_once('[').map_or("", |(_, rate)| rate);
        let digits = last.trim_end().strip_suffix("/s]").unwrap_or_else(|| panic!("no rate in {drawn:?}"));
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b','), "{drawn:?}");
    }
}
