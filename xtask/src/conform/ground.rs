//! Where scenarios are run: a cluster that the user names, or a testbed that is made for this and ends with it. What a testbed is
//! made of is the launcher's.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{shell, testbed};

/// The context of a testbed's kubeconfig.
const TESTBED: &str = "greenroom-testbed";

/// A cluster.
pub struct Ground {
    /// The context.
    pub context: String,
    /// The kubeconfig, unless it is that of the environment.
    pub kubeconfig: Option<PathBuf>,
    keeper: Option<Keeper>,
}

/// Ends a testbed when this process ends, whatever ends it: a shell that reads from a pipe whose other end this process alone
/// holds. It is in a group of its own, so that Ctrl-C does not reach it.
struct Keeper {
    shell: Child,
}

impl Ground {
    /// The cluster that the user names, or a testbed.
    pub fn take(context: Option<&str>, kubeconfig: Option<&Path>) -> Result<Ground, String> {
        match context {
            Some(context) => {
                Ok(Ground { context: context.to_owned(), kubeconfig: kubeconfig.map(Path::to_owned), keeper: None })
            }
            None => Ground::made(),
        }
    }

    fn made() -> Result<Ground, String> {
        let launcher = testbed::launcher()?;
        // Two checks of one checkout do not meet. The name is short: a socket lies in the folder.
        let folder = shell::root().join(format!("target/testbed/conform-{}", std::process::id()));
        let keeper = Keeper::of(&launcher, &folder)?;
        let mut up = Command::new(&launcher);
        shell::run(up.args(["up", "--detach", "--dir"]).arg(&folder).stdout(Stdio::null()))?;
        Ok(Ground { context: TESTBED.into(), kubeconfig: Some(folder.join("kubeconfig")), keeper: Some(keeper) })
    }

    /// Ends the testbed, if there is one.
    pub fn leave(mut self) -> Result<(), String> {
        self.keeper.take().map_or(Ok(()), Keeper::end)
    }
}

impl Keeper {
    #[cfg(unix)]
    fn of(launcher: &Path, folder: &Path) -> Result<Keeper, String> {
        use std::os::unix::process::CommandExt;
        // `cat` ends when the last holder of the pipe is gone.
        let script = r#"cat >/dev/null; exec "$0" down --purge --dir "$1" >/dev/null"#;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(launcher).arg(folder).stdin(Stdio::piped()).process_group(0);
        let shell = shell.spawn().map_err(|error| format!("failed to start sh: {error}"))?;
        Ok(Keeper { shell })
    }

    #[cfg(not(unix))]
    fn of(_: &Path, _: &Path) -> Result<Keeper, String> {
        Err("the testbed needs Linux: name a cluster with --context".into())
    }

    fn end(mut self) -> Result<(), String> {
        drop(self.shell.stdin.take());
        let ended = self.shell.wait().map_err(|error| format!("failed to wait for the testbed's end: {error}"))?;
        if ended.success() { Ok(()) } else { Err(format!("the testbed did not end well: {ended}")) }
    }
}
