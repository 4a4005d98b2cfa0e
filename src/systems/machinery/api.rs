//! The API server: what is there, and the writes that change it. Who reads what when stands in `runtime`.
//! Source of the rules: kubernetes/kubernetes v1.36.3, staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go and
//! staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update,delete}.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conflict::Conflict;
use super::faults::{Write, WriteFaults};
use super::resource::{Owner, Refusal, Resource, Spec, Version};
use super::runtime::ControllerId;
use super::watch::{Event, Log, Verb};
use crate::kernel::Time;
use crate::timeline::{Cause, Kind, Subject};

/// Who writes, when, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Writer {
    /// The controller; `None`: an operator.
    pub controller: Option<ControllerId>,
    /// The time of the write.
    pub at: Time,
    /// What led to it.
    pub cause: Cause,
}

/// The API server of one control plane's custom resources.
#[derive(Clone, Debug)]
pub struct Api<T> {
    pub(super) log: Log<T>,
    pub(super) faults: WriteFaults,
    /// The kinds whose writes need a webhook that can be down.
    webhooks: BTreeSet<Kind>,
    /// How many of them it let through, by kind and by what was asked for.
    admitted: BTreeMap<(Kind, Verb), u64>,
    /// What went away, until somebody asks.
    removed: Vec<(Subject, Cause)>,
    /// What was written, until somebody asks; `None`: nobody does.
    written: Option<BTreeSet<Subject>>,
    /// Writes of controllers that came too late, until somebody asks.
    conflicts: Vec<Conflict>,
}

impl<T> Default for Api<T> {
    fn default() -> Self {
        Api {
            log: Log::default(),
            faults: WriteFaults::default(),
            webhooks: BTreeSet::new(),
            admitted: BTreeMap::new(),
            removed: Vec::new(),
            written: None,
            conflicts: Vec::new(),
        }
    }
}

/// What one write does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Metadata and spec; the status stays.
    Main,
    /// The status alone: the subresource.
    Status,
    /// All: it is created or deleted.
    Whole,
    /// It is no resource of this API.
    Elsewhere,
}

impl<T: Spec> Api<T> {
    /// An API server with nothing in it. Writes of these kinds, but for those of a status, need a webhook.
    pub fn new(webhooks: impl IntoIterator<Item = Kind>) -> Api<T> {
        Api { webhooks: webhooks.into_iter().collect(), ..Api::default() }
    }

    /// A resource as it is: a read of the API itself, not of a cache.
    pub fn get(&self, key: Subject) -> Option<&Arc<Resource<T>>> {
        self.log.at(key, self.log.head())
    }

    /// The resources of a kind as they are, in the order of their keys.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Arc<Resource<T>>> {
        self.log.list(kind, self.log.head())
    }

    /// The resources of a kind that an owner has, in the order of their keys.
    pub fn owned(&self, kind: Kind, owner: Subject) -> impl Iterator<Item = &Arc<Resource<T>>> {
        self.log.owned(kind, owner, self.log.head())
    }

    /// The version of the last write.
    pub fn head(&self) -> Version {
        self.log.head()
    }

    /// Creates a resource. What its metadata says of generation, version and times is not read.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn create(&mut self, mut resource: Resource<T>, by: Writer) -> Result<Version, Refusal> {
        let key = resource.key;
        let write = self.begin(Part::Whole, key, false, by)?;
        if self.get(key).is_some() {
            return Err(Refusal::AlreadyExists);
        }
        T::admit(&mut resource, None, by).map_err(Refusal::Invalid)?;
        self.admit(key.kind, Verb::Added);
        let version = self.log.next();
        let meta = &mut resource.meta;
        (meta.generation, meta.version, meta.uid) = (1, version, version);
        (meta.created_at, meta.written_at, meta.deleted_at) = (by.at, by.at, None);
        let orphan = meta.owner.is_some_and(|owner| self.is_gone(owner));
        self.append(Verb::Added, None, resource, by);
        if orphan {
            self.remove(key, by);
        }
        self.faults.after(write).map(|()| version)
    }

    /// Replaces metadata and spec of a resource; its status stays as it is. With a `lock`, the version that the writer read,
    /// the write is refused if somebody else wrote meanwhile. A write that changes nothing is no write.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn update(&mut self, resource: Resource<T>, lock: Option<Version>, by: Writer) -> Result<Version, Refusal> {
        self.write(Part::Main, resource.key, lock, by, |stored| {
            let kept = std::mem::replace(&mut stored.value, resource.value);
            stored.value.take_status(&kept);
            stored.meta = resource.meta;
        })
    }

    /// Replaces the status of a resource; the rest stays as it is, the generation too.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn update_status(
        &mut self,
        resource: &Resource<T>,
        lock: Option<Version>,
        by: Writer,
    ) -> Result<Version, Refusal> {
        self.write(Part::Status, resource.key, lock, by, |stored| stored.value.take_status(&resource.value))
    }

    /// Changes metadata and spec of a resource as it is now, whoever wrote before: a patch, which has no lock.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn patch(
        &mut self,
        key: Subject,
        by: Writer,
        change: impl FnOnce(&mut Resource<T>),
    ) -> Result<Version, Refusal> {
        self.write(Part::Main, key, None, by, |stored| {
            let kept = stored.value.clone();
            change(stored);
            stored.value.take_status(&kept);
        })
    }

    /// Changes the status of a resource as it is now, whoever wrote before.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn patch_status(&mut self, key: Subject, by: Writer, change: impl FnOnce(&mut T)) -> Result<Version, Refusal> {
        self.write(Part::Status, key, None, by, |stored| {
            let mut value = stored.value.clone();
            change(&mut value);
            stored.value.take_status(&value);
        })
    }

    /// Asks for the end of a resource: it is gone at once, or once its finalizers are. What it owns goes after it.
    ///
    /// # Errors
    /// Why not; nothing was written then, unless the writer is [`Refusal::Gone`].
    pub fn delete(&mut self, key: Subject, by: Writer) -> Result<Version, Refusal> {
        let write = self.begin(Part::Whole, key, false, by)?;
        if self.get(key).is_none() {
            return Err(Refusal::NotFound);
        }
        self.remove(key, by);
        self.faults.after(write).map(|()| self.log.head())
    }

    /// Counts a write that a controller makes elsewhere, of an object of Kubernetes' own, before it is made: restarts at a write
    /// count it, and faults that name the controller act on it; the others are the world's. `locked` says that it replaces what the
    /// controller read, so that it can be in conflict.
    ///
    /// # Errors
    /// Why the write is not to be made.
    pub fn write_elsewhere(&mut self, key: Subject, locked: bool, by: Writer) -> Result<(), Refusal> {
        let write = self.begin(Part::Elsewhere, key, locked, by)?;
        // A controller that ends after this write still makes it: the next one is refused.
        let _ = self.faults.after(write);
        Ok(())
    }

    /// How many writes or reads there were that a point means which is not met yet.
    pub fn seen_at(&self, token: u64) -> u32 {
        self.faults.points.seen(token)
    }

    /// How many writes a webhook has let through, by kind and by what was asked for.
    pub fn admitted(&self) -> impl Iterator<Item = (&(Kind, Verb), &u64)> {
        self.admitted.iter()
    }

    fn admit(&mut self, kind: Kind, verb: Verb) {
        if self.webhooks.contains(&kind) {
            *self.admitted.entry((kind, verb)).or_default() += 1;
        }
    }

    /// What went away since the last call, for what stands outside this API and goes with it.
    pub fn removed(&mut self) -> Vec<(Subject, Cause)> {
        std::mem::take(&mut self.removed)
    }

    /// Notes from now on which objects are written, for [`Api::written`].
    pub fn note_writes(&mut self) {
        self.written.get_or_insert_default();
    }

    /// The objects that were written since the last call, in the order of their keys: for whoever looks after what another control
    /// plane makes, and would else have to look at all of it.
    pub fn written(&mut self) -> BTreeSet<Subject> {
        self.written.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The writes of controllers that came too late since the last call.
    pub(super) fn take_conflicts(&mut self) -> Vec<Conflict> {
        std::mem::take(&mut self.conflicts)
    }

    /// What every write begins with: the faults have their say.
    fn begin(&mut self, part: Part, key: Subject, locked: bool, by: Writer) -> Result<Write, Refusal> {
        let webhook = matches!(part, Part::Main | Part::Whole) && self.webhooks.contains(&key.kind);
        let write = Write { by, key, locked, webhook, elsewhere: part == Part::Elsewhere };
        let passed = self.faults.before(write);
        if let (Err((Refusal::Conflict, cause)), Some(_)) = (&passed, by.controller) {
            self.conflicts.push(Conflict { key, cause: *cause });
        }
        passed.map_err(|(refusal, _)| refusal).map(|()| write)
    }

    fn write(
        &mut self,
        part: Part,
        key: Subject,
        lock: Option<Version>,
        by: Writer,
        change: impl FnOnce(&mut Resource<T>),
    ) -> Result<Version, Refusal> {
        let write = self.begin(part, key, lock.is_some(), by)?;
        let old = self.get(key).map(Arc::clone).ok_or(Refusal::NotFound)?;
        if lock.is_some_and(|lock| lock != old.meta.version) {
            if by.controller.is_some() {
                // Whoever wrote last was faster; the writer has not been shown that, so that the log still has it.
                let cause = self.log.last(key).map_or(by.cause, |event| event.cause);
                self.conflicts.push(Conflict { key, cause });
            }
            return Err(Refusal::Conflict);
        }
        let mut new = Resource::clone(&old);
        change(&mut new);
        // Nobody changes these by a write.
        new.key = old.key;
        (new.meta.version, new.meta.uid, new.meta.generation) = (old.meta.version, old.meta.uid, old.meta.generation);
        (new.meta.created_at, new.meta.deleted_at) = (old.meta.created_at, old.meta.deleted_at);
        new.meta.written_at = old.meta.written_at;
        if part == Part::Main {
            T::admit(&mut new, Some(&old), by).map_err(Refusal::Invalid)?;
            self.admit(key.kind, Verb::Updated);
            new.meta.generation += u64::from(!new.value.same_spec(&old.value));
        }
        if new == *old {
            return self.faults.after(write).map(|()| old.meta.version);
        }
        let version = self.log.next();
        (new.meta.version, new.meta.written_at) = (version, by.at);
        if new.is_leaving() && new.meta.finalizers.is_empty() {
            self.append(Verb::Deleted, Some(old), new, by);
            self.collect(key, by);
        } else {
            self.append(Verb::Updated, Some(old), new, by);
        }
        self.faults.after(write).map(|()| version)
    }

    /// Deletes, or marks what has finalizers. A mark counts as a change of the spec: `BeforeDelete` raises the generation.
    fn remove(&mut self, key: Subject, by: Writer) {
        let Some(old) = self.get(key).map(Arc::clone) else { return };
        let mut new = Resource::clone(&old);
        (new.meta.version, new.meta.written_at) = (self.log.next(), by.at);
        if old.meta.finalizers.is_empty() {
            self.append(Verb::Deleted, Some(old), new, by);
            self.collect(key, by);
        } else if !old.is_leaving() {
            new.meta.deleted_at = Some(by.at);
            new.meta.generation += 1;
            self.append(Verb::Updated, Some(old), new, by);
        }
    }

    /// Deletes what an owner that has gone leaves behind: background propagation, which finds it at once here.
    fn collect(&mut self, owner: Subject, by: Writer) {
        let left: Vec<Subject> = self.log.all_owned(owner).map(|resource| resource.key).collect();
        left.into_iter().for_each(|key| self.remove(key, by));
    }

    /// True if an owner that was here is no longer. One of a kind that is not kept here is not known to be gone.
    fn is_gone(&self, owner: Owner) -> bool {
        self.log.keeps(owner.key.kind) && self.get(owner.key).is_none_or(|found| found.meta.uid != owner.uid)
    }

    fn append(&mut self, verb: Verb, old: Option<Arc<Resource<T>>>, new: Resource<T>, by: Writer) {
        if verb == Verb::Deleted {
            self.removed.push((new.key, by.cause));
        }
        if let Some(written) = &mut self.written {
            written.insert(new.key);
        }
        let event = Event { version: new.meta.version, at: by.at, cause: by.cause, verb, old, new: Arc::new(new) };
        self.log.append(event);
    }
}
