//! Any bytes as a file of a PaaSTA service: no panic, and a refusal always says why.
#![no_main]

use greenroom::systems::paasta::options::Schemas;
use greenroom::systems::paasta::{Options, read};
use greenroom::text::{Source, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = Options { schemas: Schemas::Strict, ..Options::default() };
    for name in ["deploy", "kubernetes-a", "eks-a", "adhoc-a", "tron-a", "smartstack", "service", "rollback"] {
        let files = [Source::new(format!("shop/{name}.yaml"), text)];
        match read(&Source::new("shop", ""), &files, &options) {
            Ok(read) => assert_eq!(read.problems.is_empty(), render::render(&read.problems, false).is_empty()),
            Err(errors) => assert!(!render::render(&errors, false).is_empty()),
        }
    }
});
