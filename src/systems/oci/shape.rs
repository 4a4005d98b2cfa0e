//! What the name of an OCI shape says about its GPUs. Other figures of shapes belong to the cluster.

/// Who makes the GPUs of a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vendor {
    /// NVIDIA.
    Nvidia,
    /// AMD.
    Amd,
}

/// The GPUs of one node of a shape; `None` if the name does not say. The last number of a GPU shape's name is their count
/// (`VM.GPU.A10.2`, `BM.GPU4.8`); shapes without `GPU` in their name have none.
pub fn gpus(shape: &str) -> Option<u64> {
    let mut parts = shape.split('.');
    let family = parts.next()?;
    if family != "VM" && family != "BM" {
        return None;
    }
    if !shape.split('.').any(|part| part.starts_with("GPU")) {
        return Some(0);
    }
    shape.rsplit('.').next()?.parse().ok()
}

/// Who makes the GPUs: AMD's accelerators are named `MI300X` and the like.
pub fn vendor(shape: &str) -> Vendor {
    let amd =
        shape.split('.').any(|part| part.starts_with("MI") && part[2..].starts_with(|one: char| one.is_ascii_digit()));
    if amd { Vendor::Amd } else { Vendor::Nvidia }
}

/// True for a shape that is a whole machine.
pub fn bare_metal(shape: &str) -> bool {
    shape.starts_with("BM.")
}

/// True if `text` is a MIG slice as a recipe asks for it: `1g.10gb`.
pub fn is_mig_slice(text: &str) -> bool {
    let Some((compute, memory)) = text.split_once("g.") else { return false };
    let Some(memory) = memory.strip_suffix("gb") else { return false };
    let number = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    number(compute) && number(memory)
}

/// True if `text` is a MIG configuration of a node: `all-1g.10gb`, `all-balanced`, `all-disabled`.
/// Source: docs/sample_blueprints/model_serving/mig_multi_instance_gpu.
pub fn is_mig_config(text: &str) -> bool {
    text.strip_prefix("all-").is_some_and(|rest| matches!(rest, "balanced" | "disabled") || is_mig_slice(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_counts_the_gpus() {
        let cases = [
            ("VM.GPU.A10.2", Some(2)),
            ("BM.GPU4.8", Some(8)),
            ("BM.GPU.MI300X.8", Some(8)),
            ("VM.Standard.E4.Flex", Some(0)),
            ("BM.Standard.E5.192", Some(0)),
            ("my-shape", None),
        ];
        for (shape, count) in cases {
            assert_eq!(gpus(shape), count, "{shape}");
        }
        assert_eq!(vendor("BM.GPU.MI300X.8"), Vendor::Amd);
        assert_eq!(vendor("VM.GPU.A10.2"), Vendor::Nvidia);
    }

    #[test]
    fn knows_mig_slices_and_configurations() {
        assert!(is_mig_slice("1g.10gb") && is_mig_slice("7g.141gb"));
        assert!(!is_mig_slice("1g") && !is_mig_slice("g.10gb") && !is_mig_slice("1g.10GB"));
        assert!(is_mig_config("all-1g.20gb") && is_mig_config("all-balanced") && !is_mig_config("1g.20gb"));
    }
}
