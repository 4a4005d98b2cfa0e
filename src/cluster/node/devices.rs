//! The GPUs of one node, one bit each. A GPU is free, held by one pod, or lost; nothing but [`Devices::take`] makes it
//! held, and that only from the free ones: no GPU can be given twice.

use crate::kernel::Symbol;
use crate::kernel::mutation::{Mutation, is_on};

/// GPUs of one kind on one node. Which is taken first is the device plugin's choice in a real cluster; here the lowest
/// free index is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Devices {
    resource: Option<Symbol>,
    present: u64,
    held: u64,
    lost: u64,
}

impl Devices {
    /// The most GPUs that a node can have.
    pub const MAX: u32 = 64;

    /// `count` free GPUs, of which at most [`Devices::MAX`] are kept.
    pub const fn new(resource: Symbol, count: u64) -> Devices {
        Devices { resource: Some(resource), present: mask_of(count), held: 0, lost: 0 }
    }

    /// The resource that the GPUs are asked for by.
    pub const fn resource(&self) -> Option<Symbol> {
        self.resource
    }

    /// GPUs that are held.
    pub const fn held(&self) -> u64 {
        self.held
    }

    /// GPUs that are lost.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// GPUs that are neither held nor lost.
    pub const fn free(&self) -> u64 {
        self.present & !self.held & !self.lost
    }

    /// GPUs that count as allocatable: all but the lost.
    pub const fn healthy(&self) -> u32 {
        (self.present & !self.lost).count_ones()
    }

    /// Takes the `count` lowest free GPUs, or none and `None` if fewer are free.
    pub fn take(&mut self, count: u64) -> Option<u64> {
        let mut free = if is_on(Mutation::DevicesGivenTwice) { self.present } else { self.free() };
        let mut taken = 0;
        for _ in 0..count {
            let lowest = free & free.wrapping_neg();
            if lowest == 0 {
                return None;
            }
            taken |= lowest;
            free &= !lowest;
        }
        self.held |= taken;
        Some(taken)
    }

    /// Gives GPUs back. Panics if one of them is not held: a pod would give back what another pod holds.
    pub fn give_back(&mut self, mask: u64) {
        let is_mine = mask & !self.held == 0 || is_on(Mutation::DevicesGivenTwice);
        assert!(is_mine, "GPUs {mask:#x} are given back, of {:#x} that are held", self.held);
        self.held &= !mask;
    }

    /// Loses the `count` lowest healthy GPUs, or all if there are fewer: those lost now, and which of them are held.
    pub fn lose(&mut self, count: u32) -> (u64, u64) {
        let mut healthy = self.present & !self.lost;
        let mut now = 0;
        for _ in 0..count {
            let lowest = healthy & healthy.wrapping_neg();
            now |= lowest;
            healthy &= !lowest;
        }
        self.lost |= now;
        (now, now & self.held)
    }

    /// Makes lost GPUs healthy again.
    pub const fn restore(&mut self, mask: u64) {
        self.lost &= !mask;
    }

    /// From now on the node has `count` GPUs; those beyond go once they are given back.
    pub const fn resize(&mut self, count: u64) {
        self.present = mask_of(count);
        self.lost &= self.present;
    }
}

const fn mask_of(count: u64) -> u64 {
    if count >= Devices::MAX as u64 { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_lowest_free_and_never_twice() {
        let mut devices = Devices::new(Symbol::EMPTY, 4);
        assert_eq!(devices.take(2), Some(0b0011));
        assert_eq!(devices.take(1), Some(0b0100));
        assert_eq!(devices.take(2), None, "one GPU is left");
        devices.give_back(0b0001);
        assert_eq!(devices.take(2), Some(0b1001));
        assert_eq!(devices.free(), 0);
    }

    #[test]
    fn lost_gpus_are_not_given_until_they_are_back() {
        let mut devices = Devices::new(Symbol::EMPTY, 3);
        assert_eq!(devices.take(1), Some(0b001));
        assert_eq!(devices.lose(2), (0b011, 0b001));
        assert_eq!(devices.healthy(), 1);
        devices.give_back(0b001);
        assert_eq!(devices.free(), 0b100);
        devices.restore(0b011);
        assert_eq!(devices.free(), 0b111);
    }

    #[test]
    #[should_panic(expected = "given back")]
    fn giving_back_what_is_not_held_is_a_bug() {
        Devices::new(Symbol::EMPTY, 2).give_back(1);
    }
}
