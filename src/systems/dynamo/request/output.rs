//! What the profiler leaves behind: a ConfigMap with the graph, which a container beside the profiler writes when it has ended, and
//! ConfigMaps that the graph needs. What it finds is the scenario's to say: a sweep of a model's speed is not simulated.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeploymentrequest_controller.go, sidecarScriptTemplate,
//! generateDGDSpec and createAdditionalResources.

use super::look::Look;
use crate::systems::dynamo::operator::pass::Pass;
use crate::systems::dynamo::read::{self, Refused, Submitted};
use crate::systems::kubernetes;
use crate::timeline::{Kind, Subject};
use crate::workload::{Ask, Object};

/// A graph that the profiler wrote: one that can be applied, or one that the API will refuse.
pub enum Generated {
    /// It can be applied.
    Graph(Box<Submitted>),
    /// The API refuses it.
    Refused(Refused),
}

impl Generated {
    /// The graph's name.
    pub fn name(&self) -> &str {
        match self {
            Generated::Graph(graph) => &graph.identity.name,
            Generated::Refused(refused) => &refused.identity.name,
        }
    }
}

/// The name of the ConfigMap.
pub fn config_map(request: &str) -> String {
    format!("dgdr-output-{request}")
}

/// The graph that the profiler wrote for a request, or why there is none.
pub fn generated(request: &str, pass: &Pass<'_>) -> Result<Generated, String> {
    let missing =
        || format!("output ConfigMap {} not found - profiling may not have completed yet", config_map(request));
    let profiler = pass.options.profiler(request).ok_or_else(missing)?;
    let read = read::read(&profiler.output, pass.options).map_err(|problems| {
        problems.first().map_or_else(|| "it cannot be read".to_owned(), |problem| problem.message.clone())
    })?;
    let graph = read.document.objects.into_iter().find(|one| one.identity.kind == Kind::Graph);
    let refused = read.document.refused.into_iter().find(|one| one.identity.kind == Kind::Graph);
    match (graph, refused) {
        (Some(graph), _) => Ok(Generated::Graph(Box::new(graph))),
        (None, Some(refused)) => Ok(Generated::Refused(refused)),
        (None, None) => Err("no DynamoGraphDeployment found in YAML content".to_owned()),
    }
}

/// Makes the ConfigMap with the graph. The profiler's pod does it, so that no controller's write is counted.
pub fn publish(look: &Look, pass: &mut Pass<'_>) {
    let name = config_map(&look.name);
    apply(look.key, &name, pass);
}

/// Makes the ConfigMaps that stand beside the graph.
pub fn additional(look: &Look, pass: &mut Pass<'_>) {
    let Some(profiler) = pass.options.profiler(&look.name) else { return };
    let Ok((_, told)) = kubernetes::load_beside(&profiler.output, read::OTHERS) else { return };
    let names: Vec<String> = told
        .manifests
        .objects
        .iter()
        .filter(|one| one.identity.kind == Kind::ConfigMap)
        .map(|one| one.identity.name.clone())
        .collect();
    for name in names {
        let key = pass.beside(look.key, Kind::ConfigMap, &name);
        if pass.api.write_elsewhere(key, false, pass.writer()).is_ok() {
            apply(look.key, &name, pass);
        }
    }
}

/// A ConfigMap outlives its request: nothing owns it.
fn apply(request: Subject, name: &str, pass: &mut Pass<'_>) {
    let key = pass.beside(request, Kind::ConfigMap, name);
    let now = pass.now();
    pass.asked.config_maps.entry(key).or_insert(now);
    pass.world.ask(Ask::Apply { key, object: Object::ConfigMap(()), serves: request }, pass.cause);
}
