//! What a scan of the registry makes of an instance: a port that is dialled. Who scans, and when, is not known here.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/registry/instance_scan.go.

use crate::kernel::Duration;

/// How long a dial may take; instance_scan.go, scanInstance.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(3);

/// A dial that takes longer than this leaves an instance degraded; instance_scan.go, scanInstance.
pub const DEGRADED_AFTER: Duration = Duration::from_secs(1);

/// The status of an instance. `Error`, which the types have too, is never set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Health {
    /// It was registered and not scanned yet.
    #[default]
    Unknown,
    /// Its port took a connection within a second.
    Healthy,
    /// It took longer.
    Degraded,
    /// It took none within three seconds.
    Unreachable,
}

impl Health {
    /// The status as the registry writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Health::Unknown => "Unknown",
            Health::Healthy => "Healthy",
            Health::Degraded => "Degraded",
            Health::Unreachable => "Unreachable",
        }
    }

    /// The state of the instance in a timeline.
    pub const fn state(self) -> &'static str {
        match self {
            Health::Unknown => "unknown",
            Health::Healthy => "healthy",
            Health::Degraded => "degraded",
            Health::Unreachable => "unreachable",
        }
    }

    /// What a dial finds that was taken after this long; `None`: it never was.
    pub fn after(taken: Option<Duration>) -> Health {
        match taken {
            Some(length) if length < DIAL_TIMEOUT && length > DEGRADED_AFTER => Health::Degraded,
            Some(length) if length < DIAL_TIMEOUT => Health::Healthy,
            _ => Health::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_decides_by_its_length() {
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(Health::after(millis(0)), Health::Healthy);
        assert_eq!(Health::after(millis(1000)), Health::Healthy);
        assert_eq!(Health::after(millis(1001)), Health::Degraded);
        assert_eq!(Health::after(millis(2999)), Health::Degraded);
        assert_eq!(Health::after(millis(3000)), Health::Unreachable);
        assert_eq!(Health::after(None), Health::Unreachable);
    }
}
