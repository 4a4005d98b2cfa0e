//! Any bytes as YAML and as JSON: no panic, spans inside the text, and what is told can be shown.
#![no_main]

use greenroom::text::{Source, render, tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for name in ["document.yaml", "document.json"] {
        let source = Source::new(name, text);
        match tree::parse(&source) {
            Ok(root) => assert!(root.span.end as usize <= text.len()),
            Err(error) => assert!(!render::render(&[error], false).is_empty()),
        }
    }
});
