//! How a new version takes the place of an old one: the decisions of PaaSTA's bounce methods, and the percentages that the
//! same methods become on Kubernetes. Which pods carry a decision out is not known here.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/bounce_lib.py and paasta_tools/kubernetes_tools.py
//! (get_deployment_strategy_config).

use super::model::{BounceMethod, Decimal};
use crate::workload::{IntOrPercent, Strategy};

/// How pods of old versions make way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Method {
    /// Old pods go at once.
    Brutal,
    /// Old pods go as new ones come.
    Crossover,
    /// Old pods go once all new ones are there. Not on Kubernetes.
    UpThenDown,
    /// New pods come once no old one is left.
    DownThenUp,
    /// Old pods go, and nothing comes: an instance that is stopped.
    Down,
}

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

/// What a bounce sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing<'a> {
    /// Pods that are wanted of the new version.
    pub instances: u32,
    /// The new version was created, whatever became of it.
    pub new_app_running: bool,
    /// Its pods that serve.
    pub happy_new: u32,
    /// Pods of old versions that are not drained already.
    pub old: u32,
    /// The share of the wanted pods that there must be.
    pub margin: &'a Decimal,
}

/// What a bounce does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Create the new version.
    pub create_app: bool,
    /// So many old pods are drained.
    pub drain: u32,
}

/// The next thing that a method does.
pub fn decide(method: Method, seen: Standing<'_>) -> Decision {
    let Standing { instances, new_app_running, happy_new, old, margin } = seen;
    match method {
        Method::Brutal => Decision { create_app: !new_app_running, drain: old },
        Method::UpThenDown if new_app_running && happy_new == instances => Decision { create_app: false, drain: old },
        Method::UpThenDown => Decision { create_app: !new_app_running, drain: 0 },
        Method::Crossover => {
            let needed = needed(instances, margin).saturating_sub(happy_new);
            Decision { create_app: !new_app_running, drain: old.saturating_sub(needed) }
        }
        Method::DownThenUp => Decision { create_app: old == 0 && !new_app_running, drain: old },
        Method::Down => Decision { create_app: false, drain: old },
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
    fn methods_drain_what_the_source_drains() {
        let (whole, half) = (decimal("1"), decimal("0.5"));
        let full = Standing { instances: 10, new_app_running: true, happy_new: 4, old: 10, margin: &whole };
        let none_new = Standing { new_app_running: false, happy_new: 0, ..full };
        let decide = |method, seen| {
            let Decision { create_app, drain } = decide(method, seen);
            (create_app, drain)
        };
        assert_eq!(decide(Method::Crossover, full), (false, 4));
        assert_eq!(decide(Method::Crossover, Standing { margin: &half, ..full }), (false, 9));
        assert_eq!(decide(Method::Crossover, none_new), (true, 0));
        assert_eq!(decide(Method::UpThenDown, full), (false, 0));
        assert_eq!(decide(Method::UpThenDown, Standing { happy_new: 10, ..full }), (false, 10));
        assert_eq!(decide(Method::DownThenUp, none_new), (false, 10));
        assert_eq!(decide(Method::DownThenUp, Standing { old: 0, ..none_new }), (true, 0));
        assert_eq!(decide(Method::Brutal, none_new), (true, 10));
        assert_eq!(decide(Method::Down, none_new), (false, 10));
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
