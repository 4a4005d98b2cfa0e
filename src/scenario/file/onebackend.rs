//! The key `onebackend` of a scenario file, as it is written.

use crate::file_types;
use crate::scenario::values::{Length, OneBackendProfileValue, RowOrderValue};
use crate::text::decode::{Spanned, Table};

file_types! {
    /// Settings of 1Backend's services.
    pub struct OneBackendFile as "the 1Backend profile" {
        /// What Deploy Svc's documents say, or what its code does. Default: documented.
        profile: Option<OneBackendProfileValue>,
        /// From one cycle of the deploy loop to the next. Default: 15s.
        loop_interval: Option<Spanned<Length>>,
        /// From one scan of instances to the next. Default: 15s.
        scan_interval: Option<Spanned<Length>>,
        /// How long a scan tries to reach an instance. Default: 3s.
        dial_timeout: Option<Length>,
        /// An instance that takes longer to reach is degraded. Default: 1s.
        degraded_after: Option<Length>,
        /// From one heartbeat of a node to the next. Default: 15s.
        heartbeat_interval: Option<Spanned<Length>>,
        /// A node that uses as much CPU or more gets no new instances, in percent. Default: 80.
        node_cpu_percent_max: Option<Spanned<u32>>,
        /// The URL of the server on a node, where `{node}` stands for the node's name. Default: http://{node}:11337.
        node_url: Option<Spanned<String>>,
        /// The names of the secrets that the Secret Svc has. Default: none.
        secrets: Option<Vec<String>>,
        /// The names in the environment of the service that deploys. Default: none.
        env: Option<Vec<String>>,
        /// How long an image of a repository builds, unless a row of behaviour says it. Default: 60s.
        build_length: Option<Length>,
        /// With `documented`: how often a deployment may end in Error, one after the other, before it is Failed. Default: 10.
        attempts_max: Option<Spanned<u32>>,
        /// With `documented`: how long an instance may take from its start to being healthy. Default: 10m.
        start_deadline: Option<Spanned<Length>>,
        /// With `documented`: how long nothing is heard of a node before it counts as lost. Default: 45s.
        node_timeout: Option<Spanned<Length>>,
        /// With `documented`: how long an instance that is taken out gets no requests before it is stopped. Default: 0s.
        drain: Option<Spanned<Length>>,
        /// With `documented`: instances that may be missing in a rolling update, where nothing is said. Default: 0.
        max_unavailable: Option<Spanned<u32>>,
        /// With `documented`: instances that may be too many in a rolling update, where nothing is said. Default: 1.
        max_surge: Option<Spanned<u32>>,
        /// With `documented`: how long the load must have been low before instances are taken away. Default: 5m.
        scale_down_after: Option<Spanned<Length>>,
        /// With `documented`: how far the load may lie from the threshold without a change, in percent of it. Default: 10.
        tolerance_percent: Option<Spanned<u32>>,
        /// With `as-built`: on how many servers the deploy loop runs. Default: on all.
        deploy_loops: Option<Spanned<u32>>,
        /// With `as-built`: the order of lists: `seeded`, or `saved`, that of their first save. Default: nodes seeded, deployments saved.
        node_order: Option<Spanned<RowOrderValue>>,
        /// The same of deployments, which are served in this order.
        deployment_order: Option<Spanned<RowOrderValue>>,
        /// With `as-built`: how much of its CPU a node uses, in percent, by the node's name. Default: it never said.
        node_cpu_percent: Option<Spanned<Table<Spanned<u32>>>>,
        /// With `as-built`: how long a connection to an instance takes. Default: 0s.
        dial_length: Option<Spanned<Length>>,
        /// With `as-built`: how long a call waits for a node that does not answer. Default: 30s.
        connect_timeout: Option<Spanned<Length>>,
        /// With `as-built`: how long a call under way waits for a node that fell silent. Default: 5m.
        answer_timeout: Option<Spanned<Length>>,
        /// With `as-built`: whether the container service tells nothing of its errors. Default: true.
        hides_errors: Option<Spanned<bool>>,
    }
}
