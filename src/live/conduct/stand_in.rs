//! What stand-in containers do on real nodes: the arguments of the program `greenroom stand-in`. Pulls are not among them: the image
//! of the stand-in is there, and a container of its own waits for as long before the others start.

use super::Conduct;
use crate::kernel::Duration;
use crate::live::render::Unsupported;

/// The port of the first container that is no init container, which is where Services send to; the others have the next ones,
/// because the containers of a pod share its ports.
pub const PORT: u16 = 8080;
/// Where a container keeps count of its starts.
pub const STATE_FOLDER: &str = "/greenroom/state";

/// What a container is in its pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It runs before the others, and ends.
    Init,
    /// It serves until it is told to stop.
    Serves,
    /// It ends by itself. `again`: it is started again when it fails.
    Ends {
        /// `restartPolicy: OnFailure`; else `Never`.
        again: bool,
    },
}

/// The arguments of the stand-in of a container; `name` is what it stands in for.
///
/// # Errors
/// What a stand-in cannot do: crash with one code and end with another.
pub fn stand_in_arguments(conduct: &Conduct, role: Role, port: u16, name: &str) -> Result<Vec<String>, Unsupported> {
    let mut arguments = vec!["--name".to_owned(), name.to_owned()];
    let mut say = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
    if role == Role::Init {
        say("--run", conduct.init.to_string());
        return Ok(arguments);
    }
    say("--listen", port.to_string());
    say("--start-delay", conduct.start.to_string());
    say("--stop", conduct.stop.to_string());
    let crash = conduct.crash;
    match (role, crash) {
        // A container that is not started again ends the first time, as it crashes.
        (Role::Ends { again: false }, _) | (Role::Ends { again: true }, None) => {
            let (run, code) = conduct.end();
            say("--run", run.to_string());
            say("--exit-code", code.to_string());
        }
        (_, Some(crash)) => {
            say("--crash-after", crash.after.to_string());
            if let Some(times) = crash.times {
                say("--crash-times", times.to_string());
                say("--state", STATE_FOLDER.to_owned());
            }
            let is_last = role == Role::Serves || crash.times.is_none();
            match (crash.exit_code, conduct.exit_code) {
                // Each of the two ends has this code of its own where none is given.
                (1, 0) if !is_last => say("--run", conduct.run.to_string()),
                (code, _) if is_last => say("--exit-code", code.to_string()),
                (code, other) if code == other => {
                    say("--run", conduct.run.to_string());
                    say("--exit-code", code.to_string());
                }
                (code, other) => {
                    let what = format!("a container that crashes with {code} and then ends with {other}");
                    let why = "a stand-in has one exit code: let it crash with 1 and end with 0".to_owned();
                    return Err(Unsupported { what, why });
                }
            }
        }
        (_, None) => {}
    }
    Ok(arguments)
}

impl Conduct {
    /// True if its stand-in counts its starts.
    pub fn counts_starts(&self, role: Role) -> bool {
        matches!(role, Role::Serves | Role::Ends { again: true })
            && self.crash.is_some_and(|crash| crash.times.is_some())
    }
}

/// The arguments of the container that stands for the pulls of a pod.
pub(in crate::live) fn pull_arguments(length: Duration, name: &str) -> Vec<String> {
    ["--name", name, "--run", &length.to_string()].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::conduct::Crash;

    fn conduct(crash: Option<Crash>, exit_code: u8) -> Conduct {
        let second = Duration::from_secs(1);
        Conduct {
            pull: second,
            init: second * 2,
            start: second * 3,
            run: second * 4,
            exit_code,
            crash,
            stop: second * 5,
        }
    }

    fn said(conduct: &Conduct, role: Role) -> String {
        stand_in_arguments(conduct, role, 8081, "deployment/vllm").expect("a stand-in can do it").join(" ")
    }

    #[test]
    fn roles_differ_in_how_they_end() {
        let well = conduct(None, 0);
        assert_eq!(said(&well, Role::Init), "--name deployment/vllm --run 2s");
        let serves = "--name deployment/vllm --listen 8081 --start-delay 3s --stop 5s";
        assert_eq!(said(&well, Role::Serves), serves);
        assert_eq!(said(&conduct(None, 7), Role::Ends { again: true }), format!("{serves} --run 4s --exit-code 7"));
    }

    #[test]
    fn crashes_are_counted_where_the_container_is_started_again() {
        let crash = |times, exit_code| Some(Crash { after: Duration::from_secs(9), times, exit_code });
        let serves = "--name deployment/vllm --listen 8081 --start-delay 3s --stop 5s";
        let twice = format!("{serves} --crash-after 9s --crash-times 2 --state /greenroom/state");
        assert_eq!(said(&conduct(crash(Some(2), 3), 0), Role::Serves), format!("{twice} --exit-code 3"));
        assert_eq!(said(&conduct(crash(None, 3), 0), Role::Serves), format!("{serves} --crash-after 9s --exit-code 3"));
        let once = said(&conduct(crash(Some(2), 3), 0), Role::Ends { again: false });
        assert_eq!(once, format!("{serves} --run 9s --exit-code 3"));
        assert_eq!(said(&conduct(crash(Some(2), 1), 0), Role::Ends { again: true }), format!("{twice} --run 4s"));
        let two = stand_in_arguments(&conduct(crash(Some(2), 3), 0), Role::Ends { again: true }, 1, "x");
        assert_eq!(
            two.map_err(|error| error.what),
            Err("a container that crashes with 3 and then ends with 0".to_owned())
        );
    }
}
