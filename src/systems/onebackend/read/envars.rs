//! The environment of a document. Values are read for what they refer to and become one number; they are kept nowhere.
//! Source of the references: the page of Deploy Svc at 1backend/1backend 1305defcf2, docs-source/docs/built-in-services/deploy-svc.md.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::super::model::{Envar, Reference};
use super::text;
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
    let mut found = BTreeSet::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((inside, behind)) = after.split_once("}}") else { break };
        match inside.trim().split_once(':') {
            Some(("secret", name)) if !name.trim().is_empty() => {
                found.insert(Reference::Secret(name.trim().to_owned()));
            }
            Some(("env", name)) if !name.trim().is_empty() => {
                found.insert(Reference::Env(name.trim().to_owned()));
            }
            _ => {}
        }
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
