//! Dynamo's control plane as a state machine: what wakes it, whose turn it is then, and when it wakes itself. What a turn does is
//! `operator`'s and its neighbours'; what operators may do is `actions`'.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::model::{Resource, Table};
use super::operator::asked::Asked;
use super::operator::journal::Journal;
use super::operator::parts::Parts;
use super::operator::pass::Pass;
use super::operator::{adapters, component, graph, names};
use super::profile::{Options, Provider};
use super::read::Document;
use super::store::Stored;
use super::traffic::Routes;
use super::{dynamo_model, request};
use crate::kernel::Time;
use crate::systems::grove::Grove;
use crate::systems::kubernetes::Kubernetes;
use crate::systems::machinery::{
    self,
    runtime::{Keys, View},
};
use crate::systems::machinery::{
    Api, ControllerId, ControllerSpec, Event, Finish, Item, RateLimits, Runtime, Turn, Verb, Writer,
};
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::{AskId, Controller, Outcome, Wake, World};

/// The controllers, by their place: graphs, components, adapters, requests, models.
pub(super) const GRAPHS: ControllerId = ControllerId(0);
pub(super) const COMPONENTS: ControllerId = ControllerId(1);
pub(super) const ADAPTERS: ControllerId = ControllerId(2);
pub(super) const REQUESTS: ControllerId = ControllerId(3);
pub(super) const MODELS: ControllerId = ControllerId(4);

/// Its own timer; smaller tokens are those of plain manifests.
const TIMER: u64 = 1 << 48;

/// What every controller of the operator has: one worker, and the limits of controller-runtime.
fn spec(name: &'static str, watches: &'static [Kind]) -> ControllerSpec {
    ControllerSpec { name, watches, workers: 1, limits: RateLimits::default() }
}

/// Dynamo's control plane, with the documents that were applied to it.
#[derive(Clone, Debug)]
pub struct Dynamo {
    pub(super) name: Arc<str>,
    pub(super) options: Arc<Options>,
    document: Arc<Document>,
    pub(super) api: Api<Resource>,
    pub(super) runtime: Runtime,
    pub(super) asked: Asked,
    pub(super) journal: Journal,
    /// Grove's operator, with the PodCliqueSets.
    pub(super) grove: Grove,
    /// Plain manifests, a set for each document that has any.
    pub(super) manifests: Vec<Kubernetes>,
    /// The annotations that the last `apply` of an object named.
    pub(super) applied: BTreeMap<Subject, Table>,
    routes: Routes,
    /// Adapters of models that are being loaded.
    loads: dynamo_model::Loads,
    /// What was last seen of Grove's cliques.
    parts: Parts,
    /// With what each object went that is there no more.
    ends: BTreeMap<Subject, Cause>,
    /// When the operator that acts now read what it writes; `None`: that does not matter.
    pub(super) read_at: Option<Time>,
    /// When it wakes itself next.
    planned: Option<Time>,
}

impl Dynamo {
    /// The names of its controllers, in the order of their places.
    pub const CONTROLLERS: [&'static str; 5] = [
        "dynamographdeployment",
        "dynamocomponentdeployment",
        "dynamographdeploymentscalingadapter",
        "dynamographdeploymentrequest",
        "dynamomodel",
    ];

    /// A control plane to which a document is submitted first.
    pub fn new(name: &str, document: Document, options: &Options) -> Dynamo {
        let watches: [&[Kind]; 5] = [
            &[Kind::Graph, Kind::DynamoComponentDeployment, Kind::Adapter],
            &[Kind::DynamoComponentDeployment],
            &[Kind::Adapter, Kind::Graph],
            &[Kind::Request, Kind::Graph],
            &[Kind::Model],
        ];
        let controllers: Vec<ControllerSpec> =
            Dynamo::CONTROLLERS.into_iter().zip(watches).map(|(name, watches)| spec(name, watches)).collect();
        let webhooks = if options.webhook { &[Kind::Graph, Kind::DynamoComponentDeployment][..] } else { &[] };
        Dynamo {
            name: name.into(),
            options: Arc::new(options.clone()),
            document: Arc::new(document),
            api: Api::new(webhooks.iter().copied()),
            runtime: Runtime::new(&controllers),
            asked: Asked::default(),
            journal: Journal::default(),
            grove: Grove::new(options.grove.clone()),
            manifests: Vec::new(),
            applied: BTreeMap::new(),
            routes: Routes::default(),
            loads: dynamo_model::Loads::default(),
            parts: Parts::default(),
            ends: BTreeMap::new(),
            read_at: None,
            planned: None,
        }
    }

    /// The name of the first document, and those of its graphs.
    pub fn names(&self) -> Vec<&str> {
        let graphs = self.document.objects.iter().filter(|one| one.identity.kind == Kind::Graph);
        std::iter::once(&*self.name).chain(graphs.map(|one| one.identity.name.as_str())).collect()
    }

    /// True if Grove is installed: its profile says so, or its own documents are there.
    pub fn has_grove(&self) -> bool {
        self.options.provider == Provider::Grove || !self.document.sets.is_empty() || self.grove.has_sets()
    }

    /// The plain manifests that it holds as they are wanted now.
    pub fn manifests(&self) -> Vec<&crate::systems::kubernetes::Manifest> {
        self.manifests.iter().flat_map(Kubernetes::wanted).collect()
    }

    /// How often a fault of watches or writes has had an effect so far.
    pub fn effects(&self, number: u32) -> u64 {
        self.runtime.effects(&self.api, number) + self.grove.effects(number)
    }

    /// How many writes or reads there were so far that a point means.
    pub fn seen_at(&self, token: u64) -> u32 {
        self.api.seen_at(token) + self.grove.seen_at(token)
    }

    /// Does what is due, until nothing is: Grove's controllers have their turns after the operator's own, and wake it again.
    fn pump(&mut self, cause: Cause, world: &mut dyn World) {
        self.runtime.woken();
        loop {
            self.pump_own(world);
            if machinery::tell_points(&mut self.api, world) {
                return world.wake_at(world.now(), TIMER, cause);
            }
            if self.grove.pump(cause, world) || !self.heed(cause) {
                return;
            }
        }
    }

    /// Changes of cliques that concern their graphs wake the controller of graphs; `false` if there are none.
    fn heed(&mut self, cause: Cause) -> bool {
        let changed = self.parts.changed(&mut self.grove, self.options.operator.is_1_5());
        for (part, graph) in &changed {
            self.runtime.add_for(*part, GRAPHS, *graph, cause);
            self.routes.touch(*graph);
        }
        !changed.is_empty()
    }

    fn pump_own(&mut self, world: &mut dyn World) {
        let now = world.now();
        loop {
            let turn = {
                let reads: &dyn World = world;
                let mut route =
                    |who, event: &Event<Resource>, view: &View<'_, Resource>| route(who, event, view, reads);
                self.runtime.next(&mut self.api, now, &mut route)
            };
            match turn {
                None => break,
                Some(Turn::Endless) => machinery::tell_endless(&self.runtime, world),
                Some(Turn::Ended(ended)) => machinery::tell_end(&self.runtime, ended, world),
                Some(Turn::Started(controller, cause)) => {
                    machinery::tell_start(&self.runtime, controller, cause, world);
                }
                Some(Turn::Reconcile(item)) => {
                    let finish = self.reconcile(item, world);
                    let retry = self.runtime.finish(item, finish, now);
                    machinery::tell_conflicts(&mut self.api, &self.runtime, item, retry, world);
                    self.sweep(world);
                    self.collect(item.key, world);
                }
            }
            self.sweep(world);
        }
    }

    fn reconcile(&mut self, item: Item, world: &mut dyn World) -> Finish {
        // Event filters of a restricted operator leave out what is elsewhere.
        if !self.options.sees(&world.text(item.key.namespace)) {
            return Finish::Done;
        }
        let mut pass = Pass {
            api: &mut self.api,
            runtime: &self.runtime,
            world,
            options: &self.options,
            grove: &mut self.grove,
            asked: &mut self.asked,
            journal: &mut self.journal,
            item,
            cause: item.cause,
        };
        let finish = match item.controller {
            GRAPHS => graph::reconcile(&mut pass),
            COMPONENTS => component::reconcile(&mut pass),
            ADAPTERS => adapters::reconcile(&mut pass),
            REQUESTS => request::reconcile(&mut pass),
            MODELS => dynamo_model::reconcile(&mut pass, &mut self.loads),
            _ => return Finish::Done,
        };
        self.journal.count(item.key, &finish);
        finish
    }

    /// What went away takes along what was asked of the cluster for it.
    pub(super) fn sweep(&mut self, world: &mut dyn World) {
        for (key, cause) in self.api.removed() {
            let became = if key.kind == Kind::DynamoComponentDeployment { "Deleted" } else { "deleted" };
            let cause = Cause::Entry(world.note(key, became, Why::NONE, cause));
            self.ends.insert(key, cause);
            self.routes.touch_of(key, &self.api);
            if self.api.list(Kind::Model).next().is_some() {
                let pods = self.pods_behind(key, world);
                for model in dynamo_model::of_pods(&pods, key, self.api.list(Kind::Model), &self.loads) {
                    self.runtime.add_for(key, MODELS, model, cause);
                }
            }
            self.remove_of(key, cause, world);
        }
    }

    /// Takes away what stands outside this API for an object.
    fn remove_of(&mut self, key: Subject, cause: Cause, world: &mut dyn World) {
        self.asked.remove_of(key, cause, world);
        if key.kind == Kind::Graph {
            let by = Writer { controller: None, at: world.now(), cause };
            for set in self.grove.sets_of(key) {
                let _ = self.grove.delete(set, by);
            }
        }
    }

    /// What a controller makes for an object that it still believes in names an owner that is not there, and the garbage collector
    /// takes that (kubernetes v1.36.3, pkg/controller/garbagecollector, attemptToDeleteItem).
    fn collect(&mut self, key: Subject, world: &mut dyn World) {
        if let Some(cause) = self.ends.get(&key).copied()
            && self.api.get(key).is_none()
        {
            self.remove_of(key, cause, world);
        }
    }

    /// The names of the pods that stand behind what goes away.
    fn pods_behind(&self, key: Subject, world: &dyn World) -> BTreeSet<String> {
        let workloads = self.asked.of(key).flat_map(|workload| world.observed_pods(workload));
        let cliques = self.grove.cliques_made_for(key).into_iter().flat_map(|clique| self.grove.pods_of(clique.key));
        workloads.map(|(pod, _)| pod).chain(cliques).map(|pod| world.show(pod.name)).collect()
    }

    /// A change of an object of the cluster wakes whoever it is there for.
    fn changed(&mut self, subject: Subject, cause: Cause, world: &mut dyn World) {
        if let Some(graph) = self.grove.maker_of_pod(subject) {
            self.routes.touch(graph);
            let components = self.api.get(graph).and_then(|stored| stored.value.graph());
            let models = components.map(|graph| graph.spec.components.iter().filter_map(|one| one.model.clone()));
            for model in models.map(Iterator::collect::<Vec<_>>).unwrap_or_default() {
                self.wake_models(&model.name, graph, subject, cause);
            }
        }
        if self.grove.changed(subject, cause, world) {
            return;
        }
        self.asked.changed(subject, cause, world);
        if let Some(owner) = self.asked.owner_of_leaders(subject) {
            self.routes.touch_of(owner, &self.api);
        }
        let Some(owner) = self.asked.owner_of(subject) else { return };
        match owner.kind {
            Kind::DynamoComponentDeployment => {
                self.runtime.add_for(subject, COMPONENTS, owner, cause);
                let Some(stored) = self.api.get(owner).map(Arc::clone) else { return };
                let model = stored.value.component().and_then(|one| one.spec.component.model.clone());
                if let Some(model) = model {
                    self.wake_models(&model.name, owner, subject, cause);
                }
                let Some(graph) = stored.meta.owner.filter(|owner| owner.key.kind == Kind::Graph) else { return };
                self.routes.touch(graph.key);
                // Pods of workers that come, go or end wake the controller of graphs too.
                let is_worker =
                    stored.value.component().is_some_and(|one| one.spec.component.component_type.is_worker());
                if is_worker && self.options.operator.is_1_5() && subject.kind != Kind::Service {
                    self.runtime.add_for(subject, GRAPHS, graph.key, cause);
                }
            }
            Kind::Request => self.runtime.add_for(subject, REQUESTS, owner, cause),
            _ => self.runtime.add_for(subject, GRAPHS, owner, cause),
        }
    }

    /// Pods that come, go or change their readiness change the endpoints of the models that they serve.
    fn wake_models(&mut self, base: &str, near: Subject, changed: Subject, cause: Cause) {
        for key in dynamo_model::of_base(base, near, self.api.list(Kind::Model)) {
            self.runtime.add_for(changed, MODELS, key, cause);
        }
    }

    fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        if self.grove.answered(ask, outcome, cause, world) {
            return;
        }
        match self.asked.answered(ask, outcome, cause, world) {
            Some(owner) => {
                let controller = match owner.kind {
                    Kind::DynamoComponentDeployment => COMPONENTS,
                    Kind::Request => REQUESTS,
                    _ => GRAPHS,
                };
                // A reconcile fails once, however much of what it asked for is refused.
                let refused = self.asked.has_failed(owner);
                if refused && self.asked.waits(owner) {
                    return;
                }
                self.runtime.answered(controller, owner, refused);
                self.runtime.add(controller, owner, cause);
            }
            None => {
                for set in &mut self.manifests {
                    let _ = set.wake(Wake::Answered(ask, outcome), cause, world);
                }
            }
        }
    }

    fn submit(&mut self, cause: Cause, world: &mut dyn World) {
        let document = Arc::clone(&self.document);
        self.apply_document(&document, false, cause, world);
    }

    /// What every wake ends with: turns that are due, requests sent where they should go, a timer for what comes next.
    fn settle(&mut self, cause: Cause, world: &mut dyn World) {
        self.pump(cause, world);
        self.routes.send(&self.api, &self.asked, &self.grove, cause, world);
        let now = world.now();
        let Some(next) = self.runtime.wake_time(&self.api, now) else { return };
        if self.planned.is_none_or(|planned| planned <= now || next < planned) {
            self.planned = Some(next);
            world.wake_at(next, TIMER, cause);
        }
    }

    /// An object as the API has it.
    pub(super) fn stored(&self, key: Subject) -> Option<&Arc<Stored>> {
        self.api.get(key)
    }
}

/// Which keys of a controller an event concerns.
fn route(who: ControllerId, event: &Event<Resource>, view: &View<'_, Resource>, world: &dyn World) -> Keys {
    let key = event.key();
    let mut found = Keys::new();
    match (who, key.kind) {
        (GRAPHS, Kind::Graph) | (COMPONENTS, Kind::DynamoComponentDeployment) | (ADAPTERS, Kind::Adapter)
            if event.generation_changed() =>
        {
            found.push(key);
        }
        // What it made itself does not wake it.
        (GRAPHS, Kind::DynamoComponentDeployment) if event.verb != Verb::Added => {
            found.extend(event.new.meta.owner.filter(|owner| owner.key.kind == Kind::Graph).map(|owner| owner.key));
        }
        (MODELS, Kind::Model) if event.generation_changed() => found.push(key),
        // Its own status wakes the controller of requests too: nothing is filtered there.
        (REQUESTS, Kind::Request) => found.push(key),
        (REQUESTS, Kind::Graph) if event.verb != Verb::Added => {
            found.extend(request::of_graph(&event.new, view, world))
        }
        (GRAPHS, Kind::Adapter) if event.verb == Verb::Deleted => {
            found.extend(event.new.meta.owner.filter(|owner| owner.key.kind == Kind::Graph).map(|owner| owner.key));
        }
        (ADAPTERS, Kind::Graph) if event.verb == Verb::Deleted || event.verb == Verb::Updated && resized(event) => {
            let name = world.show(key.name);
            let own = view.list(Kind::Adapter).filter(|one| one.key.namespace == key.namespace);
            let own = own.filter(|one| one.value.adapter().is_some_and(|adapter| adapter.spec.graph == name));
            found.extend(own.map(|one| one.key));
        }
        _ => {}
    }
    found
}

/// True if the components of a graph changed.
fn resized(event: &Event<Resource>) -> bool {
    let components = |stored: &Stored| stored.value.graph().map(|graph| graph.spec.components.clone());
    event.old.as_ref().is_none_or(|old| components(old) != components(&event.new))
}

impl Controller for Dynamo {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let mut done = Ok(());
        match wake {
            Wake::Submitted => self.submit(cause, world),
            Wake::Timer(TIMER) => {
                if self.planned.is_some_and(|planned| planned <= world.now()) {
                    self.planned = None;
                }
            }
            Wake::Timer(token) if self.grove.timer(token) => {}
            Wake::Timer(_) | Wake::NodesChanged => {
                for set in &mut self.manifests {
                    let _ = set.wake(wake.clone(), cause, world);
                }
            }
            Wake::Changed(object) => {
                self.changed(object, cause, world);
                for set in &mut self.manifests {
                    let _ = set.wake(Wake::Changed(object), cause, world);
                }
            }
            Wake::Answered(ask, outcome) => self.answered(ask, outcome, cause, world),
            Wake::Action(action) => done = self.act(&action, cause, world),
        }
        self.settle(cause, world);
        done
    }

    fn native(&self, world: &dyn World) -> serde_json::Value {
        super::native::list(self, world)
    }
}

/// The subject of a component of a graph.
pub(super) fn component_subject(graph: Subject, graph_name: &str, component: &str, world: &mut dyn World) -> Subject {
    let name = world.name(&names::component(graph_name, component));
    Subject { kind: Kind::Component, namespace: graph.namespace, name }
}
