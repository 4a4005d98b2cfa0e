//! What is left of a node's GPUs, and which of them a pod is given. Unused places hold 0, which nothing can be taken from.

use crate::fleet::demand::PodClass;
use crate::fleet::inventory::{GPU_MILLI, GPUS_MAX};

/// What is left of each GPU, in thousandths.
pub type GpusLeft = [i16; GPUS_MAX];

/// So many GPUs that nobody uses.
pub fn all_free(gpus: u8) -> GpusLeft {
    std::array::from_fn(|at| if at < usize::from(gpus) { GPU_MILLI } else { 0 })
}

/// All that is left together.
pub fn total(left: &GpusLeft) -> i16 {
    left.iter().sum()
}

/// How many have so much left, and the sum of what is left of the others.
pub fn survey(left: &GpusLeft, milli: i16) -> (i16, i16) {
    let mut enough = 0;
    let mut scraps = 0;
    for one in left {
        let fits = i16::from(*one >= milli);
        enough += fits;
        scraps += *one * (1 - fits);
    }
    (enough, scraps)
}

/// A set of GPUs of one node, a bit each.
pub type GpuMask = u16;

/// Whole GPUs for a pod: the first that nobody uses, in the order of their numbers (`AllocateExclusiveGpuId`,
/// hkust-adsl/kubernetes-scheduler-simulator at 29a1e4c, pkg/type).
pub fn first_free(left: &GpusLeft, count: u8) -> GpuMask {
    let free = left.iter().enumerate().filter(|(_, one)| **one == GPU_MILLI);
    free.take(count.into()).fold(0, |mask, (at, _)| mask | 1 << at)
}

/// The GPU for a share: of those with enough left the one with the least, of these the first.
pub fn tightest(left: &GpusLeft, milli: i16) -> GpuMask {
    let enough = left.iter().enumerate().filter(|(_, one)| **one >= milli);
    enough.min_by_key(|(_, one)| **one).map_or(0, |(at, _)| 1 << at)
}

/// The GPUs that a policy without a view of its own gives.
pub fn usual(left: &GpusLeft, class: &PodClass) -> GpuMask {
    if class.shares() { tightest(left, class.gpu_milli) } else { first_free(left, class.gpus) }
}

/// Takes what a pod asks for from the GPUs of a set.
pub fn take(left: &mut GpusLeft, mask: GpuMask, milli: i16) {
    for_each(mask, |at| left[at] -= milli);
}

/// Gives it back.
pub fn give_back(left: &mut GpusLeft, mask: GpuMask, milli: i16) {
    for_each(mask, |at| left[at] += milli);
}

fn for_each(mask: GpuMask, mut act: impl FnMut(usize)) {
    let mut rest = mask;
    while rest != 0 {
        act(rest.trailing_zeros() as usize);
        rest &= rest - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_chosen_as_the_source_does() {
        let mut left = all_free(4);
        left[1] = 300;
        left[2] = 500;
        assert_eq!(survey(&left, 400), (3, 300));
        assert_eq!(tightest(&left, 400), 0b100);
        assert_eq!(tightest(&left, 300), 0b10);
        assert_eq!(tightest(&left, 1000), 0b1);
        assert_eq!(first_free(&left, 2), 0b1001);
        take(&mut left, 0b1001, 1000);
        assert_eq!(total(&left), 800);
        give_back(&mut left, 0b1000, 1000);
        assert_eq!(first_free(&left, 1), 0b1000);
    }
}
