//! The cluster that the recordings were made on: nodes with GPUs, kwok's stages instead of kubelets, an API that takes
//! its time.

use std::collections::BTreeMap;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Behaviour, Cluster, ControlPlane, Match, NodeSpec, Profile, Provider, Pull, Settings};
use greenroom::kernel::{Distribution, Duration, Limits, Time};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject};
use greenroom::workload::{Ask, Happening, Object, Outcome, Resources, Stage};
use serde_json::Value;

/// A control plane with these times, in microseconds.
pub const fn plane(write: u64, rollout_write: u64, create: u64, notice: u64) -> ControlPlane {
    ControlPlane {
        write: Duration::from_nanos(write * 1000),
        rollout_write: Duration::from_nanos(rollout_write * 1000),
        create: Duration::from_nanos(create * 1000),
        notice: Duration::from_nanos(notice * 1000),
    }
}

/// The text of a file of the recordings, parsed; `None` where they are not at hand.
pub fn golden(name: &str) -> Option<Value> {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    let path = std::path::PathBuf::from(shared).join("golden/kubernetes").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("the recordings are JSON"))
}

/// What the machines of a recording were like, and what its pods do.
#[derive(Clone)]
pub struct Setting {
    pub seed: u64,
    pub control_plane: ControlPlane,
    /// From binding to running, and from there to ready: kwok's stages `pod-create` and `pod-ready` one after the other.
    /// The recordings show a pod as running and ready in one write. Here an init container takes that time.
    pub starts_in: Distribution,
    /// How long pods run before they end by themselves, if they do.
    pub runs_for: Duration,
    /// How they end.
    pub exit_code: u8,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            seed: 1,
            control_plane: plane(2000, 2000, 100, 1000),
            starts_in: Distribution::Constant(Duration::from_millis(400)),
            runs_for: Duration::ZERO,
            exit_code: 0,
        }
    }
}

/// A cluster that keeps a journal.
pub struct Rig {
    pub cluster: Cluster,
    pub cause: Cause,
}

impl Rig {
    /// Nodes with so many GPUs each, named and labelled after a case.
    pub fn new(case: &str, gpus: &[u64], setting: Setting) -> Rig {
        let constant = Distribution::Constant;
        let behaviour = Behaviour {
            applies_to: Match::default(),
            pull: Pull::Takes(constant(Duration::ZERO)),
            init: setting.starts_in,
            start: constant(Duration::ZERO),
            run: constant(setting.runs_for),
            exit_code: setting.exit_code,
            crash: None,
            stop: constant(Duration::ZERO),
            metrics: Default::default(),
        };
        let mut cluster = Cluster::new(Settings {
            seed: setting.seed,
            profile: Profile { control_plane: setting.control_plane, ..Profile::kubernetes_1_36() },
            scheduler: SchedulerProfile::KubeDefault,
            behaviour: vec![behaviour],
            provider: Provider::default(),
            limits: Limits::default(),
        });
        cluster.keep_journal();
        let line = ScenarioLine { file: "golden".into(), line: 1, column: 1, what: "recorded".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        for (number, gpus) in gpus.iter().enumerate() {
            let name = cluster.timeline_mut().1.name(&format!("{case}-n{number}"));
            cluster.add_node(
                NodeSpec {
                    name,
                    labels: BTreeMap::from([("case".to_owned(), case.to_owned())]),
                    taints: Vec::new(),
                    zone: None,
                    shape: None,
                    gpu_model: None,
                    allocatable: Resources {
                        cpu_milli: 64_000,
                        memory_bytes: 1 << 40,
                        ..Resources::of("nvidia.com/gpu", *gpus)
                    },
                    pods_max: 110,
                    ready: true,
                    unschedulable: false,
                },
                cause,
            );
        }
        Rig { cluster, cause }
    }

    pub fn subject(&mut self, kind: &str, name: &str) -> Subject {
        let kind = Kind::parse(kind).expect("a kind");
        Subject::new(kind, self.cluster.timeline_mut().1.name(name))
    }

    /// Creates an object, or changes it.
    pub fn apply(&mut self, key: Subject, object: Object) {
        self.cluster.port(0).ask(Ask::Apply { key, object, serves: key }, self.cause);
        self.expect_accepted();
    }

    fn expect_accepted(&mut self) {
        loop {
            match self.cluster.next() {
                Happening::Answered { outcome: Outcome::Accepted(_), .. } => return,
                Happening::Answered { outcome, .. } => panic!("{outcome:?}: {}", self.refusal(outcome)),
                Happening::InstantEnded | Happening::Changed { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn refusal(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Refused(reason) | Outcome::Failed(reason) => self.cluster.names().text(reason).to_owned(),
            _ => String::new(),
        }
    }

    /// Lets time pass.
    pub fn run_until(&mut self, until: Duration) {
        self.cluster.call_at(Time::ZERO + until, 0, false);
        while !matches!(self.cluster.next(), Happening::Rehearsal(_)) {}
    }
}
