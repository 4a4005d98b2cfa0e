//! `paasta mark-for-deployment`: the state machine of one deploy group's way to a version, and back. What it wants done is
//! told as effects; who marks, waits and keeps the time is not known here.
//!
//! Source: Yelp/paasta cc57ae869d, paasta_tools/cli/cmds/mark_for_deployment.py (valid_transitions, on_enter_*, on_exit_*,
//! status_code_by_state), and Yelp/sticht 7e40804ed6 (v2.0.0), sticht/state_machine.py (timers) and sticht/rollbacks/base.py.
//! The texts of errors are those of the Python package `transitions`, which runs the machine there.

mod state;
#[cfg(test)]
mod tests;

use crate::kernel::Duration;

pub use state::{State, Trigger};

/// How one deploy is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The version that ran before is known and is another one.
    pub rollback_is_possible: bool,
    /// `--wait-for-deployment`.
    pub block: bool,
    /// `--auto-rollback`, which only counts if a rollback is possible.
    pub auto_rollback: bool,
    /// `alertmanager_rollback`: alerts are watched.
    pub alertmanager: bool,
    /// `alertmanager_rollback_dry_run`: they are watched and do nothing.
    pub alertmanager_dry_run: bool,
    /// `--auto-certify-delay`, if it is given.
    pub auto_certify_delay: Option<Duration>,
    /// What it is where a rollback may come by itself.
    pub auto_certify_delay_default: Duration,
    /// `--auto-abandon-delay`.
    pub auto_abandon_delay: Duration,
    /// `--auto-rollback-delay`.
    pub auto_rollback_delay: Duration,
    /// The waiter for the new version is looked for under a key that it does not have, and outlives the way forward.
    pub waiter_outlives_deploying: bool,
}

impl Plan {
    /// `get_auto_certify_delay`.
    fn certify_delay(&self) -> Duration {
        let unset = if self.auto_rollback { self.auto_certify_delay_default } else { Duration::ZERO };
        self.auto_certify_delay.unwrap_or(unset)
    }

    /// The exit code of a state that ends the process (`status_code_by_state`).
    pub fn exit_code(&self, state: State) -> Option<u8> {
        match state {
            State::DeployErrored => Some(2),
            // The code of the failed push, which is 1 whatever went wrong.
            State::DeployCancelled | State::MfdFailed | State::Abandon => Some(1),
            State::Complete => Some(0),
            State::Deploying => (!self.block).then_some(0),
            State::Deployed => (self.certify_delay() == Duration::ZERO).then_some(0),
            _ => None,
        }
    }
}

/// Which version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// The new one.
    Forward,
    /// The one before.
    Back,
}

/// What the machine wants done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It is in another state.
    Entered(State),
    /// Push the tag of this version; answered with `MfdSucceeded` or `MfdFailed`.
    Mark(Way),
    /// Wait until this version runs; answered with `DeployFinished`, `DeployErrored` or `DeployCancelled`.
    Wait(Way),
    /// Stop waiting for it.
    StopWaiting(Way),
    /// Call [`Machine::expired`] with this number after so long.
    CountDown(u32, Duration, Trigger),
    /// A countdown to this was called off.
    CountDownCancelled(Trigger),
    /// The process ends with this code.
    Exit(u8),
}

/// Why a trigger did nothing but raise an exception. The deploy goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Raised {
    /// No transition of this trigger leads out of the state.
    MachineError(Trigger, State),
    /// The machine was made without this trigger.
    AttributeError(Trigger),
}

impl Raised {
    /// The class of the exception.
    pub const fn class(self) -> &'static str {
        match self {
            Raised::MachineError(..) => "MachineError",
            Raised::AttributeError(_) => "AttributeError",
        }
    }
}

impl std::fmt::Display for Raised {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Raised::MachineError(trigger, state) => {
                write!(out, "{}: Can't trigger event {} from state {}!", self.class(), trigger.text(), state.text())
            }
            Raised::AttributeError(trigger) => {
                write!(out, "{}: Do not know event named '{}'", self.class(), trigger.text())
            }
        }
    }
}

/// A deploy of one group.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Plan,
    state: State,
    /// Countdowns that will end, whether the machine still knows of them or not.
    countdowns: Vec<(u32, Trigger)>,
    /// The one that it knows of (`timer_handle`, `timer_trigger`).
    slot: Option<(u32, Trigger)>,
    next_countdown: u32,
    slo_fails: bool,
    alert_fires: bool,
    /// Crash loops were found. Nothing takes it back.
    loops: bool,
}

impl Machine {
    /// A deploy that has not begun.
    pub const fn new(plan: Plan) -> Machine {
        Machine {
            plan,
            state: State::Begin,
            countdowns: Vec::new(),
            slot: None,
            next_countdown: 0,
            slo_fails: false,
            alert_fires: false,
            loops: false,
        }
    }

    /// Where it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// True once the process has ended.
    pub fn has_ended(&self) -> bool {
        self.plan.exit_code(self.state).is_some()
    }

    /// Something happens.
    ///
    /// # Errors
    /// The exception that it raises; nothing changes then.
    pub fn fire(&mut self, trigger: Trigger) -> Result<Vec<Effect>, Raised> {
        let mut effects = Vec::new();
        match trigger {
            Trigger::SlosStartedFailing => {
                self.slo_fails = true;
                self.count_down_to_rollback(Trigger::RollbackSloFailure, &mut effects);
            }
            Trigger::SlosStoppedFailing => {
                self.slo_fails = false;
                self.cancel(Trigger::RollbackSloFailure, &mut effects);
            }
            Trigger::AlertmanagerStartedFailing => {
                self.alert_fires = self.plan.alertmanager;
                if self.alert_fires && !self.plan.alertmanager_dry_run {
                    self.count_down_to_rollback(Trigger::RollbackAlertmanagerFailure, &mut effects);
                }
            }
            Trigger::AlertmanagerStoppedFailing => {
                self.alert_fires = false;
                self.cancel(Trigger::RollbackAlertmanagerFailure, &mut effects);
            }
            Trigger::CrashloopsStartedFailing => {
                // Neither `--auto-rollback` nor somewhere to go back to is asked for.
                self.loops = true;
                if !self.state.is_back() {
                    self.start(self.plan.auto_rollback_delay, Trigger::RollbackCrashloopFailure, &mut effects);
                }
            }
            _ => {
                if let Some(state) = self.next(trigger)? {
                    self.enter(state, &mut effects);
                }
            }
        }
        Ok(effects)
    }

    /// A countdown ends.
    ///
    /// # Errors
    /// The exception that what it counted down to raises.
    pub fn expired(&mut self, countdown: u32) -> Result<Vec<Effect>, Raised> {
        let Some(at) = self.countdowns.iter().position(|(number, _)| *number == countdown) else {
            return Ok(Vec::new());
        };
        let (_, trigger) = self.countdowns.remove(at);
        if self.has_ended() {
            return Ok(Vec::new());
        }
        let effects = self.fire(trigger)?;
        // Whichever countdown ends, the machine forgets the one that it knows of.
        self.slot = None;
        Ok(effects)
    }

    /// Where a trigger leads; `None`: it is taken and changes nothing.
    fn next(&self, trigger: Trigger) -> Result<Option<State>, Raised> {
        use {State as S, Trigger as T};
        if trigger.needs_old_version() && !self.plan.rollback_is_possible {
            return Err(Raised::AttributeError(trigger));
        }
        let back = self.plan.rollback_is_possible;
        Ok(match (self.state, trigger) {
            (S::Begin, T::StartDeploy) => Some(S::StartDeploy),
            (S::StartDeploy, T::MfdSucceeded) => Some(S::Deploying),
            (S::StartRollback, T::MfdSucceeded) if back => Some(S::RollingBack),
            (S::StartDeploy | S::StartRollback, T::MfdFailed) => Some(S::MfdFailed),
            (S::Deploying, T::DeployFinished) => Some(S::Deployed),
            (S::RollingBack, T::DeployFinished) if back => Some(S::RolledBack),
            (state, T::DeployErrored) if self.plan.exit_code(state).is_none() => Some(S::DeployErrored),
            (state, T::DeployCancelled) if self.plan.exit_code(state).is_none() => Some(S::DeployCancelled),
            (state, T::ForwardButtonClicked) if state.is_back() => Some(S::StartDeploy),
            (state, T::ForwardButtonClicked) if state.is_forward() => None,
            (state, trigger) if trigger.needs_old_version() && state.is_forward() => Some(S::StartRollback),
            (state, trigger) if trigger.needs_old_version() && state.is_back() => None,
            (S::Deployed, T::CompleteButtonClicked | T::AutoCertify) => Some(S::Complete),
            (S::RollingBack | S::RolledBack, T::AbandonButtonClicked) => Some(S::Abandon),
            (S::RolledBack, T::AutoAbandon) => Some(S::Abandon),
            (state, trigger) => return Err(Raised::MachineError(trigger, state)),
        })
    }

    fn enter(&mut self, state: State, effects: &mut Vec<Effect>) {
        match self.state {
            State::Deploying if !self.plan.waiter_outlives_deploying => {
                effects.push(Effect::StopWaiting(Way::Forward));
            }
            State::RollingBack => effects.push(Effect::StopWaiting(Way::Back)),
            _ => {}
        }
        self.state = state;
        effects.push(Effect::Entered(state));
        match state {
            State::StartDeploy => effects.push(Effect::Mark(Way::Forward)),
            State::StartRollback => effects.push(Effect::Mark(Way::Back)),
            State::Deploying if self.plan.block => effects.push(Effect::Wait(Way::Forward)),
            State::RollingBack if self.plan.block => effects.push(Effect::Wait(Way::Back)),
            State::Deployed => {
                let failing = self.plan.auto_rollback && (self.slo_fails || self.alert_fires);
                let delay = self.plan.certify_delay();
                if !failing && !self.loops && delay > Duration::ZERO {
                    self.start(delay, Trigger::AutoCertify, effects);
                }
            }
            State::RolledBack => self.start(self.plan.auto_abandon_delay, Trigger::AutoAbandon, effects),
            _ => {}
        }
        if let Some(code) = self.plan.exit_code(state) {
            self.countdowns.clear();
            effects.push(Effect::Exit(code));
        }
    }

    fn count_down_to_rollback(&mut self, trigger: Trigger, effects: &mut Vec<Effect>) {
        if self.plan.auto_rollback && !self.state.is_back() {
            self.start(self.plan.auto_rollback_delay, trigger, effects);
        }
    }

    /// `start_timer`: a countdown to the same end is called off, one to another end only forgotten.
    fn start(&mut self, delay: Duration, trigger: Trigger, effects: &mut Vec<Effect>) {
        self.cancel(trigger, effects);
        let number = self.next_countdown;
        self.next_countdown += 1;
        self.countdowns.push((number, trigger));
        self.slot = Some((number, trigger));
        effects.push(Effect::CountDown(number, delay, trigger));
    }

    /// `cancel_timer`: only the countdown in the slot, and only if it is to this end.
    fn cancel(&mut self, trigger: Trigger, effects: &mut Vec<Effect>) {
        if let Some((number, known)) = self.slot
            && known == trigger
        {
            self.slot = None;
            if let Some(at) = self.countdowns.iter().position(|(live, _)| *live == number) {
                self.countdowns.remove(at);
                effects.push(Effect::CountDownCancelled(trigger));
            }
        }
    }
}
