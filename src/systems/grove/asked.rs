//! What the operator asks of the world, and what comes of what was refused.

use super::Grove;
use super::route::{CLIQUES, SETS};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{Ask, AskId, Object, Outcome, PodGroupSpec, World};

/// What was asked of the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// To make a pod.
    Pod(Subject),
    /// To do anything else, for one of its objects.
    Other { key: Subject, serves: Subject, makes: bool },
}

impl Grove {
    /// An answer to an ask; false if the ask was not its own.
    pub fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) -> bool {
        let Some(asked) = self.asked.remove(&ask) else { return false };
        let refused = matches!(outcome, Outcome::Refused(_) | Outcome::Failed(_) | Outcome::Conflict);
        if let Asked::Pod(pod) = asked
            && let Some(clique) = self.pods.owner(pod)
        {
            self.runtime.answered(CLIQUES, clique, refused);
            if refused {
                // A pod that could not be made is an error of the pass that asked for it.
                self.pods.remove(pod);
                self.runtime.add_rate_limited(CLIQUES, clique, world.now(), cause);
            }
        }
        match asked {
            Asked::Other { key, serves, .. } if refused => self.ask_again(key, serves, cause, world),
            // It was made after its owner had gone, and is collected like what is made of it.
            Asked::Other { key, serves, makes: true } if self.api.get(serves).is_none() => {
                self.ask_other(Ask::Delete { key, serves }, cause, world);
            }
            _ => {}
        }
        true
    }

    /// What was refused is an error of the pass that asked for it, and the next one asks again: deletions are expected once they were
    /// taken (operator/internal/controller/podclique/components/pod/task.go), and Services are applied at each pass.
    fn ask_again(&mut self, key: Subject, serves: Subject, cause: Cause, world: &dyn World) {
        let controller = match serves.kind {
            Kind::PodCliqueSet => SETS,
            Kind::PodClique => CLIQUES,
            _ => return,
        };
        match key.kind {
            Kind::Pod if self.pods.owner(key).is_none() => drop(self.orphans.insert(key, serves)),
            Kind::Pod => self.pods.change(key, |pod| pod.dismissed = false),
            Kind::Service if self.api.get(serves).is_none() => drop(self.orphans.insert(key, serves)),
            Kind::Service => drop(self.services.remove(&serves)),
            _ => {}
        }
        self.marks.forget(serves);
        self.runtime.add_rate_limited(controller, serves, world.now(), cause);
    }

    /// Asks once more for the end of what an object of this name has left: the garbage collector takes it, sooner or later
    /// (k8s.io/kubernetes, pkg/controller/garbagecollector, `attemptToDeleteItem`).
    pub(super) fn collect(&mut self, owner: Subject, cause: Cause, world: &mut dyn World) {
        let left = self.orphans.extract_if(.., |_, serves| *serves == owner);
        for (key, serves) in left.collect::<Vec<_>>() {
            self.ask_other(Ask::Delete { key, serves }, cause, world);
        }
    }

    /// Asks for a pod, which counts from now on.
    pub(super) fn ask_pod(&mut self, ask: Ask, cause: Cause, world: &mut dyn World) {
        let asked = Asked::Pod(ask.key());
        self.ask(ask, asked, cause, world);
    }

    /// Asks for something that is not waited for.
    pub(super) fn ask_other(&mut self, ask: Ask, cause: Cause, world: &mut dyn World) {
        let serves = match &ask {
            Ask::Apply { serves, .. } | Ask::Delete { serves, .. } | Ask::Ungate { serves, .. } => *serves,
            other => other.key(),
        };
        let makes = matches!(ask, Ask::Apply { .. });
        let asked = Asked::Other { key: ask.key(), serves, makes };
        self.ask(ask, asked, cause, world);
    }

    fn ask(&mut self, ask: Ask, asked: Asked, cause: Cause, world: &mut dyn World) {
        let id = world.ask(ask, cause);
        self.asked.insert(id, asked);
    }

    /// Makes the scheduler's PodGroup this one, if it is not.
    pub(super) fn apply_group(&mut self, gang: Subject, spec: PodGroupSpec, cause: Cause, world: &mut dyn World) {
        let key = Subject { kind: Kind::PodGroup, ..gang };
        if self.groups.get(&key) != Some(&spec) {
            self.groups.insert(key, spec.clone());
            let ask = Ask::Apply { key, object: Object::PodGroup(Box::new(spec)), serves: gang };
            self.ask_other(ask, cause, world);
        }
    }
}
