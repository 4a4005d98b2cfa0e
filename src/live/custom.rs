//! Custom resources whose controllers are greenroom's own, and durable records. Resources live in the run's memory: where a cluster
//! serves the real kinds they are not used, the run's Rollouts are decided here, and only what these make is on the cluster.
//! Records are kept in a ConfigMap of the run's namespace as well.

use std::collections::BTreeMap;

use serde_json::json;

use super::cluster::LiveCluster;
use super::mirror::workloads::WorkloadSeen;
use super::request::Operation;
use crate::cluster::{Custom, Measurements};
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::{AnalysisPhase, Object, Outcome, RecordChange, Status};

/// The ConfigMap with the records.
const RECORDS: &str = "greenroom-records";

/// True for kinds that live in greenroom.
pub(super) const fn is_custom(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Rollout
            | Kind::AnalysisTemplate
            | Kind::ClusterAnalysisTemplate
            | Kind::AnalysisRun
            | Kind::LeaderWorkerSet
    )
}

impl LiveCluster {
    /// Creates a custom resource or changes what it asks for. Its controller writes down what comes of it.
    pub(super) fn apply_custom(&mut self, key: Subject, object: Object, cause: Cause) {
        let told = matches!(key.kind, Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate);
        let became = match self.custom.get_mut(&key) {
            Some(known) if known.object == object => return,
            Some(known) => {
                known.object = object;
                "Changed"
            }
            None => {
                self.custom.insert(key, Custom { object, status: None });
                "Created"
            }
        };
        let cause = if told { Cause::Entry(self.note(key, became, Why::NONE, cause)) } else { cause };
        self.touch(key, cause);
    }

    /// Deletes a custom resource.
    pub(super) fn delete_custom(&mut self, key: Subject, cause: Cause) {
        if self.custom.remove(&key).is_none() {
            return;
        }
        let told = matches!(key.kind, Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate);
        let cause = if told { Cause::Entry(self.note(key, "Deleted", Why::NONE, cause)) } else { cause };
        self.touch(key, cause);
    }

    /// The controller of a custom resource writes its status.
    pub(super) fn write_status(&mut self, key: Subject, status: Status, cause: Cause) -> Outcome {
        let Some(custom) = self.custom.get_mut(&key) else { return Outcome::NotFound };
        custom.status = Some(status);
        self.touch(key, cause);
        Outcome::Accepted(None)
    }

    /// Gives a custom resource another size.
    pub(super) fn scale_custom(&mut self, key: Subject, replicas: u32, cause: Cause) -> Outcome {
        let Some(custom) = self.custom.get_mut(&key) else { return Outcome::NotFound };
        match &mut custom.object {
            Object::Rollout(spec) => spec.replicas = replicas,
            Object::LeaderWorkerSet(spec) => spec.replicas = replicas,
            _ => return Outcome::NotFound,
        }
        self.touch(key, cause);
        Outcome::Accepted(None)
    }

    /// Asks a provider outside the cluster: a live run has those of the scenario too, so that an analysis ends as it says.
    pub(super) fn measure(&self, template: &str, metric: &str) -> Outcome {
        let answer = Measurements::answer(&self.measurements, template, metric, self.present());
        Outcome::Measured(answer.map_or(AnalysisPhase::Successful, |(_, phase)| phase))
    }

    /// Writes several records, or none of them.
    pub(super) fn commit_records(&mut self, changes: &[RecordChange]) -> bool {
        if !self.records.commit(changes) {
            return false;
        }
        self.keep_records();
        true
    }

    /// Writes the records down in the run's namespace.
    fn keep_records(&mut self) {
        let key = Subject::new(Kind::ConfigMap, self.names.name(RECORDS));
        let (name, namespace) = self.place_of(key);
        // Keys of a ConfigMap have few letters: k8s.io/apimachinery v0.36.3, pkg/util/validation/validation.go, IsConfigMapKey.
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        let shown = |name: &str| name.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect::<String>();
        let data: BTreeMap<String, String> = self
            .records
            .iter()
            .map(|(name, version, value)| {
                let record = json!({ "name": name, "version": version, "value": value });
                (shown(name), record.to_string())
            })
            .collect();
        let body = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": name, "namespace": namespace, "labels": self.run_labels() },
            "data": data,
        });
        if let Err(why) = self.do_to(key, Operation::Apply(body), self.origin) {
            self.troubles.push(why);
        }
    }

    /// Notes that an object is there of which nothing more is known.
    pub(super) fn keep_present(&mut self, key: Subject, cause: Cause) {
        self.mirror.workloads.insert(key, WorkloadSeen::of(Status::Present, 0, 1));
        let cause = self.note_next(key, "Created", Why::NONE, cause);
        self.touch(key, cause);
    }
}
