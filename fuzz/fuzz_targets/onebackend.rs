//! Any bytes as deployments and definitions of 1Backend.
#![no_main]

#[path = "../properties.rs"]
#[allow(dead_code)]
mod properties;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| properties::onebackend(text));
