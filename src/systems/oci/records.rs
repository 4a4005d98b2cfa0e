//! What the control plane keeps in its database: enough for a restarted one to go on. Open asks and timers are not kept; what
//! was under way is asked for again, which changes nothing where it was already done.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::controller::Oci;
use super::document::Mode;
use super::plan::Placement;
use super::state::{Collection, GroupState, Progress, State};
use crate::kernel::Time;
use crate::timeline::{Cause, Kind};
use crate::workload::{RecordChange, World};

/// What is kept of a deployment. Beside these the record has when the document was submitted and the state of its group.
#[derive(Serialize)]
struct Kept<'m> {
    uuid: &'m str,
    state: &'static str,
    created: u64,
    exports: &'m BTreeMap<String, String>,
    undeploy: bool,
    selector: Option<&'m str>,
    pool: Option<&'m str>,
}

impl Kept<'_> {
    fn of(one: &Progress) -> Kept<'_> {
        let (selector, pool) = match &one.placement {
            Placement::Shared { selector, pool } => (selector.as_deref(), pool.as_deref()),
            _ => (None, None),
        };
        Kept {
            uuid: &one.uuid,
            state: one.state.text(),
            created: one.created_at.nanos(),
            exports: &one.exports,
            undeploy: one.undeploy,
            selector,
            pool,
        }
    }

    fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a record of texts and numbers can be written")
    }
}

impl Oci {
    /// The name of the record of this document.
    fn record_name(&self) -> String {
        match (&self.document.group, self.document.members.first()) {
            (Some(group), _) => format!("oci/group/{}", group.text),
            (None, Some(member)) => format!("oci/deployment/{}", member.name.text),
            (None, None) => "oci/deployment".to_owned(),
        }
    }

    /// Writes down what changed in this wake, at once and completely.
    pub(super) fn save(&mut self, world: &mut dyn World) {
        self.save_with(Vec::new(), world);
    }

    /// The same together with other changes: all of them are done, or none.
    pub(super) fn save_with(&mut self, mut changes: Vec<RecordChange>, world: &mut dyn World) {
        if self.memory.dirty.is_empty() || self.memory.members.is_empty() {
            return;
        }
        let rejected = self.memory.group.as_ref().is_some_and(|group| group.state == GroupState::Rejected);
        if rejected {
            self.memory.dirty.clear();
            return;
        }
        let name = self.record_name();
        if self.memory.version == 0 {
            // A group of the same name may have been there and gone.
            self.memory.version = world.record(&name).map_or(0, |(version, _)| version);
        }
        changes.push(RecordChange { name, expected_version: self.memory.version, value: Some(self.write_record()) });
        if world.commit(&changes) {
            self.memory.version += 1;
            self.memory.dirty.clear();
        }
    }

    /// The text of the record. It is written with each wake that changes something, which is one deployment most of the time:
    /// the texts of the others are those of the last time.
    fn write_record(&mut self) -> String {
        let group = self.memory.group.as_ref().map(|group| group.state.text());
        let group = group.map_or("null".to_owned(), |word| format!("\"{word}\""));
        let mut record = format!(r#"{{"submitted":{},"group":{group},"members":["#, self.memory.submitted_at.nanos());
        for (index, one) in self.memory.members.iter_mut().enumerate() {
            let text = match one.kept.take().filter(|_| !self.memory.dirty.contains(&index)) {
                Some(text) => text,
                None => Kept::of(one).to_text().into(),
            };
            debug_assert_eq!(*text, *Kept::of(one).to_text(), "what changes a deployment says that it did");
            record.push_str(if index == 0 { "" } else { "," });
            record.push_str(&text);
            one.kept = Some(text);
        }
        record.push_str("]}");
        record
    }

    /// Goes on from the record of an earlier controller of the same document. `false` if there is none that fits, in which
    /// case nothing has happened yet.
    pub fn resume(&mut self, cause: Cause, world: &mut dyn World) -> bool {
        let Some((version, text)) = world.record(&self.record_name()) else { return false };
        let Ok(record) = serde_json::from_str::<Value>(&text) else { return false };
        let Some(kept) = record["members"].as_array().filter(|kept| kept.len() == self.document.members.len()) else {
            return false;
        };
        self.memory = super::state::Memory { version, ..Default::default() };
        self.memory.submitted_at = time(&record["submitted"]);
        self.look_regularly(world);
        self.make_progress(cause, world);
        if let Some(group) = &mut self.memory.group {
            let state = record["group"].as_str().and_then(GroupState::parse);
            group.state = state.unwrap_or(group.state);
        }
        for (index, one) in kept.iter().enumerate() {
            self.restore(index, one, world);
        }
        let order = Arc::clone(&self.order);
        for index in order.iter().copied() {
            self.take_up(index, cause, world);
        }
        self.look_again(world);
        self.request_pass(cause, world);
        true
    }

    /// Of a group that was degraded nobody wrote down which deployment had lost pods: all are looked at, and the group follows.
    fn look_again(&mut self, world: &dyn World) {
        if self.memory.group.as_ref().is_none_or(|group| group.state != GroupState::Degraded) {
            return;
        }
        for index in 0..self.memory.members.len() {
            let one = &self.memory.members[index];
            if one.state == State::Monitoring && one.recipe.mode == Mode::Service {
                self.memory.members[index].short = !self.is_up(index, world);
                self.memory.dirty.insert(index);
            }
        }
    }

    fn restore(&mut self, index: usize, kept: &Value, world: &mut dyn World) {
        let progress = &mut self.memory.members[index];
        progress.state = kept["state"].as_str().and_then(State::parse).unwrap_or(State::Scheduled);
        progress.created_at = time(&kept["created"]);
        progress.undeploy = kept["undeploy"].as_bool().unwrap_or(false);
        let exports: BTreeMap<String, String> = serde_json::from_value(kept["exports"].clone()).unwrap_or_default();
        let declared = &self.document.members[index].exports;
        if declared.iter().all(|export| exports.contains_key(&export.text)) {
            progress.collection = Collection::Done;
        }
        progress.exports = exports;
        let text = |key: &str| kept[key].as_str().map(str::to_owned);
        if progress.recipe.use_shared_pool && progress.recipe.mode.runs_pods() && progress.state != State::Scheduled {
            progress.placement = Placement::Shared { selector: text("selector"), pool: text("pool") };
            world.watch_nodes();
        }
    }

    /// Watches and asks for what a deployment should have by its state.
    fn take_up(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let state = self.memory.members[index].state;
        if matches!(state, State::Scheduled | State::Undeployed | State::Rejected | State::Completed) {
            return;
        }
        if let Ok((recipe, _)) = self.resolved(index) {
            self.memory.members[index].recipe = recipe;
        }
        let progress = &self.memory.members[index];
        let object = progress.names.object.clone();
        let runs_pods = progress.recipe.mode.runs_pods();
        if matches!(state, State::Failed | State::Undeploying) {
            // Only what is to be taken down matters now.
            for kind in [Kind::Deployment, Kind::Job] {
                let key = self.key(kind, &object, world);
                if runs_pods && (world.observed(key).is_some() || !world.observed_pods(key).is_empty()) {
                    self.memory.members[index].workload = Some(key);
                    self.watch(index, key, world);
                }
            }
            let key = self.key(Kind::Service, &object, world);
            self.memory.members[index].service = world.observed(key).is_some().then_some(key);
            self.take_up_pool(index, world);
            if state == State::Undeploying {
                self.delete_again(index, cause, world);
            }
        } else if state == State::Creating || !runs_pods {
            self.start_again(index, cause, world);
        } else {
            self.take_up_pool(index, world);
            self.apply_workload(index, cause, world);
        }
    }

    /// Finds the pool that an earlier controller made for a deployment.
    fn take_up_pool(&mut self, index: usize, world: &mut dyn World) {
        let names = self.memory.members[index].names.clone();
        for name in [super::plan::dedicated_pool_name(&names), names.object] {
            let key = self.key(Kind::NodePool, &name, world);
            if world.observed(key).is_some() {
                self.memory.members[index].pool = Some(key);
                if self.memory.members[index].recipe.mode.runs_pods() {
                    self.memory.members[index].placement = Placement::Dedicated(name);
                }
                self.watch(index, key, world);
            }
        }
    }
}

fn time(value: &Value) -> Time {
    Time::from_nanos(value.as_u64().unwrap_or(0))
}
