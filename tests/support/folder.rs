//! A folder with scenarios of its own, and greenroom run in it as a user runs it.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A Deployment of two.
pub const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: \"registry.example.com/web:1\" } ] }
";

/// What holds of it.
pub const GOOD: &str = "expect:\n  - final: { Deployment/web: Complete }\n";
/// What does not.
pub const BAD: &str = "expect:\n  - eventually: { Deployment/web: Complete }\n    within: 1s\n";
/// A fault that cannot strike.
pub const UNFIRED: &str = "\
faults:
  - on: { subject: Deployment/web, reaches: ProgressDeadlineExceeded }
    pod_kill: { workload: web }
";

/// A scenario with that name up to its expectations.
pub fn scenario(name: &str, rest: &str) -> String {
    format!(
        "name: {name}\nuntil: 10m\ncluster:\n  nodes:\n    - {{ name: a, cpu: 8, memory: 16Gi }}\n\
         deploy:\n  - {{ document: web.yaml, system: kubernetes }}\n{rest}"
    )
}

/// A folder of its own, the top of a working copy.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// One without scenarios.
    pub fn empty() -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        folder.write(".git/HEAD", "");
        folder
    }

    /// One with a scenario `NAME/scenario.yaml` and its document for each name; what stands behind its head.
    pub fn with(scenarios: &[(&str, &str)]) -> Folder {
        let folder = Folder::empty();
        for (name, rest) in scenarios {
            folder.add(name, rest);
        }
        folder
    }

    /// Adds a scenario and its document.
    pub fn add(&self, name: &str, rest: &str) {
        self.write(&format!("{name}/web.yaml"), WEB);
        self.write(&format!("{name}/scenario.yaml"), &scenario(name, rest));
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Puts a file in the place of another at once, as editors do: nobody sees half of it.
    pub fn put(&self, path: &str, text: &str) {
        self.write(".put", text);
        fs::rename(self.0.path().join(".put"), self.0.path().join(path)).expect("a file");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).expect(path)
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.path().join(path).exists()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command.current_dir(self.0.path()).args(args).env_clear().env("NO_COLOR", "1");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("greenroom starts"))
    }

    /// Runs and accepts, so that snapshots are no matter of what follows.
    pub fn accepted(self) -> Folder {
        let ran = self.run(&["test", "--accept"]);
        assert!([0, 1, 8].contains(&ran.code), "{}", ran.show());
        self
    }
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: output.status.code().expect("no signal"), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn show(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }

    /// The scenario files that it ran, in its order.
    pub fn files(&self) -> Vec<String> {
        let file = |line: &str| {
            let (word, rest) = line.split_once("  ")?;
            let is_result = ["FAILED", "passed", "written", "INVALID"].contains(&word);
            is_result.then(|| rest.split("  (").next().unwrap_or(rest).trim_start().to_owned())
        };
        self.out.lines().filter_map(file).collect()
    }
}
