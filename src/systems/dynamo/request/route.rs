//! Which requests an event concerns: those whose Job changed, and those whose graph did. The operator owns the Job and finds the graph
//! by its labels, because the graph is to outlive its request.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeploymentrequest_controller.go, SetupWithManager.

use crate::systems::dynamo::model::Resource;
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::runtime::View;
use crate::timeline::{Kind, Subject};
use crate::workload::World;

/// The name of the request that a graph was made for, as a label.
pub const NAME: &str = "dgdr.nvidia.com/name";
/// Its namespace, as a label.
pub const NAMESPACE: &str = "dgdr.nvidia.com/namespace";
/// Who looks after it, as a label and its value.
pub const MANAGED_BY: (&str, &str) = ("nvidia.com/managed-by", "dynamo-operator");

/// The request that a graph was made for.
pub fn of_graph(graph: &Stored, view: &View<'_, Resource>, world: &dyn World) -> Option<Subject> {
    let (name, namespace) = (graph.label(NAME)?, graph.label(NAMESPACE)?);
    let namespace = if namespace == "default" { "" } else { namespace };
    let same = |key: Subject| world.show(key.name) == name && world.text(key.namespace) == namespace;
    view.list(Kind::Request).map(|one| one.key).find(|key| same(*key))
}
