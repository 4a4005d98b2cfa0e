//! Reads documents as `oo deployment save` and `oo definition save` do, with what the client and then the server refuse. A file
//! may have several YAML documents, each of which is saved by itself; which of the two it is, its keys tell. `go_json` has the
//! client's words, `types` its types, `sense` what is wrong with numbers that the client takes; what a document means is not known
//! here.
//! Source: 1backend/1backend 1305defcf2, cli/oo/commands/deployment/save.go and cli/oo/commands/definition/save.go.

mod envars;
mod go_json;
mod sense;
mod types;

use super::model::{
    AutoScaling, Definition, Deployment, Document, ImageSpec, PortMapping, RepositorySpec, Resources, Strategy,
    StrategyType, TargetRegion,
};
use super::profile::Profile;
use crate::text::{Diagnostic, Node, Source, tree};
use crate::timeline::Kind;

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// What can be saved, in the order of the file.
    pub accepted: Vec<Document>,
    /// What is refused: its kind and name, and why.
    pub rejected: Vec<(Kind, String, String)>,
    /// Everything that is wrong, with its place.
    pub problems: Vec<Diagnostic>,
    /// What has no effect.
    pub warnings: Vec<Diagnostic>,
}

/// Keys that only a definition has.
const OF_DEFINITIONS: [&str; 5] = ["image", "repository", "ports", "apiSpecs", "clients"];
/// Keys that only a deployment has, beside `definitionId`, which it must have.
const OF_DEPLOYMENTS: [&str; 9] =
    ["name", "description", "replicas", "strategy", "resources", "autoScaling", "targetRegions", "status", "details"];

/// Reads a file.
///
/// # Errors
/// What makes it no file that anybody could save: no YAML, or nothing in it.
pub fn documents(source: &Source, profile: Profile) -> Result<Documents, Vec<Diagnostic>> {
    let nodes = tree::parse_all(source).map_err(|error| vec![error])?;
    if nodes.is_empty() {
        return Err(vec![Diagnostic::about(source, "there is neither a deployment nor a definition in it")]);
    }
    let mut read = Documents::default();
    for node in &nodes {
        read.add(node, source, profile);
    }
    Ok(read)
}

impl Documents {
    fn add(&mut self, node: &Node, source: &Source, profile: Profile) {
        let is_definition = is_definition(node);
        let of = if is_definition { &types::DEFINITION } else { &types::DEPLOYMENT };
        let mut problems = go_json::complaints(node, of, source);
        if problems.is_empty() && is_definition {
            problems = ports_too_large(node, source);
        }
        if let Some(first) = problems.first() {
            let kind = if is_definition { Kind::Definition } else { Kind::Member };
            self.rejected.push((kind, id_of(node, source), first.message.clone()));
            let command = if is_definition { "oo definition save" } else { "oo deployment save" };
            self.problems.extend(problems.into_iter().map(|one| one.note(format!("`{command}` refuses it"))));
            return;
        }
        if is_definition {
            self.warnings.extend(sense::definition(node, source, profile));
        } else {
            let findings = sense::findings(node, source, profile);
            self.warnings.extend(findings.warnings);
            if let Some(first) = findings.problems.first() {
                self.rejected.push((Kind::Member, id_of(node, source), first.message.clone()));
                self.problems.extend(findings.problems);
                return;
            }
        }
        self.without_effect(node, is_definition, source, profile);
        let document = if is_definition {
            Document::Definition(definition(node))
        } else {
            Document::Deployment(deployment(node, source, self.accepted.len()))
        };
        self.accepted.push(document);
    }

    /// Tells of keys that nothing reads.
    fn without_effect(&mut self, node: &Node, is_definition: bool, source: &Source, profile: Profile) {
        let mut warn = |key: &str, why: &str| {
            if let Some((key, _)) = entry(node, key) {
                self.warnings.push(Diagnostic::warning(source, key.span, format!("`{}` {why}", key.text)));
            }
        };
        if !is_definition {
            warn("status", "has no effect: the client and the server both overwrite it");
            warn("details", "has no effect on a deployment that is saved again, and is overwritten otherwise");
        }
        if profile == Profile::AsBuilt {
            let ignored: &[&str] = match is_definition {
                true => &["envars"],
                false => &["strategy", "resources", "autoScaling", "targetRegions", "envars"],
            };
            for key in ignored {
                warn(key, "has no effect: no code of Deploy Svc reads it");
            }
        }
    }
}

/// The id of a document that is refused, or what it is called instead.
fn id_of(node: &Node, source: &Source) -> String {
    let id = text(node, "id");
    if id.is_empty() { unnamed(source) } else { id }
}

/// A name for what has none: that of its file.
fn unnamed(source: &Source) -> String {
    let file = source.name().rsplit(['/', '\\']).next().unwrap_or_default();
    file.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("unnamed").to_owned()
}

/// Whether a document is a definition. One that has keys of neither is taken for a deployment, unless its environment is a list.
fn is_definition(node: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| entry(node, key).is_some());
    if has(&["definitionId"]) {
        return false;
    }
    let lists_environment = entry(node, "envars").is_some_and(|(_, value)| value.as_seq().is_some());
    has(&OF_DEFINITIONS) || lists_environment && !has(&OF_DEPLOYMENTS)
}

/// The server's ports have 16 bits, and it answers what does not fit with `Invalid JSON`.
fn ports_too_large(node: &Node, source: &Source) -> Vec<Diagnostic> {
    let mut ports: Vec<&Node> = Vec::new();
    for from in ["image", "repository"] {
        ports.extend(get(node, from).and_then(|spec| get(spec, "internalPorts")).and_then(Node::as_seq).unwrap_or(&[]));
    }
    for mapping in get(node, "ports").and_then(Node::as_seq).unwrap_or(&[]) {
        ports.extend([get(mapping, "internal"), get(mapping, "host")].into_iter().flatten());
    }
    let wrong =
        ports.into_iter().filter(|port| !port.is_null() && u16::try_from(port.as_whole().unwrap_or(-1)).is_err());
    let refusal = "failed to save service definition: 400 Bad Request";
    wrong.map(|port| Diagnostic::error(source, port.span, refusal).note("a port is from 0 to 65535")).collect()
}

/// The entry of a key, compared without case as Go does.
fn entry<'n>(node: &'n Node, key: &str) -> Option<(&'n tree::Key, &'n Node)> {
    let entries = node.as_map()?.iter().filter(|(known, _)| known.text.eq_ignore_ascii_case(key));
    // The last of the sorted keys wins.
    entries.max_by(|(one, _), (other, _)| one.text.cmp(&other.text)).map(|(key, value)| (key, value))
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    entry(node, key).map(|(_, value)| value).filter(|value| !value.is_null())
}

fn text(node: &Node, key: &str) -> String {
    get(node, key).and_then(Node::as_str).unwrap_or_default().to_owned()
}

fn number(node: &Node, key: &str) -> Option<i32> {
    get(node, key).and_then(Node::as_whole).and_then(|number| i32::try_from(number).ok())
}

fn ports(node: &Node) -> Vec<u16> {
    let ports = get(node, "internalPorts").and_then(Node::as_seq).unwrap_or(&[]);
    ports.iter().map(|port| u16::try_from(port.as_whole().unwrap_or(0)).unwrap_or(0)).collect()
}

fn deployment(node: &Node, source: &Source, position: usize) -> Deployment {
    let id = text(node, "id");
    Deployment {
        // The server makes an id where there is none: `depl_` and ten letters. This one says where it comes from.
        id: if id.is_empty() { format!("depl_{}{position}", unnamed(source)) } else { id },
        definition_id: text(node, "definitionId"),
        name: text(node, "name"),
        description: text(node, "description"),
        replicas: number(node, "replicas").unwrap_or(0),
        strategy: get(node, "strategy").map(|strategy| Strategy {
            kind: get(strategy, "type").and_then(Node::as_str).map(|word| match word {
                "Recreate" => StrategyType::Recreate,
                _ => StrategyType::RollingUpdate,
            }),
            max_unavailable: number(strategy, "maxUnavailable"),
            max_surge: number(strategy, "maxSurge"),
        }),
        resources: get(node, "resources").map(|resources| Resources {
            cpu: text(resources, "cpu"),
            memory: text(resources, "memory"),
            vram: text(resources, "vram"),
        }),
        auto_scaling: get(node, "autoScaling").map(|scaling| AutoScaling {
            min_replicas: number(scaling, "minReplicas").unwrap_or(0),
            max_replicas: number(scaling, "maxReplicas").unwrap_or(0),
            cpu_threshold: number(scaling, "cpuThreshold").unwrap_or(0),
        }),
        target_regions: get(node, "targetRegions")
            .and_then(Node::as_seq)
            .unwrap_or(&[])
            .iter()
            .map(|region| TargetRegion { cluster: text(region, "cluster"), zone: text(region, "zone") })
            .collect(),
        envars: envars::of_map(get(node, "envars")),
    }
}

fn definition(node: &Node) -> Definition {
    Definition {
        id: text(node, "id"),
        image: get(node, "image").map(|image| ImageSpec { name: text(image, "name"), internal_ports: ports(image) }),
        repository: get(node, "repository").map(|repository| RepositorySpec {
            url: text(repository, "url"),
            version: text(repository, "version"),
            build_context: text(repository, "buildContext"),
            container_file: text(repository, "containerFile"),
            internal_ports: ports(repository),
        }),
        ports: get(node, "ports")
            .and_then(Node::as_seq)
            .unwrap_or(&[])
            .iter()
            .map(|port| {
                let number = |key| u16::try_from(number(port, key).unwrap_or(0)).unwrap_or(0);
                PortMapping { internal: number("internal"), host: number("host") }
            })
            .collect(),
        envars: envars::of_list(get(node, "envars")),
    }
}

#[cfg(test)]
mod tests;
