//! How fast an autoscaler may change the number of pods: recommendations of the past that hold it back, and policies.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas and what it calls).

use super::calculator::{grown, shrunk};
use crate::kernel::{Duration, Time};
use crate::workload::policy::{AutoscalerSpec, ScalingRules, ScalingSelect};

/// What an autoscaler remembers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What was asked for, and when.
    recommendations: Vec<(Time, u32)>,
    /// Pods that were added, and when.
    ups: Vec<(Time, u32)>,
    /// Pods that were taken away, and when.
    downs: Vec<(Time, u32)>,
}

/// The number of pods that comes of an answer, and what held it back: a reason of the conditions, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How many pods.
    pub replicas: u32,
    /// The reason of the condition ScalingLimited, if it is true.
    pub limited: Option<&'static str>,
}

/// True after a cut that lies so long before now.
fn is_after(at: Time, now: Time, window: Duration) -> bool {
    at + window > now
}

impl Memory {
    /// The first recommendation is what there is.
    pub fn begin(&mut self, now: Time, replicas: u32) {
        if self.recommendations.is_empty() {
            self.recommendations.push((now, replicas));
        }
    }

    /// True if nothing that it remembers asks for another number than this.
    pub fn agrees_on(&self, replicas: u32) -> bool {
        self.recommendations.iter().all(|(_, one)| *one == replicas)
    }

    /// Up to the tick before this one every answer was the last one again.
    pub fn slept(&mut self, now: Time, period: Duration) {
        if let Some((at, replicas)) = self.recommendations.last().copied() {
            let before = Time::from_nanos(now.nanos().saturating_sub(period.nanos()));
            if before > at {
                self.recommendations.push((before, replicas));
            }
        }
    }

    /// Holds an answer back as the spec says, and remembers it.
    pub fn normalize(
        &mut self,
        spec: &AutoscalerSpec,
        now: Time,
        current: u32,
        wanted: u32,
        default_window: Duration,
    ) -> Outcome {
        if spec.up.policies.is_empty() && spec.down.policies.is_empty() {
            return self.normalize_by_default(spec, now, current, wanted, default_window);
        }
        let stable = self.stabilize(spec, now, current, wanted);
        let limit = |limit: u32, reason| Outcome { replicas: limit, limited: Some(reason) };
        if stable > current {
            let by_rate = self.up_limit(&spec.up, now, current).max(i64::from(current)) as u32;
            let (most, reason) = match spec.replicas_max > by_rate {
                true => (by_rate, "ScaleUpLimit"),
                false => (spec.replicas_max, "TooManyReplicas"),
            };
            if stable > most {
                return limit(most, reason);
            }
        } else if stable < current {
            let by_rate = self.down_limit(&spec.down, now, current).clamp(0, i64::from(current)) as u32;
            let (least, reason) = match spec.replicas_min < by_rate {
                true => (by_rate, "ScaleDownLimit"),
                false => (spec.replicas_min, "TooFewReplicas"),
            };
            if stable < least {
                return limit(least, reason);
            }
        }
        Outcome { replicas: stable, limited: None }
    }

    /// Without `behavior`: the largest recommendation of the window, at most twice as many pods or four
    /// (`stabilizeRecommendation`, `convertDesiredReplicasWithRules`).
    fn normalize_by_default(
        &mut self,
        spec: &AutoscalerSpec,
        now: Time,
        current: u32,
        wanted: u32,
        window: Duration,
    ) -> Outcome {
        self.recommendations.retain(|(at, _)| *at + window >= now);
        let stable = self.recommendations.iter().map(|(_, one)| *one).max().unwrap_or(wanted).max(wanted);
        self.recommendations.push((now, wanted));
        let by_rate = (current * 2).max(4);
        let (most, reason) = match spec.replicas_max > by_rate {
            true => (by_rate, "ScaleUpLimit"),
            false => (spec.replicas_max, "TooManyReplicas"),
        };
        match stable {
            few if few < spec.replicas_min => Outcome { replicas: spec.replicas_min, limited: Some("TooFewReplicas") },
            many if many > most => Outcome { replicas: most, limited: Some(reason) },
            stable => Outcome { replicas: stable, limited: None },
        }
    }

    /// `stabilizeRecommendationWithBehaviors`.
    fn stabilize(&mut self, spec: &AutoscalerSpec, now: Time, current: u32, wanted: u32) -> u32 {
        let windows = [spec.up.stabilization_window, spec.down.stabilization_window];
        let within = |window: Duration| {
            let recent = self.recommendations.iter().filter(move |(at, _)| is_after(*at, now, window));
            recent.map(|(_, one)| *one)
        };
        let up = within(windows[0]).fold(wanted, u32::min);
        let down = within(windows[1]).fold(wanted, u32::max);
        let longest = windows[0].max(windows[1]);
        self.recommendations.retain(|(at, _)| *at + longest >= now);
        self.recommendations.push((now, wanted));
        current.max(up).min(down)
    }

    /// Remembers a change, for the policies.
    pub fn changed(&mut self, spec: &AutoscalerSpec, now: Time, from: u32, to: u32) {
        let longest = |rules: &ScalingRules| rules.policies.iter().map(|policy| policy.period).max();
        let (events, rules) = if to > from { (&mut self.ups, &spec.up) } else { (&mut self.downs, &spec.down) };
        let longest = longest(rules).unwrap_or(Duration::ZERO);
        events.retain(|(at, _)| *at + longest >= now);
        events.push((now, to.abs_diff(from)));
    }

    /// How many pods there were when a policy's period began.
    fn at_start(&self, now: Time, period: Duration, current: u32) -> i64 {
        let sum = |events: &[(Time, u32)]| -> i64 {
            let recent = events.iter().filter(|(at, _)| is_after(*at, now, period));
            recent.map(|(_, change)| i64::from(*change)).sum()
        };
        i64::from(current) - sum(&self.ups) + sum(&self.downs)
    }

    fn up_limit(&self, rules: &ScalingRules, now: Time, current: u32) -> i64 {
        let limits = rules.policies.iter().map(|policy| {
            let start = self.at_start(now, policy.period, current);
            if policy.percent { grown(start, policy.value) } else { start + i64::from(policy.value) }
        });
        match rules.select {
            ScalingSelect::Disabled => i64::from(current),
            ScalingSelect::Min => limits.min().unwrap_or(i64::from(i32::MAX)),
            ScalingSelect::Max => limits.max().unwrap_or(i64::from(i32::MAX)),
        }
    }

    fn down_limit(&self, rules: &ScalingRules, now: Time, current: u32) -> i64 {
        let limits = rules.policies.iter().map(|policy| {
            let start = self.at_start(now, policy.period, current);
            if policy.percent { shrunk(start, policy.value) } else { start - i64::from(policy.value) }
        });
        match rules.select {
            ScalingSelect::Disabled => i64::from(current),
            // The smallest change leaves the most pods.
            ScalingSelect::Min => limits.max().unwrap_or(0),
            ScalingSelect::Max => limits.min().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Name, Symbol};
    use crate::timeline::{Kind, Subject};
    use crate::workload::policy::ScalingPolicy;

    fn seconds(count: u64) -> Time {
        Time::ZERO + Duration::from_secs(count)
    }

    fn rules(window: u64, policies: &[(bool, u32)]) -> ScalingRules {
        let period = Duration::from_secs(60);
        let policies =
            policies.iter().map(|(percent, value)| ScalingPolicy { percent: *percent, value: *value, period });
        ScalingRules {
            stabilization_window: Duration::from_secs(window),
            policies: policies.collect(),
            select: ScalingSelect::Max,
            tolerance_permille: 100,
        }
    }

    fn spec(up: ScalingRules, down: ScalingRules) -> AutoscalerSpec {
        let target = Subject::new(Kind::Deployment, Name::plain(Symbol::EMPTY));
        AutoscalerSpec { target, replicas_min: 1, replicas_max: 100, metrics: Vec::new(), up, down }
    }

    #[test]
    fn without_behavior_it_doubles_at_most_and_shrinks_after_the_window() {
        let none = spec(rules(0, &[]), rules(0, &[]));
        let window = Duration::from_secs(300);
        let mut memory = Memory::default();
        memory.begin(seconds(0), 1);
        let mut next = |at, current, wanted| memory.normalize(&none, seconds(at), current, wanted, window).replicas;
        assert_eq!(next(15, 1, 50), 4);
        assert_eq!(next(30, 4, 50), 8);
        assert_eq!(next(45, 8, 2), 16, "the larger recommendation of the window still counts");
        assert_eq!(next(345, 50, 2), 2);
    }

    #[test]
    fn policies_bound_the_change_of_their_period() {
        let slow = spec(rules(0, &[(false, 2), (true, 10)]), rules(0, &[(true, 50)]));
        let mut memory = Memory::default();
        let mut next = |at, current, wanted: u32| {
            let outcome = memory.normalize(&slow, seconds(at), current, wanted, Duration::ZERO);
            if outcome.replicas != current {
                memory.changed(&slow, seconds(at), current, outcome.replicas);
            }
            (outcome.replicas, outcome.limited)
        };
        assert_eq!(next(15, 10, 20), (12, Some("ScaleUpLimit")));
        assert_eq!(next(30, 12, 20), (12, Some("ScaleUpLimit")), "two were added in this minute");
        assert_eq!(next(80, 12, 20), (14, Some("ScaleUpLimit")));
        // Within the minute fourteen were there at its start less two: half of what began it may go.
        assert_eq!(next(95, 14, 1), (6, Some("ScaleDownLimit")));
    }

    #[test]
    fn a_window_takes_the_most_cautious_answer() {
        let cautious = spec(rules(60, &[(true, 900)]), rules(300, &[(true, 100)]));
        let mut memory = Memory::default();
        memory.begin(seconds(0), 5);
        let mut next =
            |at, current, wanted| memory.normalize(&cautious, seconds(at), current, wanted, Duration::ZERO).replicas;
        assert_eq!(next(15, 5, 9), 5, "five was asked for less than a minute ago");
        assert_eq!(next(61, 5, 9), 9);
        assert_eq!(next(90, 9, 2), 9);
        assert_eq!(next(362, 9, 2), 2);
    }
}
