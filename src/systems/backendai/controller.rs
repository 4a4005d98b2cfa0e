//! The manager as a state machine: what wakes it, and when it wakes itself. What it decides is decided by the coordinator's
//! handlers and the loops over routes; what operators may do is `actions`'.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bep1049;
use super::coordinator::{Attempts, Coordinator};
use super::deployments::Deployments;
use super::document::Document;
use super::groups;
use super::loops::Loops;
use super::profile::{Engine, Options};
use super::route::RouteStatus;
use super::status::{Lifecycle, Status};
use super::traffic::Shown;
use super::{native, read as reading};
use crate::kernel::Time;
use crate::text::{Diagnostic, Source};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Action, AskId, Controller, Outcome, Status as ObjectStatus, Wake, World};

/// Backend.AI's manager, with the deployments of one file.
#[derive(Clone, Debug)]
pub struct BackendAi {
    pub(super) deployments: Deployments,
    pub(super) coordinator: Coordinator,
    pub(super) loops: Loops,
    /// Why the file is rejected, if it is.
    rejection: Option<Arc<str>>,
    /// Where requests were last sent.
    shown: Vec<Shown>,
    /// When it wakes itself next.
    planned: Option<Time>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The manager with the file; one that rejects it says so when it is submitted.
    pub backendai: BackendAi,
    /// Why the API rejects the file; empty if it accepts it.
    pub problems: Vec<Diagnostic>,
}

/// Reads a file of deployments.
///
/// # Errors
/// What makes it no file that anybody could submit.
pub fn read(source: &Source, options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let (document, problems): (Document, _) = reading::document(source, options.engine)?;
    let rejection = problems.first().map(|first| Arc::from(first.message.as_str()));
    let coordinator = match options.engine {
        Engine::Bep1049 | Engine::Pr10426 => Coordinator::new(bep1049::handlers(options), Attempts::OfPhase),
        Engine::ReplicaGroups => Coordinator::new(groups::handlers(options), Attempts::OfCategory),
    };
    let backendai = BackendAi {
        coordinator,
        deployments: Deployments {
            document: Arc::new(document),
            options: Arc::new(options.clone()),
            list: Vec::new(),
            sessions: BTreeMap::new(),
        },
        loops: Loops::default(),
        rejection,
        shown: Vec::new(),
        planned: None,
    };
    Ok(Read { backendai, problems })
}

impl BackendAi {
    /// The names of its deployments.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.deployments.document.deployments.iter().map(|one| one.name.as_str())
    }

    /// The deployments are created: they wait for the loop that looks at new ones.
    fn submit(&mut self, cause: Cause, world: &mut dyn World) {
        let rejection = match &self.rejection {
            Some(reason) => Some(Arc::clone(reason)),
            None => self.deployments.claim_names(world).err().map(Arc::from),
        };
        for index in 0..self.deployments.document.deployments.len() {
            if let Some(reason) = &rejection {
                let name = world.name(&self.deployments.spec(index).name);
                let reason = Why::symbol(world.intern(reason));
                world.note(Subject::new(Kind::Member, name), "rejected", reason, cause);
                continue;
            }
            self.deployments.add(index, cause, world);
            let desired = Arg::Count(self.deployments.list[index].desired.into());
            self.deployments.tell(index, Why::with("wants {} routes", desired), cause, world);
            self.deployments.publish_revisions(index, world);
        }
        self.coordinator.mark(Status::of(Lifecycle::Pending), world.now());
        world.watch_nodes();
    }

    /// A pod that is a session changed.
    fn changed(&mut self, pod: Subject, cause: Cause, world: &mut dyn World) {
        // What changes was there, even if it is gone before anybody looks.
        if let Some((index, position)) = self.deployments.sessions.get(&pod).copied() {
            self.deployments.list[index].routes[position].session_seen = true;
        }
        self.look_at(pod, cause, world);
    }

    /// Nodes changed: the applications on one that is down no longer answer, those on one that is there again do.
    fn nodes_changed(&mut self, cause: Cause, world: &mut dyn World) {
        let sessions: Vec<(Subject, (usize, usize))> =
            self.deployments.sessions.iter().map(|(pod, place)| (*pod, *place)).collect();
        for (pod, (index, position)) in sessions {
            if self.deployments.check(index, position, world) {
                self.look_at(pod, cause, world);
            }
        }
    }

    /// Looks at a pod that is a session.
    fn look_at(&mut self, pod: Subject, cause: Cause, world: &mut dyn World) {
        let Some((index, position)) = self.deployments.sessions.get(&pod).copied() else { return };
        let now = world.now();
        self.deployments.check(index, position, world);
        let unheard = match world.observed(pod) {
            Some(ObjectStatus::Pod(pod)) => pod.phase == crate::workload::PodPhase::Unknown,
            _ => false,
        };
        let deployment = &mut self.deployments.list[index];
        let route = &mut deployment.routes[position];
        route.session_seen |= world.observed(pod).is_some();
        route.unheard_since = if unheard { route.unheard_since.or(Some(now)) } else { None };
        if route.status == RouteStatus::Terminated {
            return;
        }
        route.cause = cause;
        deployment.cause = cause;
        self.loops.mark(&self.deployments.options, now);
    }

    /// The manager was away and is there again. Deployments, routes and their history stand in its database, the marks of its loops and the
    /// events of sessions in Valkey, where they wait: what came meanwhile is seen now. Where requests go AppProxy knows, which went on. How
    /// long events are kept there could not be read: they are taken to outlast any absence.
    pub fn start_again(&mut self, cause: Cause, world: &mut dyn World) {
        self.planned = None;
        let sessions: Vec<(Subject, (usize, usize))> =
            self.deployments.sessions.iter().map(|(pod, place)| (*pod, *place)).collect();
        for (session, (index, position)) in sessions {
            // While nobody asked, nothing failed.
            self.deployments.list[index].routes[position].failing_since = None;
            self.look_at(session, cause, world);
        }
        self.settle(cause, world);
    }

    /// What became of an ask. Only of a session that is refused there is anything to learn.
    fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        let (Outcome::Refused(reason) | Outcome::Failed(reason)) = outcome else { return };
        let routes = self.deployments.list.iter_mut().flat_map(|one| &mut one.routes);
        let asked = routes.into_iter().find(|route| route.ask == Some(ask));
        if let Some(route) = asked {
            route.refusal = Some(reason);
            route.cause = cause;
            self.loops.mark(&self.deployments.options, world.now());
        }
    }

    /// A timer: what is due at this instant is done, routes first.
    fn timer(&mut self, world: &mut dyn World) {
        if self.planned != Some(world.now()) {
            return;
        }
        self.planned = None;
        self.loops.tick(&mut self.deployments, world);
        let before = self.route_count();
        self.coordinator.tick(&mut self.deployments, world);
        if self.route_count() != before {
            self.loops.mark(&self.deployments.options, world.now());
        }
    }

    fn route_count(&self) -> usize {
        self.deployments.list.iter().map(|one| one.routes.len()).sum()
    }

    /// What every wake ends with: requests go where they should, and a timer is set for what comes next.
    fn settle(&mut self, cause: Cause, world: &mut dyn World) {
        self.send_traffic(cause, world);
        let now = world.now();
        // A timer of this very instant is still to come.
        if self.planned == Some(now) {
            return;
        }
        let next = [self.coordinator.next(&self.deployments, now), self.loops.next(&self.deployments, world)];
        if let Some(next) = next.into_iter().flatten().min()
            && self.planned.is_none_or(|planned| planned != next)
        {
            self.planned = Some(next);
            world.wake_at(next, 0, cause);
        }
    }

    /// Has requests go to the routes that serve.
    fn send_traffic(&mut self, cause: Cause, world: &mut dyn World) {
        for index in self.shown.len()..self.deployments.list.len() {
            self.shown.push(Shown::of(&self.deployments, index));
        }
        for (deployment, shown) in self.deployments.list.iter().zip(&mut self.shown) {
            shown.send(deployment, &self.deployments.options, cause, world);
        }
    }
}

impl Controller for BackendAi {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let mut done = Ok(());
        match wake {
            Wake::Submitted => self.submit(cause, world),
            Wake::Timer(_) => self.timer(world),
            Wake::Changed(object) => self.changed(object, cause, world),
            Wake::NodesChanged => self.nodes_changed(cause, world),
            Wake::Answered(ask, outcome) => self.answered(ask, outcome, cause, world),
            Wake::Action(action) => done = self.act(&action, cause, world),
        }
        self.settle(cause, world);
        done
    }

    fn native(&self, _: &dyn World) -> serde_json::Value {
        native::state(&self.deployments)
    }
}

impl BackendAi {
    /// How much an operator's action is this manager's: 2 if it is about a deployment that it has, else 0.
    pub fn interest(&self, action: &Action) -> u8 {
        let named = match action {
            Action::Undeploy(target)
            | Action::Promote { target, .. }
            | Action::Activate { target, .. }
            | Action::Weight { target, .. } => Some(target),
            Action::Scale(sizes) => sizes.first().map(|(target, _)| target),
            _ => None,
        };
        let meant = named.and_then(|target| super::names::meant(target));
        if meant.is_some_and(|name| self.names().any(|known| known == name)) { 2 } else { 0 }
    }
}
