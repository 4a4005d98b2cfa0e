//! Numbers of a manifest: counts, lengths of time, shares, amounts of resources.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::complaint::Findings;
use crate::kernel::Duration;
use crate::text::quantity;
use crate::workload::{IntOrPercent, Resources};

/// What the API server says of a negative number.
pub const NEGATIVE: &str = "must be greater than or equal to 0";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
     regex used for validation is '[0-9]+%')";
const QUANTITY: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// A number that is not negative, or its default.
pub fn count(value: Option<i32>, default: u32, path: &str, findings: &mut Findings) -> u32 {
    optional_count(value, path, findings).unwrap_or(default)
}

/// A number that is not negative, if it is there.
pub fn optional_count(value: Option<i32>, path: &str, findings: &mut Findings) -> Option<u32> {
    let value = value?;
    if value < 0 {
        findings.invalid(path, value, NEGATIVE);
    }
    Some(value.unsigned_abs())
}

/// A length of time in seconds, if it is there.
pub fn seconds(value: Option<i64>, path: &str, findings: &mut Findings) -> Option<Duration> {
    let value = value?;
    if value < 0 {
        findings.invalid(path, value, NEGATIVE);
    }
    // Longer than any run, and short enough to be added to any time of it.
    Some(Duration::from_secs(value.unsigned_abs().min(u64::from(u32::MAX))))
}

/// A number of pods or a share of them.
pub fn int_or_percent(value: &IntOrString, path: &str, findings: &mut Findings) -> IntOrPercent {
    match value {
        IntOrString::Int(count) => {
            if *count < 0 {
                findings.invalid(path, count, NEGATIVE);
            }
            IntOrPercent::Int(count.unsigned_abs())
        }
        IntOrString::String(text) => match text.strip_suffix('%').map(str::parse::<u32>) {
            Some(Ok(percent)) if !text.starts_with('+') => IntOrPercent::Percent(percent),
            _ => {
                findings.invalid_text(path, text, PERCENT);
                IntOrPercent::Percent(0)
            }
        },
    }
}

/// An amount in thousandths.
pub fn milli(amount: &Quantity, path: &str, findings: &mut Findings) -> u64 {
    amount_of(amount, path, findings, quantity::milli)
}

/// An amount in whole units, a fraction rounded up.
pub fn units(amount: &Quantity, path: &str, findings: &mut Findings) -> u64 {
    amount_of(amount, path, findings, quantity::units)
}

fn amount_of(
    amount: &Quantity,
    path: &str,
    findings: &mut Findings,
    read: impl Fn(&str) -> Result<u64, String>,
) -> u64 {
    let text = amount.0.strip_prefix('+').unwrap_or(&amount.0);
    match read(text) {
        Ok(amount) => amount,
        Err(_) if text.starts_with('-') && read(&text[1..]).is_ok() => {
            findings.invalid_text(path, text, NEGATIVE);
            0
        }
        Err(wrong) => {
            let detail = if wrong == quantity::TOO_LARGE { quantity::TOO_LARGE } else { QUANTITY };
            findings.invalid_text(path, text, detail);
            0
        }
    }
}

/// Amounts by the names of resources.
pub fn resources(list: Option<&BTreeMap<String, Quantity>>, path: &str, findings: &mut Findings) -> Resources {
    let mut resources = Resources::default();
    for (name, amount) in list.into_iter().flatten() {
        let path = format!("{path}[{name}]");
        match name.as_str() {
            "cpu" => resources.cpu_milli = milli(amount, &path, findings),
            "memory" => resources.memory_bytes = units(amount, &path, findings),
            "ephemeral-storage" => resources.ephemeral_storage_bytes = units(amount, &path, findings),
            _ => {
                let units = units(amount, &path, findings);
                if !name.starts_with("hugepages-") {
                    check_extended(name, amount, &path, findings);
                }
                if units > 0 {
                    resources.extended.insert(name.clone(), units);
                }
            }
        }
    }
    resources
}

/// An extended resource has a domain before its name and comes in whole units.
fn check_extended(name: &str, amount: &Quantity, path: &str, findings: &mut Findings) {
    if !name.contains('/') {
        let detail = "must be a standard resource type or fully qualified";
        findings.invalid_text(path, name, detail);
    } else if quantity::milli(&amount.0).is_ok_and(|milli| milli % 1000 != 0) {
        findings.invalid_text(path, &amount.0, "must be an integer");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_amounts_and_shares() {
        let mut findings = Findings::default();
        let list: BTreeMap<String, Quantity> = [("cpu", "500m"), ("memory", "1Gi"), ("nvidia.com/gpu", "2")]
            .map(|(name, amount)| (name.to_owned(), Quantity(amount.to_owned())))
            .into();
        let read = resources(Some(&list), "limits", &mut findings);
        assert_eq!((read.cpu_milli, read.memory_bytes, read.extended("nvidia.com/gpu")), (500, 1 << 30, 2));
        let percent = IntOrString::String("25%".to_owned());
        assert_eq!(int_or_percent(&percent, "maxSurge", &mut findings), IntOrPercent::Percent(25));
        assert!(findings.complaints.is_empty());
    }

    #[test]
    fn complains_of_what_is_none() {
        let mut findings = Findings::default();
        for text in ["25", "%", "-5%", "+5%", "a%"] {
            int_or_percent(&IntOrString::String(text.to_owned()), "maxSurge", &mut findings);
        }
        int_or_percent(&IntOrString::Int(-1), "maxSurge", &mut findings);
        for (name, amount) in [("cpu", "lots"), ("cpu", "-1"), ("gpu", "1"), ("nvidia.com/gpu", "500m")] {
            let list = [(name.to_owned(), Quantity(amount.to_owned()))].into();
            resources(Some(&list), "limits", &mut findings);
        }
        count(Some(-3), 1, "replicas", &mut findings);
        assert_eq!(findings.complaints.len(), 11, "{:?}", findings.complaints);
        assert_eq!(findings.complaints[9].path, "limits[nvidia.com/gpu]");
    }
}
