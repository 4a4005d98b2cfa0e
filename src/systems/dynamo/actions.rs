//! What an operator does to Dynamo's objects: `kubectl apply`, `replace`, `delete`, `scale`, and a restart of a graph.

use std::sync::Arc;

use super::controller::{Dynamo, REQUESTS, component_subject};
use super::model::{Resource, Restart};
use super::{check, native};

use super::read::{self, Document, Submitted};
use super::store::Stored;
use crate::kernel::{Symbol, Time};
use crate::systems::grove::Grove;
use crate::systems::kubernetes::Identity;
use crate::systems::machinery::{Verb, Writer};
use crate::text::Source;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{About, Action, Ask, Controller, Wake, World};

/// What a refusal by the webhook begins with.
const DENIED: &str = "admission webhook";

impl Dynamo {
    /// How much an action is this control plane's: 2 if it is about what it has, 1 if it could take it, 0 if it is not.
    pub fn interest(&self, action: &Action) -> u8 {
        let own = |target: &str| {
            let kind = target.split_once('/').and_then(|(kind, _)| Kind::parse(kind));
            kind.is_some_and(|kind| KINDS.contains(&kind) || Grove::KINDS.contains(&kind))
                || self.names().contains(&target)
        };
        match action {
            Action::AsRead { action, .. } => self.interest(action),
            Action::Apply(_) | Action::Replace(_) => 2,
            Action::Disturb(fault) if self.runtime.takes(fault) || self.has_grove() && self.grove.takes(fault) => 2,
            Action::Disturb(_) => 0,
            Action::Await(_) => 2,
            Action::Delete(target) | Action::Restart(target) | Action::Undeploy(target) if own(target) => 2,
            Action::Delete(target) if target.starts_with("Job/") => 1,
            Action::Scale(sizes) if sizes.iter().any(|(target, _)| own(target)) => 2,
            Action::Scale(sizes) => u8::from(sizes.iter().any(|(target, _)| target.starts_with("Deployment/"))),
            _ => self.manifests.iter().map(|set| set.interest(action)).max().unwrap_or(0),
        }
    }

    /// Does what an operator asks for.
    pub(super) fn act(&mut self, action: &Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        match action {
            Action::Disturb(fault) => {
                if self.has_grove() && self.grove.takes(fault) {
                    self.grove.disturb(fault, cause, world);
                } else if !self.runtime.takes(fault) {
                    let grove = self.grove.controllers().filter(|_| self.has_grove());
                    let known: Vec<&str> = self.runtime.names().chain(grove).collect();
                    return Err(format!("no controller of Dynamo is meant; there are {}", known.join(", ")));
                }
                if self.runtime.takes(fault) {
                    self.runtime.disturb(&mut self.api, fault, world.now(), cause);
                }
                Ok(())
            }
            Action::Await(point) => {
                let of_grove = point.controller.as_deref().map_or_else(
                    || matches!(point.about, About::Kind(kind) | About::Object(Subject { kind, .. }) if Grove::keeps(kind)),
                    |name| self.grove.controllers().any(|known| known == name),
                );
                match of_grove && self.has_grove() {
                    true => self.grove.await_point(point, cause),
                    false => self.runtime.await_point(&mut self.api, point, cause),
                }
            }
            Action::AsRead { ago, action } => {
                self.read_at = Some(Time::ZERO + world.now().since(Time::ZERO + *ago));
                let done = self.act(action, cause, world);
                self.read_at = None;
                done
            }
            Action::Apply(source) => self.apply_source(source, false, cause, world),
            Action::Replace(source) => self.apply_source(source, true, cause, world),
            Action::Delete(target) => self.delete(target, cause, world),
            Action::Scale(sizes) => {
                sizes.iter().try_for_each(|(target, replicas)| self.scale(target, *replicas, cause, world))
            }
            Action::Restart(target) => self.restart(target, cause, world),
            Action::Undeploy(name) => self.undeploy(name, cause, world),
            other => self.hand_on(other, cause, world),
        }
    }

    /// What is about plain manifests alone.
    fn hand_on(&mut self, action: &Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let best = (0..self.manifests.len()).max_by_key(|place| self.manifests[*place].interest(action));
        match best {
            Some(place) => self.manifests[place].wake(Wake::Action(action.clone()), cause, world),
            None => Err("Dynamo knows no such action".to_owned()),
        }
    }

    fn apply_source(
        &mut self,
        source: &Source,
        replace: bool,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let read = read::read(source, &self.options).map_err(|problems| {
            problems.first().map_or_else(|| "it cannot be read".to_owned(), |problem| problem.message.clone())
        })?;
        let refusals = self.apply_document(&read.document, replace, cause, world);
        if refusals.is_empty() { Ok(()) } else { Err(refusals.join("; ")) }
    }

    /// Applies the objects of a document in their order; gives what was refused.
    pub(super) fn apply_document(
        &mut self,
        document: &Document,
        replace: bool,
        cause: Cause,
        world: &mut dyn World,
    ) -> Vec<String> {
        let mut refusals = Vec::new();
        for refused in &document.refused {
            let key = subject(&refused.identity, world);
            self.tell_rejected(key, &refused.reason, cause, world);
            if refused.reason.starts_with(DENIED) {
                let verb = if self.stored(key).is_some() { Verb::Updated } else { Verb::Added };
                self.journal.deny(key.kind, verb.operation());
            }
            refusals.push(refused.reason.clone());
        }
        if let Some(manifests) = &document.manifests {
            let mut set = manifests.clone();
            let _ = set.wake(Wake::Submitted, cause, world);
            self.manifests.push(set);
        }
        for template in &document.claim_templates {
            self.asked.claim_templates.add(template);
        }
        for binding in &document.bindings {
            self.grove.bind(binding);
        }
        for set in &document.sets {
            let key = subject(&set.identity, world);
            let admitted = if self.is_there(key) { Ok(()) } else { world.admits(key.namespace) };
            if let Err(refusal) = admitted.and_then(|()| self.grove.submit(key, set, cause, world)) {
                self.tell_rejected(key, &refusal, cause, world);
                refusals.push(refusal);
            }
        }
        for object in &document.objects {
            if let Err(refusal) = self.apply(object, replace, cause, world) {
                let key = subject(&object.identity, world);
                self.tell_rejected(key, &refusal, cause, world);
                refusals.push(refusal);
            }
        }
        refusals
    }

    /// Writes down that an object was not created. One that is there goes on as it was: what was refused is the change.
    fn tell_rejected(&self, key: Subject, refusal: &str, cause: Cause, world: &mut dyn World) {
        if !self.is_there(key) {
            let why = Why::symbol(world.intern(refusal));
            world.note(key, rejected(key), why, cause);
        }
    }

    /// True if the API has this object.
    fn is_there(&self, key: Subject) -> bool {
        self.stored(key).is_some() || self.grove.has(key)
    }

    /// Creates an object, or changes it to what its document says.
    fn apply(&mut self, object: &Submitted, replace: bool, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let key = subject(&object.identity, world);
        let by = Writer { controller: None, at: world.now(), cause };
        let Some(known) = self.stored(key).map(Arc::clone) else {
            if replace {
                return Err(format!("{} not found", object.identity.show()));
            }
            // NamespaceLifecycle comes before the webhooks: kubernetes/kubernetes v1.36.3, pkg/kubeapiserver/options/plugins.go.
            world.admits(key.namespace)?;
            if let Some(why) = &object.not_to_be_made {
                return Err(why.clone());
            }
            let annotations = &object.annotations;
            if let Some(why) = check::topologies(&object.resource, annotations, self.grove.profile(), &self.options) {
                return Err(denied(key, &object.identity.name, &why));
            }
            let mut created = Stored::new(key, object.resource.clone());
            created.meta.labels.clone_from(&object.labels);
            created.meta.annotations.clone_from(&object.annotations);
            self.api.create(created, by).map_err(|refusal| refusal.to_string())?;
            self.applied.insert(key, object.annotations.clone());
            world.note(key, made(key, true), Why::NONE, cause);
            self.journal.say(key, made(key, true));
            return Ok(());
        };
        self.is_as_read(&known, world)?;
        let mut wanted = Stored::clone(&known);
        wanted.value = object.resource.clone();
        if replace {
            // What a document does not name is taken out, the operator's own notes too.
            wanted.meta.labels.clone_from(&object.labels);
            wanted.meta.annotations.clone_from(&object.annotations);
            wanted.meta.finalizers.clear();
        } else {
            let before = self.applied.get(&key).cloned().unwrap_or_default();
            wanted.meta.annotations.retain(|name, _| !before.contains_key(name));
            wanted.meta.annotations.extend(object.annotations.clone());
            wanted.meta.labels.extend(object.labels.clone());
            keep_replicas(&mut wanted.value, &known.value);
        }
        if let Some(why) = check::change(&known.value, &wanted.value, &self.options).first() {
            self.journal.deny(key.kind, Verb::Updated.operation());
            return Err(denied(key, &object.identity.name, why));
        }
        if key.kind == Kind::Graph
            && let Some(why) = check::provider(&known.meta.annotations, &wanted.meta.annotations, &self.options)
        {
            return Err(denied(key, &object.identity.name, &why));
        }
        let why = self.difference(&known.value, &wanted.value, world);
        self.api.update(wanted, None, by).map_err(|refusal| refusal.to_string())?;
        self.applied.insert(key, object.annotations.clone());
        world.note(key, made(key, false), why, cause);
        self.journal.say(key, made(key, false));
        Ok(())
    }

    /// What a change is about, in words.
    fn difference(&self, from: &Resource, to: &Resource, world: &mut dyn World) -> Why {
        let (Some(from), Some(to)) = (from.graph(), to.graph()) else { return Why::NONE };
        let mut changed: Vec<&str> = Vec::new();
        for component in &to.spec.components {
            let before = from.spec.components.iter().find(|one| one.name == component.name);
            if before != Some(component) {
                changed.push(&component.name);
            }
        }
        if changed.is_empty() {
            return if from.spec.restart == to.spec.restart { Why::NONE } else { Why::text("a restart") };
        }
        Why::with("{}", Arg::Text(world.intern(&changed.join(", "))))
    }

    fn delete(&mut self, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        if let Some(key) = parse(target, world).filter(|key| Grove::KINDS.contains(&key.kind)) {
            let by = Writer { controller: None, at: world.now(), cause };
            return self.grove.delete(key, by).map(drop).map_err(|refusal| format!("{target}: {refusal}"));
        }
        // A profiling Job is missed at once; what else the operator asked for comes again by itself and is not taken away here.
        if let Some(job) = parse(target, world).filter(|key| key.kind == Kind::Job)
            && let Some(owner) = self.asked.owner_of(job)
        {
            self.asked.remove(job, cause, world);
            self.runtime.add_for(job, REQUESTS, owner, cause);
            return Ok(());
        }
        let Some(key) = parse(target, world).filter(|key| KINDS.contains(&key.kind)) else {
            return self.hand_on(&Action::Delete(target.to_owned()), cause, world);
        };
        let by = Writer { controller: None, at: world.now(), cause };
        self.api.delete(key, by).map_err(|refusal| format!("{target}: {refusal}"))?;
        if self.stored(key).is_some() {
            world.note(
                key,
                if key.kind == Kind::DynamoComponentDeployment { "Deleting" } else { "deleting" },
                Why::NONE,
                cause,
            );
        }
        self.sweep(world);
        Ok(())
    }

    /// Takes one graph down, by its name, or all that the documents hold, by theirs (`kubectl delete -f`): the graph that a request made
    /// stays, as it does in ai-dynamo/dynamo v1.5.0, internal/controller/dynamographdeploymentrequest_controller.go.
    fn undeploy(&mut self, name: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let by = Writer { controller: None, at: world.now(), cause };
        if name != &*self.name {
            let graphs = self.api.list(Kind::Graph).map(|one| one.key);
            let meant: Vec<Subject> = graphs.filter(|key| world.show(key.name) == name).collect();
            if meant.is_empty() {
                return Err(format!("there is no graph {name}"));
            }
            meant.into_iter().try_for_each(|key| self.take_down(key, by, world))?;
            self.sweep(world);
            return Ok(());
        }
        let stays = |key: &&Subject| self.stored(**key).is_some_and(|stored| !stored.is_leaving());
        let objects: Vec<Subject> = self.applied.keys().filter(stays).copied().collect();
        let sets = self.grove.sets_of_nobody();
        if objects.is_empty() && sets.is_empty() {
            return Err(format!("nothing of {name} is there"));
        }
        objects.into_iter().try_for_each(|key| self.take_down(key, by, world))?;
        sets.into_iter()
            .try_for_each(|key| self.grove.delete(key, by).map(drop))
            .map_err(|refusal| refusal.to_string())?;
        for set in &mut self.manifests {
            let undeploy = Action::Undeploy(set.name().to_owned());
            // One that is being deleted already says so.
            let _ = set.wake(Wake::Action(undeploy), cause, world);
        }
        self.sweep(world);
        Ok(())
    }

    fn take_down(&mut self, key: Subject, by: Writer, world: &mut dyn World) -> Result<(), String> {
        if key.kind == Kind::Graph {
            world.note(key, "deleting", Why::NONE, by.cause);
        }
        self.api.delete(key, by).map(drop).map_err(|refusal| refusal.to_string())
    }

    /// `kubectl scale`: an adapter has the subresource, a graph has none. A component is sized by an edit of its graph.
    fn scale(&mut self, target: &str, replicas: u32, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let Some(key) = parse(target, world) else { return Err(format!("{target} is no object")) };
        let by = Writer { controller: None, at: world.now(), cause };
        match key.kind {
            _ if Grove::KINDS.contains(&key.kind) => {
                let scaled = self.grove.scale(key, replicas, by, world);
                scaled.map(drop).map_err(|refusal| format!("{target}: {refusal}"))
            }
            Kind::Adapter => {
                if let Some(known) = self.stored(key).map(Arc::clone) {
                    self.is_as_read(&known, world)?;
                }
                let mut before = None;
                let patched = self.api.patch(key, by, |stored| {
                    if let Some(adapter) = stored.value.adapter_mut() {
                        before = Some(adapter.spec.replicas);
                        adapter.spec.replicas = replicas;
                    }
                });
                patched.map_err(|refusal| format!("{target}: {refusal}"))?;
                let (from, to) = (Arg::Count(before.unwrap_or(0).into()), Arg::Count(replicas.into()));
                world.note(key, "asked", Why::with2("replicas {} to {}", from, to), cause);
                Ok(())
            }
            Kind::Component => self.edit_replicas(key, replicas, cause, world),
            Kind::Deployment | Kind::LeaderWorkerSet => {
                let Some(serves) = self.asked.serves(key) else { return Err(format!("{target} not found")) };
                world.ask(Ask::Scale { key, replicas, serves }, cause);
                Ok(())
            }
            _ if KINDS.contains(&key.kind) => Err("the server could not find the requested resource".to_owned()),
            _ => self.hand_on(&Action::Scale(vec![(target.to_owned(), replicas)]), cause, world),
        }
    }

    /// A user edits the replicas of a component in its graph.
    fn edit_replicas(
        &mut self,
        component: Subject,
        replicas: u32,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let graphs: Vec<Arc<Stored>> = self.api.list(Kind::Graph).cloned().collect();
        for stored in graphs {
            let name = world.show(stored.key.name);
            let Some(graph) = stored.value.graph() else { continue };
            let own = |one: &str| component_subject(stored.key, &name, one, &mut *world) == component;
            let Some(place) = graph.spec.components.iter().map(|one| one.name.clone()).position({
                let mut own = own;
                move |one| own(&one)
            }) else {
                continue;
            };
            if graph.spec.components[place].scaling_adapter && self.options.operator.is_1_5() && self.options.webhook {
                return Err(format!(
                    "spec.components[{place}].replicas cannot be modified directly when scaling adapter is enabled; scale or \
                     update the related DynamoGraphDeploymentScalingAdapter instead"
                ));
            }
            self.is_as_read(&stored, world)?;
            let before = graph.spec.components[place].replicas;
            let by = Writer { controller: None, at: world.now(), cause };
            let patched = self.api.patch(stored.key, by, |stored| {
                if let Some(graph) = stored.value.graph_mut() {
                    graph.spec.components[place].replicas = replicas;
                }
            });
            patched.map_err(|refusal| refusal.to_string())?;
            let why = Why::with2("replicas {} to {}", Arg::Count(before.into()), Arg::Count(replicas.into()));
            world.note(component, "scaled", why, cause);
            return Ok(());
        }
        Err("no graph has this component".to_owned())
    }

    /// Refuses a write of what somebody else wrote since the operator read it, in the words of the API server.
    fn is_as_read(&self, known: &Stored, world: &dyn World) -> Result<(), String> {
        if self.read_at.is_none_or(|read_at| known.meta.written_at <= read_at) {
            return Ok(());
        }
        let (kind, name) = (native::api_kind(known.key.kind), world.show(known.key.name));
        let resource = kind.to_ascii_lowercase();
        Err(format!(
            "Operation cannot be fulfilled on {resource}s.nvidia.com {name:?}: the object has been modified; please apply your changes to \
             the latest version and try again"
        ))
    }

    /// A restart of all components of a graph, one after the other: `spec.restart.id` becomes the time.
    fn restart(&mut self, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let Some(key) = parse(target, world).filter(|key| key.kind == Kind::Graph) else {
            return self.hand_on(&Action::Restart(target.to_owned()), cause, world);
        };
        if !self.options.operator.is_1_5() {
            return Err("unknown field \"spec.restart\": graphs of 0.8 cannot be restarted".to_owned());
        }
        let now = world.now();
        let by = Writer { controller: None, at: now, cause };
        let known = self.stored(key).map(Arc::clone).ok_or_else(|| format!("{target} not found"))?;
        let mut wanted = Stored::clone(&known);
        if let Some(graph) = wanted.value.graph_mut() {
            let before = graph.spec.restart.take();
            let (parallel, order) = before.map_or((false, Vec::new()), |one| (one.parallel, one.order));
            graph.spec.restart = Some(Restart { id: now.to_string(), parallel, order });
        }
        if let Some(why) = check::change(&known.value, &wanted.value, &self.options).first() {
            return Err(denied(key, &world.show(key.name), why));
        }
        self.api.update(wanted, None, by).map_err(|refusal| format!("{target}: {refusal}"))?;
        world.note(key, "changed", Why::text("a restart"), cause);
        self.journal.say(key, "changed");
        Ok(())
    }
}

/// The kinds of Dynamo's own objects.
const KINDS: [Kind; 7] = [
    Kind::Graph,
    Kind::DynamoComponentDeployment,
    Kind::Request,
    Kind::Adapter,
    Kind::Model,
    Kind::Checkpoint,
    Kind::Component,
];

/// Replicas that no document says stay as they are.
fn keep_replicas(wanted: &mut Resource, known: &Resource) {
    let (Some(wanted), Some(known)) = (wanted.graph_mut(), known.graph()) else { return };
    for component in wanted.spec.components.iter_mut().filter(|one| !one.says_replicas) {
        if let Some(before) = known.spec.components.iter().find(|one| one.name == component.name) {
            component.replicas = before.replicas;
        }
    }
}

/// The subject of an object of a document.
fn subject(identity: &Identity, world: &mut dyn World) -> Subject {
    let namespace = if identity.namespace.is_empty() { Symbol::EMPTY } else { world.intern(&identity.namespace) };
    Subject { kind: identity.kind, namespace, name: world.name(&identity.name) }
}

/// Reads `kind/name` or `kind/namespace/name`.
fn parse(text: &str, world: &mut dyn World) -> Option<Subject> {
    let (kind, rest) = text.split_once('/')?;
    let kind = Kind::parse(kind)?;
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    let namespace =
        if namespace.is_empty() || namespace == "default" { Symbol::EMPTY } else { world.intern(namespace) };
    Some(Subject { kind, namespace, name: world.name(name) })
}

/// What is told of a change that the webhook refuses.
fn denied(key: Subject, name: &str, why: &str) -> String {
    let kind = native::api_kind(key.kind);
    format!("{}{kind}.nvidia.com {name:?} is invalid: {why}", native::denial(kind))
}

/// The word for what the API refuses.
fn rejected(key: Subject) -> &'static str {
    let capital = key.kind == Kind::DynamoComponentDeployment || Grove::KINDS.contains(&key.kind);
    if capital { "Rejected" } else { "rejected" }
}

/// The word for what is new, and for what was changed.
fn made(key: Subject, is_new: bool) -> &'static str {
    match (key.kind == Kind::DynamoComponentDeployment, is_new) {
        (true, true) => "Created",
        (true, false) => "Changed",
        (false, true) => "created",
        (false, false) => "changed",
    }
}
