//! As many pods as are wanted. Source: ai-dynamo/grove, operator/internal/controller/podclique/components/pod/syncflow.go,
//! pod.go (buildResource), deletionsort.go and initcontainer.go; operator/internal/index/tracker.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Pass;
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pods::Pod;
use crate::timeline::{Kind, Subject, Why};
use crate::workload::{Ask, Awaited, BatchScheduler, Container, GangMember, Object, PodPhase, PodTemplate, World};

/// The init container that waits for other cliques (initContainerName).
const WAITS: &str = "grove-initc";

impl Pass<'_> {
    /// Makes pods or takes some away, goes on with an update, and takes gates off.
    pub fn sync(&mut self, own: &str, world: &mut dyn World) -> Result<(), Stop> {
        // What was there when the pass began: pods that it makes are looked at by the next one.
        self.grove.pods.met(self.key);
        let found = self.grove.pods.of(self.key).to_vec();
        let live = found.iter().filter(|pod| pod.is_live()).count() as u32;
        let wanted = self.clique().spec.replicas;
        if live < wanted {
            self.create(wanted - live, &found, own, world)?;
        } else if live > wanted {
            self.delete_excess((live - wanted) as usize, &found, world)?;
        }
        let updated =
            if self.is_automatic() && self.is_updating() { self.go_on_updating(&found, world) } else { Ok(()) };
        // An update that has to wait does not keep gates on.
        let ungated = self.ungate(&found, world);
        updated?;
        ungated
    }

    fn create(&mut self, count: u32, found: &[Pod], own: &str, world: &mut dyn World) -> Result<(), Stop> {
        let mut used: Vec<u32> = found.iter().filter(|pod| pod.is_live()).map(|pod| pod.index).collect();
        let pod_hash = self.stored.label(names::TEMPLATE_HASH).and_then(|text| u64::from_str_radix(text, 16).ok());
        let pod_hash = pod_hash.unwrap_or(self.expected_hash);
        if let Some(reason) = self.clique().spec.refusal.clone() {
            // Each try is an error of the pass, which the queue puts off ever longer; one entry tells of all of them.
            let reason = world.intern(&format!("its pods are not made: {reason}"));
            self.grove.tell(self.key, ("Failed", ""), true, Why::symbol(reason), self.by.cause, world);
            return Err(Stop::Error);
        }
        for _ in 0..count {
            let index = (0..).find(|index| !used.contains(index)).unwrap_or(0);
            used.push(index);
            let template = self.template(index, world);
            let has_startup_probe = template.containers.iter().any(|one| one.startup_probe.is_some());
            let serial = self.grove.pods.next_serial(self.key);
            let name = format!("{own}-{serial}");
            let key = Subject { kind: Kind::Pod, namespace: self.key.namespace, name: world.name(&name) };
            self.grove.api.write_elsewhere(key, false, self.by)?;
            let pod = Pod {
                key,
                index,
                hash: pod_hash,
                has_startup_probe,
                seen: None,
                was_ready: false,
                expected: true,
                dismissed: false,
            };
            self.grove.pods.add(self.key, pod);
            world.watch(key);
            let serves = template.serves.unwrap_or(self.key);
            let ask = Ask::Apply { key, object: Object::Pod(Arc::new(template)), serves };
            self.grove.ask_pod(ask, self.by.cause, world);
        }
        Ok(())
    }

    /// What a pod is made from: the clique's template with its gate, its gang and what it waits for.
    fn template(&self, index: u32, world: &mut dyn World) -> PodTemplate {
        let mut template = PodTemplate::clone(&self.clique().spec.pods);
        let label = |label: &str| self.stored.label(label).unwrap_or("").to_owned();
        let gang = label(names::GANG);
        template.labels.extend(self.stored.meta.labels.clone());
        template.labels.insert(names::CLIQUE.to_owned(), world.show(self.key.name));
        template.labels.insert(names::POD_INDEX.to_owned(), index.to_string());
        template.scheduling_gates.push(names::GATE.to_owned());
        template.scheduler_name = self.grove.profile.scheduler_of(&template.scheduler_name).to_owned();
        if BatchScheduler::named(&template.scheduler_name).is_some() {
            let subgroup = template.labels[names::CLIQUE].clone();
            template.gang = Some(GangMember { group: gang.clone(), subgroup });
        } else if template.scheduler_name == "default-scheduler" {
            template.scheduler_name = String::new();
        }
        let awaits: Vec<Awaited> =
            self.clique().spec.starts_after.iter().map(|name| self.awaited(name, &gang)).collect();
        if !awaits.is_empty() {
            let waits = Container { name: WAITS.to_owned(), image: WAITS.to_owned(), awaits, ..Container::default() };
            template.init_containers.push(waits);
        }
        template.serves.get_or_insert(self.key);
        template
    }

    /// The ready pods of another clique that a pod waits for, in the same gang.
    fn awaited(&self, clique: &str, gang: &str) -> Awaited {
        let cliques = &self.set.spec.template.cliques;
        let parent = cliques.iter().find(|template| clique.ends_with(&template.name));
        let labels = [(names::CLIQUE, clique), (names::GANG, gang)];
        let labels: BTreeMap<String, String> =
            labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Awaited { labels, ready: parent.map_or(1, |parent| parent.spec.min_available) }
    }

    fn delete_excess(&mut self, count: usize, found: &[Pod], world: &mut dyn World) -> Result<(), Stop> {
        let target = match &self.clique().status.update {
            Some(update) if Some(update.set_hash) == self.set.status.generation_hash => update.template_hash,
            _ => {
                self.stored.label(names::TEMPLATE_HASH).and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or(0)
            }
        };
        let mut candidates: Vec<&Pod> = found.iter().filter(|pod| pod.shown().is_some()).collect();
        candidates.sort_by_key(|pod| {
            let status = pod.seen.expect("it is shown");
            let phase = match status.phase {
                PodPhase::Running => 2,
                _ => 0,
            };
            (status.node.is_some(), phase, status.ready, pod.hash == target, std::cmp::Reverse(status.created_at))
        });
        for pod in candidates.into_iter().take(count) {
            self.dismiss(pod, world)?;
        }
        Ok(())
    }

    /// Asks for the end of a pod, which counts no more from now on.
    pub fn dismiss(&mut self, pod: &Pod, world: &mut dyn World) -> Result<(), Stop> {
        self.grove.api.write_elsewhere(pod.key, false, self.by)?;
        self.grove.pods.change(pod.key, |pod| pod.dismissed = true);
        self.grove.ask_other(Ask::Delete { key: pod.key, serves: self.key }, self.by.cause, world);
        Ok(())
    }
}
