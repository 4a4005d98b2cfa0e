//! Starting a deployment: its gate, its shared pool, its references, and the objects that it asks for.

use std::sync::Arc;

use super::controller::Oci;
use super::document::{Mode, Recipe};
use super::options::WaitFor;
use super::plan::{self, Placement};
use super::pools;
use super::resolve::{self, Resolution, Resolved};
use super::state::{Progress, Purpose, State};
use super::undeploy::later;
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::{Ask, NodePoolSpec, Object, World};

impl Oci {
    /// Starts a deployment if nothing is left to wait for.
    pub(super) fn try_start(&mut self, index: usize, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        if progress.state != State::Scheduled || progress.undeploy {
            return;
        }
        let Some(mut cause) = self.gate(index) else { return };
        if let Err(wanted) = self.references_known(index, &mut cause) {
            return self.tell(index, wanted, cause, world);
        }
        let recipe = Arc::clone(&self.memory.members[index].recipe);
        if recipe.multinode.is_some() {
            let why = "deployments over several nodes are not in effect yet: it is not started";
            self.tell(index, why.to_owned(), cause, world);
            return;
        }
        let (recipe, resolved) = match self.resolved(index) {
            Ok(resolved) => resolved,
            Err(problem) => {
                let why = world.intern(&format!("after its references were resolved: {problem}"));
                self.fail(index, Why::symbol(why), cause, world);
                return;
            }
        };
        let mut placement = Placement::Fleet;
        if recipe.use_shared_pool && recipe.mode.runs_pods() {
            if self.memory.nodes_changed.is_none() {
                world.watch_nodes();
                self.memory.nodes_changed = Some(cause);
            }
            match pools::find(&recipe, self.memory.members[index].subject, &self.options, world) {
                Some(found) => placement = found,
                None => return self.tell(index, pools::wanted(&recipe), cause, world),
            }
            if self.memory.members[index].told == Some(pools::wanted(&recipe)) {
                cause = self.memory.nodes_changed.unwrap_or(cause);
            }
        }
        self.pledge_uses(index, &resolved, world);
        let why = self.why_started(index, &placement, &resolved);
        let why = Why::symbol(world.intern(&why));
        let progress = &mut self.memory.members[index];
        progress.recipe = recipe;
        progress.placement = placement;
        progress.created_at = world.now();
        self.start(index, why, cause, world);
    }

    /// True if a deployment would start if there were nodes for it.
    pub(super) fn waits_for_pool(&self) -> bool {
        self.memory.members.iter().any(|one| one.state == State::Scheduled && one.told.is_some())
    }

    /// Says once why a deployment stays scheduled.
    fn tell(&mut self, index: usize, why: String, cause: Cause, world: &mut dyn World) {
        if self.memory.members[index].told.as_ref() == Some(&why) {
            return;
        }
        let symbol = world.intern(&why);
        let entry = self.become_state(index, State::Scheduled, Why::symbol(symbol), cause, world);
        self.memory.members[index].entry = Cause::Entry(entry);
        self.memory.members[index].told = Some(why);
    }

    /// The last entry that opened the way for a deployment; `None` while a dependency keeps it closed.
    fn gate(&self, index: usize) -> Option<Cause> {
        let mut opened = self.memory.members[index].entry;
        for dependency in &self.dependencies[index] {
            let (one, member) = (&self.memory.members[*dependency], &self.document.members[*dependency]);
            let waits = |key: &str| match self.options.wait_for {
                WaitFor::Declared => true,
                WaitFor::Referenced => {
                    self.wanted[index].iter().any(|wanted| wanted.member == member.name.text && wanted.key == key)
                }
            };
            let known = |key: &str| one.exports.contains_key(key);
            if !self.gate_reached(*dependency)
                || !member.exports.iter().all(|one| known(&one.text) || !waits(&one.text))
            {
                return None;
            }
            opened = later(opened, one.entry);
        }
        Some(opened)
    }

    /// Where the profile allows references to members that are no dependencies, their exports are waited for too.
    fn references_known(&self, index: usize, opened: &mut Cause) -> Result<(), String> {
        for wanted in self.wanted[index].iter().filter(|wanted| resolve::is_export(&wanted.key)) {
            let one = self.document.position(&wanted.member).map(|position| &self.memory.members[position]);
            match one.filter(|one| one.exports.contains_key(&wanted.key)) {
                Some(one) => *opened = later(*opened, one.entry),
                None => return Err(format!("waits for {}.{}", wanted.member, wanted.key)),
            }
        }
        Ok(())
    }

    /// A deployment's recipe with its references resolved, and what they became. What came of them the first time comes of them again
    /// wherever they have the same values, in this run and in those that share the document with it.
    pub(super) fn resolved(&self, index: usize) -> Result<(Arc<Recipe>, Arc<[Resolved]>), String> {
        let member = &self.document.members[index];
        if self.wanted[index].is_empty() {
            return Ok((Arc::clone(&self.memory.members[index].recipe), Arc::default()));
        }
        let value = |name: &str, key: &str| {
            let position = self.document.position(name)?;
            match self.memory.members[position].exports.get(key) {
                Some(value) => Some(value.clone()),
                None if resolve::is_export(key) => None,
                None => resolve::property(&self.document.members[position].raw.0, key),
            }
        };
        let values: Vec<Option<String>> =
            self.wanted[index].iter().map(|wanted| value(&wanted.member, &wanted.key)).collect();
        let first = &self.resolutions[index];
        if let Some(known) = first.get().filter(|known| known.values == values) {
            return Ok((Arc::clone(&known.recipe), Arc::clone(&known.resolved)));
        }
        let mut resolved = Vec::new();
        let node = resolve::resolve(&member.raw.0, &value, &mut resolved)
            .map_err(|wanted| format!("`${{{}.{}}}` has no value", wanted.member, wanted.key))?;
        let recipe = Arc::new(resolve::reread(&self.document.source, &Arc::new(node))?);
        resolved.sort();
        resolved.dedup();
        let resolved: Arc<[Resolved]> = resolved.into();
        // Where another run was first, its values stay: what comes of others is worked out each time.
        let _ = first.set(Resolution { values, recipe: Arc::clone(&recipe), resolved: Arc::clone(&resolved) });
        Ok((recipe, resolved))
    }

    /// The gate, the pool that was picked, and the references. What exports became was told when they were collected; of the
    /// properties of recipes the values are told here.
    fn why_started(&self, index: usize, placement: &Placement, resolved: &[Resolved]) -> String {
        let mut parts = Vec::new();
        let dependencies = &self.dependencies[index];
        let state = |index: &usize| self.memory.members[*index].state.text();
        let name = |index: &usize| self.document.members[*index].name.text.as_str();
        match dependencies.first().map(state) {
            None => parts.push("no dependencies".to_owned()),
            Some(first) if dependencies.iter().all(|one| state(one) == first) => {
                parts.push(format!("{} {first}", dependencies.iter().map(name).collect::<Vec<_>>().join(", ")));
            }
            Some(_) => {
                let each = dependencies.iter().map(|one| format!("{} {}", name(one), state(one)));
                parts.push(each.collect::<Vec<_>>().join(", "));
            }
        }
        if let Placement::Shared { pool: Some(pool), .. } = placement {
            parts.push(format!("on shared pool {pool}"));
        }
        if !resolved.is_empty() {
            let each = resolved.iter().map(|one| match resolve::is_export(&one.wanted.key) {
                true => format!("{}.{}", one.wanted.member, one.wanted.key),
                false => format!("{}.{} {}", one.wanted.member, one.wanted.key, one.value),
            });
            parts.push(format!("resolved {}", each.collect::<Vec<_>>().join(", ")));
        }
        parts.join("; ")
    }

    /// Asks for what a recipe needs first: a pool, a change of a node, or its workload.
    fn start(&mut self, index: usize, why: Why, cause: Cause, world: &mut dyn World) {
        let recipe = Arc::clone(&self.memory.members[index].recipe);
        let (state, why) = match recipe.mode {
            Mode::Team => (State::Completed, Why::text("its quotas are not in effect yet")),
            Mode::SharedNodePool => (State::Creating, why),
            _ if self.own_pool(index).is_some() => (State::Creating, why),
            _ => (State::Active, why),
        };
        let entry = self.become_state(index, state, why, cause, world);
        self.memory.members[index].entry = Cause::Entry(entry);
        self.start_again(index, Cause::Entry(entry), world);
    }

    /// The pool that a deployment makes for itself or for others, and its name.
    fn own_pool(&self, index: usize) -> Option<(String, NodePoolSpec)> {
        let Progress { recipe, names, .. } = &self.memory.members[index];
        match recipe.mode {
            Mode::SharedNodePool => Some((names.object.clone(), plan::shared_pool(recipe, names))),
            _ => Some((plan::dedicated_pool_name(names), plan::dedicated_pool(recipe, names, &self.options)?)),
        }
    }

    /// Asks for what a deployment in its present state needs.
    pub(super) fn start_again(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let mode = self.memory.members[index].recipe.mode;
        if let Some((name, pool)) = self.own_pool(index) {
            let key = self.key(Kind::NodePool, &name, world);
            self.memory.members[index].pool = Some(key);
            if mode.runs_pods() {
                self.memory.members[index].placement = Placement::Dedicated(name);
            }
            self.watch(index, key, world);
            if world.observed(key).is_none() {
                self.ask(index, Purpose::Apply(key, Object::NodePool(pool)), cause, world);
            }
            return;
        }
        match mode {
            Mode::Update => self.ask(index, Purpose::Patch, cause, world),
            Mode::Service | Mode::Job => self.apply_workload(index, cause, world),
            Mode::SharedNodePool | Mode::Team => {}
        }
    }

    /// Asks for a recipe's Service and its Deployment or Job.
    pub(super) fn apply_workload(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        let (recipe, names, serves) = (Arc::clone(&progress.recipe), progress.names.clone(), progress.subject);
        let placement = progress.placement.clone();
        if let Some(service) = plan::service(&recipe, &names) {
            let key = self.key(Kind::Service, &names.object, world);
            self.memory.members[index].service = Some(key);
            self.ask(index, Purpose::Apply(key, service), cause, world);
        }
        let object = plan::workload(&recipe, &names, &placement, serves, &self.options);
        let key = self.key(object.kind(), &names.object, world);
        self.memory.members[index].workload = Some(key);
        self.watch(index, key, world);
        self.ask(index, Purpose::Apply(key, object), cause, world);
    }

    pub(super) fn key(&self, kind: Kind, name: &str, world: &mut dyn World) -> Subject {
        Subject::new(kind, world.name(name))
    }

    /// The ask behind a purpose; `None` if there is nothing to ask for any more.
    pub(super) fn ask_for(
        &self,
        index: usize,
        purpose: &Purpose,
        serves: Subject,
        world: &mut dyn World,
    ) -> Option<Ask> {
        let progress = &self.memory.members[index];
        Some(match purpose {
            Purpose::Apply(key, object) => Ask::Apply { key: *key, object: object.clone(), serves },
            Purpose::Read => Ask::Get { key: progress.service?, serves },
            Purpose::Delete(key) => Ask::Delete { key: *key, serves },
            Purpose::Patch => {
                let node = progress.recipe.node_name.clone()?;
                let key = observed_node(&node, world).unwrap_or_else(|| self.key(Kind::Node, &node, world));
                Ask::PatchNode { key, patch: plan::node_patch(&progress.recipe), serves }
            }
        })
    }
}

/// The node of this name, however the world holds the name.
fn observed_node(name: &str, world: &dyn World) -> Option<Subject> {
    let nodes = world.observed_nodes(&[]).into_iter().map(|(node, _)| node);
    nodes.into_iter().find(|node| world.show(node.name) == name)
}
