//! The text of manifests, taken apart into objects: several documents, lists, JSON; objects of other kinds, and objects that
//! controllers own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds::{self, group_version};
use super::manifest::{Body, Identity, Manifest};
use super::object::{self, head};
use super::{secret, served};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Node, Source, Span, tree};
use crate::timeline::Kind;
use crate::workload::Object;

/// The most names that a message lists.
const NAMES_MAX: usize = 20;
/// How deep lists may stand in lists.
const LISTS_MAX: usize = 4;

/// An object that the API server refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// What it is called.
    pub identity: Identity,
    /// Why.
    pub reason: String,
}

/// The manifests of one text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifests {
    /// Objects that can be applied, in the order in which they are.
    pub objects: Vec<Manifest>,
    /// Objects that the API server refuses.
    pub refused: Vec<Refused>,
    /// Refused objects that have no name.
    pub nameless: usize,
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// What can be applied, and what is refused.
    pub manifests: Arc<Manifests>,
    /// What the user should know.
    pub warnings: Vec<Diagnostic>,
    /// Why objects are refused.
    pub problems: Vec<Diagnostic>,
}

/// Reads a text of manifests.
///
/// # Errors
/// What makes it no YAML or JSON, or a text without any object.
pub fn read(source: &Source) -> Result<Read, Vec<Diagnostic>> {
    read_beside(source, &[])
}

/// Reads a text of manifests, but for objects of these API groups, which another system reads.
///
/// # Errors
/// What makes it no YAML or JSON, or a text without any object.
pub fn read_beside(source: &Source, others: &'static [&'static str]) -> Result<Read, Vec<Diagnostic>> {
    let documents = tree::parse_all(source).map_err(|error| vec![private(error, source)])?;
    let mut gathering = Gathering { others, ..Gathering::new(source) };
    for document in &documents {
        gathering.take(document, None, 0);
    }
    if gathering.seen == 0 {
        return Err(vec![Diagnostic::about(source, "no objects passed to apply")]);
    }
    gathering.name_ports();
    gathering.tell_ignored();
    if !gathering.warnings.is_empty() || !gathering.problems.is_empty() {
        let hidden = secret::values(&documents).into();
        for told in gathering.warnings.iter_mut().chain(&mut gathering.problems) {
            told.hidden = Arc::clone(&hidden);
        }
    }
    let mut objects: Vec<Manifest> = gathering.objects.into_iter().map(|(manifest, ..)| manifest).collect();
    objects.sort_by_key(|manifest| kinds::rank(manifest.identity.kind));
    let manifests = Manifests { objects, refused: gathering.refused, nameless: gathering.nameless };
    Ok(Read { manifests: Arc::new(manifests), warnings: gathering.warnings, problems: gathering.problems })
}

/// The ports of an object's pods that have names.
struct NamedPorts {
    namespace: String,
    labels: BTreeMap<String, String>,
    ports: Vec<(String, u16)>,
}

/// A text that is no YAML may break off within what nothing may repeat, as the content of a Secret.
fn private(error: Diagnostic, source: &Source) -> Diagnostic {
    let has_content =
        ["Secret", "ConfigMap", "annotations", "httpHeaders"].iter().any(|kind| source.text().contains(kind));
    if has_content { error.private() } else { error }
}

/// What is found in a text so far.
struct Gathering<'s> {
    source: &'s Source,
    /// API groups whose objects another system reads.
    others: &'static [&'static str],
    /// Objects, with the named port that a Service leads to, and where they begin.
    objects: Vec<(Manifest, Option<String>, Span)>,
    ports: Vec<NamedPorts>,
    refused: Vec<Refused>,
    nameless: usize,
    taken: BTreeMap<Identity, Span>,
    ignored: Vec<(String, Span)>,
    owned: Vec<(String, Span)>,
    /// Hooks that Helm runs at another time than when it installs.
    hooks: Vec<(String, Span)>,
    warnings: Vec<Diagnostic>,
    problems: Vec<Diagnostic>,
    seen: usize,
}

impl<'s> Gathering<'s> {
    const fn new(source: &'s Source) -> Gathering<'s> {
        Gathering {
            source,
            others: &[],
            objects: Vec::new(),
            ports: Vec::new(),
            refused: Vec::new(),
            nameless: 0,
            taken: BTreeMap::new(),
            ignored: Vec::new(),
            owned: Vec::new(),
            hooks: Vec::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
            seen: 0,
        }
    }

    /// Takes a document, or an item of a list whose kind says what its items are.
    fn take(&mut self, node: &Node, of: Option<(&str, &str)>, depth: usize) {
        if node.as_map().is_none() {
            self.seen += 1;
            let message = format!("expected a Kubernetes object, found {}", node.kind());
            return self.nobody(Diagnostic::error(self.source, node.span, message));
        }
        let text = |key: &str| node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        let kind = text("kind").or(of.map(|(kind, _)| kind));
        let version = text("apiVersion").or(of.map(|(_, version)| version));
        let items = node.get("items").and_then(Node::as_seq);
        if let (Some(list), Some(items)) = (kind.and_then(|kind| kind.strip_suffix("List")), items)
            && depth < LISTS_MAX
        {
            let of = version.filter(|_| !list.is_empty()).map(|version| (list, version));
            return items.iter().for_each(|item| self.take(item, of, depth + 1));
        }
        self.seen += 1;
        if let (Some("List"), Some(items)) = (kind, node.get("items"))
            && items.as_seq().is_none()
            && !items.is_null()
        {
            let message = format!("error decoding a List: items: expected a list, found {}", items.kind());
            return self.nobody(Diagnostic::error(self.source, items.span, message));
        }
        let (Some(kind), Some(version)) = (kind, version) else {
            let missing: Vec<&str> = [("apiVersion", version), ("kind", kind)]
                .iter()
                .filter(|(_, value)| value.is_none())
                .map(|(key, _)| *key)
                .collect();
            let message = format!("error validating data: {} not set", missing.join(" and "));
            return self.nobody(Diagnostic::error(self.source, head(node), message));
        };
        self.object(node, kind, version);
    }

    /// A refused object that has no name.
    fn nobody(&mut self, problem: Diagnostic) {
        self.nameless += 1;
        self.problems.push(problem);
    }

    fn object(&mut self, node: &Node, kind: &str, version: &str) {
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| metadata.get("name")).and_then(Node::as_str).unwrap_or("");
        let (group, short) = group_version(version);
        if self.others.contains(&group) {
            return;
        }
        if served::is_unknown(kind, version) {
            let message = format!("no matches for kind {} in version {}", quote(kind), quote(version));
            let span = node.get("apiVersion").map_or_else(|| head(node), |version| version.span);
            let problem = Diagnostic::error(self.source, span, message);
            return self.nobody(match served::served(kind) {
                Some(served) => problem.help(format!("Kubernetes 1.36 serves it as `{served}`")),
                None => problem.help("Kubernetes 1.36 does not serve it"),
            });
        }
        let Some(api) = kinds::find(kind, group) else {
            // A kind that another group has too is told apart by its group.
            let is_other = !group.is_empty() && kinds::KINDS.iter().any(|one| one.kind.text() == kind);
            let kind = if is_other { format!("{kind}.{group}") } else { kind.to_owned() };
            let shown = if name.is_empty() { kind } else { format!("{kind}/{name}") };
            self.ignored.push((quote(&shown), head(node)));
            return;
        };
        if !api.versions.contains(&short) {
            let message = format!("no matches for kind {} in version {}", quote(kind), quote(version));
            let span = node.get("apiVersion").map_or_else(|| head(node), |version| version.span);
            let served = if group.is_empty() { String::new() } else { format!("{group}/") };
            let help = format!("Kubernetes 1.36 serves it as `{served}{}`", api.versions[0]);
            return self.nobody(Diagnostic::error(self.source, span, message).help(help));
        }
        if is_owned(node, kind) {
            self.owned.push((quote(&format!("{kind}/{name}")), head(node)));
            return;
        }
        let read = object::read(node, api, self.source);
        self.warnings.extend(read.warnings);
        let first = read.problems.first().map(|problem| problem.message.clone());
        self.problems.extend(read.problems);
        let name = metadata.and_then(|metadata| metadata.get("name"));
        let span = name.map_or_else(|| head(node), |name| name.span);
        match (read.identity, first) {
            (Some(identity), first) => {
                if let Some(before) = self.taken.get(&identity) {
                    let message = format!("{} stands twice in these manifests", quote(&identity.show()));
                    let problem = Diagnostic::error(self.source, span, message);
                    let problem = problem.related(self.source, *before, "the first");
                    return self.problems.push(problem.help("leave one out: the second would replace the first"));
                }
                self.taken.insert(identity.clone(), span);
                self.note_ports(node, &identity);
                if let Some(hook) = other_hook(node) {
                    self.hooks.push((quote(&format!("{kind}/{} ({hook})", identity.name)), head(node)));
                }
                match (first, read.manifest) {
                    (Some(reason), _) => self.refused.push(Refused { identity, reason }),
                    (None, Some(manifest)) => self.objects.push((manifest, read.named_port, span)),
                    (None, None) => {}
                }
            }
            (None, _) => self.nameless += 1,
        }
    }

    /// Remembers the named ports of an object's pods. A refused object has them too: what is wrong is told of it, and nothing
    /// more of its Service.
    fn note_ports(&mut self, node: &Node, identity: &Identity) {
        let spec = node.get("spec");
        let template = match identity.kind {
            Kind::Pod => Some(node),
            Kind::LeaderWorkerSet => spec
                .and_then(|spec| spec.get("leaderWorkerTemplate"))
                .and_then(|groups| groups.get("leaderTemplate").or_else(|| groups.get("workerTemplate"))),
            _ => spec.and_then(|spec| spec.get("template")),
        };
        let Some(template) = template else { return };
        let labels = template.get("metadata").and_then(|metadata| metadata.get("labels")).and_then(Node::as_map);
        let containers = template.get("spec").and_then(|spec| spec.get("containers")).and_then(Node::as_seq);
        let ports = containers
            .unwrap_or_default()
            .iter()
            .flat_map(|container| container.get("ports").and_then(Node::as_seq).unwrap_or_default())
            .filter_map(|port| {
                let number = port.get("containerPort").and_then(Node::as_i64)?;
                Some((port.get("name")?.as_str()?.to_owned(), u16::try_from(number).ok()?))
            });
        let labels = labels.unwrap_or_default().iter();
        let labels = labels.filter_map(|(key, value)| Some((key.text.clone(), value.as_str()?.to_owned()))).collect();
        self.ports.push(NamedPorts { namespace: identity.namespace.clone(), labels, ports: ports.collect() });
    }

    /// Gives Services that name a port of their pods its number.
    fn name_ports(&mut self) {
        for (manifest, named, span) in &mut self.objects {
            let (Some(name), Body::Object(Object::Service(service))) = (named, &mut manifest.body) else { continue };
            let selected = self.ports.iter().filter(|pods| {
                pods.namespace == manifest.identity.namespace
                    && service.selector.iter().all(|(key, value)| pods.labels.get(key) == Some(value))
            });
            let ports = selected.flat_map(|pods| &pods.ports);
            let number = ports.into_iter().find(|(port, _)| port == name).map(|(_, number)| *number);
            match number {
                Some(number) => service.target_port = number,
                None => {
                    let text = format!("no pods of these manifests have a port {}: port {}", quote(name), service.port);
                    let message = format!("{}: {text} is taken", quote(&manifest.identity.show()));
                    self.warnings.push(Diagnostic::warning(self.source, *span, message));
                }
            }
        }
    }

    /// Tells which objects have no effect.
    fn tell_ignored(&mut self) {
        let told = [
            (&self.ignored, "left out, of kinds that have no effect here"),
            (&self.owned, "left out, owned by a controller, which makes them itself"),
            (&self.hooks, "applied at once, though Helm runs these hooks at another time"),
        ];
        for (objects, what) in told {
            let Some((_, span)) = objects.first() else { continue };
            let names: Vec<&str> = objects.iter().take(NAMES_MAX).map(|(name, _)| name.as_str()).collect();
            let more = match objects.len().saturating_sub(NAMES_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("{what}: {}{more}", names.join(", "));
            self.warnings.push(Diagnostic::warning(self.source, *span, message));
        }
    }
}

/// What each controller makes by itself, by the owner's group and kind. The pods of a node are those of files on it.
const MADE: &[(&str, &str, &[&str])] = &[
    ("apps", "Deployment", &["ReplicaSet"]),
    ("apps", "ReplicaSet", &["Pod"]),
    ("apps", "StatefulSet", &["Pod", "PersistentVolumeClaim"]),
    ("apps", "DaemonSet", &["Pod"]),
    ("batch", "CronJob", &["Job"]),
    ("batch", "Job", &["Pod"]),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet", &["StatefulSet", "Pod", "Service"]),
    ("argoproj.io", "Rollout", &["ReplicaSet"]),
    ("", "Pod", &["PersistentVolumeClaim"]),
    ("", "Node", &["Pod"]),
];

/// True if a controller that runs here owns the object, as in a listing of a live cluster. What an operator made, whose
/// objects are left out here, is kept.
fn is_owned(node: &Node, kind: &str) -> bool {
    let owners = node.get("metadata").and_then(|metadata| metadata.get("ownerReferences")).and_then(Node::as_seq);
    let makes = |owner: &Node| {
        let text = |key: &str| owner.get(key).and_then(Node::as_str).unwrap_or("");
        let (group, _) = group_version(text("apiVersion"));
        let runs = group.is_empty() || kinds::find(text("kind"), group).is_some();
        let made = MADE.iter().find(|(of, name, _)| *of == group && *name == text("kind"));
        runs && made.is_some_and(|(.., made)| made.contains(&kind))
    };
    let controls = |owner: &Node| owner.get("controller").and_then(Node::as_bool) == Some(true) && makes(owner);
    owners.is_some_and(|owners| owners.iter().any(controls))
}

/// The hook of an object that Helm runs at another time than when it installs or upgrades.
fn other_hook(node: &Node) -> Option<String> {
    let hook = node.get("metadata")?.get("annotations")?.get("helm.sh/hook")?.as_str()?;
    let events = || hook.split(',').map(str::trim);
    let at_once = ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "crd-install"];
    let later = ["pre-delete", "post-delete", "pre-rollback", "post-rollback", "test", "test-success", "test-failure"];
    // Of an annotation nothing is repeated but words that are known.
    let known: Vec<&str> = events().filter(|event| later.contains(event)).collect();
    (!known.is_empty() && !events().any(|event| at_once.contains(&event))).then(|| known.join(", "))
}
