//! What two versions of manifests take for granted: namespaces, Secrets and ConfigMaps that the old ones already use, and classes
//! of storage. A listing of workloads does not name them, but the cluster that they run on has them.

use std::collections::BTreeSet;

use crate::systems::kubernetes::{Body, Manifest, Manifests, read};
use crate::text::Source;
use crate::timeline::Kind;
use crate::workload::{EnvironmentSource, Object, Volume};

/// The name of the text that stands for what is assumed.
pub const NAME: &str = "assumed.yaml";

/// An object by kind, namespace and name.
type Key = (&'static str, String, String);

/// Namespaces that the manifests use, whoever makes them.
pub fn namespaces(sources: &[Source]) -> Vec<String> {
    let all: BTreeSet<String> =
        manifests(sources).iter().flat_map(|one| &one.objects).map(|one| one.identity.namespace.clone()).collect();
    all.into_iter().filter(|namespace| !namespace.is_empty()).collect()
}

/// Manifests of the objects that the old version refers to and nobody lists; `None` if it refers to none.
pub fn objects(old: &[Source], new: &[Source]) -> Option<Source> {
    let (old, new) = (manifests(old), manifests(new));
    let listed: BTreeSet<(Kind, String, String)> = old
        .iter()
        .chain(&new)
        .flat_map(|one| &one.objects)
        .map(|one| (one.identity.kind, one.identity.namespace.clone(), one.identity.name.clone()))
        .collect();
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for object in old.iter().flat_map(|one| &one.objects) {
        references(object, &mut keys);
    }
    let kind = |kind: &str| Kind::parse(kind).unwrap_or(Kind::Secret);
    let lacking =
        keys.into_iter().filter(|(of, namespace, name)| !listed.contains(&(kind(of), namespace.clone(), name.clone())));
    let mut text: String = lacking
        .map(|(kind, namespace, name)| {
            let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
            format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{ name: {name:?}, namespace: {namespace:?} }}\n")
        })
        .collect();
    text.push_str(&classes(&old, &new));
    (!text.is_empty()).then(|| Source::new(NAME, text))
}

fn manifests(sources: &[Source]) -> Vec<std::sync::Arc<Manifests>> {
    sources.iter().filter_map(|source| read(source).ok()).map(|read| read.manifests).collect()
}

/// Secrets and ConfigMaps that pods of an object need.
fn references(object: &Manifest, keys: &mut BTreeSet<Key>) {
    let templates = match &object.body {
        Body::Object(Object::Job(spec)) => vec![&spec.template],
        Body::Object(Object::Pod(template)) => vec![template],
        _ => object.template().into_iter().collect(),
    };
    let namespace = &object.identity.namespace;
    for template in templates {
        for volume in &template.volumes {
            match volume {
                Volume::ConfigMap { name, optional: false } => {
                    keys.insert(("ConfigMap", namespace.clone(), name.clone()));
                }
                Volume::Secret { name, optional: false } => {
                    keys.insert(("Secret", namespace.clone(), name.clone()));
                }
                _ => {}
            }
        }
        for source in template.init_containers.iter().chain(&template.containers).flat_map(|one| &one.environment) {
            match source {
                EnvironmentSource::ConfigMap { name, optional: false } => {
                    keys.insert(("ConfigMap", namespace.clone(), name.clone()));
                }
                EnvironmentSource::Secret { name, optional: false } => {
                    keys.insert(("Secret", namespace.clone(), name.clone()));
                }
                _ => {}
            }
        }
    }
}

/// Classes of storage that claims ask for, if no class is listed: each makes a volume for the node of its first pod.
fn classes(old: &[std::sync::Arc<Manifests>], new: &[std::sync::Arc<Manifests>]) -> String {
    let objects = || old.iter().chain(new).flat_map(|one| &one.objects);
    let is_class = |object: &Manifest| object.identity.kind == Kind::StorageClass;
    if objects().any(is_class) {
        return String::new();
    }
    let mut names: BTreeSet<Option<String>> = BTreeSet::new();
    for object in objects() {
        match &object.body {
            Body::Object(Object::PersistentVolumeClaim(spec)) => drop(names.insert(spec.class.clone())),
            Body::Object(Object::StatefulSet(spec)) => {
                names.extend(spec.claims.iter().map(|one| one.spec.class.clone()))
            }
            _ => {}
        }
    }
    let classes = names.into_iter().filter(|name| name.as_deref() != Some("")).map(|name| {
        let (name, annotation) = match &name {
            Some(name) => (name.as_str(), ""),
            None => ("assumed-default", ", annotations: { storageclass.kubernetes.io/is-default-class: \"true\" }"),
        };
        format!(
            "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{ name: {name:?}{annotation} }}\nprovisioner: \
             assumed.greenroom.dev\nvolumeBindingMode: WaitForFirstConsumer\n"
        )
    });
    classes.collect()
}
