//! When the scheduler looks at its queue, and what follows from its decisions. How it decides is in `scheduler/`.

use super::scheduler::ClusterEvent;
use super::{Cause, Class, Cluster, Event, NodeId, Why};

impl Cluster {
    /// Plans the next look at the queue: at the end of this instant, or when a back-off ends.
    pub(super) fn plan_schedule(&mut self) {
        let now = self.queue.now();
        let due = self.waiting.next_due(now);
        match (due, self.cycle) {
            (Some(due), Some((at, _))) if at <= due => {}
            (Some(due), earlier) => {
                if let Some((_, event)) = earlier {
                    self.queue.cancel(event);
                }
                let event = self.schedule(due, Class::SCHEDULE, Event::Schedule);
                self.cycle = Some((due, event));
            }
            (None, _) => {}
        }
    }

    /// Handles [`Event::Schedule`]: tries every pod that is due, one after the other.
    pub(super) fn on_schedule(&mut self) {
        self.cycle = None;
        let now = self.queue.now();
        while let Some(id) = self.waiting.pop(now) {
            let set = self.set(self.pod(id).set);
            let (template, spread) = (set.template, set.spread);
            match self.scheduler.place(&self.nodes, &self.templates, template, spread) {
                Ok(node) => {
                    self.waiting.forget(id);
                    self.bind_pod(id, node);
                }
                Err(rejection) => {
                    let message = rejection.message(&self.names, self.templates.get(template));
                    self.waiting.rejected(id, &rejection, now);
                    let message = self.names.intern(message);
                    if self.pod(id).message != message {
                        self.pod_mut(id).message = message;
                        let cause = self.pod_cause(id);
                        let cause = self.note_pod(id, "Unschedulable", Why::symbol(message), cause);
                        self.touch_pod(id, cause);
                    }
                }
            }
        }
        self.plan_schedule();
    }

    /// Something happened that may help a pod that waits.
    pub(super) fn tell_scheduler(&mut self, event: ClusterEvent) {
        if !self.waiting.is_empty() {
            let now = self.queue.now();
            self.waiting.on_event(&event, &self.nodes, &self.templates, now);
            self.plan_schedule();
        }
    }

    /// The last entry about a node.
    pub(super) fn node_cause(&self, id: NodeId) -> Option<Cause> {
        self.kubelet(id).last.map(Cause::Entry)
    }
}
