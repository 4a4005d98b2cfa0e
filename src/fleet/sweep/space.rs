//! All runs of a sweep, by number: run = sample x plans + plan. The first runs are those of sample 0 of every plan, so that whatever
//! was made so far has about as many samples of each.

use std::fmt::Write as _;

use super::Path;
use super::vary::Vary;
use crate::text::counted::counted;
use crate::text::diagnostic::quote;

/// The most plans.
pub const PLANS_MAX: u64 = 10_000;
/// The most runs.
pub const RUNS_MAX: u64 = 1_000_000_000;

/// The parameters with their values, and the samples.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Space {
    varied: Vec<Vary>,
    plans: u32,
    samples: u64,
    seed: u64,
}

/// One run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// Its plan.
    pub plan: u32,
    /// Its sample.
    pub sample: u64,
    /// Its seed: the first seed and the number of the sample.
    pub seed: u64,
}

impl Space {
    /// Every combination of the values, so many times.
    ///
    /// # Errors
    /// A path stands twice, or there are too many plans or runs; a sentence.
    pub fn new(varied: Vec<Vary>, samples: u64, seed: u64) -> Result<Space, String> {
        for (index, vary) in varied.iter().enumerate() {
            if varied[..index].iter().any(|other| other.path == vary.path) {
                return Err(format!(
                    "{} is varied twice: give all its values in one --vary",
                    quote(&vary.path.to_string())
                ));
            }
        }
        let plans = varied.iter().fold(1_u64, |plans, vary| plans.saturating_mul(vary.values.len() as u64));
        if plans > PLANS_MAX {
            return Err(format!("there are {plans} combinations of values; a sweep has at most {PLANS_MAX}"));
        }
        if plans.saturating_mul(samples) > RUNS_MAX {
            let (plans, samples) = (counted(plans as usize, "combination"), counted(samples as usize, "sample"));
            return Err(format!("{plans} with {samples} each are more than {RUNS_MAX} runs"));
        }
        if seed.checked_add(samples).is_none() {
            return Err(format!("there are no {} from {seed} on", counted(samples as usize, "seed")));
        }
        Ok(Space { varied, plans: plans as u32, samples, seed })
    }

    /// The parameters.
    pub fn varied(&self) -> &[Vary] {
        &self.varied
    }

    /// The same with so many samples: the runs that both have are the same.
    #[must_use]
    pub fn with_samples(&self, samples: u64) -> Space {
        Space { samples, ..self.clone() }
    }

    /// How many plans there are.
    pub const fn plans(&self) -> u32 {
        self.plans
    }

    /// How many samples each plan has.
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// The seed of sample 0.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many runs there are.
    pub const fn runs(&self) -> u64 {
        self.samples * self.plans as u64
    }

    /// The run of a number.
    pub const fn run(&self, id: u64) -> Run {
        let (sample, plan) = (id / self.plans as u64, (id % self.plans as u64) as u32);
        Run { id, plan, sample, seed: self.seed.wrapping_add(sample) }
    }

    /// The runs of the `shard`-th of so many parts, from and to: parts follow one another and differ by one run at most.
    pub const fn part(&self, shard: u64, of: u64) -> (u64, u64) {
        let (runs, shard, of) = (self.runs() as u128, shard as u128, of as u128);
        ((runs * shard / of) as u64, (runs * (shard + 1) / of) as u64)
    }

    /// The parameters, and which of its values a plan has of each, by position; those of the last parameter follow one another first.
    pub fn places(&self, plan: u32) -> Vec<(&Vary, usize)> {
        let mut left = plan as usize;
        let mut places = Vec::new();
        for vary in self.varied.iter().rev() {
            places.push((vary, left % vary.values.len()));
            left /= vary.values.len();
        }
        places.reverse();
        places
    }

    /// The values of a plan, in the order of the parameters.
    pub fn values(&self, plan: u32) -> Vec<(&Path, &str)> {
        self.places(plan).into_iter().map(|(vary, place)| (&vary.path, vary.values[place].as_str())).collect()
    }

    /// A plan in a line: `cluster.nodes[a10].count=2`; that without parameters is `as written`.
    pub fn label(&self, plan: u32) -> String {
        let mut label = String::new();
        for (path, value) in self.values(plan) {
            let space = if label.is_empty() { "" } else { " " };
            let _ = write!(label, "{space}{path}={value}");
        }
        if label.is_empty() { "as written".to_owned() } else { label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn space(samples: u64) -> Space {
        let varied = ["cluster.nodes[a10].count=2..4", "faults[x].after=1m,5m"];
        let varied = varied.map(|text| Vary::parse(text).expect("a parameter")).to_vec();
        Space::new(varied, samples, 7).expect("a space")
    }

    #[test]
    fn plans_count_through_all_combinations() {
        let space = space(10);
        let labels: Vec<String> = (0..space.plans()).map(|plan| space.label(plan)).collect();
        insta::assert_snapshot!(labels.join("\n"), @"
        cluster.nodes[a10].count=2 faults[x].after=1m
        cluster.nodes[a10].count=2 faults[x].after=5m
        cluster.nodes[a10].count=3 faults[x].after=1m
        cluster.nodes[a10].count=3 faults[x].after=5m
        cluster.nodes[a10].count=4 faults[x].after=1m
        cluster.nodes[a10].count=4 faults[x].after=5m
        ");
    }

    #[test]
    fn a_sample_has_one_seed_in_every_plan() {
        let space = space(3);
        let runs: Vec<Run> = (0..space.runs()).map(|id| space.run(id)).collect();
        assert_eq!(runs.len(), 18);
        assert!(runs.iter().all(|run| run.seed == 7 + run.sample && run.plan < 6 && run.sample < 3));
        assert_eq!(runs[7], Run { id: 7, plan: 1, sample: 1, seed: 8 });
    }

    #[test]
    fn what_is_too_much_or_twice_is_refused() {
        let vary = |text: &str| Vary::parse(text).expect("a parameter");
        assert!(Space::new(vec![vary("a=1"), vary("a=2")], 1, 0).is_err_and(|error| error.contains("twice")));
        assert!(Space::new(vec![vary("a=1..200"), vary("b=1..200")], 1, 0).is_err_and(|error| error.contains("40000")));
        assert!(Space::new(vec![vary("a=1..200")], 1 << 40, 0).is_err_and(|error| error.contains("runs")));
    }

    proptest! {
        /// Parts follow one another without gap or overlap and differ by one run at most.
        #[test]
        fn parts_tile_the_space(samples in 1..5_000_u64, of in 1..200_u64) {
            let space = space(samples);
            let mut next = 0;
            for shard in 0..of {
                let (from, to) = space.part(shard, of);
                prop_assert_eq!(from, next);
                prop_assert!((space.runs() / of..=space.runs() / of + 1).contains(&(to - from)));
                next = to;
            }
            prop_assert_eq!(next, space.runs());
        }
    }
}
