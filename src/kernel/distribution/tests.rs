//! Means, bounds and golden values of the distributions, and what their parameters may not be.

use super::*;
use crate::kernel::Streams;
use proptest::prelude::*;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn normal(mean: u64, deviation: u64, min: u64, max: Duration) -> Distribution {
    Distribution::Normal { mean: secs(mean), deviation: secs(deviation), min: secs(min), max }
}

fn lognormal(mean: u64, deviation: u64, min: u64, max: Duration) -> Distribution {
    Distribution::LogNormal { mean: secs(mean), deviation: secs(deviation), min: secs(min), max }
}

fn exponential(mean: u64, min: u64, max: Duration) -> Distribution {
    Distribution::Exponential { mean: secs(mean), min: secs(min), max }
}

fn draws(distribution: &Distribution, count: usize) -> Vec<Duration> {
    let mut stream = Streams::new(11).stream("test", "distribution", 0);
    (0..count).map(|_| distribution.sample(&mut stream)).collect()
}

/// The mean and the standard deviation of 10,000 draws, in milliseconds.
fn moments(distribution: &Distribution) -> (f64, f64) {
    let millis: Vec<f64> = draws(distribution, 10_000).iter().map(|length| length.nanos() as f64 / 1e6).collect();
    let mean = millis.iter().sum::<f64>() / 1e4;
    let variance = millis.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e4;
    (mean, variance.sqrt())
}

#[track_caller]
fn assert_moments(distribution: &Distribution, mean: f64, deviation: f64, tolerance: f64) {
    let (found_mean, found_deviation) = moments(distribution);
    assert!((found_mean / mean - 1.0).abs() < tolerance, "mean {found_mean}, not {mean}");
    assert!(
        (found_deviation / deviation - 1.0).abs() < 2.0 * tolerance,
        "deviation {found_deviation}, not {deviation}"
    );
}

/// Each has its mean and deviation where the bounds do not cut; 10,000 draws leave an error of 1 % of a deviation.
#[test]
fn draws_have_the_moments_that_the_parameters_name() {
    let uniform = Distribution::Uniform { min: secs(10), max: secs(20) };
    assert_moments(&uniform, 15_000.0, 10_000.0 / 12_f64.sqrt(), 0.02);
    assert_moments(&normal(240, 30, 0, Distribution::MAX), 240_000.0, 30_000.0, 0.02);
    assert_moments(&lognormal(90, 45, 0, Distribution::MAX), 90_000.0, 45_000.0, 0.03);
    assert_moments(&exponential(60, 0, Distribution::MAX), 60_000.0, 60_000.0, 0.03);
    // 1 s and 4 s, one to three.
    let empirical = Distribution::Empirical { values: vec![(secs(1), 1), (secs(9), 0), (secs(4), 3)] };
    assert_moments(&empirical, 3_250.0, 3_000.0 * (3.0_f64 / 16.0).sqrt(), 0.02);
}

/// Half a bell has the mean 0.798 deviations and the deviation 0.603; a cut exponential begins at its `min`.
#[test]
fn a_cut_takes_away_and_does_not_pile_up() {
    assert_moments(&normal(100, 10, 100, Distribution::MAX), 107_979.0, 6_028.0, 0.02);
    assert_moments(&exponential(60, 30, Distribution::MAX), 90_000.0, 60_000.0, 0.03);
    let cut = normal(100, 10, 95, secs(105));
    assert!(draws(&cut, 10_000).iter().filter(|length| **length == secs(95) || **length == secs(105)).count() < 3);
}

#[test]
fn a_deviation_of_zero_is_a_constant() {
    for distribution in [normal(7, 0, 0, secs(9)), lognormal(7, 0, 0, secs(9)), Distribution::Constant(secs(7))] {
        assert_eq!(distribution.check(), Ok(()));
        assert_eq!(draws(&distribution, 3), [secs(7); 3]);
    }
}

/// What these draws are is part of what a seed means, on every machine.
#[test]
fn draws_are_those_of_version_1() {
    let row = |draws: &[Duration]| draws.iter().map(|draw| draw.nanos().to_string()).collect::<Vec<_>>().join(" ");
    let shown = |distribution: Distribution| draws(&distribution, 20).chunks(5).map(row).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown(Distribution::Uniform { min: secs(10), max: secs(20) }), @"
            17905621299 19520642869 19807711002 11358915844 12372168556
            17598740719 15067860934 17656988823 17795459844 17436876598
            15192208659 17363691537 14163324357 13807363915 16478196638
            11115652275 18377235747 15231811670 14338143249 12485542525
            ");
    insta::assert_snapshot!(shown(normal(240, 30, 120, Distribution::MAX)), @"
            264251889379 289956672557 302098642654 207034802910 218543832902
            261177659964 240511505850 261743381083 263120529655 259643444920
            241447092999 258966514442 233662870857 230895124460 251384120744
            203457059761 269554977975 241745316700 235001226813 219630863680
            ");
    insta::assert_snapshot!(shown(lognormal(90, 45, 10, secs(600))), @"
            117929365343 176761808306 213991181535 47899935667 57417760513
            112356844287 81147637154 113362156731 115847169546 109675115213
            82351952710 108512315642 72851939515 69745078938 96300343145
            45275684205 128199280534 82739578784 74403536961 58409072378
            ");
    insta::assert_snapshot!(shown(exponential(60, 5, secs(300))), @"
            97163565360 179125600948 223037166426 13694359392 21110393998
            89220870207 46958927260 90649806953 94189952183 85419922756
            48468160373 83777359731 36992804665 33483901846 66813835916
            12042489250 111880695001 48956911618 38794255234 22000208807
            ");
    insta::assert_snapshot!(shown(Distribution::Empirical { values: vec![(secs(1), 1), (secs(4), 3), (secs(9), 2)] }), @"
            9000000000 9000000000 9000000000 1000000000 4000000000
            9000000000 4000000000 9000000000 9000000000 9000000000
            4000000000 9000000000 4000000000 4000000000 4000000000
            1000000000 9000000000 4000000000 4000000000 4000000000
            ");
}

#[test]
fn says_what_is_wrong_with_parameters() {
    let wrong = |distribution: Distribution| distribution.check().expect_err("this cannot be drawn");
    insta::assert_snapshot!(wrong(Distribution::Uniform { min: secs(5), max: secs(3) }), @"min 5s is more than max 3s");
    insta::assert_snapshot!(wrong(normal(4, 1, 5, secs(3))), @"min 5s is more than max 3s");
    insta::assert_snapshot!(wrong(lognormal(0, 1, 0, secs(3))), @"the mean must be more than 0s");
    insta::assert_snapshot!(wrong(exponential(0, 0, secs(3))), @"the mean must be more than 0s");
    insta::assert_snapshot!(wrong(normal(4, 0, 5, secs(6))), @"nothing of the distribution lies from min 5s to max 6s; widen them or move the mean");
    insta::assert_snapshot!(wrong(normal(4, 1, 500, secs(600))), @"nothing of the distribution lies from min 8m20s to max 10m; widen them or move the mean");
    insta::assert_snapshot!(wrong(Distribution::Empirical { values: vec![] }), @"none of the values can be drawn; give at least one with a weight above 0");
    insta::assert_snapshot!(wrong(Distribution::Empirical { values: vec![(secs(1), 0)] }), @"none of the values can be drawn; give at least one with a weight above 0");
}

fn length() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0..1000_u64, 0..2_u64.pow(40), Just(Time::MAX.nanos()), any::<u64>()]
        .prop_map(Duration::from_nanos)
}

fn distribution() -> impl Strategy<Value = Distribution> {
    let values = prop::collection::vec((length(), any::<u32>()), 0..4);
    (0..5, length(), length(), length(), length(), values).prop_map(|(kind, mean, deviation, min, max, values)| {
        match kind {
            0 => Distribution::Uniform { min, max },
            1 => Distribution::Normal { mean, deviation, min, max },
            2 => Distribution::LogNormal { mean, deviation, min, max },
            3 => Distribution::Exponential { mean, min, max },
            _ => Distribution::Empirical { values },
        }
    })
}

proptest! {
    /// Absurd parameters never panic, and accepted ones never leave their bounds.
    #[test]
    fn draws_stay_within_their_bounds(distribution in distribution(), seed in any::<u64>()) {
        let mut stream = Streams::new(seed).stream("test", "bounds", 0);
        let (min, max) = distribution.bounds();
        for _ in 0..20 {
            let drawn = distribution.sample(&mut stream);
            if distribution.check().is_ok() {
                prop_assert!(min <= drawn && drawn <= max, "{drawn} is not from {min} to {max}");
            }
        }
    }
}
