//! Any bytes as what stands behind the options of a sweep, and as its files: no panic, and a refusal always says why.
#![no_main]

#[path = "../properties.rs"]
#[allow(dead_code)]
mod properties;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| properties::sweep(text));
