//! What is run: scenarios in a folder of their own, and the program that runs them.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use greenroom::live::new_run_id;
use tempfile::TempDir;

/// How long a test waits for something that should come at once.
const PATIENCE: Duration = Duration::from_secs(90);

/// A Deployment, its Service and its PriorityClass: what a run makes within its namespace and beside it. The class comes last: what
/// names it must lead to the run's own nevertheless.
pub const WEB: &str = r"apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [ { port: 80, targetPort: 8080 } ]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      priorityClassName: web
      terminationGracePeriodSeconds: 2
      containers:
        - name: web
          image: registry.example.com/web:1
          resources: { requests: { cpu: 500m, memory: 512Mi } }
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: web }
value: 1000
";

/// A scenario that serves [`WEB`] on two nodes, and what is to be added to it.
pub fn web(until: &str, more: &str) -> Scenario {
    let text = format!(
        "name: web
until: {until}
cluster: {{ nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ] }}
deploy: [ {{ document: web.yaml, system: kubernetes }} ]
behaviour: [ {{ match: {{}}, pull: 1s, start: 1s }} ]
{more}"
    );
    Scenario::new(&text, &[("web.yaml", WEB), ("web-v2.yaml", &WEB.replace("web:1", "web:2"))])
}

/// A scenario in a folder of its own.
pub struct Scenario {
    folder: TempDir,
}

impl Scenario {
    /// Writes it with its documents.
    pub fn new(text: &str, documents: &[(&str, &str)]) -> Scenario {
        let folder = tempfile::tempdir().expect("a folder can be made");
        for (name, text) in documents.iter().chain(&[("scenario.yaml", text)]) {
            fs::write(folder.path().join(name), text).expect("a file can be written");
        }
        Scenario { folder }
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("scenario.yaml")
    }
}

/// The program under test, with nothing of this machine's own kubeconfig.
pub fn greenroom() -> Command {
    let program = std::env::var_os("GREENROOM_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_greenroom").into());
    let mut command = Command::new(program);
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// How a command ended.
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it said, results and all else.
    pub said: String,
}

impl Ended {
    /// Fails unless it ended with this code and said all of these.
    #[track_caller]
    pub fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for word in words {
            assert!(self.said.contains(word), "`{word}` is not in:\n{}", self.said);
        }
    }

    /// The same, and it said nothing but one message.
    #[track_caller]
    pub fn expect_message(&self, code: i32, words: &[&str]) {
        self.expect(code, words);
        let messages = self.said.lines().filter(|line| !line.starts_with("run ")).count();
        assert_eq!(messages, 1, "one message was expected:\n{}", self.said);
    }
}

/// Runs a command to its end.
pub fn end(command: &mut Command) -> Ended {
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    Ended { code: output.status.code(), said: said.into_owned() }
}

/// A command that goes on.
pub struct Started {
    /// The id of its run.
    pub run: String,
    child: Child,
    said: TempDir,
}

impl Started {
    /// Starts a live run with an id of its own.
    pub fn new(command: &mut Command) -> Started {
        let run = new_run_id();
        Started::with(run.clone(), command.args(["--run-id", &run]))
    }

    /// Starts something of which no run's id is known.
    pub fn other(command: &mut Command) -> Started {
        Started::with(String::new(), command)
    }

    fn with(run: String, command: &mut Command) -> Started {
        let said = tempfile::tempdir().expect("a folder can be made");
        let file = |name: &str| File::create(said.path().join(name)).expect("a file can be made");
        command.stdout(file("stdout")).stderr(file("stderr"));
        let child = command.spawn().expect("the program starts");
        Started { run, child, said }
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        let text = |name: &str| fs::read_to_string(self.said.path().join(name)).unwrap_or_default();
        text("stderr") + &text("stdout")
    }

    /// Waits until it has said a line with all of these words.
    #[track_caller]
    pub fn wait_for(&mut self, words: &[&str]) {
        let begun = Instant::now();
        while !self.said().lines().any(|line| words.iter().all(|word| line.contains(word))) {
            let ended = self.child.try_wait().expect("it can be asked").is_some();
            assert!(!ended && begun.elapsed() < PATIENCE, "no line with {words:?} in:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let status = kill.args(["-s", name, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(status.success(), "the run has ended already:\n{}", self.said());
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let code = self.child.wait().expect("it ends").code();
        Ended { code, said: self.said() }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
