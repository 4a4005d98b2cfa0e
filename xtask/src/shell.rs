//! Running cargo and other programs from the root of the package.

use std::path::PathBuf;
use std::process::Command;

/// The root of the package, wherever xtask was called from.
pub fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}

/// A cargo command that runs in the root of the package: the same cargo that runs xtask.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    // What cargo says of xtask's own package is not about what is built here: build scripts that ask for it would run again, and
    // all that depends on them would be built again with each change between a plain cargo and one below xtask.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_CRATE_NAME" {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command; its output goes where that of xtask goes.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("failed to start {}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs a command and gives what it wrote to stdout.
pub fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| format!("failed to start {}: {error}", shown(command)))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{} ended with {}", shown(command), output.status))
    }
}

/// True if `--check` is the one argument; an error for any other argument.
pub fn check_only(args: &[String]) -> Result<bool, String> {
    match args {
        [] => Ok(false),
        [flag] if flag == "--check" => Ok(true),
        _ => Err(format!("the one argument is --check, found {}", args.join(" "))),
    }
}

/// A command as a reader would type it.
fn shown(command: &Command) -> String {
    let mut text = String::new();
    text += &PathBuf::from(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    for arg in command.get_args() {
        text += " ";
        text += &arg.to_string_lossy();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_folder_of_the_workspace() {
        assert!(root().join("xtask/src/shell.rs").is_file());
    }

    #[test]
    fn a_command_that_fails_is_named_in_the_error() {
        let error = run(&mut cargo(&["no-such-verb"])).expect_err("cargo has no such verb");
        assert!(error.contains("cargo no-such-verb ended with"), "{error}");
    }

    #[test]
    fn check_is_the_only_argument() {
        assert_eq!(check_only(&[]), Ok(false));
        assert_eq!(check_only(&["--check".into()]), Ok(true));
        assert!(check_only(&["--chekc".into()]).is_err());
    }
}
