//! Durable records as every world keeps them: a value and a version under a name, and several changed at once or not at all.

use std::collections::BTreeMap;

use super::RecordChange;

/// The records of a world.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Records {
    kept: BTreeMap<String, (u64, String)>,
}

impl Records {
    /// A record and its version.
    pub fn get(&self, name: &str) -> Option<(u64, String)> {
        self.kept.get(name).cloned()
    }

    /// Every record, by its name: its version and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.kept.iter().map(|(name, (version, value))| (name.as_str(), *version, value.as_str()))
    }

    /// Writes several records, or none of them: `false` if any version was not the expected one.
    pub fn commit(&mut self, changes: &[RecordChange]) -> bool {
        let version = |name: &str| self.kept.get(name).map_or(0, |(version, _)| *version);
        if changes.iter().any(|change| version(&change.name) != change.expected_version) {
            return false;
        }
        changes.iter().for_each(|change| self.write(change));
        true
    }

    /// Writes what was found to follow from what is to be written before it, whichever comes first: what has an older version than what
    /// is there by now is left out.
    pub fn settle(&mut self, changes: &[RecordChange]) {
        for change in changes {
            let newer = self.kept.get(&change.name).is_some_and(|(version, _)| *version > change.expected_version);
            if !newer {
                self.write(change);
            }
        }
    }

    fn write(&mut self, change: &RecordChange) {
        match &change.value {
            Some(value) => {
                self.kept.insert(change.name.clone(), (change.expected_version + 1, value.clone()));
            }
            None => {
                self.kept.remove(&change.name);
            }
        }
    }
}
