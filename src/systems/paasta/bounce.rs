//! How PaaSTA's bounce methods are written: in Deployments, and as shares of pods. What a method decides where bounce_lib carries
//! it out is `workload::strategy::bounce`.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/bounce_lib.py and paasta_tools/kubernetes_tools.py
//! (get_deployment_strategy_config).

use super::model::{BounceMethod, Decimal};
use crate::workload::strategy::bounce::Method;
use crate::workload::{IntOrPercent, Strategy};

impl From<BounceMethod> for Method {
    fn from(method: BounceMethod) -> Method {
        match method {
            BounceMethod::Brutal => Method::Brutal,
            BounceMethod::Crossover => Method::Crossover,
            BounceMethod::Upthendown => Method::UpThenDown,
            BounceMethod::Downthenup => Method::DownThenUp,
        }
    }
}

/// How a method is written into a Deployment; `None` where Kubernetes has no such strategy.
pub fn strategy(method: Method, margin: &Decimal, overprovision: &Decimal) -> Option<Strategy> {
    let max_surge = IntOrPercent::Percent(max_surge_percent(overprovision));
    match method {
        Method::Crossover => {
            let max_unavailable = IntOrPercent::Percent(max_unavailable_percent(margin));
            Some(Strategy::RollingUpdate { max_surge, max_unavailable })
        }
        Method::Brutal => Some(Strategy::RollingUpdate { max_surge, max_unavailable: IntOrPercent::Percent(100) }),
        Method::DownThenUp => Some(Strategy::Recreate),
        Method::UpThenDown | Method::Down => None,
    }
}

/// Pods that suffice: `int(math.ceil(instances * bounce_margin_factor))`.
pub fn needed(instances: u32, margin: &Decimal) -> u32 {
    (f64::from(instances) * number(margin)).ceil() as u32
}

/// `int((1 - bounce_margin_factor) * 100)`: the fraction is cut off, and 0.9 gives 9.
pub fn max_unavailable_percent(margin: &Decimal) -> u32 {
    ((1.0 - number(margin)) * 100.0) as u32
}

/// `int(round(bounce_overprovision_factor * 100, 2))`.
pub fn max_surge_percent(overprovision: &Decimal) -> u32 {
    // Two decimals of the exact value, as Python rounds; the text is the shortest way to them.
    let rounded = format!("{:.2}", number(overprovision) * 100.0);
    rounded.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0)
}

/// `int(setpoint * 100)`.
pub fn percent_cut_off(share: &Decimal) -> u32 {
    (number(share) * 100.0) as u32
}

/// The pods that loop are at least this share of all: `len(looping) / len(pods) >= threshold`.
pub fn reaches_share(count: u32, all: u32, threshold: &Decimal) -> bool {
    all > 0 && f64::from(count) / f64::from(all) >= number(threshold)
}

/// The floating-point number that a document's text stands for. What is no number was refused when it was read.
fn number(decimal: &Decimal) -> f64 {
    decimal.0.parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal(text.to_owned())
    }

    #[test]
    fn percentages_have_the_faults_of_their_floats() {
        for (margin, percent) in [("0.95", 5), ("0.9", 9), ("0.8", 19), ("1", 0), ("1.0", 0)] {
            assert_eq!(max_unavailable_percent(&decimal(margin)), percent, "{margin}");
        }
        assert_eq!(max_surge_percent(&decimal("0.29")), 29);
        assert_eq!((needed(20, &decimal("0.95")), needed(19, &decimal("0.95"))), (19, 19));
        assert!(reaches_share(3, 3, &decimal("1.0")) && !reaches_share(2, 3, &decimal("1.0")));
        assert!(!reaches_share(0, 0, &decimal("0")));
    }

    #[test]
    fn kubernetes_has_three_of_the_methods() {
        let rolling = |max_surge, max_unavailable| {
            let [max_surge, max_unavailable] = [max_surge, max_unavailable].map(IntOrPercent::Percent);
            Some(Strategy::RollingUpdate { max_surge, max_unavailable })
        };
        let [most, whole, half] = ["0.95", "1.0", "0.5"].map(decimal);
        assert_eq!(strategy(Method::Crossover, &most, &whole), rolling(100, 5));
        assert_eq!(strategy(Method::Brutal, &most, &half), rolling(50, 100));
        assert_eq!(strategy(Method::DownThenUp, &whole, &whole), Some(Strategy::Recreate));
        assert_eq!(strategy(Method::UpThenDown, &whole, &whole), None);
    }
}
