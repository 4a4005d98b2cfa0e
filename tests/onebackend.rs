//! Goal: 1Backend's documents are read or refused as its `oo` client does. Method: every document that 1Backend shows, from the
//! folder that `GREENROOM_SHARED` names, which is no part of this repository; without it the test says that it is skipped.

use std::path::PathBuf;

use greenroom::systems::onebackend::{Options, read};
use greenroom::text::Source;

/// The files that the client refuses, and what it says: both are of a dialect that it no longer knows.
const REFUSED: [(&str, &str); 1] = [("definitionA.yaml", "no value given for required property internalPorts")];

#[test]
fn every_document_is_read_or_refused_as_the_client_does() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED names no folder");
        return;
    };
    let corpus = PathBuf::from(shared).join("corpus/1backend");
    let mut files = Vec::new();
    for folder in ["cli_oo_fixtures", "docs"] {
        for entry in std::fs::read_dir(corpus.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let source = Source::new(name.as_str(), std::fs::read_to_string(&path).expect("a text"));
        let read = read(&source, &Options::default()).expect("YAML");
        let told = read.problems.first().map(|first| first.message.as_str());
        let expected = REFUSED.iter().find(|(file, _)| *file == name).map(|(_, message)| *message);
        assert_eq!(told, expected, "{name}");
    }
}
