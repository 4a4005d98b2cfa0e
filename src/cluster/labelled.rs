//! Sets of pods by the labels that they carry, and Services by what they select, so that neither is looked for among all others.
//! What is found here may be meant: whoever asks compares the labels themselves. Not here: what a Service selects.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::{PodSetId, ServiceId, Symbol};

/// A label and its value in a namespace. Two that are not equal may meet in one.
type Mark = (Symbol, u64);

/// What carries labels, and what asks for them.
#[derive(Clone, Debug, Default)]
pub struct Labelled {
    sets: BTreeMap<Mark, Vec<PodSetId>>,
    services: BTreeMap<Mark, Vec<ServiceId>>,
}

impl Labelled {
    /// A set of pods came, with these labels.
    pub fn add_set(&mut self, set: PodSetId, namespace: Symbol, labels: &BTreeMap<String, String>) {
        for label in labels {
            self.sets.entry(mark(namespace, label)).or_default().push(set);
        }
    }

    /// A Service asks for this label, among others.
    pub fn add_service(&mut self, service: ServiceId, namespace: Symbol, label: (&String, &String)) {
        let services = self.services.entry(mark(namespace, label)).or_default();
        if !services.contains(&service) {
            services.push(service);
        }
    }

    /// The sets that may carry a label, in the order in which they came.
    pub fn sets_with(&self, namespace: Symbol, label: (&String, &String)) -> Vec<PodSetId> {
        self.sets.get(&mark(namespace, label)).cloned().unwrap_or_default()
    }

    /// The Services that may ask for one of these labels, in the order of their numbers.
    pub fn services_for(&self, namespace: Symbol, labels: &BTreeMap<String, String>) -> Vec<ServiceId> {
        let found = labels.iter().filter_map(|label| self.services.get(&mark(namespace, label)));
        let mut found: Vec<ServiceId> = found.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn mark(namespace: Symbol, (label, value): (&String, &String)) -> Mark {
    let mut hasher = SipHasher13::new_with_keys(0x6c61_6265, 0x6c73);
    hasher.write(label.as_bytes());
    hasher.write_u8(0xff);
    hasher.write(value.as_bytes());
    (namespace, hasher.finish())
}
