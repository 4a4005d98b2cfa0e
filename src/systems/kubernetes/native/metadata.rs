//! `metadata` of objects as the API shows it: names, owners, times. An identifier is a number of the name and of which object of
//! that name it is, in the form of a UUID, so that the same run shows the same.

use std::hash::Hasher;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::kernel::Time;
use crate::systems::machinery::Meta;
use crate::text::mask_json::conceal;
use crate::timeline::Subject;
use crate::workload::World;

/// When the run began, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Epoch(pub i64);

impl Epoch {
    /// A time of the run as the API writes it, in whole seconds.
    pub fn stamp(self, at: Time) -> String {
        let since = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        let shown = DateTime::from_timestamp(self.0.saturating_add(since), 0).unwrap_or_default();
        shown.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// The namespace of an object, by name.
pub fn namespace(key: Subject, world: &dyn World) -> String {
    let text = world.text(key.namespace);
    if text.is_empty() { "default".to_owned() } else { text }
}

/// The identifier of an object: of several that had its name, the one that `which` tells.
pub fn uid(key: Subject, which: u64, world: &dyn World) -> String {
    let mut hasher = SipHasher13::new_with_keys(0x6b75_6265, 0x7569_6400);
    let text = format!("{}/{}/{}/{which}", key.kind.text(), namespace(key, world), world.show(key.name));
    hasher.write(text.as_bytes());
    let [mut high, mut low]: [u64; 2] = {
        let number = hasher.finish128();
        [number.h1, number.h2]
    };
    // A random one, version 4 of RFC 9562.
    high = high & !0xf000 | 0x4000;
    low = low & !(0b11 << 62) | 0b10 << 62;
    let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
}

/// Name, namespace and identifier.
pub fn begin(key: Subject, which: u64, world: &dyn World) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("name".to_owned(), json!(world.show(key.name)));
    shown.insert("namespace".to_owned(), json!(namespace(key, world)));
    shown.insert("uid".to_owned(), json!(uid(key, which, world)));
    shown
}

/// All metadata of an object that an API server of ours keeps, but for its owner.
pub fn of(key: Subject, meta: &Meta, epoch: Epoch, world: &dyn World) -> Value {
    let mut shown = begin(key, meta.uid.0, world);
    shown.insert("generation".to_owned(), json!(meta.generation));
    shown.insert("resourceVersion".to_owned(), json!(meta.version.0.to_string()));
    shown.insert("creationTimestamp".to_owned(), json!(epoch.stamp(meta.created_at)));
    if let Some(at) = meta.deleted_at {
        shown.insert("deletionTimestamp".to_owned(), json!(epoch.stamp(at)));
    }
    for (name, table) in [("labels", &meta.labels), ("annotations", &meta.annotations)] {
        if !table.is_empty() {
            shown.insert(name.to_owned(), json!(table));
        }
    }
    if !meta.finalizers.is_empty() {
        shown.insert("finalizers".to_owned(), json!(meta.finalizers));
    }
    let mut shown = Value::Object(shown);
    conceal(&mut shown);
    shown
}

/// A reference to the controller of an object.
pub fn owner(api_version: &str, kind: &str, key: Subject, which: u64, world: &dyn World) -> Value {
    json!([{
        "apiVersion": api_version,
        "kind": kind,
        "name": world.show(key.name),
        "uid": uid(key, which, world),
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}
