//! What is done to one instance: it is started, registered, drained, stopped. Which, and when, is decided by `cycle`.

use std::sync::Arc;

use super::super::amount::Need;
use super::super::containers::{self, Run, Seen};
use super::super::model::TargetRegion;
use super::super::store::{InstanceRow, InstanceStatus};
use super::place::{self, Candidate};
use super::work::{Instance, Life, Problem, Removal, Work};
use super::{Loop, Scene};
use crate::kernel::Name;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::Resources;

impl Loop {
    /// A container changed: one that runs is registered.
    pub(super) fn changed(&mut self, pod: Subject, scene: &mut Scene<'_>, cause: Cause) {
        for work in &mut self.works {
            let Some(instance) = work.instances.iter_mut().find(|instance| instance.pod == pod) else { continue };
            instance.cause = cause;
            work.cause = cause;
            let seen = containers::look(pod, scene.world);
            instance.seen |= seen != Seen::Gone;
            if seen == Seen::Running && !instance.registered && instance.is_active() {
                register(&work.id, instance, scene);
            }
        }
    }

    /// Starts one more instance of the newest template.
    ///
    /// # Errors
    /// Why no node takes it, and what led to that.
    pub(super) fn start(&mut self, position: usize, scene: &mut Scene<'_>) -> Result<(), Problem> {
        let Some(template) = self.works[position].template.clone() else { return Ok(()) };
        let index = scene.store.deployment(&self.works[position].id);
        let regions = index.map(|index| &scene.store.deployments[index].spec.target_regions[..]).unwrap_or(&[]);
        let candidates = self.candidates(position, scene);
        let node = place::place(&candidates, &template.need, regions).map_err(|text| {
            let cause = self.taken_by(position, &candidates, &template.need, regions, scene);
            Problem { text, cause }
        })?;
        let work = &mut self.works[position];
        let base = scene.world.intern(&work.id);
        let name = Name::numbered(base, work.made);
        work.made += 1;
        let (subject, pod) = (Subject::new(Kind::Instance, name), Subject::new(Kind::Pod, name));
        let row = &scene.store.nodes[node];
        let on = Arg::Name(row.subject.name);
        let cause = Cause::Entry(scene.world.note(subject, "starting", Why::with("on {}", on), work.cause));
        let run = Run {
            pod,
            node: row.facts.name.clone(),
            image: template.image.clone(),
            requests: requests(&template.need, row.facts.gpus.as_ref().map(|gpus| gpus.resource.as_str())),
            serves: work.subject,
        };
        let ask = containers::run(&run, cause, scene.world);
        work.instances.push(Instance {
            subject,
            pod,
            node,
            revision: work.revision,
            template: Arc::clone(&template),
            life: Life::Starting,
            since: scene.world.now(),
            seen: false,
            registered: false,
            ask,
            refusal: None,
            cause,
        });
        Ok(())
    }

    /// The nodes as the allocator sees them.
    fn candidates<'s>(&self, position: usize, scene: &'s Scene<'_>) -> Vec<Candidate<'s>> {
        let healthy = |heard| Candidate { healthy: heard, ..Candidate::default() };
        let rows = scene.store.nodes.iter();
        let mut nodes: Vec<_> = rows.map(|row| Candidate { facts: Some(&row.facts), ..healthy(row.heard) }).collect();
        for (number, work) in self.works.iter().enumerate() {
            for instance in &work.instances {
                let Some(node) = nodes.get_mut(instance.node) else { continue };
                let need = instance.need();
                node.cpu_milli = node.cpu_milli.saturating_add(need.cpu_milli);
                node.memory_bytes = node.memory_bytes.saturating_add(need.memory_bytes);
                node.gpus += u32::from(need.vram_bytes > 0);
                node.all += 1;
                node.own += u32::from(number == position && instance.is_active());
            }
        }
        nodes
    }

    /// What took the room that an instance lacks: the silence of a node that would have it, else the deployment whose instance came to
    /// one of the nodes last. `None`: its own.
    fn taken_by(
        &self,
        position: usize,
        nodes: &[Candidate<'_>],
        need: &Need,
        regions: &[TargetRegion],
        scene: &Scene<'_>,
    ) -> Option<Cause> {
        if let Some(silent) = nodes.iter().position(|node| place::is_missed(node, need, regions)) {
            return Some(scene.store.nodes[silent].cause);
        }
        let others = self.works.iter().enumerate().filter(|(number, _)| *number != position);
        let holds = |instance: &&Instance| {
            let node = nodes.get(instance.node);
            node.is_some_and(|node| place::is_taken(node, need, regions)) && instance.need().is_in_the_way_of(need)
        };
        let last = others.flat_map(|(_, work)| &work.instances).filter(holds).max_by_key(|instance| instance.ask);
        last.map(|instance| instance.cause)
    }

    /// Stops instances that were drained for long enough.
    pub(super) fn end_drains(&mut self, scene: &mut Scene<'_>) {
        let now = scene.world.now();
        for work in &mut self.works {
            for instance in &mut work.instances {
                if matches!(instance.life, Life::Draining(until) if until <= now) {
                    let removal = stop(instance, work.subject, scene);
                    work.removals.push(removal);
                }
            }
        }
    }
}

/// Has containers go that were to go, and whose removal was refused. *Assumed*, as the page does not say what is done then: a cycle compares
/// what is there with what is wanted, and they are still there.
pub(super) fn remove_again(work: &mut Work, scene: &mut Scene<'_>) {
    let serves = work.subject;
    for removal in work.removals.iter_mut().filter(|removal| removal.refused) {
        removal.ask = containers::remove(removal.pod, serves, removal.cause, scene.world);
        removal.refused = false;
    }
}

/// What an instance asks of its node. It has a GPU for itself.
fn requests(need: &Need, gpu: Option<&str>) -> Resources {
    let devices = match gpu {
        Some(gpu) if need.vram_bytes > 0 => Resources::of(gpu, 1),
        _ => Resources::default(),
    };
    Resources { cpu_milli: need.cpu_milli, memory_bytes: need.memory_bytes, ..devices }
}

/// Writes an instance into the registry.
fn register(deployment: &str, instance: &mut Instance, scene: &mut Scene<'_>) {
    let node = &scene.store.nodes[instance.node];
    let url = instance.template.url(&node.facts.name);
    let text = Arg::Text(scene.world.intern(&url));
    instance.cause =
        Cause::Entry(scene.world.note(instance.subject, "registered", Why::with("{}", text), instance.cause));
    instance.registered = true;
    let number = instance.subject.name.ordinal().unwrap_or(0);
    scene.store.instances.push(InstanceRow {
        id: format!("{deployment}-{number}"),
        subject: instance.subject,
        deployment_id: deployment.to_owned(),
        url,
        node_url: node.url.clone(),
        status: InstanceStatus::Unknown,
        details: String::new(),
        // The registry keeps the account that registers (registry/http_register_instance.go), and that is Deploy Svc's.
        slug: "deploy-svc".to_owned(),
        heard: false,
        last_heartbeat: None,
    });
}

/// Takes an instance out: it gets no requests from now on, and is stopped then.
pub(super) fn take_out(
    instance: &mut Instance,
    serves: Subject,
    why: Why,
    cause: Cause,
    scene: &mut Scene<'_>,
) -> Option<Removal> {
    if !instance.is_active() {
        return None;
    }
    instance.cause = Cause::Entry(scene.world.note(instance.subject, "draining", why, cause));
    instance.life = Life::Draining(scene.world.now() + scene.options.documented.drain);
    let at_once = scene.options.documented.drain.is_zero() || !instance.registered;
    at_once.then(|| stop(instance, serves, scene))
}

/// Stops an instance, and takes its row out of the registry.
fn stop(instance: &mut Instance, serves: Subject, scene: &mut Scene<'_>) -> Removal {
    scene.store.instances.retain(|row| row.subject != instance.subject);
    instance.cause = Cause::Entry(scene.world.note(instance.subject, "stopped", Why::NONE, instance.cause));
    instance.life = Life::Stopping;
    let (pod, cause) = (instance.pod, instance.cause);
    Removal { pod, ask: containers::remove(pod, serves, cause, scene.world), refused: false, cause }
}

/// Forgets instances that are gone: what failed is removed, and of what was told to stop nothing is left.
pub(super) fn forget(work: &mut Work, position: usize, why: Why, scene: &mut Scene<'_>) -> Cause {
    let instance = work.instances.remove(position);
    scene.store.instances.retain(|row| row.subject != instance.subject);
    let cause = Cause::Entry(scene.world.note(instance.subject, "removed", why, instance.cause));
    let ask = containers::remove(instance.pod, work.subject, cause, scene.world);
    work.removals.retain(|removal| removal.pod != instance.pod);
    work.removals.push(Removal { pod: instance.pod, ask, refused: false, cause });
    scene.world.unwatch(instance.pod);
    cause
}
