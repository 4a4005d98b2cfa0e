//! Quantiles of the normal distribution in IEEE double precision: additions, multiplications and divisions in a fixed
//! order, with `log`, `sqrt` and `erfc` of the `libm` crate, so that every machine gets the same bits.
//! The only floating point of the kernel stands here and in `distribution`.

/// The share of a standard normal distribution below `z`.
pub(super) fn normal_share_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The value that a standard normal draw is below with probability `p`, for 0 < p < 1.
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37(3), 1988
/// (PPND16, about 16 digits).
pub(super) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE_NUMERATOR, r) / polynomial(&CENTRE_DENOMINATOR, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail));
    let z = if r <= 5.0 {
        polynomial(&NEAR_NUMERATOR, r - 1.6) / polynomial(&NEAR_DENOMINATOR, r - 1.6)
    } else {
        polynomial(&FAR_NUMERATOR, r - 5.0) / polynomial(&FAR_DENOMINATOR, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

/// Horner's rule; the coefficient of the highest power comes first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

const CENTRE_NUMERATOR: [f64; 8] = [
    2.509_080_928_730_122_7e3,
    3.343_057_558_358_813e4,
    6.726_577_092_700_87e4,
    4.592_195_393_154_987e4,
    1.373_169_376_550_946e4,
    1.971_590_950_306_551_3e3,
    1.331_416_678_917_843_8e2,
    3.387_132_872_796_366_5,
];
const CENTRE_DENOMINATOR: [f64; 8] = [
    5.226_495_278_852_854e3,
    2.872_908_573_572_194_3e4,
    3.930_789_580_009_271e4,
    2.121_379_430_158_659_7e4,
    5.394_196_021_424_751e3,
    6.871_870_074_920_579e2,
    4.231_333_070_160_091e1,
    1.0,
];
const NEAR_NUMERATOR: [f64; 8] = [
    7.745_450_142_783_414e-4,
    2.272_384_498_926_918_4e-2,
    2.417_807_251_774_506e-1,
    1.270_458_252_452_368_4,
    3.647_848_324_763_204_5,
    5.769_497_221_460_691,
    4.630_337_846_156_546,
    1.423_437_110_749_683_5,
];
const NEAR_DENOMINATOR: [f64; 8] = [
    1.050_750_071_644_416_9e-9,
    5.475_938_084_995_345e-4,
    1.519_866_656_361_645_7e-2,
    1.481_039_764_274_800_8e-1,
    6.897_673_349_851e-1,
    1.676_384_830_183_803_8,
    2.053_191_626_637_759,
    1.0,
];
const FAR_NUMERATOR: [f64; 8] = [
    2.010_334_399_292_288_1e-7,
    2.711_555_568_743_487_6e-5,
    1.242_660_947_388_078_4e-3,
    2.653_218_952_657_612_4e-2,
    2.965_605_718_285_048_7e-1,
    1.784_826_539_917_291_3,
    5.463_784_911_164_114,
    6.657_904_643_501_103,
];
const FAR_DENOMINATOR: [f64; 8] = [
    2.044_263_103_389_939_8e-15,
    1.421_511_758_316_446e-7,
    1.846_318_317_510_054_8e-5,
    7.868_691_311_456_133e-4,
    1.487_536_129_085_061_5e-2,
    1.369_298_809_227_358e-1,
    5.998_322_065_558_88e-1,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of the common tables, and one far out (the share below -8 is 6.22e-16).
    #[test]
    fn agrees_with_published_percentage_points() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-14 * (1.0 + z.abs()), "{p}: {}", normal_quantile(p));
        }
    }

    /// The two functions are computed in ways that share nothing, and undo each other.
    #[test]
    fn share_and_quantile_undo_each_other() {
        for step in -80..=80 {
            let z = f64::from(step) / 10.0;
            // Above the mean the share is next to 1, where doubles lie further apart.
            let tolerance = if z > 0.0 { 1e-15 / (-0.5 * z * z).exp().max(1e-15) } else { 1e-12 };
            if z < 5.0 {
                let back = normal_quantile(normal_share_below(z));
                assert!((back - z).abs() <= 1e-13 + 10.0 * tolerance, "{z}: {back}");
            }
        }
    }

    /// The same bits everywhere: these are the bits of this machine, and of any other.
    #[test]
    fn bits_are_fixed() {
        let bits: Vec<String> =
            [0.3, 0.05, 1e-3, 1e-12, 0.999_999].map(|p| format!("{:016x}", normal_quantile(p).to_bits())).into();
        insta::assert_snapshot!(bits.join(" "), @"bfe0c7e39582c5fa bffa515209676abd c008b8cbb7204470 c01c234fba57a32a 40130381a97985f1");
        let bits: Vec<String> =
            [-9.0, -2.5, -0.1, 0.7, 3.3].map(|z| format!("{:016x}", normal_share_below(z).to_bits())).into();
        insta::assert_snapshot!(bits.join(" "), @"3c00a7afbb1ee64e 3f796f4e57e49ce2 3fdd7375f15b2f1e 3fe841d5715c32a8 3feffc0a2fa3c9a5");
    }
}
