//! What pods do on kwok: annotations and labels from which its stages take their delays.
//! Source: sigs.k8s.io/kwok v0.8.0, kustomize/stage/pod/{general,chaos}; pkg/utils/lifecycle/lifecycle.go, Stage.Delay: a jitter that
//! is not longer than the delay is the delay.
//!
//! kwok has no probes and starts no container again: a pod becomes Running and Ready at one moment, that at which the simulation has
//! it ready. It waits for no ConfigMap or Secret. Its stage `pod-delete` has no annotation: it takes from one second up to the grace
//! period, so that the grace period itself is made as short as the stop.
//! What it cannot play at all is told: crashes that are restarted, probes that kill, ends of pods that no Job owns, deadlines.

use std::collections::BTreeMap;

use super::{Conduct, PodConduct};
use crate::cluster::probe_outlook;
use crate::kernel::{Duration, Time};
use crate::live::render::Unsupported;
use crate::workload::{PodTemplate, RestartPolicy};

const SUFFIX: &str = "stage.kwok.x-k8s.io";
/// The stage that lets a pod fail. It has its name as a label.
const FAILED: &str = "pod-container-running-failed";
const COMPLETE: &str = "pod-complete";
/// The stage that ends the init containers of a pod.
const INITIALIZED: &str = "pod-init-container-completed";
/// The annotation of a pod whose init containers wait for other pods: how long they take after that.
pub const AFTER_WAITING: &str = "greenroom.dev/after-waiting";
/// The delay of what waits, longer than any run. kwok takes the delay anew when a pod changes
/// (pkg/kwok/controllers/pod_controller.go, preprocess and addStageJob).
const HELD: Duration = Duration::from_secs(100 * 3600);

/// What kwok is told about the pods of a template.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KwokStages {
    /// Annotations of the pods.
    pub annotations: BTreeMap<String, String>,
    /// Labels of the pods.
    pub labels: BTreeMap<String, String>,
    /// The grace period that lets a deleted pod go when its containers have stopped.
    pub grace_period: Duration,
}

/// How a pod fares on its node, from its binding on.
struct Course {
    /// The image of the first init container is there.
    first_pulled: Duration,
    /// All init containers have ended.
    initialized: Duration,
    /// It is ready; at its end if it never is.
    ready: Duration,
    /// It ends by itself, with this exit code.
    end: Option<(Duration, u8)>,
}

/// What kwok is told, so that pods of this template do what they are to do. `job`: a Job owns them.
///
/// # Errors
/// What kwok cannot play.
pub fn kwok_stages(pod: &PodConduct, template: &PodTemplate, job: bool) -> Result<KwokStages, Unsupported> {
    let course = course(pod, template)?;
    let mut stages = KwokStages { grace_period: grace_period(pod, template), ..KwokStages::default() };
    stages.delay("pod-create", Duration::ZERO);
    if !pod.init.is_empty() {
        stages.delay("pod-init-container-running", course.first_pulled);
        let length = course.initialized - course.first_pulled;
        if template.init_containers.iter().any(|one| !one.awaits.is_empty()) {
            stages.delay(INITIALIZED, HELD);
            stages.annotations.insert(AFTER_WAITING.to_owned(), length.to_string());
        } else {
            stages.delay(INITIALIZED, length);
        }
    }
    stages.delay("pod-ready", course.ready - course.initialized);
    match course.end {
        None => {}
        Some((end, 0)) if job => stages.delay(COMPLETE, end - course.ready),
        Some((_, 0)) => {
            return Err(unsupported(
                "a pod that ends well and that no Job owns",
                "kwok completes the pods of Jobs alone",
            ));
        }
        Some((_, code)) if template.restart_policy == RestartPolicy::OnFailure => {
            let what = format!("exit code {code} under restartPolicy OnFailure");
            return Err(unsupported(&what, "kwok starts no container again: use real nodes, or restartPolicy Never"));
        }
        Some((end, code)) => stages.fails(end - course.ready, code),
    }
    Ok(stages)
}

/// The annotations by which kwok ends init containers that have waited, so long after it is told.
pub fn goes_on(length: &str) -> BTreeMap<String, String> {
    ["delay", "jitter-delay"].map(|key| (format!("{INITIALIZED}.{SUFFIX}/{key}"), length.to_owned())).into()
}

/// What tells kwok that the containers of a pod fail now. It starts none of them again.
pub fn fails_now(exit_code: u8) -> KwokStages {
    let mut stages = KwokStages::default();
    stages.fails(Duration::ZERO, exit_code);
    stages
}

impl KwokStages {
    fn fails(&mut self, after: Duration, exit_code: u8) {
        self.delay(FAILED, after);
        self.annotate(FAILED, "exit-code", exit_code.to_string());
        self.annotate(FAILED, "reason", "Error".to_owned());
        // Both stages match such a pod, and kwok draws one by weight.
        self.annotate(COMPLETE, "weight", "0".to_owned());
        self.labels.insert(format!("{FAILED}.{SUFFIX}"), "true".to_owned());
    }

    fn annotate(&mut self, stage: &str, key: &str, value: String) {
        self.annotations.insert(format!("{stage}.{SUFFIX}/{key}"), value);
    }

    /// A delay without jitter.
    fn delay(&mut self, stage: &str, length: Duration) {
        for key in ["delay", "jitter-delay"] {
            self.annotate(stage, key, length.to_string());
        }
    }
}

fn unsupported(what: &str, why: &str) -> Unsupported {
    Unsupported { what: what.to_owned(), why: why.to_owned() }
}

fn course(pod: &PodConduct, template: &PodTemplate) -> Result<Course, Unsupported> {
    if let Some(deadline) = template.active_deadline {
        let what = format!("activeDeadlineSeconds of a pod ({deadline})");
        return Err(unsupported(&what, "a kubelet ends such pods, and kwok does not; a Job's own deadline works"));
    }
    let ends = template.restart_policy != RestartPolicy::Always;
    let first_pulled = pod.init.first().map_or(Duration::ZERO, |first| first.pull);
    let mut at = pod.init.iter().fold(Duration::ZERO, |at, one| at + one.pull + one.init);
    let mut course = Course { first_pulled, initialized: at, ready: at, end: None };
    for (conduct, container) in pod.main.iter().zip(&template.containers) {
        // The kubelet starts containers one after the other, each when its image is there.
        at = at + conduct.pull;
        let end = ends.then(|| conduct.end_of(container.runs_on)).flatten();
        let end = end.map(|(length, code)| (at + length, code));
        let name = &container.name;
        if !ends && conduct.crash.is_some() {
            return Err(unsupported(
                &format!("crash of container {name}"),
                "kwok starts no container again: use real nodes",
            ));
        }
        let time = |length: Duration| Time::ZERO + length;
        let outlook = probe_outlook(container, Time::ZERO, time(at), time(at + conduct.start));
        if let Some(killed) = outlook.killed_at.filter(|killed| end.is_none_or(|(end, _)| *killed < time(end))) {
            let what = format!("a probe that kills container {name} after {}", killed.since(time(at)));
            return Err(unsupported(&what, "kwok has no probes and starts no container again: use real nodes"));
        }
        let ready = outlook.ready_at.map_or(at, |ready| ready.since(Time::ZERO));
        course.ready = course.ready.max(end.map_or(ready, |(end, _)| ready.min(end)));
        if let Some((end, code)) = end {
            let (last, first_code) = course.end.unwrap_or((end, code));
            course.end = Some((last.max(end), if first_code == 0 { code } else { first_code }));
        }
    }
    Ok(course)
}

/// The time that the slowest container takes to stop, in whole seconds, one at least, and never more than its template allows.
fn grace_period(pod: &PodConduct, template: &PodTemplate) -> Duration {
    let usual = template.termination_grace_period;
    let stop = |(conduct, hook): (&Conduct, Duration)| hook + conduct.stop;
    let hooks = template.containers.iter().map(|one| one.pre_stop);
    let longest = pod.main.iter().zip(hooks).map(stop).max().unwrap_or_default();
    Duration::from_secs(longest.nanos().div_ceil(1_000_000_000).max(1)).min(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::conduct::Crash;
    use crate::workload::pod::Awaited;
    use crate::workload::{Container, Probe};

    const SECOND: Duration = Duration::from_secs(1);

    fn conduct() -> Conduct {
        Conduct {
            pull: SECOND * 10,
            init: SECOND * 5,
            start: SECOND * 4,
            run: SECOND * 60,
            exit_code: 0,
            crash: None,
            stop: Duration::from_millis(1500),
        }
    }

    fn pod(conduct: Conduct, restart_policy: RestartPolicy) -> (PodConduct, PodTemplate) {
        let probe = Probe {
            initial_delay: Duration::ZERO,
            period: SECOND * 10,
            timeout: SECOND,
            success_threshold: 1,
            failure_threshold: 3,
        };
        let container = Container { name: "web".into(), readiness_probe: Some(probe), ..Container::default() };
        let template = PodTemplate {
            init_containers: vec![Container::default()],
            containers: vec![container],
            restart_policy,
            ..PodTemplate::default()
        };
        (PodConduct { init: vec![conduct.clone()], main: vec![conduct] }, template)
    }

    fn told(pod: &(PodConduct, PodTemplate), job: bool) -> Vec<String> {
        let stages = kwok_stages(&pod.0, &pod.1, job).expect("kwok can play it");
        let delays = stages.annotations.iter().filter(|(key, _)| !key.ends_with("/jitter-delay"));
        let labels = stages.labels.iter().map(|(key, value)| format!("label {key}={value}"));
        delays
            .map(|(key, value)| format!("{}={value}", key.replace(".stage.kwok.x-k8s.io", "")))
            .chain(labels)
            .collect()
    }

    #[test]
    fn a_pod_is_ready_when_its_probe_finds_it_so() {
        let serving = pod(conduct(), RestartPolicy::Always);
        // Pull and run of the init container, the pull, and the probe's first tick after 4 s of loading.
        let expected = [
            "pod-create/delay=0s",
            "pod-init-container-completed/delay=5s",
            "pod-init-container-running/delay=10s",
            "pod-ready/delay=20s",
        ];
        assert_eq!(told(&serving, false), expected);
        let stages = kwok_stages(&serving.0, &serving.1, false).expect("kwok can play it");
        assert_eq!(stages.grace_period, SECOND * 2, "the stop of 1.5 s, in whole seconds");
        let jitter = stages.annotations.iter().filter(|(key, _)| key.ends_with("/delay"));
        jitter.for_each(|(key, delay)| {
            assert_eq!(stages.annotations.get(&key.replace("/delay", "/jitter-delay")), Some(delay))
        });
    }

    #[test]
    fn a_jobs_pod_runs_from_its_start_and_fails_by_a_label() {
        let well = told(&pod(conduct(), RestartPolicy::Never), true);
        assert!(well.contains(&"pod-complete/delay=50s".to_owned()), "60 s less the 10 s until it is ready: {well:?}");
        let failing = told(&pod(Conduct { exit_code: 3, ..conduct() }, RestartPolicy::Never), true);
        for part in [
            "pod-container-running-failed/delay=50s",
            "pod-container-running-failed/exit-code=3",
            "pod-complete/weight=0",
            "label pod-container-running-failed.stage.kwok.x-k8s.io=true",
        ] {
            assert!(failing.contains(&part.to_owned()), "{part} in {failing:?}");
        }
        let crash = Crash { after: SECOND * 2, times: Some(1), exit_code: 9 };
        let crashing = told(&pod(Conduct { crash: Some(crash), ..conduct() }, RestartPolicy::Never), true);
        // It ends before it is ready: kwok has it ready for no time at all.
        assert!(crashing.contains(&"pod-ready/delay=12s".to_owned()), "{crashing:?}");
        assert!(crashing.contains(&"pod-container-running-failed/delay=0s".to_owned()), "{crashing:?}");
    }

    #[test]
    fn what_runs_on_ends_by_a_crash_alone() {
        let mut docker = pod(conduct(), RestartPolicy::Never);
        docker.1.containers[0].runs_on = true;
        let running = told(&docker, false);
        assert!(!running.iter().any(|one| one.starts_with("pod-complete")), "{running:?}");
        let crash = Crash { after: SECOND * 30, times: Some(1), exit_code: 9 };
        docker.0 = pod(Conduct { crash: Some(crash), ..conduct() }, RestartPolicy::Never).0;
        let crashing = told(&docker, false);
        assert!(crashing.contains(&"pod-container-running-failed/exit-code=9".to_owned()), "{crashing:?}");
    }

    #[test]
    fn an_init_container_that_waits_is_held_until_it_goes_on() {
        let mut waits = pod(conduct(), RestartPolicy::Always);
        waits.1.init_containers[0].awaits = vec![Awaited { labels: BTreeMap::new(), ready: 1 }];
        let stages = kwok_stages(&waits.0, &waits.1, false).expect("kwok can play it").annotations;
        let key = "pod-init-container-completed.stage.kwok.x-k8s.io/delay";
        assert_eq!(stages.get(key).map(String::as_str), Some("100h"));
        let length = stages.get(AFTER_WAITING).expect("it is told how long it takes then");
        assert_eq!(goes_on(length).get(key).map(String::as_str), Some("5s"));
    }

    #[test]
    fn what_kwok_cannot_play_is_told() {
        let crash = Conduct { crash: Some(Crash { after: SECOND, times: None, exit_code: 1 }), ..conduct() };
        let failing = Conduct { exit_code: 1, ..conduct() };
        let mut killed = pod(Conduct { start: SECOND * 100, ..conduct() }, RestartPolicy::Always);
        killed.1.containers[0].startup_probe = killed.1.containers[0].readiness_probe;
        let mut late = pod(conduct(), RestartPolicy::Never);
        late.1.active_deadline = Some(SECOND);
        for (pod, job, what) in [
            (pod(crash, RestartPolicy::Always), false, "crash of container web"),
            (pod(failing, RestartPolicy::OnFailure), true, "exit code 1 under restartPolicy OnFailure"),
            (pod(conduct(), RestartPolicy::Never), false, "a pod that ends well and that no Job owns"),
            (killed, false, "a probe that kills container web after 25s"),
            (late, true, "activeDeadlineSeconds of a pod (1s)"),
        ] {
            assert_eq!(kwok_stages(&pod.0, &pod.1, job).map_err(|error| error.what), Err(what.to_owned()));
        }
    }
}
