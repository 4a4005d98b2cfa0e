//! Goal: the layers and invariants of ARCHITECTURE.md hold in the source, not only in the page. Method: every Rust file is
//! reduced to its code (no comments, no texts, no tests), and its words and paths are compared with short lists.

mod source;

use std::collections::BTreeSet;

use source::{File, files};

/// The layers, top first. A module uses those before it, never those behind it.
const LAYERS: [&str; 18] = [
    "kernel",
    "text",
    "standin",
    "timeline",
    "workload",
    "cluster",
    "systems",
    "scenario",
    "rehearsal",
    "live",
    "oracle",
    "explain",
    "explore",
    "plan",
    "conform",
    "fleet",
    "report",
    "cli",
];

/// All that a system may use, beside itself.
const SYSTEMS_MAY_USE: [&str; 4] = ["kernel", "text", "timeline", "workload"];

/// The layers in which everything that happens is decided by the scenario and the seed.
const DETERMINISTIC: [&str; 5] = ["kernel", "timeline", "workload", "cluster", "systems"];

/// Rooms of other layers of which the same holds.
const DETERMINISTIC_ROOMS: [&str; 5] =
    ["src/fleet/demand.rs", "src/fleet/inventory.rs", "src/fleet/mod.rs", "src/fleet/placement/", "src/fleet/replay/"];

/// True if all that happens in a file is decided by the scenario and the seed.
fn is_deterministic(file: &File) -> bool {
    file.layer().is_some_and(|layer| DETERMINISTIC.contains(&layer))
        || DETERMINISTIC_ROOMS.iter().any(|room| file.path.starts_with(room))
}

/// Paths and words that a deterministic layer must not have, and why.
const FORBIDDEN: [(&str, &str); 20] = [
    ("std::fs", "reads a disk"),
    ("std::io", "does input or output"),
    ("std::net", "uses a network"),
    ("std::env", "reads the environment"),
    ("std::process", "uses processes"),
    ("std::thread", "uses threads"),
    ("std::time", "uses the machine's time"),
    ("tokio", "waits for the outside"),
    ("rayon", "uses threads"),
    ("async", "waits"),
    ("await", "waits"),
    ("SystemTime", "reads a clock"),
    ("HashMap", "its order changes from run to run"),
    ("HashSet", "its order changes from run to run"),
    ("RandomState", "its keys change from run to run"),
    ("IndexMap::new", "has random keys: give it a fixed hasher"),
    ("IndexSet::new", "has random keys: give it a fixed hasher"),
    ("println", "prints"),
    ("eprintln", "prints"),
    ("RefCell", "hides who changes what"),
];

/// Where floats may be: each function repeats the operations of a source that has floats, in its order, and what leaves it is
/// an integer. `*` stands for a file that holds nothing but such functions and their constants.
const FLOATS: [(&str, &[&str]); 13] = [
    ("src/cluster/autoscaler/calculator.rs", &["*"]),
    (
        "src/kernel/distribution.rs",
        &[
            "shares",
            "quantile",
            "share_between",
            "normal_score",
            "normal_length",
            "logarithm",
            "lognormal_score",
            "lognormal_length",
            "exponential_share_below",
            "exponential_length",
            "rounded",
        ],
    ),
    ("src/kernel/quantile.rs", &["*"]),
    (
        "src/cluster/scheduler/score.rs",
        &["rounded_share", "balance", "normal_pods", "soft_spread", "SpreadWeights", "new", "raw", "image_bytes"],
    ),
    ("src/fleet/placement/fgd.rs", &["*"]),
    ("src/fleet/placement/fragmentation.rs", &["*"]),
    ("src/fleet/placement/vector.rs", &["*"]),
    ("src/fleet/replay/curve.rs", &["*"]),
    ("src/systems/backendai/arithmetic.rs", &["*"]),
    ("src/systems/argorollouts/arithmetic.rs", &["is_tied", "closest", "look_again_after"]),
    ("src/systems/paasta/schema/python.rs", &["number", "compare", "canonical", "float_key"]),
    (
        "src/systems/paasta/bounce.rs",
        &["needed", "max_unavailable_percent", "max_surge_percent", "percent_cut_off", "reaches_share", "number"],
    ),
    // serde's names of two methods that a reader must have; they read whole numbers.
    ("src/systems/kubernetes/typed.rs", &["deserialize_f32", "deserialize_f64"]),
];

fn layer_index(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

fn sources() -> Vec<File> {
    let files = files("src");
    assert!(files.len() > 20, "the sources were not found: {} files", files.len());
    files
}

/// Fails with all findings at once.
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn a_module_uses_only_layers_above_it() {
    let mut findings = Vec::new();
    for file in sources() {
        let Some(layer) = file.layer() else { continue };
        let index =
            layer_index(layer).unwrap_or_else(|| panic!("{}: no layer `{layer}` in ARCHITECTURE.md", file.path));
        for (line, used) in file.uses(&LAYERS) {
            let allowed = match layer {
                "systems" => used == layer || SYSTEMS_MAY_USE.contains(&used),
                _ => layer_index(used) <= Some(index),
            };
            if !allowed {
                findings.push(format!("{}:{line}: {layer} must not use {used}", file.path));
            }
        }
    }
    none(findings);
}

/// Where the API's own types may be named beside `live`: manifests are read into them. They are data and bring no client.
const API_TYPES: [&str; 5] = [
    "src/fleet/sweep/manifest.rs",
    "src/systems/kubernetes/",
    "src/systems/dynamo/read/",
    "src/systems/dynamo/check/",
    "src/systems/dynamo/defaults.rs",
];

#[test]
fn only_live_names_tokio_and_kube() {
    let mut findings = Vec::new();
    // The library for object storage runs on tokio.
    let is_free = |file: &File| file.layer() == Some("live") || file.path == "src/cli/sweep/store.rs";
    for file in sources().iter().filter(|file| !is_free(file)) {
        let words = ["tokio", "kube", "k8s_openapi"];
        let words = if API_TYPES.iter().any(|folder| file.path.starts_with(folder)) { &words[..2] } else { &words[..] };
        for word in words {
            findings.extend(file.lines_with(word).into_iter().map(|line| format!("{}:{line}: {word}", file.path)));
        }
    }
    none(findings);
}

#[test]
fn deterministic_layers_touch_nothing_outside() {
    let mut findings = Vec::new();
    for file in sources().iter().filter(|file| is_deterministic(file)) {
        for (word, why) in FORBIDDEN {
            findings
                .extend(file.lines_with(word).into_iter().map(|line| format!("{}:{line}: {word} {why}", file.path)));
        }
    }
    none(findings);
}

#[test]
fn floats_stay_in_named_functions() {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for file in sources().iter().filter(|file| is_deterministic(file)) {
        let allowed = FLOATS.iter().find(|(path, _)| *path == file.path).map_or(&[][..], |(_, names)| *names);
        for (line, item) in file.floats() {
            match allowed.iter().find(|name| **name == item || **name == "*") {
                Some(name) => drop(used.insert((file.path.clone(), *name))),
                None => findings.push(format!("{}:{line}: a float in `{item}`", file.path)),
            }
        }
    }
    for (path, name) in FLOATS.iter().flat_map(|(path, names)| names.iter().map(move |name| (*path, *name))) {
        if !used.contains(&(path.to_string(), name)) {
            findings.push(format!("{path}: no float in `{name}`: take it from the list of tests/architecture.rs"));
        }
    }
    none(findings);
}

#[test]
fn files_are_short_and_say_what_lives_there() {
    let mut findings = Vec::new();
    for file in ["src", "tests", "benches", "xtask"].into_iter().flat_map(files) {
        let lines = file.text.lines().count();
        if lines > 500 {
            findings.push(format!("{}: {lines} lines, 500 is the limit", file.path));
        }
        if !file.text.starts_with("//! ") {
            findings.push(format!("{}: does not begin with `//!` and what lives there", file.path));
        }
    }
    none(findings);
}

#[test]
fn every_layer_stands_in_the_code_map() {
    let page = source::read("ARCHITECTURE.md");
    let layers: BTreeSet<_> = sources().iter().filter_map(|file| file.layer().map(String::from)).collect();
    let missing = layers.iter().filter(|layer| !page.contains(&format!("`{layer}/`"))).cloned().collect::<Vec<_>>();
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:?}");
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = source::read("ARCHITECTURE.md");
    let tests: String = ["tests", "src"].into_iter().flat_map(files).map(|file| file.text).collect();
    let words: Vec<&str> = page.split(|c: char| c.is_whitespace() || "`*,;:()".contains(c)).collect();
    let paths = words.iter().filter(|word| word.ends_with(".rs"));
    let names = words.iter().filter(|word| word.matches('_').count() >= 3);
    let mut missing: Vec<&str> = paths.clone().filter(|path| !source::exists(path)).copied().collect();
    missing.extend(names.clone().filter(|name| !tests.contains(&format!("fn {name}("))));
    assert!(paths.count() >= 6 && names.count() >= 4, "the names of tests were not found");
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}
