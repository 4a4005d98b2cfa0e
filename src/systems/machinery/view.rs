//! What a controller reads. How far it has been shown the log stands in `runtime`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::api::Api;
use super::resource::{Resource, Version};
use crate::timeline::{Kind, Subject};

/// How many writes of each kind somebody has been shown.
pub(super) type Cursors = BTreeMap<Kind, u64>;

/// What one controller reads: the resources as its watches have shown them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    pub(super) api: &'a Api<T>,
    pub(super) cursors: &'a Cursors,
}

impl<'a, T> View<'a, T> {
    /// A resource; `None` if the controller does not know of it.
    pub fn get(&self, key: Subject) -> Option<&'a Arc<Resource<T>>> {
        self.api.log.at(key, self.position(key.kind))
    }

    /// The resources of a kind, in the order of their keys.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &'a Arc<Resource<T>>> + use<'a, T> {
        self.api.log.list(kind, self.position(kind))
    }

    /// The resources of a kind that an owner has, in the order of their keys.
    pub fn owned(&self, kind: Kind, owner: Subject) -> impl Iterator<Item = &'a Arc<Resource<T>>> + use<'a, T> {
        self.api.log.owned(kind, owner, self.position(kind))
    }

    /// The position of the log that it shows of a kind. A kind that the controller does not watch it reads as it is.
    pub fn position(&self, kind: Kind) -> Version {
        match self.cursors.get(&kind) {
            Some(cursor) => self.api.log.position(kind, *cursor),
            None => self.api.log.head(),
        }
    }
}
