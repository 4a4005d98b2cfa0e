//! Any bytes as Kubernetes manifests: no panic, and a refusal always says why.
#![no_main]

use greenroom::systems::kubernetes::read;
use greenroom::text::{Source, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for name in ["a.yaml", "a.json"] {
        match read(&Source::new(name, text)) {
            Ok(read) => assert_eq!(read.problems.is_empty(), render::render(&read.problems, false).is_empty()),
            Err(errors) => assert!(!render::render(&errors, false).is_empty()),
        }
    }
});
