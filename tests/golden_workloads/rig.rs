//! The cluster that the recordings were made on: nodes with GPUs, kwok's stages instead of kubelets, an API that takes
//! its time.

use std::collections::BTreeMap;

use greenroom::cluster::{Behaviour, ControlPlane, NodeSpec, Profile, Pull, Settings};
use greenroom::kernel::{Distribution, Duration};

use super::bench::{Bench, node};

/// A control plane with these times, in microseconds.
pub const fn plane(write: u64, rollout_write: u64, create: u64, notice: u64) -> ControlPlane {
    ControlPlane {
        write: Duration::from_nanos(write * 1000),
        rollout_write: Duration::from_nanos(rollout_write * 1000),
        create: Duration::from_nanos(create * 1000),
        notice: Duration::from_nanos(notice * 1000),
    }
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

/// A cluster that keeps a journal, of nodes with so many GPUs each, named and labelled after a case.
pub fn rig(case: &str, gpus: &[u64], setting: Setting) -> Bench {
    let constant = Distribution::Constant;
    let behaviour = Behaviour {
        pull: Pull::Takes(constant(Duration::ZERO)),
        init: setting.starts_in,
        start: constant(Duration::ZERO),
        run: constant(setting.runs_for),
        exit_code: setting.exit_code,
        stop: constant(Duration::ZERO),
        ..Behaviour::default()
    };
    let mut rig = Bench::bare(Settings {
        profile: Profile { control_plane: setting.control_plane, ..Profile::kubernetes_1_36() },
        behaviour: vec![behaviour],
        ..Settings::new(setting.seed)
    });
    rig.cluster.keep_journal();
    for (number, gpus) in gpus.iter().enumerate() {
        let name = rig.name(&format!("{case}-n{number}"));
        let labels = BTreeMap::from([("case".to_owned(), case.to_owned())]);
        rig.cluster.add_node(NodeSpec { labels, ..node(name, *gpus) }, rig.cause);
    }
    rig
}
