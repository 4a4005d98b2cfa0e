//! Named random streams. A stream's key is what it is for, never when it is drawn from: a fault, a node or a
//! deployment more moves no other draw, and two plans under one seed meet the same pull times and the same failures.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// All random streams of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    seed: u64,
}

/// One random stream. A clone goes on with the same draws.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream(ChaCha8Rng);

impl Streams {
    /// The version of the streams: a change of key or generator that moves a draw takes the next number, and every
    /// golden value with it.
    pub const VERSION: u64 = 1;

    /// The streams of `seed`.
    pub const fn new(seed: u64) -> Streams {
        Streams { seed }
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream for `purpose` (`pull`, `start`) at the `ordinal`-th time that `object` (`Pod/vllm-r1-0`) needs it.
    pub fn stream(&self, purpose: &str, object: &str, ordinal: u64) -> Stream {
        let mut key = [0; 32];
        for (half, bytes) in key.chunks_exact_mut(16).enumerate() {
            let mut hasher = SipHasher13::new_with_keys(Streams::VERSION, half as u64);
            hasher.write(&self.seed.to_le_bytes());
            hasher.write(&ordinal.to_le_bytes());
            // The length keeps the end of one name apart from the start of the next.
            for name in [purpose, object] {
                hasher.write(&(name.len() as u64).to_le_bytes());
                hasher.write(name.as_bytes());
            }
            bytes.copy_from_slice(&hasher.finish128().as_u128().to_le_bytes());
        }
        Stream(ChaCha8Rng::from_seed(key))
    }
}

impl Stream {
    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each as likely as any other. Multiplies instead of dividing and draws again in the
    /// uneven rest: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
    ///
    /// # Panics
    /// If `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below zero");
        let uneven = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= uneven {
                return (product >> 64) as u64;
            }
        }
    }

    /// True in `parts` of a billion cases.
    pub fn chance_ppb(&mut self, parts: u32) -> bool {
        self.below(1_000_000_000) < u64::from(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first<const COUNT: usize>(mut stream: Stream) -> [u64; COUNT] {
        std::array::from_fn(|_| stream.next_u64())
    }

    /// Two names that a careless key would run together, an ordinal, a seed.
    #[test]
    fn every_part_of_the_key_counts() {
        let streams = Streams::new(7);
        let base = first::<2>(streams.stream("pull", "Pod/vllm-r1-0", 0));
        assert_ne!(base, first(streams.stream("pullP", "od/vllm-r1-0", 0)));
        assert_ne!(base, first(streams.stream("start", "Pod/vllm-r1-0", 0)));
        assert_ne!(base, first(streams.stream("pull", "Pod/vllm-r1-1", 0)));
        assert_ne!(base, first(streams.stream("pull", "Pod/vllm-r1-0", 1)));
        assert_ne!(base, first(Streams::new(8).stream("pull", "Pod/vllm-r1-0", 0)));
    }

    /// Draws for another object, in between and before, leave the draws of this one as they are.
    #[test]
    fn unrelated_draws_move_nothing() {
        let streams = Streams::new(7);
        let alone: [u64; 20] = first(streams.stream("start", "Pod/vllm-r1-0", 0));
        let mut other = streams.stream("start", "Pod/chroma-r1-0", 0);
        let mut stream = streams.stream("start", "Pod/vllm-r1-0", 0);
        let mixed: [u64; 20] = std::array::from_fn(|place| {
            for _ in 0..place {
                other.next_u64();
            }
            stream.next_u64()
        });
        assert_eq!(alone, mixed);
    }

    #[test]
    fn a_clone_goes_on_with_the_same_draws() {
        let mut stream = Streams::new(1).stream("pull", "Pod/web-0", 3);
        stream.next_u64();
        assert_eq!(first::<5>(stream.clone()), first::<5>(stream));
    }

    #[test]
    fn below_reaches_every_number_about_equally_often() {
        let mut stream = Streams::new(3).stream("test", "below", 0);
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1);
        assert!(counts.iter().all(|count| (9_700..10_300).contains(count)), "{counts:?}");
        assert_eq!(stream.below(1), 0);
        assert!(stream.below(u64::MAX) < u64::MAX);
    }

    #[test]
    fn a_chance_is_as_likely_as_it_says() {
        let mut stream = Streams::new(3).stream("test", "chance", 0);
        let hits = (0..100_000).filter(|_| stream.chance_ppb(250_000_000)).count();
        assert!((24_500..25_500).contains(&hits), "{hits}");
        assert!(!stream.chance_ppb(0));
        assert!(stream.chance_ppb(1_000_000_000));
    }

    /// What these draws are is part of what a seed means: an upgrade that moves them breaks every snapshot.
    #[test]
    fn draws_are_those_of_version_1() {
        let streams = Streams::new(42);
        insta::assert_snapshot!(shown(streams.stream("pull", "Pod/vllm-r1-0", 0)), @"
            efafe0a96020e880 5506227eda117978 7475cbf53f7714bc 432657c0edfb448d
            ff5992a42ddbf799 1f92ae1e6ad7f0e0 74bc1fd4c34bcac5 71ec616ee6dcd4c6
            ccc7cbb02a3dc750 31e33511aee54678 6ef400fcda0b36d6 2c05ba1245a42495
            afd697e28c8a0c93 f6d51f7c539d3994 8389f98f44f9784c f785a86a49304739
            dd778d7fa54626c5 7c47c306d5919491 6ec874b3128b4853 ea0df4e0327ffb42
            ");
        insta::assert_snapshot!(shown(streams.stream("start", "Pod/vllm-r1-0", 2)), @"
            e9162d74a2efc150 b0b6a73ad713fae2 acf7694c54504f34 23f20bb9bf94a181
            d4bf4f7ab37e5dfa 44357e847fc48d26 87616df4b0c0b586 cb6793ef0c5ebf56
            0f6090b675a445b7 f5ed1ee40a7d213d e91bba1c154ccf65 915c69abeb1adab9
            021d9124339d797a 2802e09a64203b72 5181fbaaae20b1c0 e3caa13cd32c758d
            08aba90ea01d9724 1bf437c76089bd41 81a17e2d77e4bde9 370a86e06e8281fa
            ");
        insta::assert_snapshot!(shown(Streams::new(0).stream("", "", 0)), @"
            274bd8b5612a0f59 3eaa6b308d9b93c9 3e563dbdf001180b 16d563ca6e088de0
            408e17af8265b3d6 5f85932b2f4ddde2 d8f5c48edd13b588 d4749db62c71ae1b
            3414d7517ee02135 fe391d7e4c78007f 88922ed2868c8fbc dacad60a7edf1475
            d53c3e108d52c151 66c4d67115911fef 6213c57e5ff26aeb 3baa889c9c899506
            22152ee562ea86c9 112aff864bd878c8 4ebafbd3db37b6f9 83412ee47daf1651
            ");
    }

    fn shown(stream: Stream) -> String {
        let draws: [u64; 20] = first(stream);
        let row = |draws: &[u64]| draws.iter().map(|draw| format!("{draw:016x}")).collect::<Vec<_>>().join(" ");
        draws.chunks(4).map(row).collect::<Vec<_>>().join("\n")
    }
}
