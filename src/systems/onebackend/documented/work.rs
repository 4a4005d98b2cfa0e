//! What the loop keeps of each deployment beside its row: its revision, its instances, what it tried. What is done with that is
//! decided by `cycle`.

use std::sync::Arc;

use super::super::amount::Need;
use super::scale::Memory;
use super::template::Template;
use crate::kernel::Time;
use crate::timeline::{Cause, Subject};
use crate::workload::AskId;

/// What the loop keeps of a deployment.
#[derive(Clone, Debug)]
pub struct Work {
    /// The deployment's id.
    pub id: String,
    /// As the timeline names it.
    pub subject: Subject,
    /// The newest template that could be made.
    pub template: Option<Arc<Template>>,
    /// Its number, from 1.
    pub revision: u32,
    /// The highest number that there was.
    pub revisions: u32,
    /// How far its image is.
    pub image: Image,
    /// Its instances, the oldest first; of those that are gone none.
    pub instances: Vec<Instance>,
    /// How often it ended in Error since an instance of the newest revision became healthy.
    pub attempts: u32,
    /// How many instances the load asks for; `None`: nobody asked it yet.
    pub scaled: Option<u32>,
    /// What the autoscaler remembers.
    pub memory: Memory,
    /// What went wrong since the last cycle.
    pub problem: Option<Problem>,
    /// Instances that there ever were.
    pub made: u32,
    /// Builds that there ever were.
    pub builds: u64,
    /// What the last of them is of: it goes on when the deployment is removed.
    pub built: Option<Subject>,
    /// Containers that were told to go, until it is known that they will.
    pub removals: Vec<Removal>,
    /// True once the deployment was removed.
    pub removed: bool,
    /// Who was last shown to whoever sends requests.
    pub shown: Vec<Subject>,
    /// What led to where it is.
    pub cause: Cause,
}

/// What keeps an attempt from going on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What is said of it.
    pub text: String,
    /// What led to it; `None`: nothing but what led to the attempt.
    pub cause: Option<Cause>,
}

/// How far the image of a template is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Image {
    /// Nobody built it yet.
    #[default]
    Missing,
    /// It is built until then; `true`: the build is bound to fail.
    Building(Time, bool),
    /// It is there.
    There,
}

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its row in the registry, once it has one.
    pub subject: Subject,
    /// Its container.
    pub pod: Subject,
    /// Its node, as a position among the registry's nodes.
    pub node: usize,
    /// The revision that it is of.
    pub revision: u32,
    /// What it is made from.
    pub template: Arc<Template>,
    /// Where it is in its life.
    pub life: Life,
    /// Since when.
    pub since: Time,
    /// True once its container was seen.
    pub seen: bool,
    /// True once it has a row in the registry.
    pub registered: bool,
    /// Who knows whether its container could be made.
    pub ask: AskId,
    /// Why it could not.
    pub refusal: Option<String>,
    /// What last happened to it.
    pub cause: Cause,
}

/// A container that was told to go.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// The container.
    pub pod: Subject,
    /// Who knows whether it goes.
    pub ask: AskId,
    /// True once it was refused: the next cycle asks again.
    pub refused: bool,
    /// Why it has to go.
    pub cause: Cause,
}

/// Where an instance is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// It was told to start and did not answer yet.
    Starting,
    /// It answered when it was last asked.
    Healthy,
    /// It did not answer when it was last asked, and did before.
    Unreachable,
    /// It gets no requests any more, and is stopped then.
    Draining(Time),
    /// It was told to stop.
    Stopping,
}

impl Instance {
    /// True while it counts: it was not told to go.
    pub const fn is_active(&self) -> bool {
        !matches!(self.life, Life::Draining(_) | Life::Stopping)
    }

    /// What it takes of its node.
    pub fn need(&self) -> &Need {
        &self.template.need
    }
}

impl Work {
    /// A deployment that was saved for the first time.
    pub fn new(id: &str, subject: Subject, cause: Cause) -> Work {
        Work {
            id: id.to_owned(),
            subject,
            template: None,
            revision: 0,
            revisions: 0,
            image: Image::Missing,
            instances: Vec::new(),
            attempts: 0,
            scaled: None,
            memory: Memory::default(),
            problem: None,
            made: 0,
            builds: 0,
            built: None,
            removals: Vec::new(),
            removed: false,
            shown: Vec::new(),
            cause,
        }
    }
}
