//! OCI AI Blueprints from outside: its documents, its control plane in three worlds, whole runs of its groups.

mod corpus;
mod groups;
mod record;
mod replay;
mod replay_world;
mod runs;
mod two_worlds;
