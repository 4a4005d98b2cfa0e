//! The services as a state machine: what an operator saves and removes, and what wakes the deploy loop. What the loop then does
//! is the profile's own concern.

use std::sync::Arc;

use super::model::Document;
use super::profile::{Options, Profile};
use super::read::{self as reading, Documents};
use super::store::Store;
use super::{actions, native};
use super::{as_built, documented};
use crate::text::{Diagnostic, Source};
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::{Action, Controller, Wake, World};

/// The Deploy Svc and the Registry Svc of one installation.
#[derive(Clone, Debug)]
pub struct OneBackend {
    pub(super) options: Arc<Options>,
    pub(super) store: Store,
    pub(super) deploy_loop: Loop,
    /// The file that it begins with.
    first: Arc<Documents>,
    /// The names of what was saved or refused, for operators' actions.
    pub(super) known: Vec<String>,
}

/// The deploy loop of a profile.
#[derive(Clone, Debug)]
pub(super) enum Loop {
    /// What the documents say.
    Documented(documented::Loop),
    /// What the code does.
    AsBuilt(Box<as_built::Loop>),
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The services with the file; what they refuse of it they say when it is submitted.
    pub onebackend: OneBackend,
    /// What should be known of it.
    pub warnings: Vec<Diagnostic>,
    /// What is refused; empty if nothing is.
    pub problems: Vec<Diagnostic>,
}

/// Reads a file of deployments and definitions.
///
/// # Errors
/// What makes it no file that anybody could save.
pub fn read(source: &Source, options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let mut documents = reading::documents(source, options.profile)?;
    let warnings = std::mem::take(&mut documents.warnings);
    let problems = documents.problems.clone();
    let deploy_loop = match options.profile {
        Profile::Documented => Loop::Documented(documented::Loop::default()),
        Profile::AsBuilt => Loop::AsBuilt(Box::default()),
    };
    let known = names(&documents);
    let onebackend = OneBackend {
        options: Arc::new(options.clone()),
        store: Store::default(),
        deploy_loop,
        first: Arc::new(documents),
        known,
    };
    Ok(Read { onebackend, warnings, problems })
}

fn names(documents: &Documents) -> Vec<String> {
    let accepted = documents.accepted.iter().map(|one| one.id().to_owned());
    accepted.chain(documents.rejected.iter().map(|(_, name, _)| name.clone())).collect()
}

impl OneBackend {
    /// The names that an operator's action may mean.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// How much an operator's action is these services': 2 if it is about what they have, 1 if they could take it.
    pub fn interest(&self, action: &Action) -> u8 {
        actions::interest(self, action)
    }

    /// True if the registry has a row of this instance or node, where operators take rows out by hand.
    pub(super) fn has_row(&self, target: &str) -> bool {
        let has = |kind, name| match kind {
            "instance" => self.store.instances.iter().any(|row| row.id == name),
            "Node" => self.store.nodes.iter().any(|row| row.facts.name == name),
            _ => false,
        };
        matches!(self.deploy_loop, Loop::AsBuilt(_))
            && target.split_once('/').is_some_and(|(kind, name)| has(kind, name))
    }

    /// Saves what a file holds, one document after the other, as a shell does that goes on. What is refused is written down, and is
    /// told with the file itself.
    pub(super) fn save(&mut self, documents: &Documents, cause: Cause, world: &mut dyn World) {
        for name in names(documents) {
            if !self.known.contains(&name) {
                self.known.push(name);
            }
        }
        for document in &documents.accepted {
            match document {
                Document::Definition(definition) => {
                    let subject = Subject::new(Kind::Definition, world.name(&definition.id));
                    let old = self.store.definitions.insert(definition.id.clone(), definition.clone());
                    let why = match &old {
                        Some(old) if old == definition => Why::text("as it was"),
                        Some(_) => Why::text("changed"),
                        None => Why::NONE,
                    };
                    let cause = Cause::Entry(world.note(subject, "saved", why, cause));
                    let id = &definition.id;
                    self.with_loop(|deploy_loop, store, options| match deploy_loop {
                        Loop::Documented(one) => one.definition_changed(store, options, id, cause, world),
                        Loop::AsBuilt(one) => one.definition_changed(store, options, cause, world),
                    });
                }
                Document::Deployment(deployment) => {
                    let known = self.store.deployment(&deployment.id).is_some();
                    let index = self.store.save(deployment.clone(), cause, world);
                    if !known {
                        self.store.deployments[index].tell(cause, world);
                    }
                    self.with_loop(|deploy_loop, store, options| match deploy_loop {
                        Loop::Documented(one) => one.saved(store, options, index, cause, world),
                        Loop::AsBuilt(one) => one.saved(store, options, cause, world),
                    });
                }
            }
        }
        for (kind, name, reason) in &documents.rejected {
            let subject = Subject::new(*kind, world.name(name));
            let reason = Why::symbol(world.intern(reason));
            world.note(subject, "rejected", reason, cause);
        }
    }

    /// Tells the world how many containers each deployment wants; of one that was removed, none.
    fn tell_wanted(&self, world: &mut dyn World) {
        for row in &self.store.deployments {
            let wanted = match &self.deploy_loop {
                Loop::Documented(one) => one.wanted_of(row),
                Loop::AsBuilt(_) => u32::try_from(row.spec.replicas).unwrap_or(0),
            };
            world.want(row.subject, Some(wanted));
        }
    }

    /// Gives the loop the rows that it works on.
    pub(super) fn with_loop(&mut self, act: impl FnOnce(&mut Loop, &mut Store, &Options)) {
        let options = Arc::clone(&self.options);
        act(&mut self.deploy_loop, &mut self.store, &options);
    }
}

impl Controller for OneBackend {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let done = match wake {
            Wake::Submitted => {
                // Both profiles poll: cycles, scans, and calls that wait for their answer.
                world.has_no_watches();
                self.with_loop(|deploy_loop, store, options| match deploy_loop {
                    Loop::Documented(one) => one.begin(store, options, cause, world),
                    Loop::AsBuilt(one) => one.begin(store, options, cause, world),
                });
                let first = Arc::clone(&self.first);
                self.save(&first, cause, world);
                Ok(())
            }
            Wake::Action(action) => actions::act(self, &action, cause, world),
            wake @ (Wake::Timer(_) | Wake::Changed(_) | Wake::NodesChanged | Wake::Answered(..)) => {
                self.with_loop(|deploy_loop, store, options| match deploy_loop {
                    Loop::Documented(one) => one.woken(&wake, store, options, cause, world),
                    Loop::AsBuilt(one) => one.woken(&wake, store, options, cause, world),
                });
                Ok(())
            }
        };
        self.tell_wanted(world);
        done
    }

    fn native(&self, world: &dyn World) -> serde_json::Value {
        let now = world.now();
        match &self.deploy_loop {
            Loop::Documented(_) => native::state(&self.store, &self.options, now),
            Loop::AsBuilt(one) => native::state(&one.shown(&self.store, &self.options, now), &self.options, now),
        }
    }
}
