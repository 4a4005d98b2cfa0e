//! PaaSTA's rollouts against vectors of the original code: the decisions of bounce_lib, the percentages of Deployments, and
//! the states of mark-for-deployment.
//!
//! Goal: every vector comes out as the original gave it. Method: each is given to the function that repeats it. The vectors
//! are not part of this repository: `GREENROOM_SHARED` names the folder that holds them, and without it each test says that it
//! was skipped.

use greenroom::kernel::Duration;
use greenroom::systems::paasta::bounce;
use greenroom::systems::paasta::mark_for_deployment::{Machine, Plan, State, Trigger};
use greenroom::systems::paasta::model::{BounceMethod, Decimal};
use greenroom::workload::strategy::bounce::{Decision, Method, Standing, decide};
use serde_json::Value;

fn golden(name: &str) -> Option<Value> {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    let path = std::path::PathBuf::from(shared).join("golden/paasta").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}`"))
}

fn count(value: &Value, key: &str) -> u32 {
    value[key].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_else(|| panic!("no number `{key}`"))
}

fn decimal(value: &Value, key: &str) -> Decimal {
    Decimal(value[key].as_number().unwrap_or_else(|| panic!("no number `{key}`")).to_string())
}

#[test]
fn every_bounce_decides_as_the_original() {
    let Some(vectors) = golden("bounce_vectors.json") else { return };
    let cases = list(&vectors, "cases");
    assert_eq!(cases.len(), 306);
    for case in cases {
        let name = case["method"].as_str().expect("a method");
        let method = BounceMethod::ALL.into_iter().find(|method| method.text() == name).expect(name);
        let instances = count(case, "instances");
        let seen = Standing {
            instances,
            new_app_running: case["new_app_running"].as_bool().expect("a flag"),
            happy_new: count(case, "happy_new"),
            old: count(case, "old"),
            needed: bounce::needed(instances, &decimal(case, "margin_factor")),
        };
        let expected =
            Decision { create_app: case["create_app"].as_bool().expect("a flag"), drain: count(case, "drain_count") };
        assert_eq!(decide(Method::from(method), seen), expected, "{case}");
    }
}

#[test]
fn every_percentage_is_that_of_the_original() {
    let Some(vectors) = golden("strategy_percent.json") else { return };
    let (margins, surges) = (list(&vectors, "margin"), list(&vectors, "overprovision"));
    assert_eq!((margins.len(), surges.len()), (100, 76));
    let mut cut_off = 0;
    for case in margins {
        let percent = bounce::max_unavailable_percent(&decimal(case, "bounce_margin_factor"));
        assert_eq!(format!("{percent}%"), case["max_unavailable"].as_str().expect("a percentage"), "{case}");
        cut_off += u32::from(case["max_unavailable"] != case["exact_would_be"]);
    }
    assert_eq!(cut_off, 14);
    for case in surges {
        let percent = bounce::max_surge_percent(&decimal(case, "bounce_overprovision_factor"));
        assert_eq!(format!("{percent}%"), case["max_surge"].as_str().expect("a percentage"), "{case}");
    }
}

/// A deploy that waits, may be rolled back and is certified by hand or after a while.
const PLAN: Plan = Plan {
    rollback_is_possible: true,
    block: true,
    auto_rollback: true,
    alertmanager: false,
    alertmanager_dry_run: false,
    auto_certify_delay: None,
    auto_certify_delay_default: Duration::from_secs(600),
    auto_abandon_delay: Duration::from_secs(600),
    auto_rollback_delay: Duration::from_secs(30),
    waiter_outlives_deploying: false,
};

/// How a machine comes to each state.
const fn way_to(state: State) -> &'static [Trigger] {
    use Trigger::{
        AbandonButtonClicked, AutoCertify, DeployCancelled, DeployErrored, DeployFinished, MfdFailed, MfdSucceeded,
        RollbackButtonClicked, StartDeploy,
    };
    match state {
        State::Begin => &[],
        State::StartDeploy => &[StartDeploy],
        State::Deploying => &[StartDeploy, MfdSucceeded],
        State::Deployed => &[StartDeploy, MfdSucceeded, DeployFinished],
        State::MfdFailed => &[StartDeploy, MfdFailed],
        State::DeployErrored => &[StartDeploy, DeployErrored],
        State::DeployCancelled => &[StartDeploy, DeployCancelled],
        State::StartRollback => &[StartDeploy, RollbackButtonClicked],
        State::RollingBack => &[StartDeploy, RollbackButtonClicked, MfdSucceeded],
        State::RolledBack => &[StartDeploy, RollbackButtonClicked, MfdSucceeded, DeployFinished],
        State::Abandon => &[StartDeploy, RollbackButtonClicked, MfdSucceeded, AbandonButtonClicked],
        State::Complete => &[StartDeploy, MfdSucceeded, DeployFinished, AutoCertify],
    }
}

#[test]
fn every_trigger_leads_where_it_led_in_the_original() {
    let Some(vectors) = golden("mark_for_deployment_states.json") else { return };
    let table = vectors["table"]["rollback_possible=True"].as_object().expect("a table");
    assert_eq!(table.len(), State::ALL.len());
    let mut compared = 0;
    for state in State::ALL {
        for (name, expected) in table[state.text()].as_object().expect("triggers") {
            let trigger = Trigger::ALL.into_iter().find(|trigger| trigger.text() == name).expect(name);
            let mut machine = Machine::new(PLAN);
            for step in way_to(state) {
                machine.fire(*step).expect("the way is known");
            }
            assert_eq!(machine.state(), state);
            let fired = machine.fire(trigger);
            let got = match &fired {
                Ok(_) => machine.state().text(),
                Err(raised) => raised.class(),
            };
            assert_eq!(got, expected.as_str().expect("a state"), "{name} from {}", state.text());
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * 15);
    let ends: Vec<&str> = list(&vectors, "terminal_default").iter().filter_map(Value::as_str).collect();
    for state in State::ALL {
        assert_eq!(PLAN.exit_code(state).is_some(), ends.contains(&state.text()), "{}", state.text());
    }
}
