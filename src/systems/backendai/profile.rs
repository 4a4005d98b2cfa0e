//! The profile of Backend.AI: which code is rehearsed, with which of its mistakes, and its constants. Sources, unless said
//! otherwise, are in lablup/backend.ai at c0032c472e below src/ai/backend/manager/sokovan/deployment; *assumed* is what no
//! source says. How constants come from a scenario is not known here.

use std::collections::BTreeSet;

use super::cycle::Cycle;
use super::status::SubStep;
use crate::kernel::Duration;

/// The code that rolls revisions out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Engine {
    /// BEP-1049 with what the review of pull request 10426 asked for.
    #[default]
    Bep1049,
    /// Pull request 10426 at its last commit, d0ef5ec06c.
    Pr10426,
    /// Replica groups: main at c0032c472e.
    ReplicaGroups,
}

/// A mistake of the code, each by itself on otherwise mended code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BugMode {
    /// PROVISIONING has no transition for failures that are to be tried again.
    NeedRetryMissing,
    /// The start of AWAITING_PROMOTION has no time zone, and the time since then cannot be computed.
    TzNaiveElapsed,
    /// Nothing tells when AWAITING_PROMOTION began, so that it never lasts too long.
    TimeoutNeverFires,
    /// Nobody asks whether there is a healthy green route before the blue ones are drained.
    PromoteZeroGreen,
    /// Changes of routes are applied by a call that lacks an argument.
    ApplyMissingPromoteArg,
    /// The delay before an automatic promotion is not waited for.
    DelayIgnored,
    /// A manual promotion leaves the deployment in DEPLOYING without a sub-step.
    ManualPromoteNoReady,
    /// So does the end of a rolling update.
    RollingNeverReady,
    /// A rollback leaves the green routes running.
    GreenLeak,
    /// That one deployment changed its routes counts as a failure of all that wait beside it.
    BatchWideMutationFlag,
    /// Too many tries lead nowhere, before #11546: a rollout whose routes fail makes new ones for ever.
    GiveUpMissing,
    /// New routes that are degraded or not checked yet count neither as there nor as coming, before #10858.
    UncheckedNotCounted,
    /// A rollout within a group waits until the routes of the old revision serve, and refills them, before #13087.
    OldMustServe,
    /// A group at rest has settled only when all of its routes serve, before #12370.
    ScalingMustServe,
    /// A group at rest does not notice that routes are gone, before #12161.
    DriftIgnored,
    /// Routes of revisions that are neither current nor rolled out are left alone, before #11370.
    OrphansKept,
}

impl BugMode {
    /// True if the code of this engine can have it. Mistakes of the first era are those of both of its engines.
    pub const fn is_of(self, engine: Engine) -> bool {
        let of_groups = matches!(
            self,
            BugMode::OldMustServe | BugMode::ScalingMustServe | BugMode::DriftIgnored | BugMode::OrphansKept
        );
        of_groups == engine.has_groups()
    }
}

impl Engine {
    /// True if it rolls revisions out in replica groups.
    pub const fn has_groups(self) -> bool {
        matches!(self, Engine::ReplicaGroups)
    }

    /// Its name in a scenario.
    pub const fn text(self) -> &'static str {
        match self {
            Engine::Bep1049 => "bep-1049",
            Engine::Pr10426 => "pr-10426",
            Engine::ReplicaGroups => "replica-groups",
        }
    }

    /// The step that a rollout begins with.
    pub const fn first_step(self) -> SubStep {
        match self {
            Engine::Bep1049 | Engine::Pr10426 => SubStep::Provisioning,
            Engine::ReplicaGroups => SubStep::Initializing,
        }
    }
}

/// The modes of pull request 10426 at its last commit. Time zones and the missing argument were mended there; the flag of the
/// whole batch is main's, where a failure is tried again.
const PR_10426: [BugMode; 7] = [
    BugMode::NeedRetryMissing,
    BugMode::TimeoutNeverFires,
    BugMode::PromoteZeroGreen,
    BugMode::DelayIgnored,
    BugMode::ManualPromoteNoReady,
    BugMode::RollingNeverReady,
    BugMode::GreenLeak,
];

/// From when the delay before a promotion runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum DelayFrom {
    /// From the entry into AWAITING_PROMOTION: branch BA-3436_3, strategy/blue_green.py.
    #[default]
    Phase,
    /// From the last change of a green route: proposals/BEP-1049/blue-green.md. A route that flaps starts it again.
    LastRouteChange,
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The code that rolls revisions out.
    pub engine: Engine,
    /// Its mistakes.
    pub bug_modes: BTreeSet<BugMode>,
    /// False where an operator may promote without a healthy green route. Pull request 10426 mended this at 38a1c17642, and
    /// left the automatic promotion as it was.
    pub guards_manual_promotion: bool,
    /// Loops over deployments: 5 s, 30 s, first after 10 s (coordinator.py, the table of task specs).
    pub deployments: Cycle,
    /// The loop over deployments that are taken down: 5 s, 60 s, first after 25 s (the same table).
    pub destroying: Cycle,
    /// The loops over routes that are to be started, and over their health: 5 s, 60 s (route/coordinator.py). The first
    /// delay of loops over routes is assumed to be that of deployments.
    pub starting_routes: Cycle,
    /// The requests to the applications of sessions: 10 s, without a mark, first after 15 s (route/coordinator.py).
    pub observer: Cycle,
    /// The loop over routes that run: 10 s, 60 s (route/coordinator.py).
    pub running_routes: Cycle,
    /// The loop over routes that are to end: 30 s, without a mark (route/coordinator.py).
    pub terminating_routes: Cycle,
    /// The reconcilers of replica groups: 30 s, first after 30 s (group/stages, reconciler/base.py). They ask for a mark
    /// every 5 s too; no code that could be read sets it, so that this is off unless a scenario turns it on.
    pub reconcilers: Cycle,
    /// Whether the proxy applies the weights of replica groups. It does not: appproxy/coordinator/repositories/endpoint.py.
    pub weights_applied: bool,
    /// The loop that looks for routes that nobody needs: 60 s, without a mark (route/coordinator.py).
    pub eviction: Cycle,
    /// How long a sub-step may last: 3600 s in the code of the first era, of which BEP-1049 says 30 minutes; 7200 s with
    /// replica groups, the default of a deployment's handler options.
    pub deploying_timeout: Duration,
    /// How often a sub-step is tried: SERVICE_MAX_RETRIES, 5 (manager/defs.py).
    pub attempts_max: u32,
    /// From when the delay before a promotion runs.
    pub delay_from: DelayFrom,
    /// Whether a blue-green update whose green routes have all failed is rolled back at once, as BEP-1049 has it, or with its
    /// time-out, as branch BA-3436_3 does.
    pub rollback_when_all_green_failed: bool,
    /// When what is known of a route's health is too old to be believed: 300 s (defs.py).
    pub health_staleness: Duration,
    /// How long a session has to end: 30 s (defs.py).
    pub termination_grace: Duration,
    /// Wall-clock time of the start of the run, in seconds since 1970. Times that the API shows are counted from it.
    pub epoch_seconds: i64,
}

impl Options {
    /// The defaults of an engine, with its own mistakes or with these instead.
    pub fn of(engine: Engine, bug_modes: Option<BTreeSet<BugMode>>) -> Options {
        let (bug_modes, guards_manual_promotion) = match (engine, bug_modes) {
            (_, Some(modes)) => {
                let guards = !modes.contains(&BugMode::PromoteZeroGreen);
                (modes, guards)
            }
            (Engine::Bep1049 | Engine::ReplicaGroups, None) => (BTreeSet::new(), true),
            (Engine::Pr10426, None) => (BTreeSet::from(PR_10426), true),
        };
        let hours = if engine == Engine::ReplicaGroups { 2 } else { 1 };
        let deploying_timeout = Duration::from_secs(hours * 3600);
        Options { engine, bug_modes, guards_manual_promotion, deploying_timeout, ..Options::default() }
    }

    /// True if the code has this mistake.
    pub fn has(&self, mode: BugMode) -> bool {
        self.bug_modes.contains(&mode)
    }
}

const fn cycle(short: Option<u64>, long: u64, initial_delay: u64) -> Cycle {
    let short = match short {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => None,
    };
    Cycle { short, long: Duration::from_secs(long), initial_delay: Duration::from_secs(initial_delay) }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            engine: Engine::Bep1049,
            bug_modes: BTreeSet::new(),
            guards_manual_promotion: true,
            deployments: cycle(Some(5), 30, 10),
            destroying: cycle(Some(5), 60, 25),
            starting_routes: cycle(Some(5), 60, 10),
            observer: cycle(None, 10, 15),
            running_routes: cycle(Some(10), 60, 10),
            terminating_routes: cycle(None, 30, 10),
            reconcilers: cycle(None, 30, 30),
            weights_applied: false,
            eviction: cycle(None, 60, 10),
            deploying_timeout: Duration::from_secs(3600),
            attempts_max: 5,
            delay_from: DelayFrom::Phase,
            rollback_when_all_green_failed: false,
            health_staleness: Duration::from_secs(300),
            termination_grace: Duration::from_secs(30),
            // 2026-01-01T00:00:00Z
            epoch_seconds: 1_767_225_600,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_has_its_own_mistakes_unless_others_are_named() {
        assert!(Options::of(Engine::Bep1049, None).bug_modes.is_empty());
        let head = Options::of(Engine::Pr10426, None);
        assert!(head.has(BugMode::PromoteZeroGreen) && head.guards_manual_promotion);
        assert!(!head.has(BugMode::TzNaiveElapsed) && !head.has(BugMode::ApplyMissingPromoteArg));
        let named = Options::of(Engine::Pr10426, Some(BTreeSet::from([BugMode::PromoteZeroGreen])));
        assert!(!named.guards_manual_promotion && !named.has(BugMode::GreenLeak));
    }
}
