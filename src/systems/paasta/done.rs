//! When an instance counts as deployed, for who waits for a deploy group. Only what PaaSTA's API says of it counts; where
//! that comes from is not known here.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/cli/cmds/mark_for_deployment.py (check_if_instance_is_done), and
//! paasta_tools/kubernetes_tools.py (get_kubernetes_app_deploy_status).

use super::bounce::needed;
use super::model::{Decimal, DesiredState};

/// What the API answers about an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Its status.
    Status(BounceStatus),
    /// 204: there is nothing to bounce.
    NotBounceable,
    /// 404: it was never set up.
    NotFound,
    /// 500 or 599: the API could not say.
    Failed,
}

/// The API's `bounce_status` of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BounceStatus {
    /// Copies that it should have.
    pub expected: u32,
    /// Whether it should run at all.
    pub desired_state: DesiredState,
    /// Copies that are ready, whatever their version.
    pub running: u32,
    /// The version that is waited for has copies, or is what the instance should have.
    pub target_is_active: bool,
    /// Another version has copies.
    pub others_are_active: bool,
    /// How its rollout goes.
    pub deploy_status: DeployStatus,
}

/// How a rollout goes (`KubernetesDeployStatus`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeployStatus {
    /// All copies are ready.
    Running,
    /// Some are.
    Deploying,
    /// None is.
    Waiting,
    /// None is wanted.
    Stopped,
}

impl DeployStatus {
    /// The status of so many ready copies out of those that are wanted.
    pub const fn of(ready: u32, expected: u32) -> DeployStatus {
        match (ready, expected) {
            (0, 0) => DeployStatus::Stopped,
            (0, _) => DeployStatus::Waiting,
            _ if ready == expected => DeployStatus::Running,
            _ => DeployStatus::Deploying,
        }
    }
}

/// What the check of one poll found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The instance is done, and why that is said.
    Done(&'static str),
    /// It is not, and what is lacking.
    NotYet(&'static str),
}

/// How a check is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Check<'a> {
    /// The share of the expected copies that must run.
    pub margin: &'a Decimal,
    /// The versions that really run count. False is Yelp/paasta#2940: it was enough that the version was marked, and the
    /// copies of the old one were counted.
    pub looks_at_running_versions: bool,
}

impl Check<'_> {
    /// Whether an instance is done (`check_if_instance_is_done`).
    pub fn of(self, answer: Answer) -> Found {
        let status = match answer {
            Answer::Status(status) => status,
            Answer::NotBounceable => return Found::Done("it is never bounced"),
            Answer::NotFound => return Found::NotYet("it was never set up"),
            Answer::Failed => return Found::NotYet("the API does not answer"),
        };
        if status.expected == 0 || status.desired_state == DesiredState::Stop {
            return Found::Done("no copies are wanted");
        }
        if self.looks_at_running_versions {
            if !status.target_is_active {
                return Found::NotYet("its bounce has not begun");
            }
            if status.others_are_active {
                return Found::NotYet("another version still runs");
            }
        }
        if status.deploy_status == DeployStatus::Stopped {
            return Found::NotYet("it is stopped");
        }
        if status.running < needed(status.expected, self.margin) {
            return Found::NotYet("too few copies are ready");
        }
        Found::Done("enough copies are ready")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(running: u32) -> BounceStatus {
        BounceStatus {
            expected: 20,
            desired_state: DesiredState::Start,
            running,
            target_is_active: true,
            others_are_active: false,
            deploy_status: DeployStatus::of(running, 20),
        }
    }

    fn is_done(margin: &str, looks_at_running_versions: bool, answer: Answer) -> bool {
        let margin = Decimal(margin.to_owned());
        matches!(Check { margin: &margin, looks_at_running_versions }.of(answer), Found::Done(_))
    }

    #[test]
    fn one_stuck_copy_of_twenty_blocks_only_a_margin_of_one() {
        assert!(is_done("0.95", true, Answer::Status(status(19))));
        assert!(!is_done("1", true, Answer::Status(status(19))));
        assert!(!is_done("0.95", true, Answer::Status(status(18))));
        // More than are expected are enough too.
        assert!(is_done("1", true, Answer::Status(status(21))));
    }

    #[test]
    fn the_target_must_be_the_only_version() {
        let old = BounceStatus { target_is_active: false, others_are_active: true, ..status(20) };
        let both = BounceStatus { others_are_active: true, ..status(20) };
        for early in [old, both] {
            assert!(!is_done("0.95", true, Answer::Status(early)));
            assert!(is_done("0.95", false, Answer::Status(early)));
        }
    }

    #[test]
    fn what_should_not_run_is_done() {
        let stopped = BounceStatus { desired_state: DesiredState::Stop, ..status(0) };
        assert!(is_done("1", true, Answer::Status(stopped)));
        assert!(is_done("1", true, Answer::Status(BounceStatus { expected: 0, ..status(0) })));
        assert!(is_done("1", true, Answer::NotBounceable));
    }

    #[test]
    fn what_the_api_does_not_know_is_not_done() {
        for answer in [Answer::NotFound, Answer::Failed, Answer::Status(status(0))] {
            assert!(!is_done("0.95", true, answer));
        }
    }
}
