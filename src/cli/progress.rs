//! Bars that show how far a command is, on stderr, if a person looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of so many of something; `form` is a template of indicatif.
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
    bar().with_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
