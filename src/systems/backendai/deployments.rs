//! The deployments of one file with their routes: the tables that Backend.AI's manager keeps, and the few changes of them that
//! all handlers share. When something changes is decided elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{DeploymentSpec, Document};
use super::groups::Groups;
use super::history::History;
use super::profile::Options;
use super::route::{Health, Route, RouteStatus};
use super::status::{Lifecycle, Status};
use crate::kernel::{Name, Time};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Ask, RecordChange, World};

/// The deployments of one file.
#[derive(Clone, Debug)]
pub struct Deployments {
    /// The file.
    pub document: Arc<Document>,
    /// The profile.
    pub options: Arc<Options>,
    /// One for each of the file; none before the file is submitted.
    pub list: Vec<Deployment>,
    /// Whose session each pod is: the positions of a deployment and of its route.
    pub sessions: BTreeMap<Subject, (usize, usize)>,
}

/// A deployment as the database has it.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its subject.
    pub subject: Subject,
    /// Where it stands.
    pub status: Status,
    /// The revision that it runs.
    pub current: Option<usize>,
    /// The revision that is rolled out.
    pub deploying: Option<usize>,
    /// How many rollouts there were; the routes of one know its number.
    pub rollout: u32,
    /// How many routes it wants.
    pub desired: u32,
    /// Its routes, oldest first. None is taken out.
    pub routes: Vec<Route>,
    /// How many routes each revision has had.
    pub numbers: Vec<u32>,
    /// Its replica groups; none in the first era.
    pub groups: Groups,
    /// New routes of this rollout that had failed when it was last looked at.
    pub failed_seen: u32,
    /// What it has been through.
    pub history: History,
    /// Since when its status is what it is.
    pub since: Time,
    /// What last happened to it or to a route of its.
    pub cause: Cause,
}

impl Deployments {
    /// What the file says of a deployment.
    pub fn spec(&self, index: usize) -> &DeploymentSpec {
        &self.document.deployments[index]
    }

    /// The name of a deployment's revision.
    pub fn revision_name(&self, index: usize, revision: Option<usize>) -> Option<&str> {
        Some(self.spec(index).revisions[revision?].name.as_str())
    }

    /// The same for a text in an entry.
    pub fn shown_revision(&self, index: usize, revision: Option<usize>, world: &mut dyn World) -> Arg {
        Arg::Text(world.intern(self.revision_name(index, revision).unwrap_or("nothing")))
    }

    /// Adds a deployment of the file.
    pub fn add(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let spec = &self.document.deployments[index];
        let name = world.name(&spec.name);
        let deployment = Deployment {
            subject: Subject::new(Kind::Member, name),
            status: Status::of(Lifecycle::Pending),
            current: spec.current,
            deploying: None,
            rollout: 0,
            desired: spec.desired,
            routes: Vec::new(),
            numbers: vec![0; spec.revisions.len()],
            groups: Groups::default(),
            failed_seen: 0,
            history: History::default(),
            since: world.now(),
            cause,
        };
        self.list.push(deployment);
    }

    /// Writes down that there are deployments of these names, in all files of the run.
    ///
    /// # Errors
    /// A name that another file's deployment has.
    pub fn claim_names(&self, world: &mut dyn World) -> Result<(), String> {
        let claim = |spec: &DeploymentSpec| RecordChange {
            name: record_name(&spec.name),
            expected_version: 0,
            value: Some(String::new()),
        };
        let claims: Vec<RecordChange> = self.document.deployments.iter().map(claim).collect();
        if world.commit(&claims) {
            return Ok(());
        }
        let mut names = self.document.deployments.iter().map(|spec| spec.name.as_str());
        let taken = names.find(|name| world.record(&record_name(name)).is_some()).unwrap_or_default();
        Err(format!("there is another deployment {taken}"))
    }

    /// A deployment is gone, and its name is free again.
    pub fn free_name(&self, index: usize, world: &mut dyn World) {
        let name = record_name(&self.spec(index).name);
        if let Some((version, _)) = world.record(&name) {
            world.commit(&[RecordChange { name, expected_version: version, value: None }]);
        }
    }

    /// Writes an entry about a deployment in its present status.
    pub fn tell(&mut self, index: usize, why: Why, cause: Cause, world: &mut dyn World) {
        let one = &mut self.list[index];
        one.cause = Cause::Entry(world.note(one.subject, one.status.word(), why, cause));
        self.pledge_end(index, world);
    }

    /// Publishes which revisions a deployment has.
    pub fn publish_revisions(&self, index: usize, world: &mut dyn World) {
        let one = &self.list[index];
        for (key, revision) in [("current_revision", one.current), ("deploying_revision", one.deploying)] {
            let name = self.revision_name(index, revision).unwrap_or("");
            world.publish(one.subject, key, name, one.cause);
        }
    }

    /// Makes routes of a revision.
    pub fn create_routes(&mut self, index: usize, revision: usize, count: u32, traffic: bool, world: &mut dyn World) {
        let base = {
            let spec = self.spec(index);
            format!("{}-{}", spec.name, spec.revisions[revision].name)
        };
        let base = world.intern(&base);
        let (now, one) = (world.now(), &mut self.list[index]);
        for _ in 0..count {
            let number = one.numbers[revision];
            one.numbers[revision] += 1;
            let name = Name::numbered(base, number);
            let mut route = Route::new(name, revision, one.rollout, traffic, now, one.cause);
            let why = Why::text(if traffic { "made with traffic" } else { "made without traffic" });
            route.cause = Cause::Entry(world.note(route.subject, route.word(), why, one.cause));
            self.sessions.insert(route.pod, (index, one.routes.len()));
            one.routes.push(route);
        }
    }

    /// Has a route end: no request comes to it from now on, and the loop over such routes ends its session.
    pub fn drain(&mut self, index: usize, route: usize, why: Why, cause: Cause, world: &mut dyn World) {
        let route = &mut self.list[index].routes[route];
        route.takes_traffic = false;
        if route.is_active() {
            route.become_status(RouteStatus::Terminating, why, cause, world);
        }
    }

    /// The deployment is taken down: all of its routes end.
    pub fn drain_all(&mut self, index: usize, world: &mut dyn World) {
        for route in self.routes_where(index, Route::is_active) {
            let cause = self.list[index].cause;
            self.drain(index, route, Why::text("its deployment is taken down"), cause, world);
        }
    }

    /// Positions of a deployment's routes for which something holds.
    pub fn routes_where(&self, index: usize, holds: impl Fn(&Route) -> bool) -> Vec<usize> {
        let routes = self.list[index].routes.iter().enumerate();
        routes.filter(|(_, route)| holds(route)).map(|(position, _)| position).collect()
    }

    /// Active routes of a revision.
    pub fn active_of(&self, index: usize, revision: usize) -> Vec<usize> {
        self.routes_where(index, |route| route.is_active() && route.revision == revision)
    }

    /// Asks for the end of a route's session.
    pub fn end_session(&self, index: usize, route: usize, world: &mut dyn World) {
        let one = &self.list[index];
        let route = &one.routes[route];
        if route.status != RouteStatus::Pending {
            world.ask(Ask::Delete { key: route.pod, serves: one.subject }, route.cause);
        }
    }
}

/// The record that a name is taken by.
fn record_name(deployment: &str) -> String {
    format!("backendai/deployment/{deployment}")
}

impl Route {
    /// Makes a status that of the route, and tells of it. The session of a route that is no longer active is asked for by nobody
    /// (`RouteStatus.is_active`), even if it cannot be ended.
    pub fn become_status(&mut self, status: RouteStatus, why: Why, cause: Cause, world: &mut dyn World) {
        self.status = status;
        self.told(why, cause, world);
        if !self.is_active() {
            world.unwant(self.pod);
        }
    }

    /// Makes this its health, and tells of it.
    pub fn become_health(&mut self, health: Health, why: Why, cause: Cause, world: &mut dyn World) {
        self.health = health;
        self.told(why, cause, world);
    }

    fn told(&mut self, why: Why, cause: Cause, world: &mut dyn World) {
        self.changed_at = world.now();
        self.cause = Cause::Entry(world.note(self.subject, self.word(), why, cause));
    }
}
