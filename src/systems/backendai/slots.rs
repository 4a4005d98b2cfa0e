//! Resource slots in Kubernetes' terms: `cpu`, `mem` in binary units, and whole devices. Shares of a device are refused: no
//! scheduler here could place them.
//! Source of the names: lablup/backend.ai c0032c472e, docs (resource slots) and the accelerator plugins.

use std::collections::BTreeMap;

use crate::text::quantity;
use crate::workload::Resources;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};

/// Slots of whole devices, and what Kubernetes calls them.
const DEVICES: [(&str, &str); 2] = [("cuda.device", NVIDIA_GPU), ("rocm.device", AMD_GPU)];

/// What slots ask for.
///
/// # Errors
/// The slot that is not understood, and why.
pub fn requests<'a>(slots: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Resources, (String, String)> {
    let mut resources = Resources { extended: BTreeMap::new(), ..Resources::default() };
    for (slot, amount) in slots {
        let wrong = |reason: String| (slot.to_owned(), reason);
        match slot {
            "cpu" => resources.cpu_milli = quantity::milli(amount).map_err(wrong)?,
            "mem" => resources.memory_bytes = binary_size(amount).map_err(wrong)?,
            _ => match DEVICES.iter().find(|(known, _)| *known == slot) {
                Some((_, resource)) => {
                    let count = amount.parse::<u64>();
                    let count = count.map_err(|_| wrong("a whole number of devices is expected".to_owned()))?;
                    if count > 0 {
                        resources.extended.insert((*resource).to_owned(), count);
                    }
                }
                None => {
                    return Err(wrong("known slots are cpu, mem, cuda.device and rocm.device".to_owned()));
                }
            },
        }
    }
    Ok(resources)
}

/// Bytes as Backend.AI's `BinarySize` writes them: `16g`, `512m`, `16gb`, `1024`.
fn binary_size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b');
    let (digits, shift) = match number.char_indices().last() {
        Some((at, 'k')) => (&number[..at], 10),
        Some((at, 'm')) => (&number[..at], 20),
        Some((at, 'g')) => (&number[..at], 30),
        Some((at, 't')) => (&number[..at], 40),
        _ => (number, 0),
    };
    let bytes = digits.trim().parse::<u64>().ok().and_then(|count| count.checked_mul(1 << shift));
    bytes.ok_or_else(|| "a size such as `16g` is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary() {
        assert_eq!(binary_size("16g"), Ok(16 << 30));
        assert_eq!(binary_size("512MiB"), Ok(512 << 20));
        assert_eq!(binary_size("1024"), Ok(1024));
        assert!(binary_size("much").is_err());
    }

    #[test]
    fn slots_become_requests() {
        let slots = [("cpu", "4"), ("mem", "16gb"), ("cuda.device", "2")];
        let requests = requests(slots.into_iter()).expect("known slots");
        assert_eq!((requests.cpu_milli, requests.memory_bytes), (4000, 16 << 30));
        assert_eq!(requests.extended(NVIDIA_GPU), 2);
        assert!(super::requests([("cuda.shares", "0.5")].into_iter()).is_err());
    }
}
