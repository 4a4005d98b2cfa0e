//! `cargo xtask testbed`: a real Kubernetes on this machine. `build` makes its programs once; every other verb makes them if
//! they are not there, then becomes the launcher of testbed/cmd/testbed. What a cluster is made of is the launcher's.

mod build;

use std::path::PathBuf;
use std::process::Command;

use crate::shell;

const USAGE: &str = "usage: cargo xtask testbed VERB [flags]

  build     builds the programs, once for each state of their sources; --real-node builds those of a real node too
  path      prints the folder of the built programs
  up | down | status | kill | start | restart | kubectl
            the launcher's verbs. Without --dir the cluster lives in target/testbed/cluster

";

/// Builds, or passes a verb on.
pub fn run(args: &[String]) -> Result<(), String> {
    let Some((verb, rest)) = args.split_first() else {
        print!("{USAGE}");
        return Ok(());
    };
    let real_node = own_flags(rest).any(|flag| is_flag(flag, "real-node"));
    match verb.as_str() {
        "build" => match rest.iter().find(|flag| !is_flag(flag, "real-node")) {
            Some(unknown) => Err(format!("no argument `{unknown}`; there is --real-node")),
            None => build::programs(real_node).map(drop),
        },
        "path" => build::folder().map(|folder| println!("{}", folder.display())),
        _ => launch(verb, rest, real_node),
    }
}

/// The launcher, built if it is not there yet.
pub fn launcher() -> Result<PathBuf, String> {
    build::programs(false).map(|programs| programs.join("testbed"))
}

/// Becomes the launcher, so that Ctrl-C reaches it and not a process before it.
fn launch(verb: &str, rest: &[String], real_node: bool) -> Result<(), String> {
    let programs = build::programs(real_node)?;
    let mut launcher = Command::new(programs.join("testbed"));
    launcher.arg(verb);
    if !own_flags(rest).any(|flag| is_flag(flag, "dir")) {
        launcher.arg("--dir").arg(shell::root().join("target/testbed/cluster"));
    }
    become_it(launcher.args(rest))
}

#[cfg(unix)]
fn become_it(launcher: &mut Command) -> Result<(), String> {
    use std::os::unix::process::CommandExt;
    // The launcher shows this name where it says what to type.
    let error = launcher.arg0("cargo xtask testbed").exec();
    Err(format!("failed to start the launcher: {error}"))
}

#[cfg(not(unix))]
fn become_it(_: &mut Command) -> Result<(), String> {
    Err("the testbed needs Linux".into())
}

/// The flags before `--`: what stands behind it is kubectl's.
fn own_flags(args: &[String]) -> impl Iterator<Item = &str> {
    args.iter().map(String::as_str).take_while(|arg| *arg != "--")
}

/// True for all forms in which the launcher takes a flag: `-name`, `--name`, `--name=value`.
fn is_flag(arg: &str, name: &str) -> bool {
    let bare = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'));
    bare.is_some_and(|bare| bare.split('=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_found_in_all_its_forms_but_not_among_those_of_kubectl() {
        let has = |line: &str| {
            let args: Vec<String> = line.split(' ').map(String::from).collect();
            own_flags(&args).any(|flag| is_flag(flag, "dir"))
        };
        assert!(has("--dir x") && has("-dir x") && has("--purge --dir=x"));
        assert!(!has("--directory x") && !has("dir") && !has("-- --dir x"));
    }

    #[test]
    fn an_unknown_argument_of_build_is_refused_before_anything_is_built() {
        let error = run(&["build".into(), "--fast".into()]).expect_err("there is no such argument");
        assert!(error.contains("no argument `--fast`"), "{error}");
    }
}
