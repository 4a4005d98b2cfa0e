//! What a scan of the registry makes of a dial that was taken. Who scans, and when, is not known here.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/registry/instance_scan.go, scanInstance.

use crate::kernel::Duration;
use crate::systems::onebackend::profile::Options;
use crate::systems::onebackend::store::InstanceStatus;

/// The status of an instance whose port took a connection after this long.
pub fn after(taken: Duration, options: &Options) -> InstanceStatus {
    if taken >= options.dial_timeout {
        InstanceStatus::Unreachable
    } else if taken > options.degraded_after {
        InstanceStatus::Degraded
    } else {
        InstanceStatus::Healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_decides_by_its_length() {
        let status = |millis| after(Duration::from_millis(millis), &Options::default());
        assert_eq!(status(0), InstanceStatus::Healthy);
        assert_eq!(status(1000), InstanceStatus::Healthy);
        assert_eq!(status(1001), InstanceStatus::Degraded);
        assert_eq!(status(2999), InstanceStatus::Degraded);
        assert_eq!(status(3000), InstanceStatus::Unreachable);
    }
}
