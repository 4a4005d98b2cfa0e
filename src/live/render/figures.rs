//! Numbers as the API has them: counts, whole seconds, shares, quantities. What does not fit its field is told, never cut.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Draft, Unsupported};
use crate::kernel::Duration;
use crate::workload::{IntOrPercent, Resources};

impl Draft<'_> {
    /// A count.
    pub(super) fn count(&self, count: u32, field: &str) -> Result<i32, Unsupported> {
        i32::try_from(count)
            .map_err(|_| self.unsupported(&format!("{field} {count}"), "the API counts up to 2147483647"))
    }

    /// A count that may be left out.
    pub(super) fn optional_count(&self, count: Option<u32>, field: &str) -> Result<Option<i32>, Unsupported> {
        count.map(|count| self.count(count, field)).transpose()
    }

    /// A length in whole seconds.
    pub(super) fn seconds(&self, length: Duration, field: &str) -> Result<i64, Unsupported> {
        let seconds = length.whole_secs();
        if Duration::from_secs(seconds) != length {
            return Err(self.unsupported(&format!("{field} {length}"), "the API has whole seconds"));
        }
        i64::try_from(seconds).map_err(|_| self.unsupported(field, "the API has fewer seconds"))
    }

    /// A length in whole seconds, for fields of 32 bits.
    pub(super) fn short_seconds(&self, length: Duration, field: &str) -> Result<i32, Unsupported> {
        let seconds = self.seconds(length, field)?;
        i32::try_from(seconds).map_err(|_| self.unsupported(&format!("{field} {length}"), "the API has up to 68 years"))
    }

    /// A number of pods or a share of them.
    pub(super) fn share(&self, share: IntOrPercent, field: &str) -> Result<IntOrString, Unsupported> {
        Ok(match share {
            IntOrPercent::Int(count) => IntOrString::Int(self.count(count, field)?),
            IntOrPercent::Percent(_) => IntOrString::String(share.to_string()),
        })
    }
}

/// An amount in thousandths: `500m`, `2`.
pub(super) fn milli(amount: u64) -> Quantity {
    Quantity(if amount.is_multiple_of(1000) { (amount / 1000).to_string() } else { format!("{amount}m") })
}

/// An amount in whole units, every digit of it.
pub(super) fn units(amount: u64) -> Quantity {
    Quantity(amount.to_string())
}

/// Amounts by resource; what is zero is not said.
pub(super) fn quantities(resources: &Resources) -> Option<BTreeMap<String, Quantity>> {
    let mut list = BTreeMap::new();
    let mut say = |name: &str, amount: u64, quantity: fn(u64) -> Quantity| {
        if amount > 0 {
            list.insert(name.to_owned(), quantity(amount));
        }
    };
    say("cpu", resources.cpu_milli, milli);
    say("memory", resources.memory_bytes, units);
    say("ephemeral-storage", resources.ephemeral_storage_bytes, units);
    resources.extended.iter().for_each(|(name, amount)| say(name, *amount, units));
    some(list)
}

/// A list, map or text, unless it is empty.
pub(super) fn some<T: Default + PartialEq>(list: T) -> Option<T> {
    (list != T::default()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::quantity;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn amounts_are_exact(amount in 0..u64::MAX / 1000) {
            prop_assert_eq!(quantity::milli(&milli(amount).0), Ok(amount));
            prop_assert_eq!(quantity::units(&units(amount).0), Ok(amount));
        }
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(quantities(&Resources::default()), None);
        let some = quantities(&Resources { cpu_milli: 1500, ..Resources::of("nvidia.com/gpu", 2) }).expect("amounts");
        let shown: Vec<String> = some.into_iter().map(|(name, amount)| format!("{name}={}", amount.0)).collect();
        assert_eq!(shown, ["cpu=1500m", "nvidia.com/gpu=2"]);
    }
}
