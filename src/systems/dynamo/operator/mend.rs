//! What was mended in the operator and when: a scenario can take a mend before its version has it, or leave one out.

use crate::systems::dynamo::profile::Operator;

/// A mistake of the operator, by the upstream issue or pull request that mended it or asks for that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mend {
    /// The planner goes by what is available, and does not trust old workers to serve of which none is left.
    AvailablePlanner,
    /// Of several old generations the one that serves is kept.
    ServingGenerations,
    /// A clique of a multinode component is placed whole.
    WholeGangs,
    /// A graph writes the replicas of its adapters when it makes them, and never again.
    OneWayAdapters,
    /// A revert during a rollout rolls back within the bounds.
    RevertRolls,
    /// Workers are known by what they are labelled with, though the graph has lost its annotation.
    KnownGenerations,
    /// A new worker counts once the frontend has taken it in.
    FrontendAdmission,
}

impl Mend {
    /// Every mend.
    pub const ALL: [Mend; 7] = [
        Mend::AvailablePlanner,
        Mend::ServingGenerations,
        Mend::WholeGangs,
        Mend::OneWayAdapters,
        Mend::RevertRolls,
        Mend::KnownGenerations,
        Mend::FrontendAdmission,
    ];

    /// The number of the issue or pull request in ai-dynamo/dynamo.
    pub const fn number(self) -> u32 {
        match self {
            Mend::AvailablePlanner => 8823,
            Mend::ServingGenerations => 10184,
            Mend::WholeGangs => 7811,
            Mend::OneWayAdapters => 12080,
            Mend::RevertRolls => 13620,
            Mend::KnownGenerations => 13495,
            Mend::FrontendAdmission => 13622,
        }
    }

    /// The mend of this number.
    pub fn numbered(number: u32) -> Option<Mend> {
        Mend::ALL.into_iter().find(|mend| mend.number() == number)
    }

    /// True if a version has it. The source of 1.5 is main of 2026-08-21, when its chart said 1.5.0: of the last three, #13620 was mended
    /// after it (pull request 14249) and brought to the branch of 1.5.0 eight days before that release (14600); the others are open.
    pub const fn is_in(self, version: Operator) -> bool {
        match self {
            Mend::AvailablePlanner | Mend::ServingGenerations | Mend::WholeGangs | Mend::OneWayAdapters => {
                version.is_1_5()
            }
            Mend::RevertRolls | Mend::KnownGenerations | Mend::FrontendAdmission => false,
        }
    }
}
