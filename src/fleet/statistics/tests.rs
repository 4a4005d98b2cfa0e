//! Goal: intervals hold what they say. Method: figures that were published, exact coverage where it can be summed up, and coverage over
//! 1,000 repetitions where it cannot.

use proptest::prelude::*;
use statrs::distribution::{Binomial, Discrete as _};

use super::*;
use crate::kernel::{Distribution, Duration, Stream, Streams};

fn near(estimate: Estimate, low: f64, high: f64, tolerance: f64) {
    assert!(
        (estimate.low - low).abs() <= tolerance && (estimate.high - high).abs() <= tolerance,
        "{estimate:?}, not {low} to {high}"
    );
}

/// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I: methods 3 and 5.
#[test]
fn proportions_are_those_that_were_published() {
    for (hits, tries, [low, high], [exact_low, exact_high]) in [
        (81, 263, [0.2553, 0.3662], [0.2527, 0.3676]),
        (15, 148, [0.0624, 0.1605], [0.0578, 0.1617]),
        (0, 20, [0.0000, 0.1611], [0.0000, 0.1684]),
        (1, 29, [0.0061, 0.1718], [0.0009, 0.1776]),
    ] {
        near(wilson(hits, tries, Confidence::USUAL), low, high, 6e-5);
        near(clopper_pearson(hits, tries, Confidence::USUAL), exact_low, exact_high, 6e-5);
    }
    assert_eq!(clopper_pearson(20, 20, Confidence::USUAL).high, 1.0);
}

/// The coverage of an interval, summed up over all that can be seen.
fn coverage(tries: u64, share: f64, interval: impl Fn(u64) -> Estimate) -> f64 {
    let seen = Binomial::new(share, tries).expect("a share");
    let covers = |hits: &u64| {
        let Estimate { low, high, .. } = interval(*hits);
        (low..=high).contains(&share)
    };
    (0..=tries).filter(covers).map(|hits| seen.pmf(hits)).sum()
}

#[test]
fn the_exact_interval_never_covers_less_than_it_says_and_wilsons_does_on_average() {
    for tries in [10, 37, 200] {
        let shares = || (1..100).map(|percent| f64::from(percent) / 100.0);
        for share in shares() {
            let exact = coverage(tries, share, |hits| clopper_pearson(hits, tries, Confidence::USUAL));
            assert!(exact >= 0.95 - 1e-9, "{tries} tries, {share}: {exact}");
        }
        let all: f64 =
            shares().map(|share| coverage(tries, share, |hits| wilson(hits, tries, Confidence::USUAL))).sum();
        assert!((0.945..0.965).contains(&(all / 99.0)), "{tries}: {}", all / 99.0);
    }
}

/// David and Nagaraja, "Order Statistics", 3rd edition, section 7.1; and the smallest samples that have an upper bound at all:
/// 0.99^368 is the first power below 2.5 of 100.
#[test]
fn ranks_are_those_of_the_binomial() {
    let usual = Confidence::USUAL;
    assert_eq!(ranks(100, 500_000, usual), Ranks { low: Some(40), high: Some(61) });
    assert_eq!(ranks(10, 500_000, usual), Ranks { low: Some(2), high: Some(9) });
    assert_eq!(ranks(367, 990_000, usual).high, None);
    assert_eq!(ranks(368, 990_000, usual).high, Some(368));
    assert_eq!(ranks(5, 500_000, usual), Ranks { low: None, high: None });
    assert_eq!(ranks(0, 500_000, usual), Ranks { low: None, high: None });
    assert_eq!([point_rank(100, 990_000), point_rank(10, 500_000), point_rank(3, 500_000)], [99, 5, 2]);
}

/// Student's own example: additional hours of sleep of ten patients, two drugs. "The probable error of a mean", Biometrika 6, 1908.
#[test]
fn the_mean_of_students_sleepers() {
    let mut pairs = Pairs::default();
    let first = [7, -16, -2, -12, -1, 34, 37, 8, 0, 20];
    let second = [19, 8, 11, 1, -1, 44, 55, 16, 46, 34];
    first.into_iter().zip(second).for_each(|(first, second)| pairs.add(Some(first), Some(second)));
    let paired = pairs.compare(Confidence::USUAL);
    assert!((paired.mean.value - 15.8).abs() < 1e-9);
    near(paired.mean, 7.001_142, 24.598_858, 1e-4);
    assert_eq!((paired.greater, paired.less), (9, 0));
    assert!((paired.chance - 2.0 / 512.0).abs() < 1e-12, "{}", paired.chance);
}

#[test]
fn what_never_came_stands_behind_all_values() {
    let mut summary = Summary::default();
    [Some(3), None, Some(1), Some(1)].into_iter().for_each(|value| summary.add(value));
    assert_eq!((1..=4).map(|rank| summary.nth(rank)).collect::<Vec<_>>(), [Some(1), Some(1), Some(3), None]);
    assert_eq!((summary.count(), summary.never(), summary.hits(|value| value > 1)), (3, 1, 1));
    let mut pairs = Pairs::default();
    [(Some(1), None), (None, Some(1)), (None, None), (Some(2), Some(2))].into_iter().for_each(|(a, b)| pairs.add(a, b));
    let paired = pairs.compare(Confidence::USUAL);
    assert_eq!((paired.greater, paired.less, pairs.neither), (1, 1, 1));
}

/// How many of a thousand repetitions have the truth in the interval.
fn covered(truth: f64, mut interval: impl FnMut(&mut Stream) -> Estimate) -> u32 {
    let repetitions = (0..1_000).map(|repetition| interval(&mut Streams::new(11).stream("coverage", "", repetition)));
    repetitions.filter(|Estimate { low, high, .. }| (*low..=*high).contains(&truth)).count() as u32
}

const MEAN: u64 = 1_000_000_000;

fn exponential(count: u64, stream: &mut Stream) -> Summary {
    let length =
        Distribution::Exponential { mean: Duration::from_nanos(MEAN), min: Duration::ZERO, max: Distribution::MAX };
    let mut summary = Summary::default();
    (0..count).for_each(|_| summary.add(Some(length.sample(stream).nanos() as i64)));
    summary
}

fn quantile(summary: &Summary, ppm: u32, confidence: Confidence) -> Estimate {
    let ranks = ranks(summary.count(), ppm, confidence);
    let at = |rank: Option<u64>| rank.and_then(|rank| summary.nth(rank)).map(|value| value as f64);
    Estimate {
        value: 0.0,
        low: at(ranks.low).unwrap_or(f64::NEG_INFINITY),
        high: at(ranks.high).unwrap_or(f64::INFINITY),
    }
}

/// 950 are meant; three standard deviations of that count are 21. The exact ones may cover more, and none may cover less.
#[test]
fn intervals_cover_the_truth_in_a_thousand_repetitions() {
    let usual = Confidence::USUAL;
    let of_means = covered(MEAN as f64, |stream| mean(&exponential(200, stream), usual));
    assert!((925..=971).contains(&of_means), "means: {of_means}");
    for (ppm, truth) in [(500_000, std::f64::consts::LN_2), (900_000, std::f64::consts::LN_10)] {
        let truth = truth * MEAN as f64;
        let of_quantiles = covered(truth, |stream| quantile(&exponential(400, stream), ppm, usual));
        assert!((929..=985).contains(&of_quantiles), "p{ppm}: {of_quantiles}");
    }
    let hits = |stream: &mut Stream| (0..300).filter(|_| stream.chance_ppb(50_000_000)).count() as u64;
    let exact = covered(0.05, |stream| clopper_pearson(hits(stream), 300, usual));
    assert!((940..=990).contains(&exact), "exact: {exact}");
    let of_wilson = covered(0.05, |stream| wilson(hits(stream), 300, usual));
    assert!((925..=975).contains(&of_wilson), "Wilson: {of_wilson}");
}

/// Two plans under the same draws: the first passes in 80 of 100 samples, the second in 70 of these and in 5 of 100 others.
#[test]
fn a_difference_of_shares_is_covered_and_stays_between_its_bounds() {
    let usual = Confidence::USUAL;
    let differs = |stream: &mut Stream| {
        let mut pairs = Pairs::default();
        for _ in 0..60 {
            let first = stream.chance_ppb(800_000_000);
            let second = if first { stream.chance_ppb(875_000_000) } else { stream.chance_ppb(250_000_000) };
            pairs.add(Some(first.into()), Some(second.into()));
        }
        pairs.compare_truths(usual).mean
    };
    // 0.8 x 0.875 + 0.2 x 0.25 is 0.75.
    let covers = covered(-0.05, differs);
    assert!((929..=975).contains(&covers), "{covers}");
    let all = share_difference(0, 3, 3, usual);
    assert!(all.value == -1.0 && all.low == -1.0 && all.high < 0.2, "{all:?}");
    assert_eq!(share_difference(0, 0, 0, usual).low, -1.0);
}

/// Goal: whoever stops as soon as the interval is short enough has the truth in it as often as it says. Method: means of exponential
/// values, whose short intervals are those of samples that lie too low: that is where stopping does most harm.
#[test]
fn stopping_early_keeps_the_coverage() {
    let looks = Looks::doubling(25, 800, Confidence::USUAL);
    assert_eq!(looks.sizes(), [25, 50, 100, 200, 400, 800]);
    assert!((looks.confidence().share() - (1.0 - 0.05 / 6.0)).abs() < 1e-12);
    let mut stopped_early = 0;
    let mut stop = |stream: &mut Stream, confidence: Confidence| {
        let mut summary = Summary::default();
        for size in looks.sizes() {
            summary.merge(&exponential(size - summary.count(), stream));
            let estimate = mean(&summary, confidence);
            if estimate.half_width() <= MEAN as f64 * 0.25 || *size == 800 {
                stopped_early += u32::from(*size < 800);
                return estimate;
            }
        }
        unreachable!("the last look ends it")
    };
    let with = covered(MEAN as f64, |stream| stop(stream, looks.confidence()));
    let without = covered(MEAN as f64, |stream| stop(stream, Confidence::USUAL));
    assert!(with >= 945, "with the correction: {with}");
    assert!(without < with, "without the correction: {without}, with it: {with}");
    assert!(stopped_early > 1_500, "{stopped_early}");
}

proptest! {
    /// Parts give the summary of the whole, whatever the order.
    #[test]
    fn summaries_of_parts_are_the_summary_of_the_whole(
        values in proptest::collection::vec(proptest::option::of(-1_000_000_i64..1_000_000_000_000), 0..60),
        cut in 0..60_usize,
    ) {
        let of = |values: &[Option<i64>]| {
            let mut summary = Summary::default();
            values.iter().for_each(|value| summary.add(*value));
            summary
        };
        let (one, other) = values.split_at(cut.min(values.len()));
        let (mut forth, mut back) = (of(one), of(other));
        forth.merge(&of(other));
        back.merge(&of(one));
        prop_assert_eq!(&forth, &of(&values));
        prop_assert_eq!(&forth, &back);
        for confidence in [Confidence::USUAL, Confidence::USUAL.among(7)] {
            let estimate = mean(&forth, confidence);
            prop_assert!(forth.count() == 0 || estimate.low <= estimate.value && estimate.value <= estimate.high);
        }
    }

    /// More confidence never gives a shorter interval, and an estimate lies in its own.
    #[test]
    fn intervals_are_in_order(tries in 1..400_u64, share in 0.0..1.0_f64, ppm in 1..1_000_000_u32) {
        let hits = (tries as f64 * share) as u64;
        for interval in [wilson, clopper_pearson] {
            let (usual, more) = (interval(hits, tries, Confidence::USUAL), interval(hits, tries, Confidence::USUAL.among(10)));
            prop_assert!(0.0 <= more.low && more.low <= usual.low && usual.low <= usual.value + 1e-12);
            prop_assert!(usual.value - 1e-12 <= usual.high && usual.high <= more.high && more.high <= 1.0);
        }
        let ranks = ranks(tries, ppm, Confidence::USUAL);
        let point = point_rank(tries, ppm);
        prop_assert!(ranks.low.is_none_or(|low| low >= 1 && low <= point));
        prop_assert!(ranks.high.is_none_or(|high| point <= high && high <= tries));
    }
}
