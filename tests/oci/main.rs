//! OCI AI Blueprints from outside: its documents, its control plane in three worlds, whole runs of its groups.

mod corpus;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../support/groups.rs"]
mod groups;
mod record;
mod replay;
mod replay_lifecycle;
mod replay_world;
mod runs;
mod script;
mod two_worlds;
