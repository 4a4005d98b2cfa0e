//! What deployments published: the same keys with the same values.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Aspect, Findings, Seen};
use super::story::Story;
use crate::timeline::{EntryId, Layer};

/// How an entry that tells of published values begins: `exports internal_dns_name a.b.c, service_url https://…`.
const BEGINS: &str = "exports ";

/// The last value of every key that a subject published.
fn published(story: &Story<'_>) -> BTreeMap<(String, String), (String, EntryId)> {
    let mut values = BTreeMap::new();
    for (id, entry, name) in story.entries().filter(|(_, entry, _)| entry.layer == Layer::System) {
        let why = story.why(&entry);
        let Some(list) = why.strip_prefix(BEGINS) else { continue };
        for one in list.split(", ") {
            let (key, value) = one.split_once(' ').unwrap_or((one, ""));
            values.insert((name.clone(), key.to_owned()), (value.to_owned(), id));
        }
    }
    values
}

/// Compares what was published.
pub fn compare(findings: &mut Findings<'_>) {
    let [one, other] = [findings.simulated, findings.live].map(|story| published(story));
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    for key in keys {
        findings.compared(Aspect::Exports);
        let [one, other] = [&one, &other].map(|values| values.get(key));
        if one.map(|(value, _)| value) == other.map(|(value, _)| value) {
            continue;
        }
        let side = |value: Option<&(String, EntryId)>| -> Seen {
            value.map_or(("is not published".to_owned(), None), |(value, id)| (format!("is {value}"), Some(*id)))
        };
        let (subject, name) = key;
        findings.add(Aspect::Exports, &format!("{subject}.{name}"), side(one), side(other), Vec::new());
    }
}
