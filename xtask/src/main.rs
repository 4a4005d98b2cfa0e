//! Chores of the project, one verb a file: `cargo xtask help`. Nothing here is part of greenroom itself, and nothing must
//! be installed first: every verb needs cargo alone, but for `testbed` and `conform`, which need Go, and `image`, which has
//! rustup add a target.

mod accept;
mod bench;
mod ci;
mod conform;
mod docs;
mod fgd;
mod image;
mod schema;
mod shell;
mod testbed;

use std::process::ExitCode;

/// A verb: its name, what `help` says of it, and what it does with the arguments behind its name.
struct Verb {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), String>,
}

const VERBS: [Verb; 9] = [
    Verb { name: "ci", about: "all checks that a change must pass: runs .ci/run", run: ci::run },
    Verb { name: "bench", about: "the benches, and the table of docs/performance.md", run: bench::run },
    Verb {
        name: "accept",
        about: "accepts the timelines of all scenarios as snapshots, and the texts of tests",
        run: accept::run,
    },
    Verb {
        name: "docs",
        about: "writes what the documents show of greenroom's output; --check only compares",
        run: docs::run,
    },
    Verb { name: "fgd", about: "the published experiments of FGD replayed, and how far they are met", run: fgd::run },
    Verb { name: "schema", about: "writes schema/scenario.schema.json; --check only compares", run: schema::run },
    Verb {
        name: "testbed",
        about: "a real Kubernetes on this machine: build, up, down, kubectl, ...",
        run: testbed::run,
    },
    Verb {
        name: "conform",
        about: "scenarios in simulation and on a real control plane, and the table of docs/conformance.md; --check only compares",
        run: conform::run,
    },
    Verb {
        name: "image",
        about: "the images of the stand-in and of the pause container, below target/image/; --arch amd64|arm64",
        run: image::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args.first().map_or("help", String::as_str);
    if matches!(name, "help" | "-h" | "--help") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        eprintln!("no verb `{name}`\n\n{}", help());
        return ExitCode::from(2);
    };
    match (verb.run)(&args[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("cargo xtask {name}: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The text of `cargo xtask help`.
fn help() -> String {
    let mut text = String::from("usage: cargo xtask VERB\n\n");
    for verb in &VERBS {
        text += &format!("  {:<8}{}\n", verb.name, verb.about);
    }
    text
}
