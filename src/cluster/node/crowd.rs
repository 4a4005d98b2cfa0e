//! Which pods are on a node, by template, for those who look for pods to be beside, away from or spread among. It is kept
//! only once some template asks for it: a cluster of plain pods pays nothing for it.

use smallvec::SmallVec;

use super::NodeId;
use crate::cluster::template::TemplateId;

/// A node's pods of one template.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The template.
    pub template: TemplateId,
    /// How many pods.
    pub pods: u32,
    /// How many of them are not terminating.
    pub staying: u32,
}

/// The pods of every node, by template.
#[derive(Clone, Default, Debug)]
pub(super) struct Crowds {
    nodes: Vec<SmallVec<[Share; 2]>>,
    /// Pods of each template that has terms about other pods, sorted; those without pods are not in it.
    bearers: Vec<(TemplateId, u32)>,
    /// Changes when a template enters or leaves `bearers`.
    version: u64,
}

impl Crowds {
    /// The pods of a node, in no order that means anything.
    pub fn on(&self, node: NodeId) -> &[Share] {
        self.nodes.get(node.0 as usize).map_or(&[], SmallVec::as_slice)
    }

    /// Templates with terms about other pods that have pods on nodes.
    pub fn bearers(&self) -> impl Iterator<Item = TemplateId> {
        self.bearers.iter().map(|(template, _)| *template)
    }

    /// Changes when [`Crowds::bearers`] does.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// A pod more on the node.
    pub fn enter(&mut self, node: NodeId, template: TemplateId, has_terms: bool) {
        let at = node.0 as usize;
        if self.nodes.len() <= at {
            self.nodes.resize_with(at + 1, SmallVec::new);
        }
        match self.nodes[at].iter_mut().find(|share| share.template == template) {
            Some(share) => {
                share.pods += 1;
                share.staying += 1;
            }
            None => self.nodes[at].push(Share { template, pods: 1, staying: 1 }),
        }
        if has_terms {
            match self.bearers.binary_search_by_key(&template, |(template, _)| *template) {
                Ok(at) => self.bearers[at].1 += 1,
                Err(at) => {
                    self.bearers.insert(at, (template, 1));
                    self.version += 1;
                }
            }
        }
    }

    /// A pod on the node begins to terminate.
    pub fn terminate(&mut self, node: NodeId, template: TemplateId) {
        let shares = self.nodes.get_mut(node.0 as usize);
        if let Some(share) = shares.and_then(|shares| shares.iter_mut().find(|share| share.template == template)) {
            share.staying = share.staying.saturating_sub(1);
        }
    }

    /// A pod less on the node; it was terminating or not.
    pub fn leave(&mut self, node: NodeId, template: TemplateId, was_staying: bool) {
        let Some(shares) = self.nodes.get_mut(node.0 as usize) else { return };
        let Some(at) = shares.iter().position(|share| share.template == template) else { return };
        let share = &mut shares[at];
        share.pods -= 1;
        share.staying = share.staying.saturating_sub(u32::from(was_staying));
        if share.pods == 0 {
            shares.swap_remove(at);
        }
        if let Ok(at) = self.bearers.binary_search_by_key(&template, |(template, _)| *template) {
            self.bearers[at].1 -= 1;
            if self.bearers[at].1 == 0 {
                self.bearers.remove(at);
                self.version += 1;
            }
        }
    }
}

/// How many pods on nodes have which priority, lowest first.
#[derive(Clone, Default, Debug)]
pub(super) struct Priorities(SmallVec<[(i32, u32); 2]>);

impl Priorities {
    /// A pod more.
    pub fn enter(&mut self, priority: i32) {
        match self.0.iter_mut().find(|(one, _)| *one == priority) {
            Some((_, pods)) => *pods += 1,
            None => {
                let at = self.0.partition_point(|(one, _)| *one < priority);
                self.0.insert(at, (priority, 1));
            }
        }
    }

    /// A pod less.
    pub fn leave(&mut self, priority: i32) {
        if let Some(at) = self.0.iter().position(|(one, _)| *one == priority) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.remove(at);
            }
        }
    }

    /// The lowest priority of a pod on a node.
    pub fn lowest(&self) -> Option<i32> {
        self.0.first().map(|(priority, _)| *priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminating_pod_is_there_until_it_leaves() {
        let (mut crowds, node) = (Crowds::default(), NodeId(3));
        crowds.enter(node, TemplateId(1), true);
        crowds.enter(node, TemplateId(1), true);
        crowds.enter(node, TemplateId(2), false);
        crowds.terminate(node, TemplateId(1));
        assert_eq!(crowds.on(node)[0], Share { template: TemplateId(1), pods: 2, staying: 1 });
        assert_eq!(crowds.bearers().collect::<Vec<_>>(), [TemplateId(1)]);
        let version = crowds.version();
        crowds.leave(node, TemplateId(1), false);
        assert_eq!((crowds.on(node)[0].pods, crowds.version()), (1, version));
        crowds.leave(node, TemplateId(1), true);
        assert_eq!(crowds.on(node), [Share { template: TemplateId(2), pods: 1, staying: 1 }]);
        assert_eq!(crowds.bearers().count(), 0);
        assert_ne!(crowds.version(), version);
    }

    #[test]
    fn knows_the_lowest_priority() {
        let mut priorities = Priorities::default();
        for priority in [5, -1, 5] {
            priorities.enter(priority);
        }
        assert_eq!(priorities.lowest(), Some(-1));
        priorities.leave(-1);
        assert_eq!(priorities.lowest(), Some(5));
    }
}
