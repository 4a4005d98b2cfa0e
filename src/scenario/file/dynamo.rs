//! The `dynamo` map of a scenario file.

use crate::file_types;
use crate::scenario::values::{GroveReleaseValue, Length, OperatorValue, ProviderValue};
use crate::text::decode::{Spanned, Table};

file_types! {
    /// Which operator of Dynamo is rehearsed, the switches of its chart, and what is installed beside it.
    pub struct DynamoFile as "the Dynamo profile" {
        /// The version of the operator: `0.8`, with what it did wrong, or `1.5`. Default: 1.5.
        operator: Option<OperatorValue>,
        /// What graphs are rendered as, unless their annotations say otherwise. Default: component.
        provider: Option<ProviderValue>,
        /// Whether the webhooks of the chart are on. Default: true.
        webhook: Option<bool>,
        /// The one namespace that the operator is restricted to. Default: it looks after all.
        namespace_restriction: Option<Spanned<String>>,
        /// Issues and pull requests of ai-dynamo/dynamo that are mended although the version has them.
        mended: Option<Vec<Spanned<u32>>>,
        /// Issues and pull requests that are not, although it has mended them.
        unmended: Option<Vec<Spanned<u32>>>,
        /// Whether KAI is installed, which places the gangs of Grove. Default: false.
        kai: Option<Spanned<bool>>,
        /// Whether LeaderWorkerSet is installed. Default: false.
        lws: Option<bool>,
        /// Whether Volcano is installed, without which the operator does not use LeaderWorkerSet. Default: false.
        volcano: Option<bool>,
        /// Whether the operator has Volcano place the gangs of Grove, which it cannot beside KAI. Default: false.
        volcano_scheduler: Option<Spanned<bool>>,
        /// Whether the inference extension of the Gateway API is installed, which components of type `epp` need. Default: false.
        inference_pool: Option<bool>,
        /// Whether checkpoints are turned on in the chart. Default: false.
        checkpoint: Option<bool>,
        /// Which release of Grove is installed, and what of it is mended.
        grove: Option<GroveFile>,
        /// What the profiler writes for requests.
        profiler: Option<Vec<ProfilerFile>>,
        /// How often a model whose endpoints are not all ready is looked at. Default: 30s.
        model_requeue: Option<Spanned<Length>>,
        /// How long it takes to load an adapter into a worker. Default: 1s.
        lora_load: Option<Length>,
    }

    /// Grove as it is installed.
    pub struct GroveFile as "Grove's profile" {
        /// `alpha.2`, `alpha.3`, `alpha.11`, `alpha.12-rc1` or `main`. Default: that of the operator's chart, alpha.3 with 0.8 and
        /// alpha.12-rc1 with 1.5.
        release: Option<GroveReleaseValue>,
        /// Issues of ai-dynamo/grove that this release has, and that are mended here.
        mended: Option<Vec<Spanned<u32>>>,
        /// Issues of ai-dynamo/grove that this release has mended, and that are there.
        unmended: Option<Vec<Spanned<u32>>>,
        /// The scheduler of pods that name none. Default: default-scheduler.
        scheduler: Option<Spanned<String>>,
        /// The names of the ClusterTopologyBindings that are there, beside those of documents. Default: grove-topology.
        topologies: Option<Vec<Spanned<String>>>,
    }

    /// What the profiler writes for a request.
    pub struct ProfilerFile as "a row of `profiler`" {
        /// The name of the request. Default: every request that no other row names.
        request: Option<String>,
        /// The document that it writes: a graph, and objects that go with it.
        output: Spanned<String>,
        /// When each of its sub-phases begins, counted from when the pod of its Job runs: `{ SweepingPrefill: 2m, GeneratingDGD: 40m }`.
        /// Default: it stays in `Initializing`.
        phases: Option<Table<Spanned<Length>>>,
    }
}
