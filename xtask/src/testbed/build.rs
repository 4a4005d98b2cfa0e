//! The programs of the testbed, built from their Go modules into target/testbed/HASH, where HASH is that of all that goes
//! into them: a folder is either complete or built again. Nothing is started here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::shell;

/// The least version of Go that the modules accept; testbed/go.mod says the same.
const GO_MIN: (u32, u32) = (1, 26);
/// The folders of kwok's module whose stages kwok is given, and the one file there that is no stage.
const STAGES: [&str; 5] = ["pod/general", "pod/chaos", "node/fast", "node/heartbeat-with-lease", "node/chaos"];
const NO_STAGE: &str = "kustomization.yaml";
/// Programs of a real node that are pure Go; runc is not.
const NODE: [&str; 6] = [
    "github.com/containerd/containerd/v2/cmd/containerd",
    "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
    "github.com/containerd/containerd/v2/cmd/ctr",
    "github.com/containernetworking/plugins/plugins/ipam/host-local",
    "github.com/containernetworking/plugins/plugins/main/bridge",
    "github.com/containernetworking/plugins/plugins/main/loopback",
];

/// The folder of the programs, built if they are not there yet.
pub fn programs(real_node: bool) -> Result<PathBuf, String> {
    let folder = folder()?;
    once(&folder, "the control plane", control_plane)?;
    if real_node {
        once(&folder.join("node"), "the real node", node)?;
    }
    Ok(folder)
}

/// The folder that belongs to the present state of the sources, whether it is there or not.
pub fn folder() -> Result<PathBuf, String> {
    let mut hash = Fnv::new();
    hash.add(go_version()?.as_bytes());
    for path in sources(&testbed())? {
        hash.add(path.strip_prefix(testbed()).unwrap_or(&path).to_string_lossy().as_bytes());
        hash.add(&fs::read(&path).map_err(|error| format!("failed to read {}: {error}", path.display()))?);
    }
    // This file says how they are built.
    hash.add(include_bytes!("build.rs"));
    Ok(shell::root().join("target/testbed").join(format!("{:016x}", hash.0)))
}

/// Builds into a folder unless an earlier build of it was completed, which a file says that is written last.
fn once(folder: &Path, what: &str, build: fn(&Path) -> Result<(), String>) -> Result<(), String> {
    let complete = folder.join(".complete");
    if complete.is_file() {
        return Ok(());
    }
    let began = Instant::now();
    eprintln!("building {what} of the testbed into {}: minutes the first time, with downloads", folder.display());
    fs::create_dir_all(folder).map_err(|error| format!("failed to make {}: {error}", folder.display()))?;
    build(folder)?;
    fs::write(&complete, "").map_err(|error| format!("failed to write {}: {error}", complete.display()))?;
    eprintln!("built {what} in {} s", began.elapsed().as_secs());
    Ok(())
}

fn control_plane(folder: &Path) -> Result<(), String> {
    let go_mod = fs::read_to_string(testbed().join("go.mod")).map_err(|error| format!("testbed/go.mod: {error}"))?;
    let version = required(&go_mod, "k8s.io/kubernetes").ok_or("testbed/go.mod does not require k8s.io/kubernetes")?;
    // Without these the API server says that it is v0.0.0.
    let mut flags = String::from("-s -w");
    let mut numbers = version.trim_start_matches('v').split('.');
    for (name, value) in [
        ("gitVersion", version),
        ("gitMajor", numbers.next().unwrap_or_default()),
        ("gitMinor", numbers.next().unwrap_or_default()),
    ] {
        flags += &format!(" -X k8s.io/component-base/version.{name}={value}");
    }
    for (name, package) in [
        ("testbed", "./cmd/testbed"),
        ("kubernetes", "."),
        ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    ] {
        go_build(&testbed(), &flags, &folder.join(name), &[package])?;
    }
    let module = shell::output(go(&testbed()).args(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"]))?;
    let stages = stages(Path::new(String::from_utf8_lossy(&module).trim()))?;
    fs::write(folder.join("stages.yaml"), stages).map_err(|error| format!("failed to write stages.yaml: {error}"))
}

/// One file of all stages, from the module that kwok itself is built from, so that the two fit together.
fn stages(module: &Path) -> Result<String, String> {
    let mut text = String::new();
    for folder in STAGES {
        let folder = module.join("kustomize/stage").join(folder);
        let mut files: Vec<PathBuf> = entries(&folder)?;
        files.retain(|path| path.extension().is_some_and(|end| end == "yaml") && !path.ends_with(NO_STAGE));
        if files.is_empty() {
            return Err(format!("{} holds no stage", folder.display()));
        }
        for path in files {
            let stage =
                fs::read_to_string(&path).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
            text += &format!("---\n{}\n", stage.trim_end());
        }
    }
    Ok(text)
}

fn node(folder: &Path) -> Result<(), String> {
    go_build(&testbed(), "-s -w", &folder.join("pause"), &["./cmd/pause"])?;
    let module = testbed().join("node");
    // A folder with a slash at its end takes several programs under their own names.
    go_build(&module, "-s -w", &folder.join(""), &NODE)?;
    let seccomp =
        Command::new("pkg-config").args(["--exists", "libseccomp"]).status().is_ok_and(|status| status.success());
    let tags: &[&str] = if seccomp { &["-tags", "seccomp"] } else { &[] };
    if !seccomp {
        eprintln!("runc is built without seccomp, so pods with a seccompProfile fail: libseccomp-dev is not installed");
    }
    // runc enters namespaces in C, before Go's runtime starts its threads.
    let mut runc = go(&module);
    runc.env("CGO_ENABLED", "1").args(["build", "-trimpath", "-ldflags", "-s -w"]).args(tags);
    shell::run(runc.arg("-o").arg(folder.join("runc")).arg("github.com/opencontainers/runc"))
        .map_err(|error| format!("{error}; runc needs a C compiler"))
}

fn go_build(module: &Path, flags: &str, to: &Path, packages: &[&str]) -> Result<(), String> {
    let began = Instant::now();
    let mut command = go(module);
    // Static, so that the programs run in any image and on any distribution.
    command.env("CGO_ENABLED", "0").args(["build", "-trimpath", "-ldflags", flags]);
    shell::run(command.arg("-o").arg(to).args(packages))?;
    eprintln!("  {} in {} s", packages.join(" "), began.elapsed().as_secs());
    Ok(())
}

fn go(module: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(module);
    command
}

fn testbed() -> PathBuf {
    shell::root().join("testbed")
}

/// What `go version` says, if it is new enough.
fn go_version() -> Result<String, String> {
    let wanted = format!("the testbed needs Go {}.{} or newer (https://go.dev/dl)", GO_MIN.0, GO_MIN.1);
    let output =
        go(&testbed()).arg("version").output().map_err(|error| format!("{wanted}; failed to start go: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    match parsed(&text) {
        Some(version) if output.status.success() && version >= GO_MIN => Ok(text),
        _ => Err(format!("{wanted}; found: {text}{}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// Major and minor of `go version go1.26.8 linux/amd64`.
fn parsed(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("go version go")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The version that a go.mod requires of a module.
fn required<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        (words.next() == Some(module)).then(|| words.next()).flatten()
    })
}

/// All files that programs are built from, in order; `placements` records other things and has a module of its own.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            if !path.ends_with("placements") {
                found.extend(sources(&path)?);
            }
        } else if !path.to_string_lossy().ends_with("_test.go") {
            found.push(path);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("failed to read {}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// FNV-1a with 64 bits: names a folder; nobody is to be kept from forging one.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a text and its length, so that no two lists of texts run together.
    fn add(&mut self, text: &[u8]) {
        for byte in text.iter().chain(&(text.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_are_compared_as_numbers() {
        assert_eq!(parsed("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(parsed("go version go1.9rc1 linux/amd64"), Some((1, 9)));
        assert!(parsed("go version go1.9 linux/amd64") < Some(GO_MIN));
        assert_eq!(parsed("go version devel +abc"), None);
    }

    #[test]
    fn the_required_version_is_not_that_of_a_longer_name() {
        let text = "require (\n\tk8s.io/kubernetes-csi v9.9.9\n\tk8s.io/kubernetes v1.36.3 // why\n)\n";
        assert_eq!(required(text, "k8s.io/kubernetes"), Some("v1.36.3"));
        assert_eq!(required("require k8s.io/kubernetes v1.2.3\n", "k8s.io/kubernetes"), Some("v1.2.3"));
        assert_eq!(required(text, "k8s.io/api"), None);
    }

    #[test]
    fn sources_are_those_of_the_programs() {
        let names: Vec<String> =
            sources(&testbed()).expect("testbed/ is there").iter().map(|path| path.display().to_string()).collect();
        for wanted in ["testbed/go.sum", "testbed/main.go", "testbed/cmd/testbed/main.go", "testbed/node/go.mod"] {
            assert!(names.iter().any(|name| name.ends_with(wanted)), "{wanted} is not among {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("placements") || name.ends_with("_test.go")), "{names:?}");
    }

    #[test]
    fn two_lists_of_the_same_letters_have_different_hashes() {
        let hash = |texts: &[&str]| {
            let mut hash = Fnv::new();
            texts.iter().for_each(|text| hash.add(text.as_bytes()));
            hash.0
        };
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
    }
}
