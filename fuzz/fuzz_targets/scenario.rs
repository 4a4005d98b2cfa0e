//! Any bytes as a scenario whose documents are the same bytes: no panic, and a refusal always says why.
#![no_main]

use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use libfuzzer_sys::fuzz_target;

/// Gives the same text for every document.
struct Same<'a>(&'a str);

impl Documents for Same<'_> {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

fuzz_target!(|text: &str| {
    if let Err(errors) = load_from(&Source::new("scenario.yaml", text), &Same(text)) {
        assert!(!render::render(&errors, false).is_empty());
    }
});
