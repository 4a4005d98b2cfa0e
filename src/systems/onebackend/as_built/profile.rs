//! What the as-built profile needs beside the intervals that both profiles share. Sources, unless said otherwise, are in
//! 1backend/1backend at 1305defcf2b8 below server/internal/services; *assumed* is what no source says.

use std::collections::BTreeMap;

use crate::kernel::Duration;

/// In which order rows are listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowOrder {
    /// In that of their first save.
    Saved,
    /// In one drawn from the seed.
    Seeded,
}

impl RowOrder {
    /// Its name in a scenario.
    pub const fn text(self) -> &'static str {
        match self {
            RowOrder::Saved => "saved",
            RowOrder::Seeded => "seeded",
        }
    }
}

/// Settings of the code as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AsBuilt {
    /// On how many servers the deploy loop runs, the first that registered first. Every server runs it (deploy/deploy_service.go),
    /// and they share one lock; `None` is that.
    pub deploy_loops: Option<u32>,
    /// The order of nodes: the local store gives rows in the order of a Go map, a database in
    /// one that nothing fixes. The order is kept for the run: *assumed*.
    pub node_order: RowOrder,
    /// The same of deployments, whose order says who is served first. *Assumed* to be the order of their first save.
    pub deployment_order: RowOrder,
    /// How much of its CPU a node uses, in percent, by its name. Nothing told: a server that never measured it.
    pub node_cpu_percent: BTreeMap<String, u32>,
    /// How long a connection to an instance takes that is taken at all: *assumed* none.
    pub dial_length: Duration,
    /// How long a call to a server waits for a node that does not answer: 30 s, the dialer of Go 1.24 net/http DefaultTransport.
    pub connect_timeout: Duration,
    /// How long a call under way waits for a node that fell silent. The client has no time-out; keep-alives give up: 30 s idle and
    /// nine probes 30 s apart, Go 1.24 net and Linux `tcp_keepalive_probes`.
    pub answer_timeout: Duration,
    /// Whether the container service tells its callers nothing but `Internal Server Error` (pull request 346).
    pub hides_errors: bool,
}

impl Default for AsBuilt {
    fn default() -> AsBuilt {
        AsBuilt {
            deploy_loops: None,
            node_order: RowOrder::Seeded,
            deployment_order: RowOrder::Saved,
            node_cpu_percent: BTreeMap::new(),
            dial_length: Duration::ZERO,
            connect_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(300),
            hides_errors: true,
        }
    }
}
