//! The status of a Rollout as the API shows it. Source: argo-rollouts v1.10.1, pkg/apis/rollouts/v1alpha1/types.go.

use serde_json::{Map, Value, json};

use super::Rollout;
use super::conditions::Condition;
use super::status::{RunNote, Status};
use crate::kernel::Time;

/// A time as seconds since the start of the run: the epoch is not known here.
fn seconds(at: Time) -> Value {
    json!(at.nanos() / 1_000_000_000)
}

fn condition(one: &Condition) -> Value {
    json!({
        "type": one.about.text(),
        "status": one.truth.text(),
        "reason": one.reason,
        "message": one.message,
        "lastUpdateSecond": seconds(one.updated_at),
        "lastTransitionSecond": seconds(one.since),
    })
}

fn run(note: &RunNote) -> Value {
    let mut shown = json!({ "name": note.name, "status": note.phase.map_or("", |phase| phase.text()) });
    if !note.message.is_empty() {
        shown["message"] = json!(note.message);
    }
    shown
}

/// Fields that are empty, zero or false are not shown, as the API leaves them out.
fn put(shown: &mut Map<String, Value>, key: &str, value: Value) {
    let is_empty = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    };
    if !is_empty {
        shown.insert(key.to_owned(), value);
    }
}

fn blue_green(status: &Status) -> Value {
    let mut shown = Map::new();
    put(&mut shown, "previewSelector", json!(status.preview));
    put(&mut shown, "activeSelector", json!(status.active));
    put(&mut shown, "scaleUpPreviewCheckPoint", json!(status.checkpoint));
    put(&mut shown, "prePromotionAnalysisRunStatus", status.pre_promotion.as_ref().map_or(Value::Null, run));
    put(&mut shown, "postPromotionAnalysisRunStatus", status.post_promotion.as_ref().map_or(Value::Null, run));
    Value::Object(shown)
}

fn canary(status: &Status) -> Value {
    let mut shown = Map::new();
    put(&mut shown, "currentStepAnalysisRunStatus", status.step_run.as_ref().map_or(Value::Null, run));
    let background = status.background_run.as_ref().map_or(Value::Null, run);
    put(&mut shown, "currentBackgroundAnalysisRunStatus", background);
    Value::Object(shown)
}

impl Rollout {
    /// `status`, by the API's names. Times are seconds since the start of the run.
    pub fn native_status(&self) -> Value {
        let status = &self.status;
        let mut shown = Map::new();
        put(&mut shown, "phase", json!(status.phase.map_or("", |phase| phase.text())));
        put(&mut shown, "message", json!(status.message));
        put(&mut shown, "observedGeneration", json!(status.observed_generation.to_string()));
        put(&mut shown, "replicas", json!(status.replicas));
        put(&mut shown, "updatedReplicas", json!(status.updated));
        put(&mut shown, "readyReplicas", json!(status.ready));
        put(&mut shown, "availableReplicas", json!(status.available));
        put(&mut shown, "HPAReplicas", json!(status.hpa_replicas));
        put(&mut shown, "currentPodHash", json!(status.current));
        put(&mut shown, "stableRS", json!(status.stable));
        if let Some(step) = status.step {
            shown.insert("currentStepIndex".to_owned(), json!(step));
        }
        put(&mut shown, "abort", json!(status.abort));
        put(&mut shown, "abortedAtSecond", status.aborted_at.map_or(Value::Null, seconds));
        put(&mut shown, "promoteFull", json!(status.promote_full));
        put(&mut shown, "controllerPause", json!(status.controller_pause));
        let pauses = status.pauses.iter();
        let pauses = pauses.map(|one| json!({ "reason": one.reason.text(), "startSecond": seconds(one.since) }));
        put(&mut shown, "pauseConditions", Value::Array(pauses.collect()));
        put(&mut shown, "restartedAtSecond", status.restarted_at.map_or(Value::Null, seconds));
        put(&mut shown, "blueGreen", blue_green(status));
        put(&mut shown, "canary", canary(status));
        put(&mut shown, "conditions", Value::Array(status.conditions.0.iter().map(condition).collect()));
        Value::Object(shown)
    }
}
