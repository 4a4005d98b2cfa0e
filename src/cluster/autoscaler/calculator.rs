//! How many pods a metric asks for. Each function repeats the operations of its source with float64 in their order; what
//! leaves is an integer. Sources: k8s.io/kubernetes v1.36.3, pkg/controller/podautoscaler, replica_calculator.go and
//! metrics/utilization.go; horizontal.go for the limits on how fast the number may change.

/// What counts of a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// What it uses, in thousandths.
    pub value: u64,
    /// What it requests, in thousandths.
    pub request: u64,
    /// How it counts.
    pub group: Group,
}

/// How a pod counts (`groupPods`). Pods on their way out and failed ones are not sampled at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// With what it uses.
    Ready,
    /// It has not begun to serve: with nothing, if the others ask for more.
    Unready,
    /// Its use is not known: with nothing or with all of it, whichever changes less.
    Missing,
}

/// How far a ratio may be from 1 without a change, in thousandths: downwards, upwards.
pub type Tolerances = [u32; 2];

/// What the pods are to come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// Hundredths of what they request.
    Utilization(u32),
    /// So much a pod, in thousandths.
    Average(u64),
}

fn is_within([down, up]: Tolerances, ratio: f64) -> bool {
    (1.0 - f64::from(down) / 1000.0) <= ratio && ratio <= (1.0 + f64::from(up) / 1000.0)
}

/// `GetResourceUtilizationRatio` and `GetMetricUsageRatio`; `None` without requests or samples.
fn usage_ratio(aim: Aim, samples: &[(u64, u64)]) -> Option<f64> {
    let used: u64 = samples.iter().map(|(value, _)| value).sum();
    match aim {
        Aim::Utilization(target) => {
            let requested: u64 = samples.iter().map(|(_, request)| request).sum();
            let percent = (used * 100).checked_div(requested)?;
            Some(percent as f64 / f64::from(target))
        }
        Aim::Average(target) => {
            let average = used.checked_div(samples.len() as u64)?;
            Some(average as f64 / target as f64)
        }
    }
}

/// `GetResourceReplicas` and `calcPlainMetricReplicas`: how many pods these samples ask for.
///
/// # Errors
/// Why it cannot be told.
pub fn replicas_by_pods(
    current: u32,
    aim: Aim,
    samples: &[Sample],
    tolerances: Tolerances,
) -> Result<u32, &'static str> {
    if samples.is_empty() {
        return Err("no pods returned by selector while calculating replica count");
    }
    let of = |group: Group| samples.iter().filter(move |sample| sample.group == group);
    let pair = |sample: &Sample| (sample.value, sample.request);
    let mut counted: Vec<(u64, u64)> = of(Group::Ready).map(pair).collect();
    let ready = counted.len();
    if counted.is_empty() {
        return Err("did not receive metrics for targeted pods (pods might be unready)");
    }
    let (unready, missing) = (of(Group::Unready).count(), of(Group::Missing).count());
    let ratio = usage_ratio(aim, &counted).ok_or("no metrics returned matched known pods")?;
    let up_with_unready = unready > 0 && ratio > 1.0;
    if !up_with_unready && missing == 0 {
        if is_within(tolerances, ratio) {
            return Ok(current);
        }
        return Ok((ratio * ready as f64).ceil() as u32);
    }
    if missing > 0 && ratio < 1.0 {
        let full = |sample: &Sample| match aim {
            Aim::Utilization(target) => sample.request * u64::from(target.max(100)) / 100,
            Aim::Average(target) => target,
        };
        counted.extend(of(Group::Missing).map(|sample| (full(sample), sample.request)));
    } else if missing > 0 && ratio > 1.0 {
        counted.extend(of(Group::Missing).map(|sample| (0, sample.request)));
    }
    if up_with_unready {
        counted.extend(of(Group::Unready).map(|sample| (0, sample.request)));
    }
    let again = usage_ratio(aim, &counted).ok_or("no metrics returned matched known pods")?;
    if is_within(tolerances, again) || (ratio < 1.0 && again > 1.0) || (ratio > 1.0 && again < 1.0) {
        return Ok(current);
    }
    let wanted = (again * counted.len() as f64).ceil() as u32;
    if (again < 1.0 && wanted > current) || (again > 1.0 && wanted < current) {
        return Ok(current);
    }
    Ok(wanted)
}

/// `getUsageRatioReplicaCount`: how many pods a value for all of them asks for.
pub fn replicas_by_total(current: u32, usage: u64, target: u64, ready: u32, tolerances: Tolerances) -> u32 {
    let ratio = usage as f64 / target as f64;
    if current == 0 {
        return ratio.ceil() as u32;
    }
    if is_within(tolerances, ratio) {
        return current;
    }
    (ratio * f64::from(ready)).ceil() as u32
}

/// So many percent more, rounded up (`calculateScaleUpLimitWithScalingRules`).
pub fn grown(replicas: i64, percent: u32) -> i64 {
    (replicas as f64 * (1.0 + f64::from(percent) / 100.0)).ceil() as i64
}

/// So many percent less, cut to a whole number (`calculateScaleDownLimitWithBehaviors`).
pub fn shrunk(replicas: i64, percent: u32) -> i64 {
    (replicas as f64 * (1.0 - f64::from(percent) / 100.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Tolerances = [100, 100];

    fn sample(value: u64, group: Group) -> Sample {
        Sample { value, request: 1000, group }
    }

    fn by_cpu(current: u32, target: u32, samples: &[Sample]) -> u32 {
        replicas_by_pods(current, Aim::Utilization(target), samples, TENTH).expect("there are samples")
    }

    /// Cases of replica_calculator_test.go, by their names there.
    #[test]
    fn counts_as_the_sources_own_tests_do() {
        let all = |values: &[u64]| values.iter().map(|value| sample(*value, Group::Ready)).collect::<Vec<_>>();
        // TestReplicaCalcScaleUp, TestReplicaCalcScaleDown.
        assert_eq!(by_cpu(3, 30, &all(&[300, 500, 700])), 5);
        assert_eq!(by_cpu(5, 50, &all(&[100, 300, 500, 250, 250])), 3);
        // TestReplicaCalcScaleUpUnreadyLessScale.
        let mut unready = all(&[500, 700]);
        unready.insert(0, sample(0, Group::Unready));
        assert_eq!(by_cpu(3, 30, &unready), 4);
        // TestReplicaCalcTolerance: 1.0 against 1.0 within a tenth.
        assert_eq!(by_cpu(3, 100, &all(&[1010, 1030, 1020])), 3);
        // TestReplicaCalcMissingMetricsUnreadyScaleUp: 3 pods, one without metrics, one unready.
        let mixed = [sample(0, Group::Unready), sample(450, Group::Ready), sample(0, Group::Missing)];
        assert_eq!(by_cpu(3, 50, &mixed), 3);
        // TestReplicaCalcSuperfluousMetrics has 4 pods at 4000, 9500, 3000, 7000 of 1000 and asks for 24.
        assert_eq!(by_cpu(4, 100, &all(&[4000, 9500, 3000, 7000])), 24);
    }

    #[test]
    fn nothing_is_asked_without_samples() {
        assert!(replicas_by_pods(1, Aim::Utilization(50), &[], TENTH).is_err());
        assert!(replicas_by_pods(1, Aim::Utilization(50), &[sample(0, Group::Unready)], TENTH).is_err());
        assert!(
            replicas_by_pods(1, Aim::Utilization(50), &[Sample { request: 0, ..sample(5, Group::Ready) }], TENTH)
                .is_err()
        );
    }

    #[test]
    fn totals_and_rates() {
        // TestReplicaCalcScaleUpCMObject: 20000m of 15000m with 3 ready pods.
        assert_eq!(replicas_by_total(3, 20_000, 15_000, 3, TENTH), 4);
        assert_eq!(replicas_by_total(0, 20_000, 15_000, 0, TENTH), 2);
        assert_eq!((grown(3, 50), shrunk(3, 50), grown(7, 10)), (5, 1, 8));
    }
}
