//! Multi-Instance GPU: what one GPU becomes under a named configuration. A configuration applies to every GPU of a node;
//! a node that is cut has no whole GPUs left, only slices, which are counted and not told apart.

/// A profile by its slices: its name without the resource's prefix, and how many of it one GPU gives.
type Profile = (&'static str, u32);

/// The profiles of the GPUs that can be cut, smallest first: one slice, one slice with twice the memory, two, three, four
/// and seven slices (NVIDIA's MIG user guide, Supported MIG Profiles; for H100, H200 and B200 also the table of
/// configurations in OCI AI Blueprints' MIG documentation).
const PROFILES: &[(&str, [Profile; 6])] = &[
    ("A100-40GB", profiles(["1g.5gb", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"])),
    ("A100-80GB", profiles(["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"])),
    ("H100", profiles(["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"])),
    ("H200", profiles(["1g.18gb", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"])),
    ("B200", profiles(["1g.23gb", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb", "7g.180gb"])),
];

const fn profiles(names: [&'static str; 6]) -> [Profile; 6] {
    let [one, one_large, two, three, four, seven] = names;
    [(one, 7), (one_large, 4), (two, 3), (three, 2), (four, 1), (seven, 1)]
}

/// What one GPU of a model becomes under a configuration (`all-1g.10gb`, `all-balanced`, `all-disabled`): resources and
/// their counts, none if the GPU stays whole. The error says why the GPU cannot be cut so.
pub fn mig_slices(model: &str, config: &str) -> Result<Vec<(String, u32)>, String> {
    if config == "all-disabled" {
        return Ok(Vec::new());
    }
    let Some((_, profiles)) = PROFILES.iter().find(|(name, _)| *name == model) else {
        let known: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        return Err(format!("GPUs of model {model} cannot be cut into slices; those of {} can", known.join(", ")));
    };
    let resource = |name: &str| format!("nvidia.com/mig-{name}");
    if config == "all-balanced" {
        let [one, _, two, three, ..] = profiles;
        return Ok(vec![(resource(one.0), 2), (resource(two.0), 1), (resource(three.0), 1)]);
    }
    let wanted = config.strip_prefix("all-").and_then(|name| profiles.iter().find(|(profile, _)| *profile == name));
    match wanted {
        Some((name, count)) => Ok(vec![(resource(name), *count)]),
        None => {
            let known: Vec<String> = profiles.iter().map(|(name, _)| format!("all-{name}")).collect();
            let known = known.join(", ");
            Err(format!("{config} is no configuration of {model}: use {known}, all-balanced or all-disabled"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_gpus_as_configured() {
        let one = |model: &str, config: &str| mig_slices(model, config).expect("it can be cut");
        assert_eq!(one("H100", "all-1g.10gb"), [("nvidia.com/mig-1g.10gb".to_owned(), 7)]);
        assert_eq!(one("H200", "all-3g.71gb"), [("nvidia.com/mig-3g.71gb".to_owned(), 2)]);
        assert_eq!(one("B200", "all-1g.45gb"), [("nvidia.com/mig-1g.45gb".to_owned(), 4)]);
        assert_eq!(one("A10", "all-disabled"), []);
        let balanced = [("1g.10gb", 2), ("2g.20gb", 1), ("3g.40gb", 1)];
        assert_eq!(
            one("H100", "all-balanced"),
            balanced.map(|(name, count)| (format!("nvidia.com/mig-{name}"), count))
        );
    }

    #[test]
    fn says_why_a_gpu_cannot_be_cut() {
        assert!(mig_slices("A10", "all-1g.10gb").unwrap_err().starts_with("GPUs of model A10 cannot be cut"));
        assert!(mig_slices("H100", "all-1g.5gb").unwrap_err().contains("use all-1g.10gb, all-1g.20gb"));
    }
}
