//! What operators ask for: which actions are about a service, and what is done about each. An action about something that the
//! service does not have is refused; what each does is said elsewhere.

use super::controller::Paasta;
use super::deploy::Monitor;
use super::mark_for_deployment::Trigger;
use crate::text::diagnostic::quote;
use crate::timeline::Cause;
use crate::workload::{Action, World};

impl Paasta {
    /// How much an action is about this service: 2 if it is about what it has, 1 if it could take it, 0 if it is not.
    pub fn interest(&self, action: &Action) -> u8 {
        let has = |group: &str| self.service.deploy_groups().contains(&group);
        let is_own = match action {
            Action::Undeploy(name) => *name == self.service.name,
            Action::Push { service, .. } => *service == self.service.name,
            // PaaSTA marks groups that nothing uses, too.
            Action::Mark { group, .. } if !has(group) => return 1,
            Action::Mark { .. } => true,
            Action::Alarm { of, .. } => self.owns(of) || has(of),
            _ => match target(action) {
                Some(target) => is_of_pipeline(target) && self.owns(target),
                None => false,
            },
        };
        if is_own { 2 } else { 0 }
    }

    /// True for the service itself, and for what is called `kind/<service>` or `kind/<service>.<name>`.
    fn owns(&self, subject: &str) -> bool {
        let name = subject.split_once('/').map_or(subject, |(_, name)| name);
        let rest = name.strip_prefix(self.service.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Does what an operator asks for.
    pub(super) fn act(&mut self, action: Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        // Nobody else took it: what it names is not there.
        if self.interest(&action) == 0 {
            return Err(not_there(&action));
        }
        if !self.memory.submitted {
            return Err(format!("`{}` was not submitted yet", self.service.name));
        }
        if self.memory.undeployed {
            return Err(format!("`{}` is taken down", self.service.name));
        }
        match action {
            Action::Push { commit, .. } => self.push(&commit, cause, world),
            Action::Mark { group, commit } => self.mark(&group, &commit, cause, world),
            Action::Click(gate) => self.click(&gate, cause, world),
            Action::Complete(step) => self.press(&step, Trigger::CompleteButtonClicked, cause, world),
            Action::Abandon(step) => self.press(&step, Trigger::AbandonButtonClicked, cause, world),
            Action::Forward(step) => self.press(&step, Trigger::ForwardButtonClicked, cause, world),
            Action::Rollback { target, revision: None } => {
                self.press(&target, Trigger::RollbackButtonClicked, cause, world)
            }
            Action::Rollback { .. } => Err("a step is rolled back to the version before, not to a revision".to_owned()),
            Action::Abort(target) => self.abort(&target, cause, world),
            Action::Alarm { of, alert, lasts } => {
                let monitor = if alert { Monitor::Alertmanager } else { Monitor::Slo };
                self.alarm(&of, monitor, lasts, cause, world)
            }
            Action::Undeploy(_) => {
                self.undeploy(cause, world);
                Ok(())
            }
            _ => Err("PaaSTA has no such command".to_owned()),
        }
    }
}

/// The step or gate that an action is about.
fn target(action: &Action) -> Option<&str> {
    match action {
        Action::Click(target)
        | Action::Complete(target)
        | Action::Abandon(target)
        | Action::Forward(target)
        | Action::Abort(target)
        | Action::Rollback { target, .. } => Some(target),
        _ => None,
    }
}

fn is_of_pipeline(target: &str) -> bool {
    target.starts_with("step/") || target.starts_with("gate/")
}

/// Why no service takes an action.
fn not_there(action: &Action) -> String {
    match action {
        Action::Push { service, .. } => format!("there is no service {}", quote(service)),
        Action::Undeploy(name) => format!("there is no service {}; what is taken down is a whole service", quote(name)),
        Action::Alarm { of, .. } => format!("there is no service, step or deploy group {}", quote(of)),
        _ => match target(action) {
            Some(target) if is_of_pipeline(target) => format!("{} is of no service that is deployed", quote(target)),
            Some(target) => format!("{} is no step and no gate of a service of PaaSTA", quote(target)),
            None => "PaaSTA has no such command".to_owned(),
        },
    }
}
