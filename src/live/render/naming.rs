//! What the names of a document are on the cluster, and back. A run keeps to namespaces of its own; what belongs to the whole
//! cluster carries the run's id in its name. Service names in texts are in `dns`.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::timeline::Kind;

/// The longest namespace: a DNS label (k8s.io/apimachinery v0.36.3, pkg/util/validation/validation.go, DNS1123LabelMaxLength).
const LABEL_BYTES_MAX: usize = 63;
/// The longest name of most kinds: a DNS subdomain (the same file, DNS1123SubdomainMaxLength).
const SUBDOMAIN_BYTES_MAX: usize = 253;
/// The longest id of a run: `greenroom-`, it and a hash leave half a label for the name itself.
const RUN_BYTES_MAX: usize = 16;

/// The names of one run on a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Naming {
    run: String,
    /// Objects of the whole cluster that the run makes, by kind and name in the document.
    made: BTreeSet<(Kind, String)>,
    /// Namespaces of the documents, by their names on the cluster.
    namespaces: BTreeMap<String, String>,
    /// Objects whose names the API would not take, by their names on the cluster.
    renamed: BTreeMap<(Kind, String), String>,
}

impl Naming {
    /// The names of the run with this id.
    ///
    /// # Errors
    /// If the id is no short word of lower-case letters and digits: names that contain it could not be taken apart.
    pub fn new(run: &str) -> Result<Naming, String> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if run.is_empty() || run.len() > RUN_BYTES_MAX || !run.bytes().all(fits) {
            return Err(format!("run id {run:?}: use 1 to {RUN_BYTES_MAX} lower-case letters and digits"));
        }
        Ok(Naming { run: run.to_owned(), made: BTreeSet::new(), namespaces: BTreeMap::new(), renamed: BTreeMap::new() })
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The run's own namespace: `greenroom-k7f3q2`.
    pub fn own_namespace(&self) -> String {
        format!("greenroom-{}", self.run)
    }

    /// Notes that the run makes an object. References to a PriorityClass, StorageClass or PersistentVolume lead to the run's own if
    /// it makes one of this name, else to the cluster's; a text that names a Service is changed only for namespaces that are known.
    pub fn learn(&mut self, kind: Kind, namespace: &str, name: &str) {
        self.learn_namespace(if kind == Kind::Namespace { name } else { namespace });
        if is_cluster_wide(kind) {
            self.made.insert((kind, name.to_owned()));
        }
        let there = self.name(kind, name);
        if kind != Kind::Namespace && !is_cluster_wide(kind) && there != name {
            self.renamed.insert((kind, there), name.to_owned());
        }
    }

    /// Notes a namespace of the documents.
    pub fn learn_namespace(&mut self, namespace: &str) {
        if !is_default(namespace) {
            self.namespaces.insert(self.namespace(namespace), namespace.to_owned());
        }
    }

    /// The namespace on the cluster for one of a document; empty and `default` are one.
    pub fn namespace(&self, document: &str) -> String {
        if is_default(document) {
            return self.own_namespace();
        }
        // That of one of several clusters: the API takes no `@`.
        let document = document.replace('@', "--");
        fitted(format!("greenroom-{}-{document}", self.run), LABEL_BYTES_MAX)
    }

    /// The namespace of a document, empty for `default`; `None` if it is none of this run.
    pub fn document_namespace<'a>(&'a self, cluster: &'a str) -> Option<&'a str> {
        if let Some(known) = self.namespaces.get(cluster) {
            return Some(known);
        }
        match cluster.strip_prefix("greenroom-")?.strip_prefix(self.run.as_str())? {
            "" => Some(""),
            rest => rest.strip_prefix('-'),
        }
    }

    /// True if texts with Services of this namespace mean those of the run.
    pub(super) fn knows_namespace(&self, document: &str) -> bool {
        is_default(document) || self.namespaces.contains_key(&self.namespace(document))
    }

    /// The name on the cluster of an object that the run makes.
    pub fn name(&self, kind: Kind, document: &str) -> String {
        match kind {
            Kind::Namespace => self.namespace(document),
            // Kubernetes' own classes are there before any run.
            Kind::PriorityClass if document.starts_with("system-") => document.to_owned(),
            _ if is_cluster_wide(kind) => fitted(format!("greenroom-{}-{document}", self.run), SUBDOMAIN_BYTES_MAX),
            // Docker takes `_` in the names of containers, which pods stand for here, and the API does not.
            _ => document.replace('_', "--"),
        }
    }

    /// The name on the cluster of an object that is referred to: changed only if the run makes it.
    pub fn reference(&self, kind: Kind, document: &str) -> String {
        if self.made.contains(&(kind, document.to_owned())) { self.name(kind, document) } else { document.to_owned() }
    }

    /// The name in the document of an object on the cluster.
    pub fn document_name(&self, kind: Kind, cluster: &str) -> String {
        if kind == Kind::Namespace {
            let name = self.document_namespace(cluster).unwrap_or(cluster);
            return if name.is_empty() { "default" } else { name }.to_owned();
        }
        if is_cluster_wide(kind) {
            let long = self.made.iter().find(|(of, name)| *of == kind && self.name(kind, name) == cluster);
            let short = cluster.strip_prefix("greenroom-").and_then(|rest| rest.strip_prefix(self.run.as_str()));
            return match (long, short.and_then(|rest| rest.strip_prefix('-'))) {
                (Some((_, name)), _) => name.clone(),
                (None, Some(name)) => name.to_owned(),
                (None, None) => cluster.to_owned(),
            };
        }
        self.renamed.get(&(kind, cluster.to_owned())).map_or(cluster, String::as_str).to_owned()
    }
}

/// True for kinds of the whole cluster, but for namespaces, which have names of their own.
pub(super) const fn is_cluster_wide(kind: Kind) -> bool {
    matches!(kind, Kind::PriorityClass | Kind::StorageClass | Kind::PersistentVolume | Kind::Node)
}

fn is_default(namespace: &str) -> bool {
    matches!(namespace, "" | "default")
}

/// The text, or its beginning and a hash of the whole if it is too long.
pub(super) fn fitted(text: String, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text;
    }
    let mut hasher = SipHasher13::new_with_keys(0x6e61_6d65, 0x6c6f_6e67);
    hasher.write(text.as_bytes());
    let hash = format!("{:08x}", hasher.finish() as u32);
    let mut end = bytes_max - hash.len() - 1;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", text[..end].trim_end_matches(['-', '.']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naming() -> Naming {
        Naming::new("k7f3q2").expect("an id")
    }

    #[test]
    fn ids_are_short_words() {
        for wrong in ["", "K7", "k-7", "k.7", "abcdefghijklmnopq"] {
            assert!(Naming::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_the_run_does_not_make_keeps_its_name() {
        let mut naming = naming();
        assert_eq!(naming.reference(Kind::PriorityClass, "high"), "high");
        naming.learn(Kind::PriorityClass, "", "high");
        assert_eq!(naming.reference(Kind::PriorityClass, "high"), "greenroom-k7f3q2-high");
        assert_eq!(naming.reference(Kind::StorageClass, "high"), "high");
        assert_eq!(naming.name(Kind::PriorityClass, "system-node-critical"), "system-node-critical");
        assert_eq!(naming.document_name(Kind::PriorityClass, "system-node-critical"), "system-node-critical");
        assert_eq!(naming.document_namespace("kube-system"), None);
        assert_eq!(naming.document_namespace("greenroom-k7f3q2x"), None);
    }

    #[test]
    fn names_that_the_api_does_not_take_lead_back() {
        let mut naming = naming();
        naming.learn(Kind::Pod, "", "depl_shop-0");
        let there = naming.name(Kind::Pod, "depl_shop-0");
        assert_eq!(there, "depl--shop-0");
        assert_eq!(naming.document_name(Kind::Pod, &there), "depl_shop-0");
        assert_eq!(naming.document_name(Kind::Pod, "web--1"), "web--1");
    }

    #[test]
    fn default_is_the_runs_own_namespace() {
        let naming = naming();
        assert_eq!(
            (naming.namespace(""), naming.namespace("default")),
            (naming.own_namespace(), naming.own_namespace())
        );
        assert_eq!(naming.document_namespace("greenroom-k7f3q2"), Some(""));
        assert_eq!(naming.document_name(Kind::Namespace, "greenroom-k7f3q2"), "default");
    }

    proptest! {
        /// Whatever a document calls its namespaces and classes, their names fit the cluster and lead back.
        #[test]
        fn names_lead_back(namespace in "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", class in "[a-z0-9]([-.a-z0-9]{0,250}[a-z0-9])?") {
            let mut naming = naming();
            naming.learn(Kind::StorageClass, &namespace, &class);
            let there = naming.namespace(&namespace);
            prop_assert!(there.len() <= 63 && !there.ends_with('-'));
            let back = if namespace == "default" { "" } else { &namespace };
            prop_assert_eq!(naming.document_namespace(&there), Some(back));
            let there = naming.reference(Kind::StorageClass, &class);
            prop_assert!(there.len() <= 253);
            prop_assert_eq!(naming.document_name(Kind::StorageClass, &there), class);
        }
    }
}
