//! What the controller knows of each deployment and of the group, and the words for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::document::Recipe;
use super::names::Unique;
use super::plan::Placement;
use crate::kernel::Time;
use crate::timeline::{Cause, EntryId, Subject};
use crate::workload::{AskId, Object};

/// The states of a deployment. `creating` and `completed` are known from live control planes, the rest is documented.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// It waits for dependencies or for a shared pool.
    Scheduled,
    /// Its own pool of nodes is being made.
    Creating,
    /// Its objects are in the cluster.
    Active,
    /// It is up.
    Monitoring,
    /// It ended well.
    Completed,
    /// It will not come up.
    Failed,
    /// It is being taken down.
    Undeploying,
    /// Nothing is left of it.
    Undeployed,
    /// It was not accepted.
    Rejected,
}

impl State {
    const ALL: [State; 9] = [
        State::Rejected,
        State::Scheduled,
        State::Creating,
        State::Active,
        State::Monitoring,
        State::Completed,
        State::Failed,
        State::Undeploying,
        State::Undeployed,
    ];

    /// The word for it.
    pub const fn text(self) -> &'static str {
        match self {
            State::Scheduled => "scheduled",
            State::Creating => "creating",
            State::Active => "active",
            State::Monitoring => "monitoring",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Undeploying => "undeploying",
            State::Undeployed => "undeployed",
            State::Rejected => "rejected",
        }
    }

    /// The state of this word.
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.text() == text)
    }

    /// True once it is on its way down or gone, or never was.
    pub const fn ends(self) -> bool {
        matches!(self, State::Undeploying | State::Undeployed | State::Rejected)
    }
}

/// The states of a group. The control plane shows none; these follow from those of its deployments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GroupState {
    /// It was accepted.
    Submitted,
    /// Not all of its deployments are up.
    Deploying,
    /// All of its deployments are up.
    Monitoring,
    /// They were, and one has lost pods since.
    Degraded,
    /// One of its deployments failed.
    Failed,
    /// It is being taken down.
    Undeploying,
    /// Nothing is left of it.
    Undeployed,
    /// It was not accepted.
    Rejected,
}

impl GroupState {
    /// The word for it.
    pub const fn text(self) -> &'static str {
        match self {
            GroupState::Submitted => "submitted",
            GroupState::Deploying => "deploying",
            GroupState::Monitoring => "monitoring",
            GroupState::Degraded => "degraded",
            GroupState::Failed => "failed",
            GroupState::Undeploying => "undeploying",
            GroupState::Undeployed => "undeployed",
            GroupState::Rejected => "rejected",
        }
    }

    /// The state of this word.
    pub fn parse(text: &str) -> Option<GroupState> {
        let all = [
            GroupState::Submitted,
            GroupState::Deploying,
            GroupState::Monitoring,
            GroupState::Degraded,
            GroupState::Failed,
            GroupState::Undeploying,
            GroupState::Undeployed,
            GroupState::Rejected,
        ];
        all.into_iter().find(|state| state.text() == text)
    }
}

/// How far the collection of a deployment's exports is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Collection {
    /// Not begun, or to be begun again at the next pass.
    #[default]
    Idle,
    /// The service is read at this time.
    Planned(Time),
    /// The service is being read.
    Asked(AskId),
    /// All that it declares is there.
    Done,
}

/// What an ask was for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To make an object.
    Apply(Subject, Object),
    /// To read exports off a service.
    Read,
    /// To remove an object.
    Delete(Subject),
    /// To change a node.
    Patch,
}

/// One deployment on its way.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What entries are about.
    pub subject: Subject,
    /// Its names in the cluster.
    pub names: Unique,
    /// Its id.
    pub uuid: String,
    /// Where it is.
    pub state: State,
    /// The entry that brought it there, or that opened the way for its dependents.
    pub entry: Cause,
    /// When it left `scheduled`; before that, when it was submitted.
    pub created_at: Time,
    /// Its recipe, references resolved once it has started.
    pub recipe: Arc<Recipe>,
    /// Where its pods may run.
    pub placement: Placement,
    /// Its Deployment or Job, once asked for.
    pub workload: Option<Subject>,
    /// Its Service, once asked for.
    pub service: Option<Subject>,
    /// Its pool of nodes, once asked for.
    pub pool: Option<Subject>,
    /// Asks that did not succeed and are made again at the next pass.
    pub again: Vec<Purpose>,
    /// How many asks did not succeed.
    pub ask_failures: u64,
    /// The last change of it that was seen.
    pub seen: Option<Cause>,
    /// The change with which it was seen to be up, as long as it is.
    pub up_since: Option<Cause>,
    /// True once the node that it updates has been changed.
    pub patched: bool,
    /// What it exports, as far as it is known.
    pub exports: BTreeMap<String, String>,
    /// How far the collection of its exports is.
    pub collection: Collection,
    /// Times that the collection failed.
    pub export_failures: u64,
    /// Why it stays scheduled, as last told.
    pub told: Option<String>,
    /// True while fewer pods are up than it asks for, after it was up.
    pub short: bool,
    /// True once it is to be taken down.
    pub undeploy: bool,
    /// What asked for that.
    pub undeploy_cause: Option<Cause>,
    /// True once its pool was asked to go.
    pub pool_leaves: bool,
    /// Its part of the durable record, as it was last written.
    pub kept: Option<Arc<str>>,
}

/// The group on its way.
#[derive(Clone, Debug)]
pub struct GroupProgress {
    /// What entries are about.
    pub subject: Subject,
    /// Its id.
    pub uuid: String,
    /// Where it is.
    pub state: GroupState,
    /// The last entry about it.
    pub entry: Cause,
}

/// What the controller remembers beyond its deployments.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The deployments, in the order of the document; empty before the submission.
    pub members: Vec<Progress>,
    /// The group, if there is one.
    pub group: Option<GroupProgress>,
    /// When it was submitted.
    pub submitted_at: Time,
    /// What became of which ask is open.
    pub asks: BTreeMap<AskId, (usize, Purpose)>,
    /// Which deployment an object belongs to.
    pub watched: BTreeMap<Subject, usize>,
    /// The next pass, if one is planned.
    pub pass_at: Option<Time>,
    /// The last pass.
    pub passed_at: Option<Time>,
    /// The last change of nodes that was seen, once they are watched.
    pub nodes_changed: Option<Cause>,
    /// Deployments whose durable record is behind.
    pub dirty: BTreeSet<usize>,
    /// The version of the durable record.
    pub version: u64,
    /// The last entry about a deployment: what a change of the group follows from.
    pub last_entry: Option<EntryId>,
}
