//! The control plane as a state machine: what wakes it, and what it does at once. Everything else waits for the next processing
//! pass, which is `passes`'.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::decode::{self, Decoded};
use super::document::{Document, Member, Mode};
use super::options::{Options, Passes};
use super::resolve::{self, Resolution, Wanted};
use super::state::{Collection, Memory, Purpose, State};
use super::{check, native, notices, order};
use crate::kernel::{Duration, Symbol, Time};
use crate::text::{Diagnostic, Source};
use crate::timeline::{Arg, Cause, EntryId, Subject, Why};
use crate::workload::{Action, AskId, Controller, Outcome, Wake, World};

/// The token of a processing pass; a deployment's exports are read under `EXPORTS` and its position.
const PASS: u64 = 0;
const EXPORTS: u64 = 1 << 32;
/// Passes are never closer than this, whatever the profile says.
const PASS_INTERVAL_MIN: Duration = Duration::from_millis(1);

/// The control plane of OCI AI Blueprints, with one document.
#[derive(Clone, Debug)]
pub struct Oci {
    pub(super) document: Arc<Document>,
    pub(super) options: Arc<Options>,
    /// Positions of each deployment's dependencies.
    pub(super) dependencies: Arc<Vec<Vec<usize>>>,
    /// Positions, dependencies before dependents.
    pub(super) order: Arc<Vec<usize>>,
    /// The references of each deployment.
    pub(super) wanted: Arc<Vec<Vec<Wanted>>>,
    /// What came of the references of each deployment in the first run that resolved them. It follows from the document and their
    /// values alone, so that it makes no difference which run was first.
    pub(super) resolutions: Arc<[OnceLock<Resolution>]>,
    /// Why the document is rejected, if it is.
    pub(super) rejection: Option<Arc<str>>,
    /// Names of members that another document has too: their subjects say whose they are.
    pub(super) ambiguous: BTreeSet<String>,
    pub(super) memory: Memory,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The control plane with the document; one that rejects it says so when it is submitted.
    pub oci: Oci,
    /// What the user should know; it keeps nothing from being used.
    pub warnings: Vec<Diagnostic>,
    /// Why the control plane rejects the document; empty if it accepts it.
    pub problems: Vec<Diagnostic>,
}

/// Reads a document.
///
/// # Errors
/// What makes it no document that anybody could submit.
pub fn read(source: &Source, options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let Decoded { document, mut warnings, errors: mut problems } = decode::document(source)?;
    if problems.is_empty() {
        match check::check(&document, options) {
            Ok(more) => warnings.extend(more),
            Err(found) => problems = found,
        }
    }
    warnings.extend(notices::notices(&document));
    let dependencies = order::dependencies(&document);
    let order = order::topological(&dependencies);
    let in_group = document.group.is_some();
    let wanted = |member: &Member| if in_group { resolve::wanted(&member.raw.0) } else { Vec::new() };
    let oci = Oci {
        options: Arc::new(options.clone()),
        order: Arc::new(order),
        wanted: Arc::new(document.members.iter().map(wanted).collect()),
        dependencies: Arc::new(dependencies),
        resolutions: document.members.iter().map(|_| OnceLock::new()).collect(),
        document: Arc::new(document),
        rejection: rejection(&problems),
        ambiguous: BTreeSet::new(),
        memory: Memory::default(),
    };
    Ok(Read { oci, warnings: notices::merged(warnings), problems })
}

/// Why a document is rejected, in one line.
fn rejection(problems: &[Diagnostic]) -> Option<Arc<str>> {
    let first = &problems.first()?.message;
    Some(match problems.len() {
        1 => first.as_str().into(),
        count => format!("{first} (and {} more)", count - 1).into(),
    })
}

impl Oci {
    /// The names of its members, without the group's.
    pub fn member_names(&self) -> impl Iterator<Item = &str> {
        self.document.members.iter().map(|member| member.name.text.as_str())
    }

    /// Members of these names are `deployment/<group>/<name>` from now on, as another document has members of the same
    /// names.
    pub fn qualify(&mut self, names: &BTreeSet<String>) {
        if self.document.group.is_some() {
            self.ambiguous = self.member_names().filter(|name| names.contains(*name)).map(str::to_owned).collect();
        }
    }

    /// The names of the group and of the deployments that an operator may speak of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let group = self.document.group.iter().map(|group| group.text.as_str());
        group.chain(self.document.members.iter().map(|member| member.name.text.as_str()))
    }

    /// Writes an entry about a deployment and remembers where it is now.
    pub(super) fn become_state(
        &mut self,
        index: usize,
        state: State,
        why: Why,
        cause: Cause,
        world: &mut dyn World,
    ) -> EntryId {
        let progress = &mut self.memory.members[index];
        progress.state = state;
        let entry = world.note(progress.subject, state.text(), why, cause);
        self.memory.dirty.insert(index);
        self.memory.last_entry = Some(entry);
        entry
    }

    /// How far passes are apart.
    fn pass_interval(&self) -> Duration {
        self.options.pass_interval.max(PASS_INTERVAL_MIN)
    }

    /// Who looks at each multiple of the interval finds by then what nobody told it. A pass that finds nothing changes nothing, so
    /// that only the changes that it missed are brought to it then.
    pub(super) fn look_regularly(&self, world: &mut dyn World) {
        if self.options.passes == Passes::Regular {
            world.resyncs(self.pass_interval());
        }
    }

    /// Plans a pass at the next point of the grid, unless one is planned. A pass at this instant is not followed by another.
    pub(super) fn request_pass(&mut self, cause: Cause, world: &mut dyn World) {
        let interval = self.pass_interval();
        let mut at = world.now().ceil_to(Time::ZERO, interval);
        if self.memory.passed_at == Some(at) {
            at += interval;
        }
        if self.memory.pass_at.is_none_or(|planned| planned > at) {
            self.memory.pass_at = Some(at);
            world.wake_at(at, PASS, cause);
        }
    }

    /// Plans the read of a deployment's exports.
    pub(super) fn request_exports(&mut self, index: usize, at: Time, cause: Cause, world: &mut dyn World) {
        self.memory.members[index].collection = Collection::Planned(at);
        world.wake_at(at, EXPORTS + index as u64, cause);
    }

    fn timer(&mut self, token: u64, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        if token == PASS {
            if self.memory.pass_at == Some(now) {
                self.pass(cause, world);
            }
        } else if let Some(index) = token.checked_sub(EXPORTS).map(|index| index as usize)
            && self.memory.members.get(index).is_some_and(|one| one.collection == Collection::Planned(now))
        {
            self.read_exports(index, cause, world);
        }
    }

    /// An object changed. What that means is decided at the next pass; here it is only remembered what was seen first.
    fn changed(&mut self, object: Subject, cause: Cause, world: &mut dyn World) {
        let Some(index) = self.memory.watched.get(&object).copied() else { return };
        let up = self.is_up(index, world);
        let progress = &mut self.memory.members[index];
        progress.seen = Some(cause);
        match (up, progress.up_since) {
            (true, None) => progress.up_since = Some(cause),
            (false, Some(_)) => progress.up_since = None,
            _ => {}
        }
        let matters = match progress.state {
            State::Creating | State::Active | State::Undeploying => true,
            State::Monitoring => progress.short == up || progress.recipe.mode == Mode::Job,
            _ => false,
        };
        if matters {
            self.request_pass(cause, world);
        }
    }

    fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        let Some((index, purpose)) = self.memory.asks.remove(&ask) else { return };
        if purpose == Purpose::Read {
            if self.memory.members[index].collection == Collection::Asked(ask) {
                self.exports_answered(index, outcome, cause, world);
            }
            return;
        }
        let removes = matches!(purpose, Purpose::Delete(_));
        match outcome {
            Outcome::Accepted(_) if matches!(purpose, Purpose::Apply(..)) => {
                // A write that was on its way as the undeploy began may have come after its deletion.
                let goes = matches!(self.memory.members[index].state, State::Undeploying | State::Undeployed);
                if let (Purpose::Apply(key, _), true) = (purpose, goes) {
                    self.ask(index, Purpose::Delete(key), cause, world);
                }
            }
            Outcome::Accepted(_) | Outcome::Measured(_) => {
                self.memory.members[index].patched |= purpose == Purpose::Patch;
                self.request_pass(cause, world);
            }
            Outcome::NotFound if removes => self.request_pass(cause, world),
            Outcome::NotFound => self.fail(index, Why::text("there is no such node"), cause, world),
            Outcome::Refused(reason) if !removes => {
                self.fail(index, Why::with("refused: {}", Arg::Text(reason)), cause, world);
            }
            Outcome::Refused(reason) | Outcome::Failed(reason) => self.failed_ask(index, purpose, reason, cause, world),
            Outcome::Conflict => {
                let reason = world.intern("conflict");
                self.failed_ask(index, purpose, reason, cause, world);
            }
            Outcome::Unknown => {
                let reason = world.intern("no answer");
                self.failed_ask(index, purpose, reason, cause, world);
            }
        }
    }

    /// What was asked for was not done, or nobody knows: it is asked for again at the next pass.
    fn failed_ask(&mut self, index: usize, purpose: Purpose, reason: Symbol, cause: Cause, world: &mut dyn World) {
        let progress = &mut self.memory.members[index];
        progress.ask_failures += 1;
        let (state, failures) = (progress.state, progress.ask_failures);
        let (verb, key) = match &purpose {
            Purpose::Apply(key, _) => ("make", Arg::Subject(*key)),
            Purpose::Delete(key) => ("remove", Arg::Subject(*key)),
            Purpose::Read | Purpose::Patch => ("change", Arg::Text(world.intern("the node"))),
        };
        progress.again.push(purpose);
        if is_told(failures) {
            let verb = Arg::Text(world.intern(verb));
            let why = Why::with3("could not {} {}: {}", verb, key, Arg::Text(reason));
            self.become_state(index, state, why, cause, world);
        }
        self.request_pass(cause, world);
    }
}

/// Of failures that repeat, the first three are written down, then the 4th, 8th, 16th …
pub(super) const fn is_told(failures: u64) -> bool {
    failures <= 3 || failures.is_power_of_two()
}

impl Controller for Oci {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let done = match wake {
            Wake::Submitted => {
                self.submit(cause, world);
                Ok(())
            }
            Wake::Timer(token) => {
                self.timer(token, cause, world);
                Ok(())
            }
            Wake::Changed(object) => {
                self.changed(object, cause, world);
                Ok(())
            }
            Wake::NodesChanged => {
                self.memory.nodes_changed = Some(cause);
                if self.waits_for_pool() {
                    self.request_pass(cause, world);
                }
                Ok(())
            }
            Wake::Answered(ask, outcome) => {
                self.answered(ask, outcome, cause, world);
                Ok(())
            }
            Wake::Action(Action::Undeploy(name)) => self.undeploy(&name, cause, world),
            Wake::Action(_) => Err("OCI AI Blueprints can only be undeployed".to_owned()),
        };
        self.update_group(world);
        self.save(world);
        done
    }

    fn native(&self, _: &dyn World) -> serde_json::Value {
        native::state(self)
    }
}
