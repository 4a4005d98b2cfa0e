//! What a controller's ask means on a real cluster: a request, or something that greenroom does itself.

use serde_json::{Value, json};

use super::cluster::{Applied, LiveCluster};
use super::custom::is_custom;
use super::message::Reply;
use super::mirror::workloads::TEMPLATE;
use super::node_change::NodeChange;
use super::request::{Operation, Request, resource};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{Ask, AskId, GroupSetStatus, Object, Outcome, Status};

const ACCEPTED: Reply = Reply::Plain(Outcome::Accepted(None));

impl LiveCluster {
    /// Does what is asked, or sends it to the API. Gives the answer if there is one already.
    pub(super) fn send(&mut self, controller: usize, ask: AskId, what: Ask, cause: Cause) -> Option<Reply> {
        let key = what.key();
        let operation = match what {
            Ask::Apply { object, .. } => return self.apply(controller, ask, key, object, cause),
            Ask::Delete { .. } if is_custom(key.kind) => {
                self.delete_custom(key, cause);
                return Some(ACCEPTED);
            }
            Ask::Delete { .. } if key.kind == Kind::NodePool => {
                self.delete_pool(key, cause);
                return Some(ACCEPTED);
            }
            Ask::Delete { .. } => {
                match self.applied.get_mut(&key) {
                    Some(applied) => applied.cause = cause,
                    None => drop(self.deletions.insert(key, cause)),
                }
                if key.kind == Kind::Namespace {
                    let name = self.names.show(key.name);
                    let name = self.names.intern(&name);
                    self.leaving.insert(name);
                }
                Operation::Delete(None)
            }
            Ask::Get { serves, .. } => {
                if let Some(reason) = self.failed_read(serves) {
                    return Some(Reply::Failed(reason));
                }
                if is_custom(key.kind) || key.kind == Kind::NodePool {
                    let outcome = self.shown(key).map_or(Outcome::NotFound, |status| Outcome::Accepted(Some(status)));
                    return Some(Reply::Plain(outcome));
                }
                Operation::Get
            }
            Ask::TellGroups { available, .. } => {
                let Some(Object::LeaderWorkerSet(spec)) = self.custom.get(&key).map(|custom| &custom.object) else {
                    return Some(Reply::Plain(Outcome::NotFound));
                };
                let status = Status::LeaderWorkerSet(GroupSetStatus { desired: spec.replicas, available });
                return Some(Reply::Plain(self.write_status(key, status, cause)));
            }
            Ask::WriteStatus { status, .. } => return Some(Reply::Plain(self.write_status(key, status, cause))),
            Ask::Measure { template, metric, .. } => return Some(Reply::Plain(self.measure(&template, &metric))),
            Ask::PatchNode { patch, .. } => {
                if patch.mig.is_some() {
                    return Some(Reply::Refused("a live run does not cut GPUs".to_owned()));
                }
                if let Err(refusal) = self.may_touch(key) {
                    return Some(Reply::Refused(refusal));
                }
                self.strikes.insert(key, cause);
                let labels = patch.labels.into_iter().map(|(label, value)| (label, Some(value)));
                let (change, is_own) = (NodeChange::Label(labels.collect()), self.made(key));
                Operation::Node { change, is_own, run: self.options.run.clone() }
            }
            Ask::PatchSelector { patch, .. } => {
                self.note_cause(key, cause);
                Operation::Merge(json!({ "spec": { "selector": patch } }))
            }
            Ask::Scale { replicas, .. } if is_custom(key.kind) => {
                return Some(Reply::Plain(self.scale_custom(key, replicas, cause)));
            }
            Ask::Scale { replicas, .. } => {
                self.note_cause(key, cause);
                Operation::MergeInto("scale", json!({ "spec": { "replicas": replicas } }))
            }
            Ask::Ungate { gate, .. } => {
                self.note_cause(key, cause);
                Operation::Strategic(json!({ "spec": { "schedulingGates": [{ "name": gate, "$patch": "delete" }] } }))
            }
            Ask::Evict { .. } => {
                self.deletions.insert(key, cause);
                Operation::Evict(None)
            }
        };
        self.request(controller, ask, key, operation, cause).err().map(Reply::Refused)
    }

    /// Creates an object or changes it.
    fn apply(&mut self, controller: usize, ask: AskId, key: Subject, object: Object, cause: Cause) -> Option<Reply> {
        if is_custom(key.kind) {
            // It is there once all that was asked for before it is: its controller is to find that.
            self.deferred.insert(ask, object);
            return self.request(controller, ask, key, Operation::Nothing, cause).err().map(Reply::Refused);
        }
        if let Object::NodePool(spec) = &object {
            return Some(match self.create_pool(key, spec, cause) {
                Ok(()) => ACCEPTED,
                Err(refusal) => Reply::Refused(refusal),
            });
        }
        self.rendering.naming.learn(key.kind, self.names.text(key.namespace), &self.names.show(key.name));
        let body = match self.body(key, &object) {
            Ok(body) => body,
            Err(refusal) => return Some(Reply::Refused(refusal)),
        };
        self.applied.insert(key, Applied { object, cause, is_awaited: self.mirror.status(key).is_none() });
        if key.kind == Kind::Namespace {
            let (name, _) = self.place_of(key);
            self.watch_namespace(&name);
        }
        self.request(controller, ask, key, Operation::Apply(body), cause).err().map(Reply::Refused)
    }

    /// What is applied for an object.
    pub(super) fn body(&mut self, key: Subject, object: &Object) -> Result<Value, String> {
        let rendered = super::render::object(key, object, &self.names, &self.rendering);
        let mut body = rendered.map_err(|unsupported| unsupported.to_string())?;
        // Pods of a Job cannot be changed, and a lone pod is made once: what they were made from is what was applied.
        let template = object.template().filter(|_| !matches!(object, Object::Pod(_) | Object::Job(_)));
        if let Some(template) = template {
            let number = self.template_number(template);
            let spec = &mut body["spec"];
            let spec = if let Object::CronJob(_) = object { &mut spec["jobTemplate"]["spec"] } else { spec };
            let pods = &mut spec["template"]["metadata"]["annotations"];
            if pods.is_null() {
                *pods = json!({});
            }
            pods[TEMPLATE] = Value::String(number.to_string());
        }
        Ok(body)
    }

    /// Notes what leads to the next change of an object.
    pub(super) fn note_cause(&mut self, key: Subject, cause: Cause) {
        if let Some(applied) = self.applied.get_mut(&key) {
            applied.cause = cause;
        }
    }

    /// Queues a request.
    ///
    /// # Errors
    /// The kind is none of the cluster's.
    pub(super) fn request(
        &mut self,
        controller: usize,
        ask: AskId,
        key: Subject,
        operation: Operation,
        cause: Cause,
    ) -> Result<(), String> {
        let resource = resource(key.kind);
        if resource.is_none() && operation != Operation::Nothing {
            return Err(format!("a live cluster has no {}", key.kind.text()));
        }
        let (name, namespace) = self.place_of(key);
        let request = Request { controller, ask, key, resource, namespace, name, operation, cause };
        self.requests.send(request);
        Ok(())
    }
}
