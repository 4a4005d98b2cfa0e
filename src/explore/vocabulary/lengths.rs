//! How long faults last: lengths that the run itself makes a difference at. Whatever a length is compared with (a probe's period, a
//! grace period, a deadline), one below and one above it are other runs; all others are like one of them.

use std::collections::BTreeSet;

use crate::kernel::Duration;
use crate::scenario::model::{ActionKind, Scenario};

/// The grace period after which the node lifecycle controller takes a silent node for lost: kubernetes v1.36
/// cmd/kube-controller-manager/app/options/nodelifecyclecontroller.go, NodeMonitorGracePeriod.
const NODE_GRACE: u64 = 50;
/// How long pods tolerate a lost node unless they say: plugin/pkg/admission/defaulttolerationseconds/admission.go.
const TOLERATION: u64 = 300;

/// Lengths that matter in a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lengths {
    /// Below the grace period of a node.
    pub short: Duration,
    /// Above it, and below the time after which pods are moved.
    pub middle: Duration,
    /// Above the time after which pods are moved.
    pub long: Duration,
    /// Below and above each length that the documents name, and all others; ascending.
    pub all: Vec<Duration>,
}

/// The lengths of a scenario and its documents.
pub fn lengths(scenario: &Scenario) -> Lengths {
    let mut compared: BTreeSet<u64> = [NODE_GRACE, TOLERATION].into();
    let deployed = scenario.deploy.iter().flat_map(|deploy| deploy.files.iter().chain([&deploy.source]));
    let applied = scenario.actions.iter().filter_map(|action| match &action.kind {
        ActionKind::Apply(document) | ActionKind::Replace(document) => Some(&document.source),
        _ => None,
    });
    for source in deployed.chain(applied) {
        compared.extend(named_seconds(source.text()));
    }
    let mut all: BTreeSet<u64> = BTreeSet::new();
    for seconds in compared.into_iter().filter(|seconds| (2..=7200).contains(seconds)) {
        all.extend([seconds / 2, seconds + seconds.div_ceil(2)]);
    }
    Lengths {
        short: Duration::from_secs(20),
        middle: Duration::from_secs(120),
        long: Duration::from_secs(600),
        all: all.into_iter().map(Duration::from_secs).collect(),
    }
}

/// The values of all keys that end in `Seconds`, in YAML or JSON.
fn named_seconds(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.match_indices("Seconds").filter_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['"', ' ']);
        let value = rest.strip_prefix(':')?.trim_start();
        let digits = value.find(|character: char| !character.is_ascii_digit()).unwrap_or(value.len());
        value[..digits].parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_from_yaml_and_json() {
        let text =
            "periodSeconds: 10\n{\"progressDeadlineSeconds\": 600, \"x\": 3}\nnotSeconds\nscaleDownDelaySeconds : 30";
        assert_eq!(named_seconds(text).collect::<Vec<_>>(), [10, 600, 30]);
    }
}
