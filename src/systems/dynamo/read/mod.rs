//! Documents of Dynamo: which objects a text holds, what each asks for, and why the API would refuse it. Objects of other kinds go to
//! whoever knows them; those that nobody knows are told of.

pub mod alpha;
pub mod component;
pub mod devices;
pub mod file;
pub mod graph;
mod kinds;
pub mod object;
mod pods;
mod request;
mod written;

use super::check;
use super::model::ComponentDeployment;
use super::model::{Adapter, ApiVersion, Checkpoint, Graph, Model, Request, Resource, Table};
use super::profile::{Operator, Options};
use super::status::ComponentStatus;
use crate::systems::kubernetes::{self, Identity, Kubernetes};
use crate::systems::{Made, grove};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Node, Source, tree};
use crate::timeline::Kind;
use object::{Object, head};

/// The API group of all kinds.
const GROUP: &str = "nvidia.com";
/// API groups whose objects Kubernetes' own readers leave alone.
pub const OTHERS: &[&str] = &[GROUP, "grove.io", "scheduler.grove.io", "resource.k8s.io"];
/// The kinds, as documents write them.
const KINDS: &[(&str, Kind)] = &[
    ("DynamoGraphDeployment", Kind::Graph),
    ("DynamoComponentDeployment", Kind::DynamoComponentDeployment),
    ("DynamoGraphDeploymentRequest", Kind::Request),
    ("DynamoGraphDeploymentScalingAdapter", Kind::Adapter),
    ("DynamoModel", Kind::Model),
    ("DynamoCheckpoint", Kind::Checkpoint),
    ("DynamoWorkerMetadata", Kind::Component),
];

/// An object that can be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// Its kind, namespace and name.
    pub identity: Identity,
    /// Its labels.
    pub labels: Table,
    /// Its annotations.
    pub annotations: Table,
    /// What it asks for.
    pub resource: Resource,
    /// Why the API refuses to make it, though it takes it as a change of one that is there.
    pub not_to_be_made: Option<String>,
}

/// An object that the API refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Its kind, namespace and name.
    pub identity: Identity,
    /// Why.
    pub reason: String,
}

/// The objects of one document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Those of Dynamo that can be applied, in the order of the text.
    pub objects: Vec<Submitted>,
    /// Those that the API refuses.
    pub refused: Vec<Refused>,
    /// What pods can claim devices by.
    pub claim_templates: Vec<devices::ClaimTemplate>,
    /// Topologies of Grove.
    pub bindings: Vec<grove::Binding>,
    /// PodCliqueSets of Grove.
    pub sets: Vec<grove::read::Submitted>,
    /// Plain manifests beside them.
    pub manifests: Option<Kubernetes>,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its objects.
    pub document: Document,
    /// What the user should know.
    pub warnings: Vec<Diagnostic>,
    /// Why objects are refused.
    pub problems: Vec<Diagnostic>,
    /// The objects that it makes, each with why the API refuses to make it.
    pub made: Vec<Made>,
}

/// Reads a document.
///
/// # Errors
/// What makes it no YAML or JSON, or a text without any object.
pub fn read(source: &Source, options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let nodes = tree::parse_all(source).map_err(|error| vec![error])?;
    let mut read = Read { document: Document::default(), warnings: Vec::new(), problems: Vec::new(), made: Vec::new() };
    let mut others = false;
    for node in &nodes {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or("");
        read.document.claim_templates.extend(devices::template(node));
        match text("apiVersion").split_once('/') {
            Some(("resource.k8s.io", _)) => read.take_claim(node, text("kind"), source),
            Some((GROUP, version)) => read.take(node, text("kind"), version, source, options),
            Some(_) if grove::read::is_pod_clique_set(node) => read.take_set(node, source),
            Some(_) if grove::is_binding(node) => match grove::binding(node, source) {
                Ok(binding) => read.document.bindings.push(binding),
                Err(problems) => read.problems.extend(problems),
            },
            _ => others = true,
        }
    }
    if others || nodes.is_empty() {
        let (manifests, told) = kubernetes::load_beside(source, OTHERS)?;
        read.warnings.extend(told.warnings);
        read.problems.extend(told.problems);
        let any = !told.manifests.objects.is_empty() || !told.manifests.refused.is_empty();
        read.document.manifests = any.then_some(manifests);
    }
    Ok(read)
}

impl Read {
    /// Tells what of a claim of devices has no effect here.
    fn take_claim(&mut self, node: &Node, kind: &str, source: &Source) {
        let message = match (kind, self.document.claim_templates.last()) {
            ("ResourceClaimTemplate", Some(devices::ClaimTemplate { name, devices: Err(why), .. })) => {
                format!("ResourceClaimTemplate {name:?} cannot be counted: {why}; pods that claim it are not made")
            }
            ("ResourceClaimTemplate", _) => return,
            _ => format!("{} has no effect here: devices are counted by the name of their class", quote(kind)),
        };
        self.warnings.push(Diagnostic::warning(source, head(node), message));
    }

    /// Takes a PodCliqueSet of Grove.
    fn take_set(&mut self, node: &Node, source: &Source) {
        self.warnings.extend(object::placeholders(node, source));
        let set = grove::read::pod_clique_set(node, source);
        let reason = set.problems.first().map(|problem| problem.message.clone());
        self.warnings.extend(set.warnings);
        self.problems.extend(set.problems);
        match (set.identity, set.body, reason) {
            (Some(identity), _, Some(reason)) => self.document.refused.push(Refused { identity, reason }),
            (Some(identity), Some(spec), None) => {
                let (labels, annotations) = (set.metadata.labels, set.metadata.annotations);
                self.document.sets.push(grove::read::Submitted { identity, labels, annotations, spec });
            }
            _ => {}
        }
    }

    /// Takes an object of Dynamo.
    fn take(&mut self, node: &Node, kind: &str, version: &str, source: &Source, options: &Options) {
        let Some((name, kind)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            let message = format!("no matches for kind {} in version `{GROUP}/{version}`", quote(kind));
            self.problems.push(Diagnostic::error(source, head(node), message));
            return;
        };
        let Some(api) = served(*kind, version, options.operator) else {
            let message = format!("no matches for kind `{name}` in version {}", quote(&format!("{GROUP}/{version}")));
            let problem = Diagnostic::error(source, head(node), message);
            let help = format!("the operator of chart {} serves other versions of it", options.operator.text());
            self.problems.push(problem.help(help));
            return;
        };
        let mut object = Object::begin(node, name, source);
        let identity = identity(*kind, &mut object, options);
        let resource = resource(*kind, api, &mut object, options);
        self.warnings.extend(object.told());
        let problems = object.problems();
        let first = problems.first().map(|problem| problem.message.clone());
        self.problems.extend(problems);
        match (identity, first) {
            (Some(identity), Some(reason)) => self.document.refused.push(Refused { identity, reason }),
            (Some(identity), None) => {
                let (labels, annotations) = (object.table("metadata.labels"), object.table("metadata.annotations"));
                let refusal = object.refusal_to_make().filter(|_| options.operator.is_1_5());
                let not_to_be_made = refusal.as_ref().map(|problem| problem.message.clone());
                self.made.push(Made { object: identity.show(), refusal });
                self.document.objects.push(Submitted { identity, labels, annotations, resource, not_to_be_made });
            }
            (None, _) => {}
        }
    }
}

/// The version of a kind, if the operator's definitions serve it.
fn served(kind: Kind, version: &str, operator: Operator) -> Option<ApiVersion> {
    let later = matches!(kind, Kind::Graph | Kind::DynamoComponentDeployment | Kind::Request | Kind::Adapter);
    match version {
        // Checkpoints came after 0.8.0.
        "v1alpha1" if kind == Kind::Checkpoint && operator == Operator::V0_8 => None,
        "v1alpha1" => Some(ApiVersion::V1Alpha1),
        "v1beta1" if later && operator.is_1_5() => Some(ApiVersion::V1Beta1),
        _ => None,
    }
}

/// What the object is called. A restricted operator does not see what is in other namespaces.
fn identity(kind: Kind, object: &mut Object<'_>, options: &Options) -> Option<Identity> {
    let text = |key: &str| object.part(key).and_then(|node| node.as_str().map(str::to_owned)).unwrap_or_default();
    let (name, mut namespace) = (text("metadata.name"), text("metadata.namespace"));
    let fits = |text: &str| {
        let inner = text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || b"-.".contains(&one));
        let edge = |one: Option<char>| one.is_some_and(|one| one.is_ascii_lowercase() || one.is_ascii_digit());
        inner && text.len() <= 253 && edge(text.chars().next()) && edge(text.chars().last())
    };
    if name.is_empty() {
        object.schema.required("metadata.name", "name or generateName is required");
        return None;
    }
    if !fits(&name) {
        let detail = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";
        object.schema.invalid_text("metadata.name", &name, detail);
        return None;
    }
    if !namespace.is_empty()
        && let Some(wrong) = kubernetes::label_mistake(&namespace)
    {
        // The schema does not look at it; the API finds no namespace of this name when the object is created.
        let message = format!("no namespace can be called {namespace:?}, the API will refuse this: {wrong}");
        object.warnings.push(("metadata.namespace".to_owned(), message));
    }
    if namespace == "default" {
        namespace.clear();
    }
    if let Some(own) = &options.namespace
        && *own != (if namespace.is_empty() { "default" } else { namespace.as_str() })
    {
        let message = format!("the operator is restricted to the namespace `{own}` and does not see this");
        object.warnings.push(("metadata".to_owned(), message));
    }
    Some(Identity { kind, namespace, name })
}

/// What the object asks for.
fn resource(kind: Kind, api: ApiVersion, object: &mut Object<'_>, options: &Options) -> Resource {
    match kind {
        Kind::Graph => {
            let spec = graph::graph(object, api, options);
            check::graph(&spec, object, options);
            Resource::Graph(Box::new(Graph { spec, ..Graph::default() }))
        }
        Kind::DynamoComponentDeployment => {
            let spec = graph::component_deployment(object, api, options);
            check::component_deployment(&spec, object, options);
            Resource::Component(Box::new(ComponentDeployment { spec, status: ComponentStatus::default() }))
        }
        Kind::Request => {
            let spec = request::request(object, api, options);
            if options.profiler(&object.name).is_none() {
                let message = "no row of `dynamo.profiler` says what the profiler writes for it: it finds no graph";
                object.warnings.push(("metadata.name".to_owned(), message.to_owned()));
            }
            Resource::Request(Box::new(Request { spec, status: Default::default() }))
        }
        Kind::Adapter => Resource::Adapter(Adapter { spec: kinds::adapter(object, api), status: Default::default() }),
        Kind::Model => Resource::Model(Model { spec: kinds::model(object, options), status: Default::default() }),
        Kind::Checkpoint => {
            Resource::Checkpoint(Checkpoint { spec: kinds::checkpoint(object), status: Default::default() })
        }
        _ => Resource::WorkerMetadata,
    }
}
