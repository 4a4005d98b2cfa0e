//! What differs between releases of LeaderWorkerSet, each with its source, and how an installation is set up.
//! Repository: kubernetes-sigs/lws; pkg/controllers/leaderworkerset_controller.go.

/// A release and its configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The release, as scenarios name it.
    pub version: &'static str,
    /// `rollingUpdatePartition` passes over groups that are ready and new. False: it ends there, so that an update of groups
    /// that never got ready is stuck (#567, since #488; mended by #568).
    pub passes_updated: bool,
    /// `wantReplicas` counts `maxUnavailable` where it had 1, and a set that grows goes to its new size at once (#778). With it a
    /// single group with a surge and nothing that may be missing is updated; without it, it never is (#688).
    pub keeps_surge_while_none_may_miss: bool,
    /// `gangSchedulingManagement.schedulerProvider: volcano` (pkg/schedulerprovider/volcano_provider.go). Groups of KAI are made
    /// by its own grouper whatever this says.
    pub makes_volcano_groups: bool,
}

impl Profile {
    /// The releases that have a profile, the default first.
    pub const VERSIONS: &[&str] = &["0.8", "0.6", "0.9"];

    /// The profile of a release.
    pub fn named(version: &str) -> Option<Profile> {
        let usual = Profile::default();
        match version {
            "0.8" => Some(usual),
            "0.6" => Some(Profile { version: "0.6", passes_updated: false, ..usual }),
            "0.9" => Some(Profile { version: "0.9", keeps_surge_while_none_may_miss: true, ..usual }),
            _ => None,
        }
    }
}

impl Default for Profile {
    /// v0.8, without gang scheduling.
    fn default() -> Profile {
        Profile {
            version: "0.8",
            passes_updated: true,
            keeps_surge_while_none_may_miss: false,
            makes_volcano_groups: false,
        }
    }
}
