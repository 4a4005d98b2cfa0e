//! A set of manifests as a state machine: applies its objects in order, and says how the set fares. It is what `kubectl apply`
//! and whoever waits for the rollout do together; it keeps nothing running by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::document::{self, Manifests};
use super::fingerprint::touched;
use super::health::Health;
use super::kinds;
use super::last_applied;
use super::manifest::{Body, Manifest};
use super::native;
use super::pod::label_revision;
use super::state::{Asked, Held, Life, Memory, ROLLOUT_TIMERS, Revision, State};
use crate::systems::leaderworkerset;
use crate::text::Source;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Action, Ask, Controller, Object, Wake, World};

/// The manifests of one document.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// The name of the set: that of its file, without what stands before it and behind it.
    pub(super) name: Arc<str>,
    pub(super) manifests: Arc<Manifests>,
    pub(super) memory: Memory,
}

/// Reads manifests, as the document of a system.
///
/// # Errors
/// What makes it no document that anybody could submit.
pub fn load(source: &Source) -> Result<(Kubernetes, document::Read), Vec<crate::text::Diagnostic>> {
    load_beside(source, &[])
}

/// Reads the manifests of a document that belongs to another system too: objects of these API groups are left to it.
///
/// # Errors
/// What makes it no document that anybody could submit.
pub fn load_beside(
    source: &Source,
    others: &'static [&'static str],
) -> Result<(Kubernetes, document::Read), Vec<crate::text::Diagnostic>> {
    let read = document::read_beside(source, others)?;
    let name = stem(source.name());
    let manifests = Arc::clone(&read.manifests);
    Ok((Kubernetes { name: name.into(), manifests, memory: Memory::default() }, read))
}

/// `shop/web.v2.yaml` is `web.v2`.
fn stem(file: &str) -> &str {
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { "manifests" } else { stem }
}

impl Kubernetes {
    /// The same with this release of LeaderWorkerSet.
    #[must_use]
    pub fn with_groups_of(mut self, profile: leaderworkerset::Profile) -> Kubernetes {
        self.memory.group_profile = profile;
        self
    }

    /// The name of the set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its objects as they are wanted now, those that were refused or are gone left out; before it is submitted, none.
    pub fn wanted(&self) -> impl Iterator<Item = &Manifest> {
        let there = |held: &&Held| matches!(held.life, Life::Asked | Life::There);
        self.memory.objects.iter().filter(there).map(|held| &*held.live)
    }

    /// The namespaces that its objects are in, and those that it makes.
    pub fn namespaces(&self) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let objects = self.manifests.objects.iter().map(|one| &one.identity);
        let used = objects.clone().map(|one| one.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let made = objects.filter(|one| one.kind == Kind::Namespace).map(|one| one.name.as_str());
        (used.collect(), made.collect())
    }

    fn submit(&mut self, cause: Cause, world: &mut dyn World) {
        let name = world.name(&self.name);
        self.memory.subject = Some(Subject::new(Kind::Manifests, name));
        let manifests = Arc::clone(&self.manifests);
        let count = manifests.objects.len() + manifests.refused.len() + manifests.nameless;
        let why = Why::with("objects: {}", Arg::Count(count as u64));
        let entry = self.become_state(State::Submitted, why, cause, world);
        self.apply_all(&manifests, false, Cause::Entry(entry), world);
    }

    /// Applies manifests in their order. What the API server refuses on sight is told.
    pub(super) fn apply_all(
        &mut self,
        manifests: &Manifests,
        replace: bool,
        cause: Cause,
        world: &mut dyn World,
    ) -> Vec<String> {
        let mut refusals = Vec::new();
        self.memory.settled = false;
        self.memory.refused = manifests.refused.len() + manifests.nameless;
        if manifests.nameless > 0 {
            refusals.push(format!("{} of the objects cannot be read", manifests.nameless));
        }
        for refused in &manifests.refused {
            let subject = refused.identity.subject(world);
            let why = Why::symbol(world.intern(&refused.reason));
            world.note(subject, "Rejected", why, cause);
            refusals.push(refused.reason.clone());
        }
        for manifest in &manifests.objects {
            if let Err(refusal) = self.apply(manifest, replace, cause, world) {
                self.memory.refused += 1;
                let shown = manifest.identity.show();
                let subject = manifest.identity.subject(world);
                let why = Why::symbol(world.intern(&refusal));
                world.note(subject, "Rejected", why, cause);
                refusals.push(format!("{shown}: {refusal}"));
            }
        }
        refusals
    }

    /// Creates an object, or changes it to what its manifest says.
    fn apply(&mut self, manifest: &Manifest, replace: bool, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let subject = manifest.identity.subject(world);
        let Some(position) = self.memory.held(subject) else {
            if replace {
                return Err(kinds::not_found(&manifest.identity));
            }
            let manifest = last_applied::join(manifest, subject, world)?;
            last_applied::write(&manifest, world);
            self.hold(subject, Arc::new(manifest));
            let position = self.memory.objects.len() - 1;
            world.watch(subject);
            self.ask(position, cause, world);
            return Ok(());
        };
        let held = &mut self.memory.objects[position];
        if held.life != Life::Refused
            && let Some(refusal) = manifest.refusal_to_replace(&held.applied)
        {
            return Err(refusal.to_owned());
        }
        let mut live = manifest.clone();
        if replace {
            held.restarted = None;
        } else {
            merge(&mut live, held, world.scale(subject));
        }
        held.applied = Arc::new(manifest.clone());
        held.by_document = true;
        last_applied::write(manifest, world);
        self.change(position, live, cause, world);
        Ok(())
    }

    fn hold(&mut self, subject: Subject, manifest: Arc<Manifest>) {
        let template = manifest.template().cloned();
        let first = template.map(|template| Revision { number: 1, template, restarted: None });
        if let Some(before) = self.memory.positions.insert(subject, self.memory.objects.len()) {
            self.memory.objects[before].life = Life::Gone;
        }
        self.memory.objects.push(Held {
            subject,
            applied: Arc::clone(&manifest),
            live: manifest,
            accepted: None,
            by_document: true,
            is_outdated: false,
            life: Life::Asked,
            health: Health::Plain,
            was_there: false,
            shown_early: false,
            controlled: false,
            seen: false,
            settled: 0,
            is_short: false,
            revisions: first.into_iter().collect(),
            restarted: None,
            tries: 0,
        });
    }

    /// Asks for an object as it is wanted from now on, and remembers its template.
    pub(super) fn change(&mut self, position: usize, live: Manifest, cause: Cause, world: &mut dyn World) {
        self.memory.settled = false;
        let held = &mut self.memory.objects[position];
        if let Some(template) = live.template().cloned()
            && held.revisions.last().is_none_or(|last| last.template != template)
        {
            let number = held.revisions.last().map_or(1, |last| last.number + 1);
            // A template that comes again leaves its old place, as a ReplicaSet takes a new number.
            held.revisions.retain(|old| old.template != template);
            held.revisions.push(Revision { number, template, restarted: held.restarted });
        }
        held.live = Arc::new(live);
        held.tries = 0;
        self.ask(position, cause, world);
    }

    fn ask(&mut self, position: usize, cause: Cause, world: &mut dyn World) {
        let Some(serves) = self.memory.subject else { return };
        // Of two asks in a row the first makes it, and both are answered later.
        let of_groups = self.memory.objects[position].subject.kind == Kind::LeaderWorkerSet;
        let is_being_made = of_groups && !self.memory.objects[position].was_there && self.memory.is_asking(position);
        let held = &mut self.memory.objects[position];
        held.life = Life::Asked;
        let (key, live) = (held.subject, Arc::clone(&held.live));
        let object = live.object(world);
        held.was_there = !is_being_made && world.group_set(key).is_some();
        let id = world.ask(Ask::Apply { key, object, serves }, cause);
        let wanted = Some(self.memory.objects[position].wanted());
        self.memory.asks.insert(id, Asked { position, wanted });
        // A Rollout that is under control is changed together with what a command writes into its status.
        let controlled = self.memory.rollout(key).is_some();
        self.memory.objects[position].controlled = controlled;
        if controlled {
            self.control(position, cause, world);
        }
    }

    /// The API has taken a custom resource: its controller learns of it.
    pub(super) fn control(&mut self, position: usize, cause: Cause, world: &mut dyn World) {
        let Some(serves) = self.memory.subject else { return };
        let held = &self.memory.objects[position];
        let (key, was_there, live) = (held.subject, held.was_there, Arc::clone(&held.live));
        match key.kind {
            Kind::LeaderWorkerSet => self.memory.control_groups(key, serves, was_there, cause, world),
            Kind::Rollout => {
                if let Object::Rollout(spec) = live.object(world) {
                    self.memory.control_rollout(key, serves, *spec, cause, world);
                }
                // A controller is woken by what its watch shows, and that was before it knew of this.
                let held = &mut self.memory.objects[position];
                if std::mem::take(&mut held.shown_early)
                    && !held.controlled
                    && let Some(rollout) = self.memory.rollout_mut(key)
                {
                    rollout.changed(key, cause, world);
                }
            }
            _ => {}
        }
    }

    /// Asks for an object to be deleted.
    pub(super) fn remove(&mut self, position: usize, cause: Cause, world: &mut dyn World) {
        let Some(serves) = self.memory.subject else { return };
        let held = &mut self.memory.objects[position];
        if matches!(held.life, Life::Gone | Life::Deleting) {
            return;
        }
        if matches!(held.life, Life::Refused | Life::Lost | Life::Collected) {
            held.life = Life::Gone;
            return;
        }
        held.life = Life::Deleting;
        let key = held.subject;
        let id = world.ask(Ask::Delete { key, serves }, cause);
        self.memory.asks.insert(id, Asked { position, wanted: None });
        if let Some(set) = self.memory.group_sets.iter_mut().find(|set| set.key() == key) {
            set.delete(cause, world);
        }
        if let Some(rollout) = self.memory.rollout_mut(key) {
            rollout.delete(cause, world);
        }
    }
}

/// What a document does not say stays as it is: replicas that no document named, a pause, a restart.
/// Source: k8s.io/kubectl v0.36.3, pkg/cmd/apply: a field is removed only if the last applied document had it.
/// `scale` is what the object wants now, whoever scaled it.
fn merge(new: &mut Manifest, held: &Held, scale: Option<u32>) {
    let said = held.applied.says_replicas;
    if let (false, false, Some(live)) = (new.says_replicas, said, scale.or(held.live.replicas()))
        && let Some(replicas) = new.replicas_mut()
    {
        *replicas = live;
    }
    let paused = |manifest: &Arc<Manifest>| Arc::make_mut(&mut Arc::clone(manifest)).paused_mut().map(|paused| *paused);
    if let (Some(false), Some(live)) = (paused(&held.applied), paused(&held.live))
        && let Some(now) = new.paused_mut()
        && !*now
    {
        *now = live;
    }
    if let (Body::Object(Object::Rollout(new)), Body::Object(Object::Rollout(live))) = (&mut new.body, &held.live.body)
    {
        new.restart_at = live.restart_at;
    }
    if let Some(by) = held.restarted
        && let Some(template) = new.template_mut()
    {
        let template = Arc::make_mut(template);
        template.fingerprint = touched(template.fingerprint, by);
        label_revision(template);
    }
}

impl Controller for Kubernetes {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let mut cause = cause;
        let done = match wake {
            Wake::Submitted => {
                self.submit(cause, world);
                Ok(())
            }
            Wake::Timer(token) => {
                if let Some(place) = token.checked_sub(ROLLOUT_TIMERS) {
                    if let Some(rollout) = self.memory.rollouts.get_mut(place as usize) {
                        rollout.timer(cause, world);
                    }
                    self.look_at_rollouts(world);
                    self.update(cause, world);
                    return Ok(());
                }
                let position = token as usize;
                match self.memory.objects.get(position).map(|held| held.life) {
                    Some(Life::Asked) => self.ask(position, cause, world),
                    Some(Life::Deleting) => {
                        self.memory.objects[position].life = Life::There;
                        self.remove(position, cause, world);
                    }
                    _ => {}
                }
                Ok(())
            }
            Wake::Changed(object) => {
                if let Some(position) = self.memory.positions.get(&object).copied()
                    && self.memory.is_asking(position)
                {
                    self.memory.objects[position].shown_early = true;
                }
                for rollout in self.memory.rollouts.iter_mut().filter(|rollout| rollout.watches(object)) {
                    rollout.changed(object, cause, world);
                }
                self.look_at_rollouts(world);
                self.memory.follow_groups(object, cause, world);
                let mut sets = self.memory.group_sets.iter_mut();
                let set = sets.find(|set| set.watches(object));
                let object = set.map_or(object, |set| {
                    set.changed(cause, world);
                    set.key()
                });
                if let Some(position) = self.memory.positions.get(&object) {
                    self.look(*position, world);
                }
                Ok(())
            }
            Wake::NodesChanged => Ok(()),
            Wake::Answered(ask, outcome) => {
                let position = self.memory.asks.get(&ask).map(|asked| asked.position);
                if position.is_none() {
                    let mut rollouts = self.memory.rollouts.iter_mut();
                    rollouts.any(|rollout| rollout.answered(ask, outcome, cause, world));
                    self.look_at_rollouts(world);
                }
                self.answered(ask, outcome, cause, world);
                if let Some(position) = position {
                    self.look(position, world);
                }
                if let (true, Some((_, since))) = (self.memory.asks.is_empty(), self.memory.since)
                    && self.memory.state == Some(State::Submitted)
                {
                    cause = since;
                }
                Ok(())
            }
            Wake::Action(action) => self.act(&action, cause, world),
        };
        self.update(cause, world);
        done
    }

    fn native(&self, world: &dyn World) -> serde_json::Value {
        native::list(self, world)
    }
}

impl Kubernetes {
    /// True if the object stands in its documents.
    pub fn has(&self, subject: Subject) -> bool {
        self.memory.positions.contains_key(&subject)
    }

    /// How much an action is this set's: 2 if it is about what it has, 1 if it could take it, 0 if it is not.
    pub fn interest(&self, action: &Action) -> u8 {
        super::actions::interest(self, action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_named_after_its_file() {
        for (file, name) in [("web.yaml", "web"), ("a/b/web.v2.yml", "web.v2"), ("web", "web"), (".yaml", "manifests")]
        {
            assert_eq!(stem(file), name, "{file}");
        }
    }
}
