//! smartstack.yaml: the namespaces that instances register in.

use super::{Fields, File};
use crate::systems::paasta::model::Namespace;
use crate::text::Node;

/// Reads them.
pub fn read(file: &File) -> Vec<Namespace> {
    let entries = file.root.as_map().unwrap_or_default();
    entries
        .iter()
        .filter(|(_, node)| node.as_map().is_some())
        .map(|(key, node)| {
            let fields = Fields::new(node, None);
            Namespace {
                place: file.source.place(key.span),
                name: key.text.clone(),
                proxy_port: fields.count("proxy_port"),
                advertise: match fields.get("advertise").and_then(Node::as_seq) {
                    Some(_) => fields.texts("advertise"),
                    None => vec!["region".to_owned()],
                },
                discover: fields.text("discover"),
                extra_advertise: extra_advertise(&fields),
                mode: fields.text("mode"),
                lb_policy: fields.text("lb_policy"),
                healthcheck_mode: fields.text("healthcheck_mode"),
                healthcheck_uri: fields.text("healthcheck_uri"),
                retries: fields.count("retries"),
            }
        })
        .collect()
}

fn extra_advertise(fields: &Fields<'_>) -> std::collections::BTreeMap<String, Vec<String>> {
    let Some(entries) = fields.get("extra_advertise").and_then(Node::as_map) else { return Default::default() };
    let texts =
        |node: &Node| node.as_seq().unwrap_or_default().iter().filter_map(Node::as_str).map(str::to_owned).collect();
    entries.iter().map(|(from, to)| (from.text.clone(), texts(to))).collect()
}
