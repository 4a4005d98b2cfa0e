//! Virtual time: integer nanoseconds since the start of a run. No clock is read here or anywhere in the kernel.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// An instant: nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A length of time in nanoseconds. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Time {
    /// The start of a run.
    pub const ZERO: Time = Time(0);
    /// The last instant that a queue can hold: 2^58 - 1 ns, a little over nine years.
    pub const MAX: Time = Time((1 << 58) - 1);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// The instant one nanosecond earlier; the start has none.
    pub const fn before(self) -> Time {
        Time(self.0.saturating_sub(1))
    }

    /// The last whole second that is not after `self`: what a timestamp of the Kubernetes API keeps of an instant.
    pub const fn whole_seconds(self) -> Time {
        Time(self.0 / NANOS_PER_SECOND * NANOS_PER_SECOND)
    }

    /// The first instant of the grid `origin + k * period` that is not before `self`.
    pub fn ceil_to(self, origin: Time, period: Duration) -> Time {
        if self <= origin || period.0 == 0 {
            return if period.0 == 0 { self } else { origin };
        }
        let past = self.0 - origin.0;
        Time(origin.0 + past.div_ceil(period.0) * period.0)
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// A length of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Duration {
        Duration(nanos)
    }

    /// A length of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis * NANOS_PER_MILLI)
    }

    /// A length of `seconds` seconds.
    pub const fn from_secs(seconds: u64) -> Duration {
        Duration(seconds * NANOS_PER_SECOND)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds, rounded down.
    pub const fn whole_secs(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// True for a length of zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Twice, three times … the length, at most `Time::MAX`.
    pub const fn saturating_mul(self, factor: u64) -> Duration {
        let product = self.0.saturating_mul(factor);
        Duration(if product > Time::MAX.0 { Time::MAX.0 } else { product })
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    /// Stops at `Time::MAX`, so that no sum can wrap around into the past.
    fn add(self, length: Duration) -> Time {
        Time(self.0.saturating_add(length.0).min(Time::MAX.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, length: Duration) {
        *self = *self + length;
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl Sub for Duration {
    type Output = Duration;
    /// Stops at zero.
    fn sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Duration {
    type Output = Duration;
    fn mul(self, factor: u64) -> Duration {
        self.saturating_mul(factor)
    }
}

impl Sum for Duration {
    fn sum<I: Iterator<Item = Duration>>(lengths: I) -> Duration {
        lengths.fold(Duration::ZERO, Add::add)
    }
}

impl fmt::Display for Time {
    /// `HH:MM:SS.mmm`; hours go on past 99. Digits below a millisecond are cut, not rounded.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / NANOS_PER_SECOND;
        let millis = self.0 % NANOS_PER_SECOND / NANOS_PER_MILLI;
        write!(out, "{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Duration {
    /// The shortest exact form in d, h, m, s, ms, us, ns: `1h30m`, `2.5s`, `250ms`, `0s`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / NANOS_PER_SECOND;
        let rest = self.0 % NANOS_PER_SECOND;
        if seconds == 0 && rest != 0 {
            return fmt_fraction(out, rest);
        }
        let mut wrote = false;
        for (unit, count) in [("h", seconds / 3600), ("m", seconds / 60 % 60)] {
            if count > 0 {
                write!(out, "{count}{unit}")?;
                wrote = true;
            }
        }
        if rest != 0 {
            let digits = format!("{rest:09}");
            return write!(out, "{}.{}s", seconds % 60, digits.trim_end_matches('0'));
        }
        if !seconds.is_multiple_of(60) || !wrote {
            write!(out, "{}s", seconds % 60)?;
        }
        Ok(())
    }
}

/// A length below one second, in the largest unit that keeps it whole.
fn fmt_fraction(out: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    if nanos.is_multiple_of(NANOS_PER_MILLI) {
        write!(out, "{}ms", nanos / NANOS_PER_MILLI)
    } else if nanos.is_multiple_of(1000) {
        write!(out, "{}us", nanos / 1000)
    } else {
        write!(out, "{nanos}ns")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_times_in_fixed_columns() {
        assert_eq!(Time::from_nanos(451_250_999_999).to_string(), "00:07:31.250");
        assert_eq!(Time::ZERO.to_string(), "00:00:00.000");
    }

    #[test]
    fn shows_lengths_in_their_shortest_exact_form() {
        let shown = |nanos| Duration::from_nanos(nanos).to_string();
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(250_000_000), "250ms");
        assert_eq!(shown(2_500_000_000), "2.5s");
        assert_eq!(shown(90_000_000_000), "1m30s");
        assert_eq!(shown(5_400_000_000_000), "1h30m");
        assert_eq!(shown(3_600_000_000_000), "1h");
        assert_eq!(shown(1_500), "1500ns");
    }

    #[test]
    fn finds_the_next_tick_of_a_grid() {
        let second = |count: u64| Time::from_nanos(count * NANOS_PER_SECOND);
        let period = Duration::from_secs(10);
        assert_eq!(second(11).ceil_to(Time::ZERO, period), second(20));
        assert_eq!(second(20).ceil_to(Time::ZERO, period), second(20));
        assert_eq!(second(3).ceil_to(second(5), period), second(5));
    }

    #[test]
    fn sums_stop_at_the_end_of_time() {
        assert_eq!(Time::MAX + Duration::from_secs(1), Time::MAX);
    }
}
