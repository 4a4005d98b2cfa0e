//! A control plane of a test's own, for what would disturb others: its parts are killed.

use std::process::Command;
use std::sync::{Mutex, MutexGuard};

use tempfile::TempDir;

use crate::ground::Ground;

/// One at a time: each has half a gigabyte.
static ONE: Mutex<()> = Mutex::new(());

/// A control plane that ends with the test.
pub struct Testbed {
    launcher: String,
    folder: TempDir,
    _one: MutexGuard<'static, ()>,
}

/// Starts one; none if the test is to be skipped.
pub fn up() -> Option<Testbed> {
    let Ok(launcher) = std::env::var("GREENROOM_TESTBED") else {
        println!("skipped: GREENROOM_TESTBED does not name the launcher of a testbed");
        return None;
    };
    let one = ONE.lock().unwrap_or_else(|failed| failed.into_inner());
    // A socket lies in it: its path must be short.
    let folder = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").expect("a folder can be made");
    let testbed = Testbed { launcher, folder, _one: one };
    testbed.launcher(&["up", "--detach", "--ports", "0"]);
    Some(testbed)
}

impl Testbed {
    /// A verb of the launcher.
    pub fn launcher(&self, args: &[&str]) {
        let (verb, rest) = args.split_first().expect("a verb");
        let mut command = Command::new(&self.launcher);
        let output = command.arg(verb).arg("--dir").arg(self.folder.path()).args(rest).output().expect("it starts");
        assert!(output.status.success(), "testbed {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Sends one component a signal.
    pub fn signal(&self, component: &str, name: &str) {
        let mut command = Command::new(&self.launcher);
        let output = command.arg("status").arg("--dir").arg(self.folder.path()).output().expect("it starts");
        let status = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = status.lines().find(|line| line.starts_with(component)).unwrap_or_else(|| panic!("{status}"));
        let process = line.split(|one: char| !one.is_ascii_digit()).find(|word| word.len() > 1).expect("a process id");
        let status = Command::new("kill").args(["-s", name, process]).status().expect("kill is there");
        assert!(status.success(), "{component} has no process {process}");
    }

    /// The cluster.
    pub fn ground(&self) -> Ground {
        Ground::new("greenroom-testbed", self.folder.path().join("kubeconfig"))
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        let mut command = Command::new(&self.launcher);
        // The test has its verdict already.
        let _ = command.args(["down", "--purge", "--dir"]).arg(self.folder.path()).output();
    }
}
