//! A part of a run that its forks share until one of them changes it. What is shared and when is the owner's to say:
//! nothing here knows a cluster.
//!
//! A part is *owned* until it is frozen. Reading and writing what is owned costs one branch that always goes the same
//! way, and no atomic operation: a run that is never forked pays next to nothing. A clone of a *frozen* part is a
//! count; the first of its holders that writes to it takes a copy, and the last one left takes the part itself.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that clones share once it is frozen.
///
/// ```
/// use greenroom::kernel::Shared;
/// let mut pods = Shared::new(vec![1, 2, 3]);
/// pods.freeze();
/// let mut fork = pods.clone();
/// fork.push(4);
/// assert_eq!((pods.len(), fork.len()), (3, 4));
/// ```
pub struct Shared<T>(State<T>);

enum State<T> {
    Owned(T),
    /// `None` only while a value moves from one state to the other: no caller ever finds it.
    Frozen(Option<Arc<T>>),
}

impl<T> Shared<T> {
    /// A value of its own.
    pub const fn new(value: T) -> Self {
        Shared(State::Owned(value))
    }

    /// Makes the value one that clones share. It costs one allocation the first time, and nothing while it stays frozen.
    pub fn freeze(&mut self) {
        if matches!(self.0, State::Owned(_)) {
            let State::Owned(value) = std::mem::replace(&mut self.0, State::Frozen(None)) else { unreachable!() };
            self.0 = State::Frozen(Some(Arc::new(value)));
        }
    }

    /// True while clones share the value: from `freeze` to the next write.
    pub const fn is_frozen(&self) -> bool {
        matches!(self.0, State::Frozen(_))
    }
}

impl<T: Clone> Shared<T> {
    /// The value, or a copy of it if others hold it too.
    pub fn into_inner(self) -> T {
        match self.0 {
            State::Owned(value) => value,
            State::Frozen(value) => Arc::unwrap_or_clone(value.expect(WHOLE)),
        }
    }

    /// Makes a frozen value the holder's own again: a copy, or the value itself if nobody else holds it.
    #[cold]
    #[inline(never)]
    fn thaw(&mut self) {
        if let State::Frozen(value) = &mut self.0 {
            let value = value.take().expect(WHOLE);
            self.0 = State::Owned(Arc::unwrap_or_clone(value));
        }
    }
}

/// What holds between any two calls.
const WHOLE: &str = "a frozen part has a value";

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            State::Owned(value) => value,
            State::Frozen(value) => value.as_ref().expect(WHOLE),
        }
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if matches!(self.0, State::Frozen(_)) {
            self.thaw();
        }
        match &mut self.0 {
            State::Owned(value) => value,
            State::Frozen(_) => unreachable!("it was thawed"),
        }
    }
}

/// A clone of what is frozen shares it, a clone of what is owned is a copy: both go on by themselves.
impl<T: Clone> Clone for Shared<T> {
    fn clone(&self) -> Self {
        match &self.0 {
            State::Owned(value) => Shared(State::Owned(value.clone())),
            State::Frozen(value) => Shared(State::Frozen(value.clone())),
        }
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Shared::new(T::default())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, out)
    }
}

impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).into_iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut Shared<T>
where
    &'a mut T: IntoIterator,
{
    type Item = <&'a mut T as IntoIterator>::Item;
    type IntoIter = <&'a mut T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(shared: &Shared<Vec<u32>>) -> *const u32 {
        shared.as_ptr()
    }

    #[test]
    fn what_is_owned_is_copied_and_what_is_frozen_is_shared() {
        let mut first = Shared::new(vec![1, 2]);
        assert_ne!(place(&first), place(&first.clone()));
        first.freeze();
        assert_eq!(place(&first), place(&first.clone()));
    }

    #[test]
    fn who_writes_has_a_copy_and_the_others_keep_what_was() {
        let mut first = Shared::new(vec![1, 2]);
        first.freeze();
        let (mut second, third) = (first.clone(), first.clone());
        second.push(3);
        first[0] = 9;
        assert_eq!((&*first, &*second, &*third), (&vec![9, 2], &vec![1, 2, 3], &vec![1, 2]));
        assert!(!first.is_frozen() && !second.is_frozen() && third.is_frozen());
    }

    #[test]
    fn the_last_one_left_takes_the_value_itself() {
        let mut first = Shared::new(vec![1, 2]);
        first.freeze();
        let (before, second) = (place(&first), first.clone());
        drop(second);
        first[1] = 7;
        assert_eq!((place(&first), &*first), (before, &vec![1, 7]));
    }

    #[test]
    fn reading_leaves_it_frozen_and_freezing_twice_changes_nothing() {
        let mut shared = Shared::new(vec![1]);
        shared.freeze();
        shared.freeze();
        assert_eq!(shared.iter().sum::<u32>() + shared.len() as u32, 2);
        assert!(shared.is_frozen());
    }
}
