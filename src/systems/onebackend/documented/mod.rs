//! The deploy loop as the page of Deploy Svc describes it: a cycle at equal intervals and after each save or removal, in which
//! every deployment is taken one step further. `cycle` is that step and `plan`, `place`, `scale`, `template` are what it asks; `scan`
//! is the health check between. What the service's code did instead is no concern of this folder.
//! Source: 1backend/1backend 1305defcf2, docs-source/docs/built-in-services/deploy-svc.md. The interval is that of the code.

mod build;
mod cycle;
mod instances;
mod place;
mod plan;
mod scale;
mod scan;
mod template;
mod work;

use super::profile::Options;
use super::store::{DeploymentRow, DeploymentStatus, Store};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{AskId, Attempts, Backend, Numbered, Outcome, Pledge, Wake, World};
use work::{Image, Life, Work};

/// The deploy loop.
#[derive(Clone, Debug, Default)]
pub struct Loop {
    works: Vec<Work>,
    /// When the services started: intervals are counted from then.
    origin: Time,
    /// Until when it goes on looking, because something happened.
    alert_until: Time,
    /// When it wakes itself next.
    planned: Option<Time>,
    /// When it last did what is due at an instant.
    ticked: Option<Time>,
}

/// What a part of the loop works with.
struct Scene<'a> {
    store: &'a mut Store,
    options: &'a Options,
    world: &'a mut dyn World,
}

impl Loop {
    /// The services start.
    pub fn begin(&mut self, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        self.origin = world.now();
        world.watch_nodes();
        store.hear_nodes(options, cause, world);
    }

    /// A definition was saved or removed: the next cycle reads it.
    pub fn definition_changed(
        &mut self,
        store: &mut Store,
        options: &Options,
        id: &str,
        cause: Cause,
        world: &mut dyn World,
    ) {
        for work in &mut self.works {
            let row = store.deployment(&work.id).map(|index| &store.deployments[index]);
            if row.is_some_and(|row| row.spec.definition_id == id) {
                work.cause = cause;
            }
        }
        self.settle(&mut Scene { store, options, world }, true, cause);
    }

    /// A deployment was saved, which starts a cycle.
    pub fn saved(&mut self, store: &mut Store, options: &Options, index: usize, cause: Cause, world: &mut dyn World) {
        let row = &mut store.deployments[index];
        if row.status == DeploymentStatus::Failed {
            row.become_status(DeploymentStatus::Pending, "", cause, world);
        }
        match self.works.iter_mut().find(|work| !work.removed && work.id == row.spec.id) {
            Some(work) => {
                work.attempts = 0;
                work.cause = cause;
            }
            None => {
                self.works.push(Work::new(&row.spec.id, row.subject, row.cause));
                let pods = Numbered { namespace: row.subject.namespace, stem: world.intern(&row.spec.id) };
                world.pledge(Pledge::Attempts(Attempts { pods, most: options.documented.attempts_max }));
            }
        }
        let mut scene = Scene { store, options, world };
        self.cycle(&mut scene);
        self.settle(&mut scene, true, cause);
    }

    /// A deployment was removed, which starts a cycle.
    pub fn removed(
        &mut self,
        store: &mut Store,
        options: &Options,
        row: &DeploymentRow,
        cause: Cause,
        world: &mut dyn World,
    ) {
        for work in self.works.iter_mut().filter(|work| work.id == row.spec.id) {
            work.removed = true;
            work.cause = cause;
        }
        let mut scene = Scene { store, options, world };
        self.cycle(&mut scene);
        self.settle(&mut scene, true, cause);
    }

    /// Anything else.
    pub fn woken(&mut self, wake: &Wake, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        let mut scene = Scene { store, options, world };
        let mut alert = true;
        match wake {
            Wake::NodesChanged => self.nodes_changed(&mut scene, cause),
            Wake::Changed(pod) => self.changed(*pod, &mut scene, cause),
            Wake::Answered(ask, outcome) => alert = self.answered(*ask, outcome, scene.world),
            _ => {
                alert = false;
                self.tick(&mut scene);
            }
        }
        self.settle(&mut scene, alert, cause);
    }

    fn nodes_changed(&mut self, scene: &mut Scene<'_>, cause: Cause) {
        let changed = scene.store.hear_nodes(scene.options, cause, scene.world);
        for work in &mut self.works {
            for instance in work.instances.iter_mut().filter(|instance| changed.contains(&instance.node)) {
                instance.cause = scene.store.nodes[instance.node].cause;
                work.cause = instance.cause;
            }
        }
    }

    /// What is due at this instant: builds and drains that end, then scans, then cycles.
    fn tick(&mut self, scene: &mut Scene<'_>) {
        let now = scene.world.now();
        self.planned = self.planned.filter(|planned| *planned > now);
        self.end_builds(scene);
        self.end_drains(scene);
        if self.ticked == Some(now) {
            return;
        }
        self.ticked = Some(now);
        if self.is_due(now, scene.options.scan_interval) {
            self.scan(scene);
        }
        if self.is_due(now, scene.options.loop_interval) {
            self.cycle(scene);
        }
    }

    fn is_due(&self, now: Time, interval: Duration) -> bool {
        now.ceil_to(self.origin, interval) == now
    }

    /// What every wake ends with: requests go where they should, and a timer is set for what comes next.
    fn settle(&mut self, scene: &mut Scene<'_>, alert: bool, cause: Cause) {
        let (now, options) = (scene.world.now(), scene.options);
        // A build that has begun goes on, *assumed*: the page names no way to call it off.
        let is_over = |work: &Work| work.instances.is_empty() && work.removals.is_empty() && !build::is_building(work);
        self.works.retain(|work| !work.removed || !is_over(work));
        for work in &mut self.works {
            send_traffic(work, scene.world);
        }
        let both = options.scan_interval + options.loop_interval;
        if alert {
            // Whatever happened is seen by a scan and then by a cycle.
            self.alert_until = now + both;
        }
        let mut next: Vec<Time> = Vec::new();
        for work in &self.works {
            if let Image::Building(until, _) = work.image {
                next.push(until);
            }
            next.extend(work.instances.iter().filter_map(|instance| match instance.life {
                Life::Draining(until) => Some(until),
                _ => None,
            }));
        }
        if now < self.alert_until || self.works.iter().any(|work| is_busy(work, scene.store)) {
            let after = now + Duration::from_nanos(1);
            next.extend(
                [options.scan_interval, options.loop_interval].map(|interval| after.ceil_to(self.origin, interval)),
            );
        }
        if let Some(next) = next.into_iter().filter(|next| *next > now).min()
            && self.planned.is_none_or(|planned| next < planned || planned <= now)
        {
            self.planned = Some(next);
            scene.world.wake_at(next, 0, cause);
        }
    }

    /// What became of an ask; `false` if there is nothing to learn from it.
    fn answered(&mut self, ask: AskId, outcome: &Outcome, world: &dyn World) -> bool {
        for work in &mut self.works {
            let Some(place) = work.removals.iter().position(|removal| removal.ask == ask) else { continue };
            if matches!(outcome, Outcome::Accepted(_) | Outcome::NotFound) {
                work.removals.remove(place);
                return false;
            }
            work.removals[place].refused = true;
            return true;
        }
        if let Outcome::Refused(reason) | Outcome::Failed(reason) = outcome {
            let instances = self.works.iter_mut().flat_map(|work| &mut work.instances);
            if let Some(instance) = instances.into_iter().find(|instance| instance.ask == ask) {
                instance.refusal = Some(world.text(*reason));
                return true;
            }
        }
        false
    }
}

/// True if something of a deployment can still change by itself.
fn is_busy(work: &Work, store: &Store) -> bool {
    let Some(row) = store.deployment(&work.id).map(|index| &store.deployments[index]).filter(|_| !work.removed) else {
        return true;
    };
    let settled = row.status == DeploymentStatus::Ok || row.status == DeploymentStatus::Failed;
    let unheard = |node: usize| store.nodes.get(node).is_some_and(|node| !node.heard);
    if work.removals.iter().any(|removal| removal.refused) {
        return true;
    }
    let moves = work.instances.iter().any(|instance| instance.life != Life::Healthy || unheard(instance.node));
    let scales = row.spec.auto_scaling.is_some() && row.status != DeploymentStatus::Failed;
    !settled || moves && row.status != DeploymentStatus::Failed || scales
}

/// Has requests go to the instances that are healthy.
fn send_traffic(work: &mut Work, world: &mut dyn World) {
    let serving: Vec<_> = work.instances.iter().filter(|instance| instance.life == Life::Healthy).collect();
    let pods: Vec<Subject> = serving.iter().map(|instance| instance.pod).collect();
    if pods == work.shown {
        return;
    }
    let mut backends = Vec::with_capacity(serving.len());
    for instance in serving {
        let party = world.name(&format!("{}-r{}", work.id, instance.revision));
        let party = Subject::new(Kind::Revision, party);
        backends.push(Backend { workload: instance.pod, party, weight: 1, nodes: None, unready: false });
    }
    let traffic = Subject { kind: Kind::Traffic, ..work.subject };
    world.route(traffic, backends, work.cause);
    work.shown = pods;
}
