//! What an operator does to a set of manifests, in the words of `kubectl` where it refuses.
//! Source: k8s.io/kubectl v0.36.3, pkg/cmd/apply, pkg/cmd/scale, pkg/cmd/rollout and pkg/polymorphichelpers.

use std::sync::Arc;

use super::controller::Kubernetes;
use super::document;
use super::fingerprint::touched;
use super::kinds;
use super::manifest::{Body, Identity, Manifest};
use super::pod::label_revision;
use super::state::{Life, State};
use crate::systems::argorollouts::Rollout;
use crate::text::Source;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::rollout::TemplateSource;
use crate::workload::{Action, Ask, Object, World};

/// Actions on what only other systems have.
macro_rules! of_others {
    () => {
        Action::Click(_)
            | Action::Complete(_)
            | Action::Abandon(_)
            | Action::Forward(_)
            | Action::Activate { .. }
            | Action::Weight { .. }
            | Action::Push { .. }
            | Action::Mark { .. }
            | Action::Alarm { .. }
            | Action::Disturb(_)
            | Action::Await(_)
            | Action::AsRead { .. }
    };
}

/// How much an action is this set's: 2 if it is about what it has, 1 if it could take it, 0 if it is not.
pub fn interest(set: &Kubernetes, action: &Action) -> u8 {
    let has = |text: &str| Identity::parse(text).is_some_and(|identity| position(set, &identity).is_some());
    let about = |about: bool| if about { 2 } else { 0 };
    match action {
        Action::Undeploy(name) => about(*name == *set.name),
        Action::Apply(source) | Action::Replace(source) => match document::read(source) {
            Ok(read) => {
                let all = &read.manifests;
                let known = all.objects.iter().any(|one| position(set, &one.identity).is_some());
                if known { 2 } else { 1 }
            }
            Err(_) => 1,
        },
        // A pod or ReplicaSet that a controller made: whose it is, the cluster knows.
        Action::Delete(text) if owned(text).is_some() && !has(text) => 1,
        Action::Delete(text) | Action::Restart(text) | Action::Pause(text) | Action::Resume(text) => about(has(text)),
        Action::Rollback { target, .. } | Action::Promote { target, .. } => about(has(target)),
        Action::Abort(text) | Action::Retry(text) => about(has(text)),
        Action::Scale(sizes) => about(sizes.iter().any(|(text, _)| has(text))),
        of_others!() => 0,
    }
}

/// What a controller makes, and may be deleted by its own name.
fn owned(text: &str) -> Option<Identity> {
    Identity::parse(text).filter(|identity| matches!(identity.kind, Kind::Pod | Kind::ReplicaSet))
}

/// Where the set holds an object, if it does.
fn position(set: &Kubernetes, identity: &Identity) -> Option<usize> {
    set.memory.objects.iter().position(|one| one.live.identity == *identity && one.life.is_held())
}

impl Kubernetes {
    /// Does what an operator asks for.
    pub(super) fn act(&mut self, action: &Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        if self.memory.subject.is_none() {
            return Err(format!("manifests/{} are not submitted yet", self.name));
        }
        match action {
            Action::Undeploy(name) => self.undeploy(name, cause, world),
            Action::Apply(source) => self.apply_document(source, false, cause, world),
            Action::Replace(source) => self.apply_document(source, true, cause, world),
            Action::Delete(text) => {
                let immortal = ["default", "kube-system", "kube-public"];
                if let Some(name) = text.strip_prefix("Namespace/").filter(|name| immortal.contains(name)) {
                    // k8s.io/apiserver v0.36.3, pkg/admission/plugin/namespace/lifecycle/admission.go.
                    return Err(format!("namespaces {name:?} is forbidden: this namespace may not be deleted"));
                }
                match self.find(text, world) {
                    Ok(position) => self.remove(position, cause, world),
                    Err(unknown) => self.remove_owned(text, cause, world).ok_or(unknown)?,
                }
                Ok(())
            }
            Action::Scale(sizes) => {
                let mut positions = Vec::new();
                for (text, replicas) in sizes {
                    positions.push((self.scalable(text, world)?, *replicas));
                }
                for (position, replicas) in positions {
                    self.patch(position, cause, world, |live| {
                        if let Some(wanted) = live.replicas_mut() {
                            *wanted = replicas;
                        }
                    });
                }
                Ok(())
            }
            Action::Restart(text) => self.restart(text, cause, world),
            Action::Rollback { target, revision } => self.rollback(target, *revision, cause, world),
            Action::Pause(text) => self.pause(text, true, cause, world),
            Action::Resume(text) => self.pause(text, false, cause, world),
            Action::Promote { target, full } => self.promote(target, *full, cause, world),
            Action::Abort(text) => self.rollout_of(text, "aborted", world).map(|rollout| rollout.abort(cause, world)),
            Action::Retry(text) => self.rollout_of(text, "retried", world).map(|rollout| rollout.retry(cause, world)),
            of_others!() => Err("manifests have nothing of the kind: kubectl knows no such command".to_owned()),
        }
    }

    /// Where the set holds an object that is there. What `kubectl apply` never came to make, or the API refused, is not.
    fn find(&self, text: &str, world: &dyn World) -> Result<usize, String> {
        let held = Identity::parse(text).and_then(|identity| position(self, &identity));
        let known = held.filter(|position| world.has(self.memory.objects[*position].subject));
        known.ok_or_else(|| match Identity::parse(text) {
            Some(identity) => kinds::not_found(&identity),
            None => format!("manifests/{} have no {text}", self.name),
        })
    }

    /// Asks for a pod or a ReplicaSet to be deleted that a controller made; `None` if there is none of this name.
    fn remove_owned(&self, text: &str, cause: Cause, world: &mut dyn World) -> Option<()> {
        let key = owned(text)?.subject(world);
        world.observed(key)?;
        let serves = self.memory.subject?;
        world.ask(Ask::Delete { key, serves }, cause);
        Some(())
    }

    fn scalable(&self, text: &str, world: &dyn World) -> Result<usize, String> {
        let position = self.find(text, world)?;
        match self.memory.objects[position].live.replicas() {
            Some(_) => Ok(position),
            None => Err(format!("{text} has no number of replicas to scale")),
        }
    }

    fn apply_document(
        &mut self,
        source: &Source,
        replace: bool,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let read = document::read(source).map_err(|errors| match errors.first() {
            Some(error) => error.message.clone(),
            None => "the document cannot be read".to_owned(),
        })?;
        let cause = self.begin_again(&read.manifests, cause, world);
        let refusals = self.apply_all(&read.manifests, replace, cause, world);
        if refusals.is_empty() { Ok(()) } else { Err(refusals.join("; ")) }
    }

    /// A set that was taken down begins a new life when something is applied to it.
    fn begin_again(&mut self, manifests: &document::Manifests, cause: Cause, world: &mut dyn World) -> Cause {
        if !std::mem::replace(&mut self.memory.removing, false) {
            return cause;
        }
        let count = manifests.objects.len() + manifests.refused.len() + manifests.nameless;
        let why = Why::with("objects: {}", Arg::Count(count as u64));
        Cause::Entry(self.become_state(State::Submitted, why, cause, world))
    }

    fn undeploy(&mut self, name: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        if name != &*self.name {
            return Err(format!("manifests/{} are not {name}", self.name));
        }
        if self.memory.removing {
            return Err(format!("manifests/{name} are being deleted already"));
        }
        self.memory.removing = true;
        for position in (0..self.memory.objects.len()).rev() {
            self.remove(position, cause, world);
        }
        Ok(())
    }

    /// Changes an object as it is now.
    fn patch(&mut self, position: usize, cause: Cause, world: &mut dyn World, change: impl FnOnce(&mut Manifest)) {
        let held = &self.memory.objects[position];
        let mut live = Manifest::clone(&held.live);
        // What an autoscaler or another set has scaled since stays as it is.
        if let (Some(scale), Some(replicas)) = (world.scale(held.subject), live.replicas_mut()) {
            *replicas = scale;
        }
        change(&mut live);
        let held = &mut self.memory.objects[position];
        held.by_document &= held.life == Life::Asked;
        self.change(position, live, cause, world);
    }

    /// Looks at all Rollouts: each has its own events.
    pub(super) fn look_at_rollouts(&mut self, world: &dyn World) {
        let keys: Vec<Subject> = self.memory.rollouts.iter().map(|rollout| rollout.key()).collect();
        for position in keys.iter().filter_map(|key| self.memory.positions.get(key).copied()).collect::<Vec<_>>() {
            self.look(position, world);
        }
    }

    /// `kubectl rollout restart`: the template gets an annotation with the time.
    fn restart(&mut self, text: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let position = self.find(text, world)?;
        if let Body::Object(Object::Rollout(_)) = &self.memory.objects[position].live.body {
            // `kubectl argo rollouts restart`: pods made before this second are replaced.
            let now = world.now().whole_seconds();
            self.patch(position, cause, world, |live| {
                if let Body::Object(Object::Rollout(spec)) = &mut live.body {
                    spec.restart_at = Some(now);
                }
            });
            return Ok(());
        }
        let held = &mut self.memory.objects[position];
        if held.live.template().is_none() {
            return Err(format!("restarting is not supported: {text}"));
        }
        if held.live.is_paused() {
            return Err("can't restart paused deployment (run rollout resume first)".to_owned());
        }
        let by = world.now().nanos() / 1_000_000_000 + 1;
        if held.restarted == Some(by) {
            let wait = "if restart has already been triggered within the past second, please wait before attempting to \
                trigger another";
            return Err(wait.to_owned());
        }
        held.restarted = Some(by);
        let base = held.applied.template().map_or(0, |template| template.fingerprint);
        self.patch(position, cause, world, |live| {
            if let Some(template) = live.template_mut() {
                let template = Arc::make_mut(template);
                template.fingerprint = touched(base, by);
                label_revision(template);
            }
        });
        Ok(())
    }

    /// `kubectl rollout undo`: an earlier template comes back, if the cluster still has a ReplicaSet or ControllerRevision of it.
    /// Source: k8s.io/kubectl v0.36.3, pkg/polymorphichelpers/rollback.go, deploymentRevision and findHistory.
    fn rollback(
        &mut self,
        text: &str,
        revision: Option<u32>,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let position = self.find(text, world)?;
        let held = &self.memory.objects[position];
        let is_rollout = held.subject.kind == Kind::Rollout;
        if let Some(workload) = referenced(&held.live) {
            // `kubectl argo rollouts undo` changes the workload that the template is from.
            return self.rollback(&workload, revision, cause, world);
        }
        if held.live.template().is_none() {
            return Err(format!("no rollbacker has been implemented for {text}"));
        }
        if held.live.is_paused() {
            let first = "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume'";
            return Err(format!("{first} and try again"));
        }
        // The ReplicaSets of a Rollout are its own controller's, which names them by these revisions.
        let own = held.revisions.iter().map(|one| (one.number, Arc::clone(&one.template)));
        let there = if is_rollout { own.collect() } else { world.revisions(held.subject) };
        let (number, template) = match revision {
            None | Some(0) => {
                let before = there.len().checked_sub(2).and_then(|index| there.get(index));
                before.cloned().ok_or_else(|| match held.subject.kind {
                    Kind::Rollout => format!("no revision found for rollout {:?}", held.live.identity.name),
                    Kind::Deployment => {
                        format!("no rollout history found for deployment {:?}", held.live.identity.name)
                    }
                    _ => "no last revision to roll back to".to_owned(),
                })?
            }
            Some(number) => {
                let found = there.into_iter().find(|(one, _)| *one == number);
                found.ok_or_else(|| format!("unable to find specified revision {number} in history"))?
            }
        };
        if held.live.template() == Some(&template) {
            return Err(format!("skipped rollback (current template already matches revision {number})"));
        }
        let restarted = held.revisions.iter().find(|one| one.template == template).and_then(|one| one.restarted);
        self.memory.objects[position].restarted = restarted;
        self.patch(position, cause, world, |live| {
            if let Some(own) = live.template_mut() {
                *own = template;
            }
        });
        Ok(())
    }

    /// The controller of a Rollout.
    fn rollout_of(&mut self, text: &str, word: &str, world: &dyn World) -> Result<&mut Rollout, String> {
        let position = self.find(text, world)?;
        let key = self.memory.objects[position].subject;
        self.memory.rollout_mut(key).ok_or_else(|| format!("only a Rollout is {word}: {text}"))
    }

    /// `kubectl argo rollouts promote`, which ends a pause of the user's too.
    fn promote(&mut self, text: &str, full: bool, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let paused = self.rollout_of(text, "promoted", world)?.spec().paused;
        if paused {
            let position = self.find(text, world)?;
            self.patch(position, cause, world, |live| {
                if let Some(paused) = live.paused_mut() {
                    *paused = false;
                }
            });
        }
        self.rollout_of(text, "promoted", world)?.promote(full, cause, world);
        Ok(())
    }

    /// `kubectl rollout pause` and `resume`; for Jobs and CronJobs `spec.suspend`.
    fn pause(&mut self, text: &str, pause: bool, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let position = self.find(text, world)?;
        let mut live = Manifest::clone(&self.memory.objects[position].live);
        let is_rollout = live.identity.kind == Kind::Rollout;
        match live.paused_mut() {
            None if pause => return Err(format!("pausing is not supported: {text}")),
            None => return Err(format!("resuming is not supported: {text}")),
            // `kubectl argo rollouts pause` does not look.
            Some(_) if is_rollout => {}
            Some(paused) if *paused == pause && pause => return Err(format!("{text} is already paused")),
            Some(paused) if *paused == pause => return Err(format!("{text} is not paused")),
            Some(_) => {}
        }
        self.patch(position, cause, world, |live| {
            if let Some(paused) = live.paused_mut() {
                *paused = pause;
            }
        });
        Ok(())
    }
}

/// The workload that a Rollout has its template from: `Deployment/web`.
fn referenced(manifest: &Manifest) -> Option<String> {
    let Body::Object(Object::Rollout(spec)) = &manifest.body else { return None };
    let TemplateSource::Workload { kind, name, .. } = &spec.source else { return None };
    let namespace = manifest.identity.namespace.clone();
    Some(Identity { kind: *kind, namespace, name: name.clone() }.show())
}
