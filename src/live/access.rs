//! The rights that a run needs, and whether it has them. docs/live.md shows the same as a ClusterRole, which a test runs under.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::{Api, PostParams};

use super::connection::Connection;
use super::options::LiveOptions;
use super::trouble::Trouble;

/// One rule: an API group, its resources, and what is done with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The group; empty for the core.
    pub group: &'static str,
    /// The resources.
    pub resources: &'static [&'static str],
    /// The verbs.
    pub verbs: &'static [&'static str],
    /// For what it is needed.
    pub when: When,
}

/// When a rule is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// In every run.
    Always,
    /// For documents with volumes or classes of storage of their own. It is not asked for before a run: without it the API refuses
    /// these documents alone.
    Storage,
    /// With `--fake-nodes`.
    FakeNodes,
    /// With `--allow-node-faults`.
    NodeFaults,
    /// Without `--fake-nodes`, for faults that crash a container.
    StandIns,
}

/// Kinds that a run makes and watches. It never reads one by its name, and it replaces none.
const WATCHED: &[&str] = &["list", "watch", "create", "patch", "delete"];
/// Kinds that it makes and does not look at again: nobody gives away their secrets for a rehearsal.
const MADE: &[&str] = &["create", "patch", "delete"];
/// Kinds of the whole cluster, which a cleanup has to find.
const FOUND: &[&str] = &["list", "create", "patch", "delete"];

/// All rules.
pub const RULES: &[Rule] = &[
    Rule { group: "", resources: &["namespaces"], verbs: FOUND, when: When::Always },
    Rule {
        group: "",
        resources: &["pods", "services", "resourcequotas", "persistentvolumeclaims"],
        verbs: WATCHED,
        when: When::Always,
    },
    Rule { group: "", resources: &["configmaps", "secrets"], verbs: MADE, when: When::Always },
    Rule { group: "", resources: &["services"], verbs: &["get"], when: When::Always },
    Rule { group: "", resources: &["pods"], verbs: &["deletecollection"], when: When::Always },
    Rule { group: "", resources: &["pods/eviction"], verbs: &["create"], when: When::Always },
    Rule { group: "", resources: &["events", "nodes"], verbs: &["list", "watch"], when: When::Always },
    Rule {
        group: "apps",
        resources: &["deployments", "replicasets", "statefulsets", "daemonsets"],
        verbs: WATCHED,
        when: When::Always,
    },
    Rule {
        group: "apps",
        resources: &["deployments/scale", "replicasets/scale", "statefulsets/scale"],
        verbs: &["patch"],
        when: When::Always,
    },
    Rule { group: "batch", resources: &["jobs", "cronjobs"], verbs: WATCHED, when: When::Always },
    Rule { group: "autoscaling", resources: &["horizontalpodautoscalers"], verbs: WATCHED, when: When::Always },
    Rule { group: "policy", resources: &["poddisruptionbudgets"], verbs: WATCHED, when: When::Always },
    Rule { group: "discovery.k8s.io", resources: &["endpointslices"], verbs: &["list", "watch"], when: When::Always },
    Rule { group: "scheduling.k8s.io", resources: &["priorityclasses"], verbs: FOUND, when: When::Always },
    Rule { group: "", resources: &["persistentvolumes"], verbs: FOUND, when: When::Storage },
    Rule { group: "storage.k8s.io", resources: &["storageclasses"], verbs: FOUND, when: When::Storage },
    Rule {
        group: "",
        resources: &["nodes"],
        verbs: &["get", "create", "patch", "update", "delete"],
        when: When::FakeNodes,
    },
    Rule { group: "", resources: &["nodes/status"], verbs: &["patch"], when: When::FakeNodes },
    Rule { group: "", resources: &["nodes"], verbs: &["get", "update"], when: When::NodeFaults },
    Rule { group: "", resources: &["pods/proxy"], verbs: &["create"], when: When::StandIns },
];

/// The rules that a run with these options needs.
pub fn needed(options: &LiveOptions) -> impl Iterator<Item = &'static Rule> {
    let (fake, faults) = (options.fake_nodes, options.allow_node_faults);
    RULES.iter().filter(move |rule| match rule.when {
        When::Always => true,
        When::FakeNodes => fake,
        When::NodeFaults => faults,
        When::StandIns => !fake,
        When::Storage => false,
    })
}

/// Asks the API whether a run may do what it needs.
///
/// # Errors
/// It may not; all that is lacking is told at once.
pub fn check(connection: &Connection, options: &LiveOptions) -> Result<(), Trouble> {
    connection.runtime.block_on(async {
        let api: Api<SelfSubjectAccessReview> = Api::all(connection.client.clone());
        let mut lacking = Vec::new();
        for rule in needed(options) {
            for resource in rule.resources {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let mut refused = Vec::new();
                for verb in rule.verbs {
                    connection.count_call();
                    let review = review(rule.group, resource, subresource, verb);
                    let answer = api.create(&PostParams::default(), &review).await;
                    let answer = answer.map_err(|error| Trouble::of(&error, &connection.context))?;
                    if !answer.status.is_some_and(|status| status.allowed) {
                        refused.push(*verb);
                    }
                }
                if !refused.is_empty() {
                    let group = if rule.group.is_empty() { String::new() } else { format!(".{}", rule.group) };
                    let part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
                    lacking.push(format!("{} {resource}{group}{part}", refused.join(", ")));
                }
            }
        }
        if lacking.is_empty() { Ok(()) } else { Err(Trouble::Forbidden { what: lacking }) }
    })
}

fn review(group: &str, resource: &str, subresource: &str, verb: &str) -> SelfSubjectAccessReview {
    SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(group.to_owned()),
                resource: Some(resource.to_owned()),
                subresource: (!subresource.is_empty()).then(|| subresource.to_owned()),
                verb: Some(verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    }
}

/// The rules as the manifest of a ClusterRole, as docs/live.md shows them.
pub fn cluster_role() -> String {
    let mut text = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: greenroom }\nrules:\n",
    );
    for rule in RULES {
        let when = match rule.when {
            When::Always => "",
            When::FakeNodes => "  # with --fake-nodes",
            When::NodeFaults => "  # with --allow-node-faults",
            When::StandIns => "  # for crashes of stand-ins",
            When::Storage => "  # for volumes and classes of storage in documents",
        };
        text += &format!(
            "  - apiGroups: [\"{}\"]{when}\n    resources: [{}]\n    verbs: [{}]\n",
            rule.group,
            rule.resources.join(", "),
            rule.verbs.join(", ")
        );
    }
    text
}
