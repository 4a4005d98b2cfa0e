//! The environment of a document. Values are read for what they refer to and become one number; they are kept nowhere.
//! Source of the references: the page of Deploy Svc at 1backend/1backend 1305defcf2, docs-source/docs/built-in-services/deploy-svc.md.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::super::model::{Envar, Reference};
use super::{get, text};
use crate::text::Node;

/// `{ NAME: value }`.
pub fn of_map(node: Option<&Node>) -> BTreeMap<String, Envar> {
    let entries = node.and_then(Node::as_map).unwrap_or(&[]).iter();
    entries.map(|(key, value)| (key.text.clone(), envar(value.as_str().unwrap_or_default()))).collect()
}

/// `[ { key: NAME, value: value } ]`; of two of one name the later counts.
pub fn of_list(node: Option<&Node>) -> BTreeMap<String, Envar> {
    let items = node.and_then(Node::as_seq).unwrap_or(&[]).iter();
    items.map(|item| (text(item, "key"), envar(&text(item, "value")))).collect()
}

fn envar(value: &str) -> Envar {
    let mut hasher = SipHasher13::new_with_keys(0x656e_7661, 0x7273);
    hasher.write(value.as_bytes());
    Envar { fingerprint: hasher.finish(), references: references(value) }
}

/// What stands between `{{` and `}}`, as far as it is a reference.
fn references(value: &str) -> BTreeSet<Reference> {
    parts(value).into_iter().flatten().collect()
}

/// The variables of a document with a `{{` that begins no reference, by the name of each.
pub fn unread(node: Option<&Node>) -> Vec<(String, &Node)> {
    let of_map = node.and_then(Node::as_map).unwrap_or(&[]).iter().map(|(key, value)| (key.text.clone(), Some(value)));
    let items = node.and_then(Node::as_seq).unwrap_or(&[]).iter();
    let of_list = items.map(|item| (text(item, "key"), get(item, "value")));
    let both = of_map.chain(of_list).filter_map(|(name, value)| Some((name, value?)));
    both.filter(|(_, value)| value.as_str().is_some_and(|value| parts(value).contains(&None))).collect()
}

/// Each `{{` of a value: the reference that it begins, or `None`.
fn parts(value: &str) -> Vec<Option<Reference>> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((inside, behind)) = after.split_once("}}") else {
            found.push(None);
            break;
        };
        found.push(match inside.trim().split_once(':') {
            Some(("secret", name)) if !name.trim().is_empty() => Some(Reference::Secret(name.trim().to_owned())),
            Some(("env", name)) if !name.trim().is_empty() => Some(Reference::Env(name.trim().to_owned())),
            _ => None,
        });
        rest = behind;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_value_refers_to() {
        let found =
            references("postgres://{{secret:user}}:{{ secret: password }}@{{env:HOST}}/{{other}}/{{secret:}}/{{");
        let expected = [
            Reference::Secret("password".to_owned()),
            Reference::Secret("user".to_owned()),
            Reference::Env("HOST".to_owned()),
        ];
        assert_eq!(found, BTreeSet::from(expected));
        assert_ne!(envar("a").fingerprint, envar("b").fingerprint);
    }
}
