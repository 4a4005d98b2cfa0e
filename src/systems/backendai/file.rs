//! A file of deployments as it is written: one struct a map, one field a key, in the names of the REST types.

use super::policy::PolicyFile;
use crate::file_types;
use crate::text::Node;
use crate::text::decode::{Context, FromNode, Spanned, Table};

/// A number or text, as it is written.
#[derive(Clone, PartialEq, Eq, Debug, schemars::JsonSchema)]
pub struct Scalar(pub String);

impl FromNode for Scalar {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Scalar> {
        let text = node.scalar_text().filter(|_| node.as_bool().is_none());
        if text.is_none() {
            context.not_what_was_expected("a number or a text such as `16g`", node);
        }
        text.map(Scalar)
    }
}

file_types! {
    /// A file of deployments.
    pub struct DocumentFile as "a file of Backend.AI deployments" {
        /// The deployments.
        deployments: Spanned<Vec<DeploymentFile>>,
    }

    /// A deployment.
    pub struct DeploymentFile as "a deployment" {
        /// Its name.
        name: Spanned<String>,
        /// Its domain. Default: default.
        domain_name: Option<String>,
        /// Its project. Default: default.
        project_id: Option<String>,
        /// Who may reach it.
        network_config: Option<NetworkFile>,
        /// How many routes it wants.
        replica_state: Option<ReplicaFile>,
        /// How a revision is replaced.
        policy: Option<PolicyFile>,
        /// The revision that it runs from the start.
        current_revision: Option<Spanned<String>>,
        /// Its revisions.
        revisions: Spanned<Vec<RevisionFile>>,
    }

    /// Who may reach a deployment.
    pub struct NetworkFile as "`network_config`" {
        /// Everybody, without a token. Default: false.
        open_to_public: Option<bool>,
    }

    /// How many routes a deployment wants.
    pub struct ReplicaFile as "`replica_state`" {
        /// So many. Default: 1.
        desired_replica_count: Option<Spanned<u32>>,
    }

    /// A revision.
    pub struct RevisionFile as "a revision" {
        /// Its name.
        name: Spanned<String>,
        /// Its image.
        image: Spanned<String>,
        /// How many nodes a session of it spans.
        cluster_config: Option<ClusterConfigFile>,
        /// What a session of it asks for.
        resource_config: Option<ResourceFile>,
        /// What runs the model.
        model_runtime_config: Option<RuntimeFile>,
        /// How its health is checked. Without it a running session counts as healthy.
        health_check: Option<HealthCheckFile>,
    }

    /// How many nodes a session spans.
    pub struct ClusterConfigFile as "`cluster_config`" {
        /// `single-node`, or `multi-node`, which is not modelled.
        mode: Option<Spanned<String>>,
        /// How many. Default: 1.
        size: Option<Spanned<u32>>,
    }

    /// What a session asks for.
    pub struct ResourceFile as "`resource_config`" {
        /// The resource group. Default: default.
        resource_group_name: Option<String>,
        /// Slots: `cpu`, `mem`, `cuda.device`, `rocm.device`.
        resource_slot: Option<Table<Spanned<Scalar>>>,
    }

    /// What runs the model.
    pub struct RuntimeFile as "`model_runtime_config`" {
        /// `vllm`, `custom`, … Default: custom.
        runtime_variant: Option<String>,
    }

    /// How health is checked.
    pub struct HealthCheckFile as "`health_check`" {
        /// The path that is asked. Default: /.
        path: Option<String>,
        /// Seconds from one check to the next. Default: 10.
        interval: Option<Spanned<u32>>,
        /// Failures in a row that make a route unhealthy. Default: 10.
        max_retries: Option<Spanned<u32>>,
        /// Seconds that an answer may take. Default: 15.
        max_wait_time: Option<u32>,
        /// Seconds that a model may load before failures count. Default: 60.
        initial_delay: Option<u32>,
    }
}
