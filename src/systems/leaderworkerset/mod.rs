//! LeaderWorkerSets: groups of a leader and its workers that start, restart and are replaced together.
//! Source: kubernetes-sigs/lws, commit 9f47d6c, pkg/controllers/leaderworkerset_controller.go and pod_controller.go.
//!
//! Leaders are the pods of a StatefulSet (`<set>-<group>`), the workers of a group those of another one that is named
//! after its leader (`<set>-<group>-<n>`, from 1 on). It is written against [`World`]: whoever is asked for a
//! LeaderWorkerSet keeps one of these, and hands it the changes of what it watches. It keeps nothing by itself that
//! cannot be seen again.

mod gang;
mod groups;
mod profile;
mod rollout;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use groups::Figures;
use groups::Group;
pub use profile::Profile;

use crate::kernel::Name;
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::apps::StatefulSetStrategy;
use crate::workload::{
    Ask, LeaderWorkerSetSpec, Numbered, Object, Pledge, PodTemplate, StatefulSetSpec, Status, World,
};

const GROUP: &str = "leaderworkerset.sigs.k8s.io/group-index";
const WORKER: &str = "leaderworkerset.sigs.k8s.io/worker-index";

/// One LeaderWorkerSet.
#[derive(Clone, Debug)]
pub struct LeaderWorkerSet {
    key: Subject,
    serves: Subject,
    profile: Profile,
    spec: LeaderWorkerSetSpec,
    /// The spec before the update that goes on: groups below the partition come back as it says.
    before: LeaderWorkerSetSpec,
    /// Counts changes of templates and size.
    revision: u32,
    /// Groups that the leaders' StatefulSet has, and below which number they keep the old template.
    replicas: u32,
    partition: u32,
    /// The wanted number when the StatefulSet was last written.
    wanted: u32,
    groups: BTreeMap<u32, Group>,
    /// True if the template came before the StatefulSet's controller had looked: its first pods have it, whatever the partition.
    is_first_template: bool,
    became: &'static str,
    last: Option<EntryId>,
    /// The change that it looks at.
    seen: Option<Cause>,
    deleted: bool,
}

impl LeaderWorkerSet {
    /// Creates the set, as the usual release does.
    pub fn create(
        key: Subject,
        serves: Subject,
        spec: LeaderWorkerSetSpec,
        cause: Cause,
        world: &mut dyn World,
    ) -> LeaderWorkerSet {
        LeaderWorkerSet::create_as(Profile::default(), (key, serves), spec, cause, world)
    }

    /// Creates the set, as this release does: its leaders come first.
    pub fn create_as(
        profile: Profile,
        (key, serves): (Subject, Subject),
        spec: LeaderWorkerSetSpec,
        cause: Cause,
        world: &mut dyn World,
    ) -> LeaderWorkerSet {
        let replicas = spec.replicas;
        let mut set = LeaderWorkerSet {
            key,
            serves,
            profile,
            before: spec.clone(),
            revision: 1,
            replicas,
            partition: spec.partition,
            wanted: replicas,
            groups: BTreeMap::new(),
            is_first_template: true,
            became: "",
            last: None,
            seen: None,
            deleted: false,
            spec,
        };
        let (groups, size) = (Arg::Count(replicas.into()), Arg::Count(set.spec.size.into()));
        set.note("Created", Why::with2("groups: {} of {}", groups, size), cause, world);
        // A set that is new has no old template to keep.
        set.partition = 0;
        set.pledge(false, world);
        world.watch(set.leaders());
        set.write_leaders(world);
        set
    }

    /// Its kind, namespace and name.
    pub const fn key(&self) -> Subject {
        self.key
    }

    /// Makes its spec this one.
    pub fn change(&mut self, spec: LeaderWorkerSetSpec, cause: Cause, world: &mut dyn World) {
        if self.deleted || spec == self.spec {
            return;
        }
        let same = |a: &LeaderWorkerSetSpec, b: &LeaderWorkerSetSpec| {
            (&a.leader, &a.worker, a.size) == (&b.leader, &b.worker, b.size)
        };
        let updated = !same(&spec, &self.spec);
        let why = match updated {
            true => Why::text("a new template"),
            false => {
                Why::with2("groups {} to {}", Arg::Count(self.spec.replicas.into()), Arg::Count(spec.replicas.into()))
            }
        };
        self.note("Changed", why, cause, world);
        let before = std::mem::replace(&mut self.spec, spec);
        self.pledge(before.leader_first, world);
        if updated {
            if self.partition == 0 {
                self.before = before;
            }
            self.revision += 1;
            self.is_first_template = self.has_no_pods_yet(world);
            self.became = "";
            self.begin_update(world);
        } else {
            self.reconcile(world);
        }
    }

    /// True if the StatefulSet of the leaders was not looked at yet by its controller, which takes the template that it finds then for the
    /// current one (k8s.io/kubernetes v1.36.3, pkg/controller/statefulset/stateful_set_control.go, `getStatefulSetRevisions`).
    fn has_no_pods_yet(&self, world: &dyn World) -> bool {
        let is_new = match world.observed(self.leaders()) {
            Some(Status::StatefulSet(status)) => status.observed_generation == 0,
            _ => true,
        };
        is_new && self.groups.is_empty() && world.observed_pods(self.leaders()).is_empty()
    }

    /// Deletes the set with its groups.
    pub fn delete(&mut self, cause: Cause, world: &mut dyn World) {
        if std::mem::replace(&mut self.deleted, true) {
            return;
        }
        self.note("Deleted", Why::NONE, cause, world);
        let groups: Vec<u32> = self.groups.keys().copied().collect();
        for group in groups {
            self.delete_workers(group, world);
            self.delete_gang(group, world);
        }
        self.ask_delete(self.leaders(), world);
    }

    /// True while all of its groups are ready and of the newest template.
    pub fn is_available(&self) -> bool {
        !self.deleted && self.became == "Available"
    }

    /// True once it was deleted.
    pub const fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// True if a change of this object is to be told to [`LeaderWorkerSet::changed`].
    pub fn watches(&self, subject: Subject) -> bool {
        subject == self.leaders()
            || subject.kind == Kind::StatefulSet
                && subject.namespace == self.key.namespace
                && self.groups.keys().any(|group| self.group_name(*group) == Some(subject.name))
    }

    /// Something that it watches has changed, because of this.
    pub fn changed(&mut self, cause: Cause, world: &mut dyn World) {
        if self.deleted {
            return self.collect(cause, world);
        }
        self.seen = Some(cause);
        self.reconcile(world);
        self.seen = None;
    }

    /// What was made after the set had gone, or its leader: the garbage collector takes it (k8s.io/kubernetes,
    /// pkg/controller/garbagecollector, `attemptToDeleteItem`).
    fn collect(&self, cause: Cause, world: &mut dyn World) {
        let workers = self.groups.keys().map(|group| self.workers_of(*group));
        for key in workers.chain([self.leaders()]).filter(|key| world.observed(*key).is_some()).collect::<Vec<_>>() {
            world.ask(Ask::Delete { key, serves: self.key }, cause);
        }
    }

    /// The StatefulSet of the leaders.
    fn leaders(&self) -> Subject {
        Subject { kind: Kind::StatefulSet, ..self.key }
    }

    /// The name of a group, its leader and its workers' StatefulSet, once a leader of it was seen.
    fn group_name(&self, group: u32) -> Option<Name> {
        self.groups.get(&group).map(|group| group.leader.name)
    }

    fn cause(&self) -> Cause {
        Cause::Entry(self.last.expect("it was created with an entry"))
    }

    fn note(&mut self, became: &'static str, why: Why, cause: Cause, world: &mut dyn World) {
        self.last = Some(world.note(self.key, became, why, cause));
    }

    fn ask_delete(&self, key: Subject, world: &mut dyn World) {
        world.ask(Ask::Delete { key, serves: self.key }, self.cause());
    }

    /// What it owes by `startupPolicy: LeaderReady`: workers after their leader is ready
    /// (api/leaderworkerset/v1/leaderworkerset_types.go).
    fn pledge(&self, before: bool, world: &mut dyn World) {
        if self.spec.leader_first == before {
            return;
        }
        let shown = world.show(self.key.name);
        let leaders = Numbered { namespace: self.key.namespace, stem: world.intern(&shown) };
        world.pledge(match self.spec.leader_first {
            true => Pledge::LeaderFirst { leaders },
            false => Pledge::AtOnce { pods: leaders },
        });
    }

    /// Applies the StatefulSet of the leaders as it should be now.
    fn write_leaders(&mut self, world: &mut dyn World) {
        let spec = &self.spec;
        let template = spec.leader.as_ref().unwrap_or(&spec.worker);
        let mut template = self.labelled(template, None, world);
        self.set_apart(&mut template, self.revision, None, world);
        let template = Arc::new(template);
        let (partition, max_unavailable) = (self.partition, self.spec.max_unavailable);
        let object = Object::StatefulSet(StatefulSetSpec {
            parallel: true,
            strategy: StatefulSetStrategy::RollingUpdate { partition, max_unavailable },
            ..StatefulSetSpec::of(self.replicas, template)
        });
        self.wanted = self.spec.replicas;
        world.ask(Ask::Apply { key: self.leaders(), object, serves: self.serves }, self.cause());
    }

    /// Applies the StatefulSet of a group's workers.
    fn write_workers(&mut self, group: u32, world: &mut dyn World) {
        let Some(one) = self.groups.get(&group) else { return };
        let spec = if one.revision == self.revision { &self.spec } else { &self.before };
        let key = Subject { kind: Kind::StatefulSet, ..one.leader };
        let mut template = self.labelled(&spec.worker, Some(group), world);
        self.set_apart(&mut template, one.revision, Some(group), world);
        let template = Arc::new(template);
        let object = Object::StatefulSet(StatefulSetSpec {
            first_ordinal: 1,
            parallel: true,
            ..StatefulSetSpec::of(spec.size.saturating_sub(1), template)
        });
        world.watch(key);
        world.ask(Ask::Apply { key, object, serves: self.serves }, self.cause());
    }

    /// A template with the labels of its set and group; its pods count for the set unless they count for something else.
    fn labelled(&self, template: &Arc<PodTemplate>, group: Option<u32>, world: &dyn World) -> PodTemplate {
        let mut template = PodTemplate::clone(template);
        template.labels.insert(LeaderWorkerSetSpec::NAME_LABEL.to_owned(), self.name(world));
        match group {
            Some(group) => template.labels.insert(GROUP.to_owned(), group.to_string()),
            None => template.labels.insert(WORKER.to_owned(), "0".to_owned()),
        };
        template.serves.get_or_insert(self.key);
        template
    }

    fn name(&self, world: &dyn World) -> String {
        world.show(self.key.name)
    }
}
