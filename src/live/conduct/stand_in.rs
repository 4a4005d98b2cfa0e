//! What stand-in containers do on real nodes: the arguments of the program `greenroom stand-in`. Pulls are not among them: the image
//! of the stand-in is there, and a container of its own waits for as long before the others start.

use super::Conduct;
use crate::kernel::Duration;

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

/// The arguments of the stand-in of a container; `name` is what it stands in for. All lengths count from the start of the container.
pub fn stand_in_arguments(conduct: &Conduct, role: Role, port: u16, name: &str) -> Vec<String> {
    let mut arguments = vec!["--name".to_owned(), name.to_owned()];
    let mut say = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
    if role == Role::Init {
        say("--run", conduct.init.to_string());
        return arguments;
    }
    say("--listen", port.to_string());
    say("--start-delay", conduct.start.to_string());
    say("--stop", conduct.stop.to_string());
    match (role, conduct.crash) {
        (Role::Serves, None) | (Role::Init, _) => {}
        // A container that is not started again ends the first time, as it crashes.
        (Role::Ends { again: false }, _) | (Role::Ends { again: true }, None) => {
            let (run, code) = conduct.end();
            say("--run", run.to_string());
            say("--exit-code", code.to_string());
        }
        (Role::Serves | Role::Ends { again: true }, Some(crash)) => {
            say("--crash-after", crash.after.to_string());
            say("--exit-code", crash.exit_code.to_string());
            if let Some(times) = crash.times {
                say("--crash-times", times.to_string());
                say("--state", STATE_FOLDER.to_owned());
                if role != Role::Serves {
                    say("--run", conduct.run.to_string());
                    say("--run-exit-code", conduct.exit_code.to_string());
                }
            }
        }
    }
    arguments
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
        stand_in_arguments(conduct, role, 8081, "deployment/vllm").join(" ")
    }

    const SERVES: &str = "--name deployment/vllm --listen 8081 --start-delay 3s --stop 5s";

    #[test]
    fn roles_differ_in_how_they_end() {
        let well = conduct(None, 0);
        assert_eq!(said(&well, Role::Init), "--name deployment/vllm --run 2s");
        assert_eq!(said(&well, Role::Serves), SERVES);
        assert_eq!(said(&conduct(None, 7), Role::Ends { again: true }), format!("{SERVES} --run 4s --exit-code 7"));
    }

    #[test]
    fn crashes_are_counted_where_the_container_is_started_again() {
        let crash = |times| conduct(Some(Crash { after: Duration::from_secs(9), times, exit_code: 3 }), 0);
        let always = format!("{SERVES} --crash-after 9s --exit-code 3");
        let twice = format!("{always} --crash-times 2 --state /greenroom/state");
        assert_eq!(said(&crash(None), Role::Serves), always);
        assert_eq!(said(&crash(Some(2)), Role::Serves), twice);
        let job = said(&crash(Some(2)), Role::Ends { again: true });
        assert_eq!(job, format!("{twice} --run 4s --run-exit-code 0"));
        let once = said(&crash(Some(2)), Role::Ends { again: false });
        assert_eq!(once, format!("{SERVES} --run 9s --exit-code 3"));
        assert!(!crash(Some(2)).counts_starts(Role::Ends { again: false }));
    }
}
