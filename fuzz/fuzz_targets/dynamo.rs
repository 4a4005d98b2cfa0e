//! Any bytes as documents of Dynamo and Grove.
#![no_main]

#[path = "../properties.rs"]
#[allow(dead_code)]
mod properties;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| properties::dynamo(text));
