//! Any bytes as a scenario whose documents are the same bytes: no panic, and a refusal always says why.
#![no_main]

#[path = "../properties.rs"]
#[allow(dead_code)]
mod properties;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| properties::scenario(text));
