//! What must hold of one recipe by itself, beyond its form: shapes and GPUs, storage, MIG, RDMA, pools, modes.

use super::document::{Member, Mode, Recipe};
use super::form::Inspector;
use super::options::{NodePools, Options};
use super::reference::references;
use super::shape::{self, Vendor};
use crate::text::diagnostic::quote;
use crate::text::{Node, Span};

/// Checks a recipe.
pub fn check(member: &Member, options: &Options, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    match recipe.mode {
        Mode::Service | Mode::Job => workload(member, options, inspector),
        Mode::Update => update(member, inspector),
        Mode::SharedNodePool => shared_pool(member, inspector),
        Mode::Team => team(member, inspector),
    }
    for export in &member.exports {
        if recipe.mode != Mode::Service {
            let message = format!("a `{}` has no service: it cannot export `{}`", recipe.mode.text(), export.text);
            inspector.error(export.span, message);
        } else if export.text == "service_url" && recipe.ingress_disabled {
            inspector.error(export.span, "without ingress there is no `service_url` to export");
        }
    }
    if recipe.deployment_name.trim().is_empty() && open(member, "deployment_name").is_none() {
        inspector.error(place(member, "deployment_name"), "`deployment_name` is empty");
    }
    mig_config(member, inspector);
}

fn workload(member: &Member, options: &Options, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    if recipe.image.as_deref().is_none_or(str::is_empty) {
        let message = format!("a `{}` needs `recipe_image_uri`", recipe.mode.text());
        inspector.error(place(member, "recipe_image_uri"), message);
    }
    if recipe.mode == Mode::Service
        && recipe.container_port.is_none()
        && open(member, "recipe_container_port").is_none()
    {
        inspector.error(place(member, "recipe_container_port"), "a `service` needs `recipe_container_port`");
    }
    if recipe.node_shape.is_none() {
        let span = place(member, "recipe_node_shape");
        if recipe.use_shared_pool || options.node_pools == NodePools::Provision {
            inspector.error(span, "`recipe_node_shape` is needed to find or make the node pool");
        } else {
            inspector.warn(span, "without `recipe_node_shape` the deployment runs on any node");
        }
    }
    gpus(member, inspector);
    mig_slice(member, inspector);
    storage(member, inspector);
    shared(member, inspector);
    startup(member, inspector);
}

fn gpus(member: &Member, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    if recipe.nvidia_gpus > 0 && recipe.amd_gpus > 0 {
        inspector.error(place(member, "recipe_amd_gpu_count"), "a pod cannot have NVIDIA and AMD GPUs");
    }
    for (key, count, vendor) in [
        ("recipe_nvidia_gpu_count", recipe.nvidia_gpus, Vendor::Nvidia),
        ("recipe_amd_gpu_count", recipe.amd_gpus, Vendor::Amd),
    ] {
        let span = place(member, key);
        if member.raw.0.get(key).and_then(Node::as_i64) == Some(0) {
            inspector.warn(span, format!("`{key}` is documented to be greater than 0; leave it out for no GPU"));
        }
        let Some(shape) = recipe.node_shape.as_deref().filter(|_| count > 0) else { continue };
        match shape::gpus(shape) {
            Some(has) if count > has => {
                let message = format!("`{key}` is {count}, but a node of shape {} has {has}", quote(shape));
                inspector.error(span, message);
            }
            Some(_) if shape::vendor(shape) != vendor => {
                let message =
                    format!("`{key}` asks for GPUs that shape {} does not have: its pods will wait", quote(shape));
                inspector.warn(span, message);
            }
            _ => {}
        }
    }
}

fn mig_slice(member: &Member, inspector: &mut Inspector<'_>) {
    let Some(slice) = member.recipe.mig_slice.as_deref() else { return };
    let span = place(member, "mig_resource_request");
    if open(member, "mig_resource_request").is_none() && !shape::is_mig_slice(slice) {
        inspector.error(span, format!("{} is no MIG slice: it looks like `1g.10gb`", quote(slice)));
    }
    if member.recipe.nvidia_gpus > 1 {
        inspector.error(span, "a pod can have one MIG slice: set `recipe_nvidia_gpu_count` to 1");
    }
    if member.recipe.amd_gpus > 0 {
        inspector.error(span, "AMD GPUs have no MIG slices");
    }
}

fn mig_config(member: &Member, inspector: &mut Inspector<'_>) {
    if let Some(config) = member.recipe.mig_config.as_deref()
        && open(member, "shared_node_pool_mig_config").is_none()
        && !shape::is_mig_config(config)
    {
        let message = format!(
            "{} is no MIG configuration: it looks like `all-1g.10gb`, `all-balanced` or `all-disabled`",
            quote(config)
        );
        inspector.error(place(member, "shared_node_pool_mig_config"), message);
    }
}

fn storage(member: &Member, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    if let (Some(ephemeral), Some(boot)) = (recipe.ephemeral_gb, recipe.boot_volume_gb)
        && ephemeral > boot
    {
        let message = format!("`recipe_ephemeral_storage_size` is {ephemeral} GB, but the boot volume has {boot} GB");
        inspector.error(place(member, "recipe_ephemeral_storage_size"), message);
    }
    let Some((key, inputs)) = member.raw.0.entry("input_object_storage") else { return };
    for input in inputs.as_seq().unwrap_or_default() {
        // The place is never that of the link: it is a credential.
        let span = input.as_map().and_then(<[_]>::first).map_or(key.span, |(key, _)| key.span);
        match (input.get("par").is_some(), input.get("bucket_name").is_some()) {
            (true, true) => {
                inspector.error(span, "an input has either `par` or `bucket_name`, not both");
            }
            (false, false) => {
                inspector.error(span, "an input needs `par` or `bucket_name`");
            }
            _ => {}
        }
    }
}

fn shared(member: &Member, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    if recipe.shared_pool_selector.is_some() && !recipe.use_shared_pool {
        let span = place(member, "recipe_shared_node_pool_selector");
        inspector.warn(span, "the selector has no effect without `recipe_use_shared_node_pool`");
    }
    if recipe.multinode.is_some() && !recipe.use_shared_pool {
        let span = place(member, "multinode_num_nodes_to_use_from_shared_pool");
        inspector.error(span, "a deployment over several nodes needs `recipe_use_shared_node_pool`");
    }
    if recipe.rdma && recipe.multinode.is_none() {
        let span = place(member, "multinode_rdma_enabled_in_shared_pool");
        inspector.error(span, "RDMA needs `multinode_num_nodes_to_use_from_shared_pool`");
    }
}

/// Kubernetes refuses more than one success for startup and liveness (pkg/apis/core/validation, v1.36.3).
fn startup(member: &Member, inspector: &mut Inspector<'_>) {
    let Recipe { startup_probe, liveness_probe, .. } = &member.recipe;
    for (key, probe) in
        [("recipe_startup_probe_params", startup_probe), ("recipe_liveness_probe_params", liveness_probe)]
    {
        if probe.is_some_and(|probe| probe.success_threshold != 1) {
            inspector.error(place(member, key), format!("`success_threshold` of `{key}` must be 1"));
        }
    }
}

fn update(member: &Member, inspector: &mut Inspector<'_>) {
    let recipe = &member.recipe;
    if recipe.node_name.is_none() {
        inspector.error(place(member, "recipe_node_name"), "an `update` needs `recipe_node_name`");
    }
    if recipe.node_labels.is_empty() && recipe.mig_config.is_none() {
        let message = "an `update` needs `recipe_node_labels` or `shared_node_pool_mig_config`";
        inspector.error(place(member, "recipe_node_labels"), message);
    }
}

fn shared_pool(member: &Member, inspector: &mut Inspector<'_>) {
    let pool = &member.recipe.pool;
    for key in ["shared_node_pool_shape", "shared_node_pool_size"] {
        if member.raw.0.get(key).is_none() {
            inspector.error(place(member, key), format!("a `shared_node_pool` needs `{key}`"));
        }
    }
    if let Some(shape) = pool.shape.as_deref()
        && shape::bare_metal(shape)
        && pool.boot_volume_gb.is_none()
    {
        let message = "a pool of bare metal needs `shared_node_pool_boot_volume_size_in_gbs`";
        inspector.error(place(member, "shared_node_pool_shape"), message);
    }
    if member.recipe.rdma {
        let span = place(member, "multinode_rdma_enabled_in_shared_pool");
        if !pool.has_domain_and_image {
            let message = "a pool with RDMA needs `recipe_availability_domain` and `recipe_node_image_ocid`";
            inspector.error(span, message);
        }
        if pool.size < 2 {
            inspector.error(span, "a pool with RDMA needs at least two nodes");
        }
    }
}

fn team(member: &Member, inspector: &mut Inspector<'_>) {
    let Some((key, team)) = member.raw.0.entry("team") else {
        inspector.error(place(member, "team"), "a `team` recipe needs `team`");
        return;
    };
    for quota in team.get("quotas").and_then(Node::as_seq).unwrap_or_default() {
        for (name, value) in quota.as_map().unwrap_or_default() {
            let Some(text) = value.as_str().filter(|_| name.text != "shape_name") else { continue };
            if references(text).is_empty() && !is_quantity(text) {
                let message =
                    format!("`{}` of `{}` must be a quantity such as \"10\", not {}", name.text, key.text, quote(text));
                inspector.error(value.span, message);
            }
        }
    }
}

/// Digits, perhaps a fraction, perhaps a suffix of Kubernetes' quantities. A quota is never negative.
fn is_quantity(text: &str) -> bool {
    let number = text.trim_end_matches(|one: char| one.is_ascii_alphabetic());
    let suffix = &text[number.len()..];
    let known =
        matches!(suffix, "" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    known && digits(whole) && digits(fraction)
}

/// Where a field stands; where it is missing, where the recipe's name stands.
fn place(member: &Member, key: &str) -> Span {
    let raw = &member.raw.0;
    raw.get(key).or_else(|| raw.get("deployment_name")).map_or(member.name.span, |node| node.span)
}

/// The text of a field that holds a reference which is not resolved yet.
fn open<'a>(member: &'a Member, key: &str) -> Option<&'a str> {
    member.raw.0.get(key)?.as_str().filter(|text| !references(text).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_quantities() {
        for good in ["10", "0.5", "4Gi", "100m"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "ten", "-1", "1.", "4GB", "1e"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }
}
