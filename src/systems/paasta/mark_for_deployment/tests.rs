//! Courses of single deploys: countdowns that cross, and what cannot be gone back from.

use super::*;

const DELAY: Duration = Duration::from_secs(30);
const CERTIFY: Duration = Duration::from_secs(600);

fn plan() -> Plan {
    Plan {
        rollback_is_possible: true,
        block: true,
        auto_rollback: true,
        alertmanager: true,
        alertmanager_dry_run: false,
        auto_certify_delay: None,
        auto_certify_delay_default: CERTIFY,
        auto_abandon_delay: CERTIFY,
        auto_rollback_delay: DELAY,
        waiter_outlives_deploying: false,
    }
}

/// A machine on which these triggers were fired, and the effects of the last.
fn after(plan: Plan, triggers: &[Trigger]) -> (Machine, Vec<Effect>) {
    let mut machine = Machine::new(plan);
    let mut effects = Vec::new();
    for trigger in triggers {
        effects = machine.fire(*trigger).expect("a known trigger");
    }
    (machine, effects)
}

const DEPLOYING: [Trigger; 2] = [Trigger::StartDeploy, Trigger::MfdSucceeded];
const DEPLOYED: [Trigger; 3] = [Trigger::StartDeploy, Trigger::MfdSucceeded, Trigger::DeployFinished];

#[test]
fn a_deploy_is_certified_where_a_rollback_could_come() {
    let (mut machine, effects) = after(plan(), &DEPLOYED);
    let expected = vec![
        Effect::StopWaiting(Way::Forward),
        Effect::Entered(State::Deployed),
        Effect::CountDown(0, CERTIFY, Trigger::AutoCertify),
    ];
    assert_eq!(effects, expected);
    assert_eq!(machine.expired(0), Ok(vec![Effect::Entered(State::Complete), Effect::Exit(0)]));
    let (_, effects) = after(Plan { auto_rollback: false, ..plan() }, &DEPLOYED);
    assert_eq!(effects[1..], [Effect::Entered(State::Deployed), Effect::Exit(0)]);
}

#[test]
fn an_slo_that_recovers_in_time_changes_nothing() {
    let (mut machine, _) = after(plan(), &DEPLOYING);
    let counting = machine.fire(Trigger::SlosStartedFailing);
    assert_eq!(counting, Ok(vec![Effect::CountDown(0, DELAY, Trigger::RollbackSloFailure)]));
    let cancelled = machine.fire(Trigger::SlosStoppedFailing);
    assert_eq!(cancelled, Ok(vec![Effect::CountDownCancelled(Trigger::RollbackSloFailure)]));
    assert_eq!(machine.expired(0), Ok(vec![]));
}

#[test]
fn the_first_of_two_countdowns_cannot_be_called_off() {
    let (mut machine, _) = after(plan(), &DEPLOYING);
    for trigger in [Trigger::SlosStartedFailing, Trigger::AlertmanagerStartedFailing] {
        machine.fire(trigger).expect("a known trigger");
    }
    // The slot holds the second: the recovery of the SLO finds nothing to call off.
    assert_eq!(machine.fire(Trigger::SlosStoppedFailing), Ok(vec![]));
    let back = machine.expired(0).expect("it goes back");
    assert_eq!(back[1..], [Effect::Entered(State::StartRollback), Effect::Mark(Way::Back)]);
    // The second ends on the way back, where it is taken and does nothing.
    assert_eq!(machine.expired(1), Ok(vec![]));
}

#[test]
fn a_countdown_to_a_rollback_does_not_stop_the_certification() {
    let (mut machine, _) = after(plan(), &DEPLOYED);
    machine.fire(Trigger::SlosStartedFailing).expect("a known trigger");
    assert_eq!(machine.expired(0), Ok(vec![Effect::Entered(State::Complete), Effect::Exit(0)]));
    assert_eq!(machine.expired(1), Ok(vec![]));
}

#[test]
fn crash_loops_count_down_even_where_nothing_is_known_to_go_back_to() {
    let alone = Plan { rollback_is_possible: false, auto_rollback: false, ..plan() };
    let (mut machine, effects) = after(alone, &[DEPLOYING[0], DEPLOYING[1], Trigger::CrashloopsStartedFailing]);
    assert_eq!(effects, vec![Effect::CountDown(0, DELAY, Trigger::RollbackCrashloopFailure)]);
    let raised = machine.expired(0).expect_err("there is no such trigger");
    assert_eq!(raised.to_string(), "AttributeError: Do not know event named 'rollback_crashloop_failure'");
    assert_eq!(machine.state(), State::Deploying);
}

#[test]
fn crash_loops_leave_the_end_to_a_human() {
    let (machine, effects) =
        after(plan(), &[DEPLOYING[0], DEPLOYING[1], Trigger::CrashloopsStartedFailing, Trigger::DeployFinished]);
    assert_eq!(effects.last(), Some(&Effect::Entered(State::Deployed)));
    assert!(!machine.has_ended());
}

#[test]
fn alerts_of_a_dry_run_do_nothing() {
    let dry = Plan { alertmanager_dry_run: true, ..plan() };
    let (_, effects) = after(dry, &[DEPLOYING[0], DEPLOYING[1], Trigger::AlertmanagerStartedFailing]);
    assert_eq!(effects, vec![]);
}

#[test]
fn a_finished_waiter_finds_no_transition_while_the_old_version_is_marked() {
    let (mut machine, _) = after(plan(), &[DEPLOYING[0], DEPLOYING[1], Trigger::RollbackButtonClicked]);
    let raised = machine.fire(Trigger::DeployFinished).expect_err("a machine error");
    assert_eq!(raised.to_string(), "MachineError: Can't trigger event deploy_finished from state start_rollback!");
}

#[test]
fn the_waiter_of_a_version_with_an_image_version_is_not_found() {
    let odd = Plan { waiter_outlives_deploying: true, ..plan() };
    let (mut machine, effects) = after(odd, &[DEPLOYING[0], DEPLOYING[1], Trigger::RollbackButtonClicked]);
    assert_eq!(effects, vec![Effect::Entered(State::StartRollback), Effect::Mark(Way::Back)]);
    machine.fire(Trigger::MfdSucceeded).expect("a known trigger");
    let cancelled = machine.fire(Trigger::DeployCancelled).expect("a known trigger");
    assert_eq!(cancelled.last(), Some(&Effect::Exit(1)));
}

#[test]
fn without_waiting_the_process_ends_as_soon_as_it_has_marked() {
    let (machine, effects) = after(Plan { block: false, ..plan() }, &DEPLOYING);
    assert_eq!(effects, vec![Effect::Entered(State::Deploying), Effect::Exit(0)]);
    assert!(machine.has_ended());
}
