//! Collecting exports: reading them off a deployment's Service once it is up, again at each pass until it succeeds.

use super::controller::{Oci, is_told};
use super::state::{Collection, Purpose, State};
use crate::timeline::{Arg, Cause, Why};
use crate::workload::{Outcome, ServiceStatus, Status, World};

impl Oci {
    /// Begins to collect exports if a deployment is where its dependents look for them.
    pub(super) fn begin_collection(&mut self, index: usize, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        let declares = !self.document.members[index].exports.is_empty();
        let ready = self.gate_reached(index) && matches!(progress.state, State::Active | State::Monitoring);
        if !declares || !ready || progress.undeploy || progress.collection != Collection::Idle {
            return;
        }
        let cause = progress.entry;
        if self.options.export_latency.is_zero() {
            self.read_exports(index, cause, world);
        } else {
            self.request_exports(index, world.now() + self.options.export_latency, cause, world);
        }
    }

    /// Reads the service itself, not what is observed of it: this is what can fail.
    pub(super) fn read_exports(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let serves = self.memory.members[index].subject;
        let Some(ask) = self.ask_for(index, &Purpose::Read, serves, world) else { return };
        let id = world.ask(ask, cause);
        self.memory.asks.insert(id, (index, Purpose::Read));
        self.memory.members[index].collection = Collection::Asked(id);
    }

    /// The answer of that read.
    pub(super) fn exports_answered(&mut self, index: usize, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        if self.memory.members[index].state.ends() {
            self.memory.members[index].collection = Collection::Idle;
            return;
        }
        let status = match outcome {
            Outcome::Accepted(Some(Status::Service(status))) => Ok(status),
            Outcome::Accepted(_) | Outcome::Measured(_) => Ok(ServiceStatus::default()),
            Outcome::NotFound => Err(world.intern("there is no such service")),
            Outcome::Refused(reason) | Outcome::Failed(reason) => Err(reason),
            Outcome::Conflict => Err(world.intern("conflict")),
            Outcome::Unknown => Err(world.intern("no answer")),
        };
        match status {
            Ok(status) => self.take_exports(index, status, cause, world),
            Err(reason) => {
                let why = Why::with("export collection failed: {}", Arg::Text(reason));
                self.collection_failed(index, why, cause, world);
            }
        }
    }

    /// Publishes what is known now. A public address that is not there yet leaves the rest to be collected later.
    fn take_exports(&mut self, index: usize, status: ServiceStatus, cause: Cause, world: &mut dyn World) {
        let mut fresh = Vec::new();
        let mut missing = None;
        for export in &self.document.members[index].exports {
            let key = export.text.as_str();
            if self.memory.members[index].exports.contains_key(key) {
                continue;
            }
            match self.export(index, key, status) {
                Some(value) => fresh.push((key.to_owned(), value)),
                None => missing = Some(key.to_owned()),
            }
        }
        if !fresh.is_empty() {
            let list: Vec<String> = fresh.iter().map(|(key, value)| format!("{key} {value}")).collect();
            let text = world.intern(&format!("exports {}", list.join(", ")));
            let state = self.memory.members[index].state;
            let entry = self.become_state(index, state, Why::symbol(text), cause, world);
            let progress = &mut self.memory.members[index];
            progress.entry = Cause::Entry(entry);
            for (key, value) in fresh {
                world.publish(progress.subject, &key, &value, Cause::Entry(entry));
                progress.exports.insert(key, value);
            }
        }
        match missing {
            None => {
                self.memory.members[index].collection = Collection::Done;
                if self.memory.members.iter().any(|one| one.state == State::Scheduled) {
                    self.request_pass(self.memory.members[index].entry, world);
                }
            }
            Some(key) => {
                let why = Why::with("export collection failed: no {} yet", Arg::Text(world.intern(&key)));
                self.collection_failed(index, why, cause, world);
            }
        }
    }

    /// The value of an export, if the service has it.
    fn export(&self, index: usize, key: &str, status: ServiceStatus) -> Option<String> {
        let progress = &self.memory.members[index];
        match key {
            "internal_dns_name" => Some(progress.names.internal_dns_name()),
            "service_name" => Some(progress.names.object.clone()),
            "service_url" if status.ingress_ready => {
                let recipe = &progress.recipe;
                let host = recipe.endpoint_subdomain.as_deref().unwrap_or(&progress.names.deployment);
                let domain = recipe.endpoint_domain.as_deref().unwrap_or(&self.options.endpoint_domain);
                Some(format!("https://{host}.{domain}"))
            }
            _ => None,
        }
    }

    /// Tries again at the next pass.
    fn collection_failed(&mut self, index: usize, why: Why, cause: Cause, world: &mut dyn World) {
        let progress = &mut self.memory.members[index];
        progress.collection = Collection::Idle;
        progress.export_failures += 1;
        let failures = progress.export_failures;
        if is_told(failures) {
            let state = progress.state;
            self.become_state(index, state, why, cause, world);
        }
        self.request_pass(cause, world);
    }
}
