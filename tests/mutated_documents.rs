//! Goal: no document, however spoilt, makes a reader or a short run panic, and a refusal always says why. Method: the properties that
//! the fuzz targets hold of any bytes (fuzz/properties.rs), held here on the project's own compiler of every document of Dynamo,
//! Grove and 1Backend below scenarios/, and of their scenarios, each spoilt in a few places. With `GREENROOM_SHARED` the
//! documents in the wild are seeds too.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../fuzz/properties.rs"]
mod properties;

/// What a part of a document becomes: what YAML, quantities, times, ports and references trip over.
const PIECES: &[&str] = &[
    "",
    "null",
    "~",
    "true",
    "-1",
    "0",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "18446744073709551616",
    "1e400",
    ".nan",
    "0.5",
    "\"3\"",
    "''",
    "é…\u{1F680}",
    "[]",
    "{}",
    "[ {} ]",
    "[ [ ] ]",
    "{ a: { a: { } } }",
    "&a [ *a ]",
    "*a",
    "<<: *a",
    "!!binary x",
    "| \n  x",
    "${a.b}",
    "{{secret:",
    "{{env:}}",
    "100%",
    "-5%",
    "12Ei",
    "1n",
    "500m",
    "-4h",
    "584y",
    "1h1h",
    "http://[::1]:99999/%zz",
    "a/b/c@d",
    "---",
    "\n---\n",
    "...",
    "\t",
    "\r\n",
    "\u{feff}",
    "\0",
    ": ",
    "- ",
    "  ",
    "#",
];

/// One thing that is done to a text.
#[derive(Clone, Debug)]
enum Edit {
    /// So many bytes from a place on become a piece.
    Replace(Index, usize, Index),
    /// The value behind the key of a line becomes a piece.
    Value(Index, Index),
    /// A line goes.
    Drop(Index),
    /// A line is there twice.
    Twice(Index),
    /// A line moves to the right or to the left.
    Indent(Index, bool),
    /// A line of another seed comes in.
    Foreign(Index, Index, Index),
    /// Two lines change places.
    Swap(Index, Index),
    /// What is behind a place goes.
    Cut(Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    let edit = prop_oneof![
        3 => (at(), 0..12_usize, at()).prop_map(|(place, length, piece)| Edit::Replace(place, length, piece)),
        6 => (at(), at()).prop_map(|(line, piece)| Edit::Value(line, piece)),
        3 => at().prop_map(Edit::Drop),
        2 => at().prop_map(Edit::Twice),
        2 => (at(), any::<bool>()).prop_map(|(line, right)| Edit::Indent(line, right)),
        3 => (at(), at(), at()).prop_map(|(line, seed, from)| Edit::Foreign(line, seed, from)),
        1 => (at(), at()).prop_map(|(one, other)| Edit::Swap(one, other)),
        1 => at().prop_map(Edit::Cut),
    ];
    prop::collection::vec(edit, 1..=6)
}

/// A text after an edit.
fn edited(text: &str, edit: &Edit, seeds: &[String]) -> String {
    let piece = |index: &Index| *index.get(PIECES);
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    match edit {
        Edit::Replace(place, length, instead) => {
            let start = text.floor_char_boundary(place.index(text.len() + 1));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            return format!("{}{}{}", &text[..start], piece(instead), &text[end..]);
        }
        Edit::Cut(place) => return text[..text.floor_char_boundary(place.index(text.len() + 1))].to_owned(),
        Edit::Value(line, instead) => {
            let line = &mut lines[line.index(text.split('\n').count())];
            match line.find(": ").or_else(|| line.find("- ")) {
                Some(end) => line.replace_range(end + 2.., piece(instead)),
                None => *line = format!("{line} {}", piece(instead)),
            }
        }
        Edit::Drop(line) => {
            lines.remove(line.index(lines.len()));
        }
        Edit::Twice(line) => {
            let line = line.index(lines.len());
            lines.insert(line, lines[line].clone());
        }
        Edit::Indent(line, right) => {
            let count = lines.len();
            let line = &mut lines[line.index(count)];
            *line = match right {
                true => format!("  {line}"),
                false => line.strip_prefix("  ").unwrap_or(line).to_owned(),
            };
        }
        Edit::Foreign(line, seed, from) => {
            let foreign: Vec<&str> = seed.get(seeds).split('\n').collect();
            lines.insert(line.index(lines.len()), (*from.get(&foreign)).to_owned());
        }
        Edit::Swap(one, other) => {
            let count = lines.len();
            lines.swap(one.index(count), other.index(count));
        }
    }
    lines.join("\n")
}

/// The YAML files below some folders that a test takes, in their order.
fn seeds(folders: &[&Path], takes: fn(&Path, &str) -> bool) -> Vec<String> {
    let mut seeds = Vec::new();
    for folder in folders {
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            let path = entry.expect("the folder can be read").into_path();
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            if !is_yaml {
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            if takes(&path, &text) {
                seeds.push(text);
            }
        }
    }
    assert!(seeds.len() >= 10, "seeds were not found in {folders:?}");
    seeds
}

fn is_scenario(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name == "scenario.yaml" || name.ends_with(".greenroom.yaml"))
}

/// A folder below scenarios/, and one of the documents in the wild where they are at hand.
fn seeds_of(own: &[&str], shared: &[&str], takes: fn(&Path, &str) -> bool) -> Vec<String> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut folders: Vec<_> = own.iter().map(|name| scenarios.join(name)).collect();
    if let Some(root) = std::env::var_os("GREENROOM_SHARED") {
        let corpus = Path::new(&root).join("corpus");
        folders.extend(shared.iter().map(|name| corpus.join(name)).filter(|folder| folder.is_dir()));
    }
    let folders: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    seeds(&folders, takes)
}

const SYSTEMS: &[&str] = &["dynamo", "grove", "gangs", "faults"];

static GRAPHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    seeds_of(SYSTEMS, &["dynamo", "dynamo-0.8.0", "grove"], |path, text| {
        !is_scenario(path) && (text.contains("nvidia.com/") || text.contains("grove.io/"))
    })
});
static MANIFESTS: LazyLock<Vec<String>> =
    LazyLock::new(|| seeds_of(SYSTEMS, &["grove"], |path, text| !is_scenario(path) && text.contains("apiVersion")));
static ONEBACKEND: LazyLock<Vec<String>> =
    LazyLock::new(|| seeds_of(&["onebackend"], &["1backend"], |path, _| !is_scenario(path)));
static SCENARIOS: LazyLock<Vec<String>> =
    LazyLock::new(|| seeds_of(&["dynamo", "grove", "gangs", "faults", "onebackend"], &[], |path, _| is_scenario(path)));
static TABLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let table = |name: &str| fs::read_to_string(Path::new("examples/fleet").join(name)).expect("it is there");
    ["nodes.csv", "pods.csv"].map(table).into()
});

/// A seed with all its edits.
fn spoilt(seeds: &[String], seed: &Index, edits: &[Edit]) -> String {
    edits.iter().fold(seed.get(seeds).clone(), |text, edit| edited(&text, edit, seeds))
}

#[test]
fn every_seed_itself_holds() {
    GRAPHS.iter().for_each(|text| properties::dynamo(text));
    MANIFESTS.iter().for_each(|text| properties::manifests(text));
    ONEBACKEND.iter().for_each(|text| properties::onebackend(text));
    SCENARIOS.iter().for_each(|text| properties::scenario(text));
    TABLES.iter().for_each(|text| properties::fleet(text.as_bytes()));
}

proptest! {
    #[test]
    fn spoilt_graphs_are_read_or_refused(seed in any::<Index>(), edits in edits()) {
        properties::dynamo(&spoilt(&GRAPHS, &seed, &edits));
    }

    #[test]
    fn spoilt_manifests_are_read_or_refused(seed in any::<Index>(), edits in edits()) {
        properties::manifests(&spoilt(&MANIFESTS, &seed, &edits));
    }

    #[test]
    fn spoilt_deployments_are_read_and_run_or_refused(seed in any::<Index>(), edits in edits()) {
        properties::onebackend(&spoilt(&ONEBACKEND, &seed, &edits));
    }

    #[test]
    fn spoilt_scenarios_are_read_or_refused(seed in any::<Index>(), edits in edits()) {
        properties::scenario(&spoilt(&SCENARIOS, &seed, &edits));
    }

    #[test]
    fn spoilt_tables_are_replayed_or_refused(seed in any::<Index>(), edits in edits()) {
        properties::fleet(spoilt(&TABLES, &seed, &edits).as_bytes());
    }

    #[test]
    fn options_of_a_sweep_are_read_or_refused(
        text in "(min |max )?[a-z]{1,4}(\\.[a-z]{1,3}|\\[[a-z0-9./]{0,4}\\]){0,3}(=| such that )([0-9a-z.,:]{0,10}|p9?9?\\(outage\\) ?<=? ?[0-9]{1,3}[smh]?)|.{0,40}"
    ) {
        properties::sweep(&text);
    }
}
