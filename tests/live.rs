//! Goal: a live run is safe. It touches no cluster that nobody named, says in one message why it cannot start, and leaves a cluster
//! as it was, however it ends. Method: the program itself is run against a real Kubernetes API and the API is asked what is there.
//!
//! `GREENROOM_TEST_CONTEXT` names the context of such an API, one with kwok and without other nodes; without it these tests say that
//! they are skipped. Those that kill parts of a control plane start their own with the launcher that `GREENROOM_TESTBED` names
//! (docs/testbed.md). `GREENROOM_BIN` names another program to test.

#![cfg(all(feature = "live", unix))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "live runs go on in real time, several at once"
)]

#[path = "live/cleanup.rs"]
mod cleanup;
#[path = "live/dry_run.rs"]
mod dry_run;
#[path = "live/ground.rs"]
mod ground;
#[path = "live/kills.rs"]
mod kills;
#[path = "live/node_faults.rs"]
mod node_faults;
#[path = "live/outage.rs"]
mod outage;
#[path = "live/play.rs"]
mod play;
#[path = "live/refused.rs"]
mod refused;
#[path = "live/rights.rs"]
mod rights;
#[path = "support/scenarios.rs"]
mod scenarios;
#[path = "live/side_by_side.rs"]
mod side_by_side;
#[path = "live/sweep_manifest.rs"]
mod sweep_manifest;
#[path = "live/testbed.rs"]
mod testbed;
