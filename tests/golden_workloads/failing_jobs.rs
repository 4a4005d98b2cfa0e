//! Jobs whose pods fail, until they give up.
//!
//! Goal: pods are made, and the Job fails, within 0.3 s of the recorded times, with the recorded count and reason.
//! Method: each Job runs alone; its pods are bound at once, are ready after 400 ms and fail a second after they ran.
//! Finish times have whole seconds, so it matters at which fraction of a second a recording began; that is not
//! recorded, but the second pod of the second Job tells: 10.55 s is ten seconds after a failure in the second
//! before, which began 0.45 s before the Job.

use greenroom::cluster::Shown;
use greenroom::kernel::Duration;
use greenroom::timeline::Kind;
use greenroom::workload::{PodPhase, Status};
use serde_json::{Value, json};

use super::golden::golden;
use super::manifest::object;
use super::rig::{Setting, rig};

const BEGINS_AT: f64 = 0.45;
const TOLERANCE: f64 = 0.3;

#[test]
fn every_failing_job_keeps_the_recorded_times() {
    let Some(recorded) = golden("lifecycle.json") else { return };
    let jobs = recorded["failingJobs"]["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 6);
    for job in jobs {
        replay(job);
    }
}

fn replay(job: &Value) {
    // The source says that a pod runs 200 ms after it is bound, is ready 200 ms later, and fails 1 s after it runs.
    let setting = Setting { runs_for: Duration::from_millis(1000), exit_code: 1, ..Setting::default() };
    let mut rig = rig("jobs", &[0], setting);
    let document = json!({"kind": "Job", "spec": {
        "completions": job["completions"], "parallelism": job["parallelism"], "backoffLimit": job["backoffLimit"],
        "template": {"spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": "a:1"}]}}}});
    rig.run_to(Duration::from_nanos((BEGINS_AT * 1e9) as u64));
    rig.apply("Job/w", object(&document));
    rig.run_to(Duration::from_secs(1000));
    let mut created: Vec<f64> = Vec::new();
    let mut pods = Vec::new();
    let mut end = None;
    for write in rig.cluster.journal() {
        let at = write.at.nanos() as f64 / 1e9 - BEGINS_AT;
        match write.shown {
            Shown::Pod { status, .. } if write.subject.kind == Kind::Pod && !pods.contains(&write.subject) => {
                assert_eq!(status.phase, PodPhase::Pending);
                pods.push(write.subject);
                created.push(at);
            }
            Shown::Status(Status::Job(status)) if status.gave_up && end.is_none() => end = Some((at, status)),
            _ => {}
        }
    }
    let wanted: Vec<f64> = serde_json::from_value(job["podsCreatedAt"].clone()).expect("times");
    assert_eq!(created.len(), wanted.len(), "pods of {job}: {created:?}");
    for (at, wanted) in created.iter().zip(&wanted) {
        assert!((at - wanted).abs() <= TOLERANCE, "{job}: {created:?}");
    }
    let (at, status) = end.expect("the Job fails");
    let wanted = job["failedAt"].as_f64().expect("a time");
    assert!((at - wanted).abs() <= TOLERANCE, "{job}: failed at {at}");
    assert_eq!(u64::from(status.failed), job["failedCount"].as_u64().expect("a count"), "{job}");
    assert_eq!(status.ending.map(|end| end.reason.text()), job["reason"].as_str(), "{job}");
}
