//! Grove's operator as whoever owns it drives it: what it keeps, the wakes that it takes, and the loop that lets its controllers
//! work until nothing is due. What they decide stands in `set`, `group` and `clique`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::asked::Asked;
use super::binding::Binding;
use super::family::{Family, Stored};
use super::model::{PodCliqueSet, PodCliqueSetSpec, Resource};
use super::pods::{Change, Pods};
use super::profile::Profile;
use super::read::Submitted;
use super::route::{self, CLIQUES, GROUPS, SETS};
use super::status::PodCliqueSetStatus;
use super::{check, clique, group, set};
use crate::kernel::Duration;
use crate::kernel::Time;
use crate::systems::kubernetes::custom::Findings;
use crate::systems::machinery::{
    self, Api, ControllerId, ControllerSpec, Finish, Item, Meta, RateLimits, Refusal, Runtime, Turn, Version, Writer,
};
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::{ApiFault, Ask, AskId, PodGroupSpec, World};

/// The token of its timer, which nobody else uses.
const TIMER: u64 = 0x6772_6f76_6500_0001;

/// Its controllers, in the order of their numbers. MaxConcurrentReconciles is 1 where the chart says nothing else
/// (operator/api/config/v1alpha1/defaults.go); reconciles take no time here, so that it decides nothing.
fn controllers() -> [ControllerSpec; 3] {
    let controller = |name, watches| ControllerSpec { name, watches, workers: 1, limits: RateLimits::default() };
    [
        controller(
            Grove::CONTROLLERS[0],
            &[Kind::PodCliqueSet, Kind::PodClique, Kind::PodCliqueScalingGroup, Kind::PodGang],
        ),
        controller(Grove::CONTROLLERS[1], &[Kind::PodCliqueScalingGroup, Kind::PodCliqueSet, Kind::PodClique]),
        controller(
            Grove::CONTROLLERS[2],
            &[Kind::PodClique, Kind::PodCliqueSet, Kind::PodCliqueScalingGroup, Kind::PodGang, Kind::Pod],
        ),
    ]
}

/// How a pass ends before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// An error: the queue tries again.
    Error,
    /// Something is awaited: look again after [`Profile::RETRY`].
    Requeue,
    /// What this pass has written reaches others before it goes on.
    Again,
}

impl From<Refusal> for Stop {
    fn from(_: Refusal) -> Stop {
        Stop::Error
    }
}

/// Grove's operator.
#[derive(Clone, Debug)]
pub struct Grove {
    /// Its API objects, which others write and read too.
    pub api: Api<Resource>,
    pub(super) profile: Arc<Profile>,
    pub(super) family: Family,
    pub(super) pods: Pods,
    pub(super) runtime: Runtime,
    pub(super) asked: BTreeMap<AskId, Asked>,
    /// What the scheduler's PodGroups ask for, as they were applied.
    pub(super) groups: BTreeMap<Subject, PodGroupSpec>,
    /// The sizes that PodCliques were scaled to, for those that come back.
    pub(super) sizes: BTreeMap<Subject, u32>,
    /// When each replica of a set, or copy of a scaling group, was taken down last.
    pub(super) taken_down: BTreeMap<(Subject, u32), Time>,
    /// How many headless Services each set has.
    pub(super) services: BTreeMap<Subject, u32>,
    /// Which replicas of sets have to be looked at.
    pub(super) marks: set::Marks,
    /// Pods and Services whose owner has gone before them, and whose end was refused.
    pub(super) orphans: BTreeMap<Subject, Subject>,
    /// What each object was last said to be.
    pub(super) told: BTreeMap<(Subject, &'static str), bool>,
    /// The last entry about each object.
    last: BTreeMap<Subject, EntryId>,
    timer: Option<Time>,
}

impl Grove {
    /// The kinds of its objects.
    pub const KINDS: [Kind; 4] = [Kind::PodCliqueSet, Kind::PodCliqueScalingGroup, Kind::PodClique, Kind::PodGang];

    /// The names of its controllers, in the order of their places.
    pub const CONTROLLERS: [&'static str; 3] = ["podcliqueset", "podcliquescalinggroup", "podclique"];

    /// The names of its controllers, for messages.
    pub fn controllers(&self) -> impl Iterator<Item = &'static str> {
        self.runtime.names()
    }

    /// An operator that has nothing to do yet.
    pub fn new(profile: Profile) -> Grove {
        let mut api = Api::new([Kind::PodCliqueSet]);
        api.note_writes();
        Grove {
            api,
            profile: Arc::new(profile),
            family: Family::default(),
            pods: Pods::default(),
            runtime: Runtime::new(&controllers()),
            asked: BTreeMap::new(),
            groups: BTreeMap::new(),
            sizes: BTreeMap::new(),
            taken_down: BTreeMap::new(),
            services: BTreeMap::new(),
            marks: set::Marks::default(),
            orphans: BTreeMap::new(),
            told: BTreeMap::new(),
            last: BTreeMap::new(),
            timer: None,
        }
    }

    /// Creates a PodCliqueSet, or makes its spec this one, as `kubectl apply` or another operator does. `meta` says its labels,
    /// annotations and owner.
    ///
    /// # Errors
    /// Why the API server or its webhook refuses it; nothing was written then.
    pub fn apply(
        &mut self,
        key: Subject,
        meta: Meta,
        mut spec: PodCliqueSetSpec,
        by: Writer,
        world: &mut dyn World,
    ) -> Result<Version, Refusal> {
        let name = world.show(key.name);
        let old = self.api.get(key).map(Arc::clone);
        let mut findings = Findings::default();
        match old.as_deref().and_then(super::family::as_set) {
            None => check::create(&name, &spec, &self.profile, &mut findings),
            Some(old) => check::changes(&old.spec, &spec, &mut findings),
        }
        if let Some(complaint) = findings.complaints.first() {
            let why = format!("{}: {}", complaint.path, complaint.message);
            return Err(Refusal::Invalid(why));
        }
        let replicas = spec.replicas;
        super::hash::keep(&mut spec.template);
        match old {
            None => {
                let value = PodCliqueSet { spec, status: PodCliqueSetStatus::default() };
                let mut stored = Stored::new(key, Resource::PodCliqueSet(Box::new(value)));
                stored.meta = meta;
                stored.meta.finalizers.insert(super::names::SET_FINALIZER.to_owned());
                let why = Why::with("replicas: {}", Arg::Count(replicas.into()));
                self.create(stored, why, by, world)?;
                Ok(self.api.head())
            }
            Some(old) => {
                let mut new = Stored::clone(&old);
                (new.meta.labels, new.meta.annotations) = (meta.labels, meta.annotations);
                let Resource::PodCliqueSet(set) = &mut new.value else { return Err(Refusal::NotFound) };
                set.spec = spec;
                if new == *old {
                    return Ok(old.meta.version);
                }
                let is_same = new.value.same_spec(&old.value);
                let version = self.api.update(new, None, by)?;
                if !is_same {
                    self.note(key, "Changed", Why::NONE, by.cause, world);
                }
                Ok(version)
            }
        }
    }

    /// Applies what a document says, as [`Grove::apply`] does.
    ///
    /// # Errors
    /// Why the API server refuses it, in its words.
    pub fn submit(&mut self, key: Subject, set: &Submitted, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let meta = Meta { labels: set.labels.clone(), annotations: set.annotations.clone(), ..Meta::default() };
        let by = Writer { controller: None, at: world.now(), cause };
        self.apply(key, meta, set.spec.clone(), by, world).map(drop).map_err(|refusal| {
            let name = &set.identity.name;
            format!("admission webhook \"pcs.validating.webhooks.grove.io\" denied the request for {name:?}: {refusal}")
        })
    }

    /// Takes a topology, or its levels as they are now. Constraints of sets that are there keep theirs until their next pass.
    pub fn bind(&mut self, binding: &Binding) {
        let topologies = &mut Arc::make_mut(&mut self.profile).topologies;
        topologies.insert(binding.name.clone(), binding.levels.clone());
    }

    /// What is known of topologies.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Deletes one of its objects; what it owns goes with it.
    ///
    /// # Errors
    /// Why not.
    pub fn delete(&mut self, key: Subject, by: Writer) -> Result<Version, Refusal> {
        self.api.delete(key, by)
    }

    /// Gives a set, a scaling group or a PodClique another size: the subresource `scale`.
    ///
    /// # Errors
    /// Why not.
    pub fn scale(
        &mut self,
        key: Subject,
        replicas: u32,
        by: Writer,
        world: &mut dyn World,
    ) -> Result<Version, Refusal> {
        let old = self.api.get(key).map(|stored| stored.value.clone()).ok_or(Refusal::NotFound)?;
        let before = match &old {
            Resource::PodCliqueSet(set) => set.spec.replicas,
            Resource::PodCliqueScalingGroup(group) => group.spec.replicas,
            Resource::PodClique(clique) => clique.spec.replicas,
            Resource::PodGang(_) => return Err(Refusal::NotFound),
        };
        if let Resource::PodClique(clique) = &old
            && self.profile.idle_leaves_gang
            && replicas > 0
            && replicas < clique.spec.min_available
        {
            let why = "spec.replicas must be 0 (idle) or greater than or equal to spec.minAvailable";
            return Err(Refusal::Invalid(why.to_owned()));
        }
        if before == replicas {
            return Ok(self.api.head());
        }
        let why = Why::with2("replicas {} to {}", Arg::Count(before.into()), Arg::Count(replicas.into()));
        let version = self.api.patch(key, by, |stored| match &mut stored.value {
            Resource::PodCliqueSet(set) => set.spec.replicas = replicas,
            Resource::PodCliqueScalingGroup(group) => group.spec.replicas = replicas,
            Resource::PodClique(clique) => clique.spec.replicas = replicas,
            Resource::PodGang(_) => {}
        })?;
        self.sizes.insert(key, replicas);
        if key.kind == Kind::PodClique {
            world.want(key, Some(replicas));
        }
        self.note(key, "Scaled", why, by.cause, world);
        Ok(version)
    }

    /// A change of an object of the world; false if it does not concern it.
    pub fn changed(&mut self, subject: Subject, cause: Cause, world: &dyn World) -> bool {
        if self.pods.owner(subject).is_none() {
            return self.groups.contains_key(&subject);
        }
        if let Change::Heeded(clique) = self.pods.show(subject, &self.profile, world) {
            self.runtime.add_for(subject, CLIQUES, clique, cause);
        }
        true
    }

    /// A timer; false if it is not its own.
    pub fn timer(&mut self, token: u64) -> bool {
        if token == TIMER {
            self.timer = None;
        }
        token == TIMER
    }

    /// True if the API has this object.
    pub fn has(&self, key: Subject) -> bool {
        self.api.get(key).is_some()
    }

    /// True if there is a PodCliqueSet.
    pub fn has_sets(&self) -> bool {
        self.api.list(Kind::PodCliqueSet).next().is_some()
    }

    /// True if this fault names a controller or a kind of Grove's.
    pub fn takes(&self, fault: &ApiFault) -> bool {
        self.runtime.takes(fault)
    }

    /// Lets a fault strike from now on; call [`Grove::pump`] afterwards.
    pub fn disturb(&mut self, fault: &ApiFault, cause: Cause, world: &dyn World) {
        self.runtime.disturb(&mut self.api, fault, world.now(), cause);
    }

    /// How often a fault has had an effect.
    pub fn effects(&self, number: u32) -> u64 {
        self.runtime.effects(&self.api, number)
    }

    /// Lets the controllers work until nothing is due at this instant, and asks to be woken when something will be. True if they stopped
    /// before that, at a point that somebody waits for.
    pub fn pump(&mut self, cause: Cause, world: &mut dyn World) -> bool {
        let now = world.now();
        self.runtime.woken();
        loop {
            let (family, marks) = (&self.family, &mut self.marks);
            let turn = self.runtime.next(&mut self.api, now, &mut |controller, event, _| {
                if controller == SETS {
                    marks.shown(event, family);
                }
                route::keys(controller, event, family)
            });
            match turn {
                Some(Turn::Ended(ended)) => machinery::tell_end(&self.runtime, ended, world),
                Some(Turn::Started(controller, cause)) => {
                    machinery::tell_start(&self.runtime, controller, cause, world);
                    match controller {
                        CLIQUES => self.pods.forget_expectations(),
                        SETS => self.marks.forget_all(),
                        _ => {}
                    }
                }
                Some(Turn::Reconcile(item)) => {
                    let finish = self.reconcile(item, world);
                    let retry = self.runtime.finish(item, finish, now);
                    machinery::tell_conflicts(&mut self.api, &self.runtime, item, retry, world);
                    self.bury(world);
                }
                Some(Turn::Endless) => machinery::tell_endless(&self.runtime, world),
                None => break,
            }
        }
        self.bury(world);
        if machinery::tell_points(&mut self.api, world) {
            self.timer = Some(now);
            world.wake_at(now, TIMER, cause);
            return true;
        }
        if let Some(at) = self.runtime.wake_time(&self.api, now)
            && self.timer.is_none_or(|timer| at < timer || timer <= now)
        {
            self.timer = Some(at);
            world.wake_at(at, TIMER, cause);
        }
        false
    }

    fn reconcile(&mut self, item: Item, world: &mut dyn World) -> Finish {
        let result = match item.controller {
            SETS => set::reconcile(self, item, world),
            GROUPS => group::reconcile(self, item, world),
            _ => clique::reconcile(self, item, world),
        };
        match result {
            Ok(()) => Finish::Done,
            Err(Stop::Requeue) => Finish::After(Profile::RETRY),
            Err(Stop::Again) => Finish::After(Duration::ZERO),
            Err(Stop::Error) => Finish::Retry,
        }
    }

    /// Tells of what has gone, and takes out what stood for it in the cluster.
    fn bury(&mut self, world: &mut dyn World) {
        for (key, cause) in self.api.removed() {
            let cause = self.note(key, "Deleted", Why::NONE, cause, world);
            self.forget_told(key);
            let stands_for_it = match key.kind {
                Kind::PodGang => Subject { kind: Kind::PodGroup, ..key },
                Kind::PodCliqueSet => {
                    self.drop_services(key, cause, world);
                    continue;
                }
                // The size that it was scaled to went with its replica or copy; one that is made again owes it still.
                Kind::PodClique if !self.is_asked_for(key) => {
                    world.want(key, None);
                    continue;
                }
                _ => continue,
            };
            if self.groups.remove(&stands_for_it).is_some() {
                let ask = Ask::Delete { key: stands_for_it, serves: key };
                self.ask_other(ask, cause, world);
            }
        }
    }

    /// Nothing was said of an object that comes again by this name.
    fn forget_told(&mut self, key: Subject) {
        let said = self.told.range((key, "")..).map(|(told, _)| *told).take_while(|(subject, _)| *subject == key);
        for told in said.collect::<SmallVec<[_; 4]>>() {
            self.told.remove(&told);
        }
    }

    /// An object as a controller reads it.
    pub(super) fn get(&self, controller: ControllerId, key: Subject) -> Option<Arc<Stored>> {
        self.runtime.view(&self.api, controller).get(key).map(Arc::clone)
    }

    /// Who writes in this pass. What led to it is the change that woke the controller, or a later entry about the object.
    pub(super) fn writer(&self, item: Item, world: &dyn World) -> Writer {
        let cause = match (item.cause, self.last.get(&item.key)) {
            (Cause::Entry(woke), Some(last)) => Cause::Entry(woke.max(*last)),
            (Cause::Line(_), Some(last)) => Cause::Entry(*last),
            (cause, None) => cause,
        };
        Writer { controller: Some(item.controller), at: world.now(), cause }
    }

    /// Writes an entry about an object.
    pub(super) fn note(
        &mut self,
        subject: Subject,
        became: &'static str,
        why: Why,
        cause: Cause,
        world: &mut dyn World,
    ) -> Cause {
        let entry = world.note(subject, became, why, cause);
        self.last.insert(subject, entry);
        Cause::Entry(entry)
    }

    /// Creates an object and says so.
    pub(super) fn create(
        &mut self,
        stored: Stored,
        why: Why,
        by: Writer,
        world: &mut dyn World,
    ) -> Result<(), Refusal> {
        let key = stored.key;
        self.api.create(stored, by)?;
        self.note(key, "Created", why, by.cause, world);
        Ok(())
    }

    /// Says that something is or is no longer so of an object, once each.
    pub(super) fn tell(
        &mut self,
        subject: Subject,
        words: (&'static str, &'static str),
        is: bool,
        why: Why,
        cause: Cause,
        world: &mut dyn World,
    ) -> Option<Cause> {
        let before = self.told.insert((subject, words.0), is).unwrap_or(false);
        if before == is {
            return None;
        }
        let word = if is { words.0 } else { words.1 };
        (!word.is_empty()).then(|| self.note(subject, word, why, cause, world))
    }
}
