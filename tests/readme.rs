//! Goal: the documents show what greenroom prints today. Method: every command in a `console` block is run and what follows
//! it compared; tables between `<!-- made: … -->` and `<!-- end -->` are made again and compared; every link must lead to a
//! file. `cargo xtask docs` sets `GREENROOM_DOCS=write`: what differs is then written instead.

mod pages;
#[path = "support/scenarios.rs"]
mod scenarios;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use pages::{Page, pages, root};

/// The two commands for a fresh machine. The README shows them and `.ci/run` runs them.
const RUN: &str = "cargo run --release -- run scenarios/llama-stack/scenario.yaml";
const TEST: &str = "cargo test";

#[test]
fn pages_show_what_is() {
    let mut stale = Vec::new();
    for page in pages() {
        let outputs = page.with_outputs(output);
        let made = Page { path: page.path.clone(), text: outputs }.with_parts(part);
        if made != page.text {
            stale.extend(page.settle(&made));
        }
    }
    assert!(stale.is_empty(), "not current, run `cargo xtask docs`:\n{}", stale.join("\n"));
}

#[test]
fn the_two_commands_are_those_that_the_checks_run() {
    let readme = pages::read("README.md");
    let checks = pages::read(".ci/run");
    for command in [RUN, TEST] {
        assert!(
            readme.lines().any(|line| line.trim_start_matches("$ ") == command),
            "README.md does not show `{command}`"
        );
        assert!(checks.lines().any(|line| line == format!("step {command}")), ".ci/run does not run `{command}`");
    }
}

#[test]
fn links_lead_to_files() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in pages() {
        for link in page.links() {
            seen += 1;
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            if !root().join(folder).join(&link).exists() {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(seen > 10, "the links were not found");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn examples_are_valid_scenarios() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let document = root().join("scenarios/slow-model-load-with-probe/group.json");
    std::fs::copy(document, folder.path().join("group.json")).expect("the document can be copied");
    let mut checked = 0;
    for page in pages() {
        for example in page.blocks("yaml").filter(|block| block.starts_with("name: ")) {
            let file = folder.path().join("scenario.yaml");
            std::fs::write(&file, example).expect("the example can be written");
            let output = Command::new(env!("CARGO_BIN_EXE_greenroom"))
                .arg("check")
                .arg(&file)
                .output()
                .expect("greenroom starts");
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: an example is not valid:\n{said}", page.path);
            checked += 1;
        }
    }
    assert!(checked > 0, "no page has a whole scenario as an example");
}

#[test]
fn every_key_of_a_scenario_is_described() {
    let schema: serde_json::Value = serde_json::from_str(&pages::read("schema/scenario.schema.json")).expect("JSON");
    // What a system's own profile has stands on the page of the system.
    let pages = [
        "docs/scenario.md",
        "docs/faults.md",
        "docs/gangs.md",
        "docs/systems/backendai.md",
        "docs/systems/dynamo.md",
        "docs/systems/dynamo-operator.md",
        "docs/systems/grove.md",
        "docs/systems/onebackend.md",
        "docs/systems/onebackend-as-built.md",
        "docs/systems/paasta.md",
    ]
    .map(pages::read);
    let page = pages.join("\n");
    let words: BTreeSet<&str> = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let mut keys = BTreeSet::new();
    gather_keys(&schema, &mut keys);
    assert!(keys.len() > 60, "the schema has few keys: {keys:?}");
    let missing: Vec<&String> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "docs/scenario.md and the pages of systems do not describe {missing:?}");
}

/// All names of properties in a JSON Schema.
fn gather_keys(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(map) => {
            let properties = map.get("properties").and_then(serde_json::Value::as_object);
            keys.extend(properties.into_iter().flatten().map(|(key, _)| key.clone()));
            map.values().for_each(|value| gather_keys(value, keys));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| gather_keys(value, keys)),
        _ => {}
    }
}

/// What a command prints; `None` for one that is not greenroom itself. `| head -N`, `| tail -N` and `| grep WORD` are understood.
fn output(command: &str) -> Option<String> {
    let (command, filter) = command.split_once(" | ").unwrap_or((command, ""));
    let args = command.strip_prefix("cargo run --release -- ").or_else(|| command.strip_prefix("greenroom "))?;
    let printed = greenroom(args);
    let mut lines: Vec<&str> = printed.lines().collect();
    let count = |text: &str| text.strip_prefix('-')?.parse::<usize>().ok();
    match filter.split_once(' ') {
        None => {}
        Some(("grep", word)) => lines.retain(|line| line.contains(word)),
        Some(("head", number)) => lines.truncate(count(number).expect("head has -N")),
        Some(("tail", number)) => {
            let kept = count(number).expect("tail has -N").min(lines.len());
            lines.drain(..lines.len() - kept);
        }
        Some((other, _)) => panic!("`{other}`: only head, tail and grep are understood"),
    }
    Some(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// What greenroom prints on stdout. A page may show a run that fails, so the exit code does not matter here.
fn greenroom(args: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(words(args))
        .current_dir(root())
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .expect("greenroom starts");
    let printed = String::from_utf8(output.stdout).expect("greenroom prints UTF-8");
    assert!(!printed.is_empty(), "greenroom {args}: {}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// The words of a command, as a shell parts them: by spaces that do not stand between single quotes.
fn words(args: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (number, piece) in args.split('\'').enumerate() {
        // Every second piece stands between quotes.
        let mut parts = if number % 2 == 1 { vec![piece] } else { piece.split(' ').collect() }.into_iter();
        words.last_mut().expect("there is one").push_str(parts.next().unwrap_or_default());
        words.extend(parts.map(str::to_owned));
    }
    words
}

/// A made part by its name.
fn part(name: &str) -> String {
    match name {
        "scenarios" => scenarios(),
        "verbs" => verbs(),
        "rules" => rules(),
        "metrics" => metrics(),
        #[cfg(feature = "live")]
        "live-rights" => format!("```yaml\n{}```\n", greenroom::live::access::cluster_role()),
        #[cfg(not(feature = "live"))]
        "live-rights" => pages::read("docs/live.md")
            .split("live-rights -->\n")
            .nth(1)
            .map_or_else(String::new, |rest| rest.split("<!-- end -->").next().unwrap_or_default().to_owned()),
        other => panic!("no part is named `{other}`"),
    }
}

/// A row for each metric of a sweep.
fn metrics() -> String {
    let mut table = String::from("| metric | is |\n|---|---|\n");
    for (name, _, is) in greenroom::fleet::sweep::metric::ALL {
        writeln!(table, "| `{name}` | {is} |").expect("a text can be written");
    }
    table.push_str("| `findings.ORACLE` | the findings of one oracle, by code or name |\n");
    table
}

/// A row for each scenario: its folder, its leading comment, and the time of its last entry.
fn scenarios() -> String {
    let mut table = String::from("| scenario | what is seen | last event |\n|---|---|---|\n");
    for name in scenarios::names() {
        let text = pages::read(&format!("scenarios/{name}/scenario.yaml"));
        let comment: Vec<&str> = text.lines().skip(1).map_while(|line| line.strip_prefix("# ")).collect();
        assert!(
            !comment.is_empty(),
            "scenarios/{name}/scenario.yaml: the second line must be a comment that says what is seen"
        );
        let printed = greenroom(&format!("run scenarios/{name}/scenario.yaml"));
        let last = last_time(&printed);
        writeln!(table, "| [{name}]({name}/scenario.yaml) | {} | {last} |", comment.join(" "))
            .expect("a text can be written");
    }
    table
}

/// The time of the last entry of a timeline.
fn last_time(printed: &str) -> &str {
    let mut times = printed.lines().filter_map(|line| line.split_once("  ")).map(|(time, _)| time);
    let is_time =
        |time: &&str| time.len() >= 12 && time.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    times.rfind(is_time).expect("a timeline has entries")
}

/// The rules of plans.
fn rules() -> String {
    let mut table = String::from("| code | name | | what is found |\n|---|---|---|---|\n");
    for rule in greenroom::plan::rules::ALL {
        let gravity = rule.gravity.text();
        writeln!(table, "| {} | {} | {gravity} | {} |", rule.code, rule.name, rule.summary)
            .expect("a text can be written");
    }
    table
}

/// The verbs as greenroom's own help lists them.
fn verbs() -> String {
    let help = greenroom("--help");
    let rows = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut table = String::from("| verb | does |\n|---|---|\n");
    for (verb, about) in rows.filter_map(|row| row.trim().split_once("  ")) {
        writeln!(table, "| `{verb}` | {} |", about.trim()).expect("a text can be written");
    }
    table
}

#[test]
fn a_page_that_is_not_current_is_seen() {
    let page = |text: &str| Page { path: "x.md".into(), text: text.into() };
    let shown = page("```console\n$ greenroom a\nold\n$ ls\nkept\n```\n");
    let made = shown.with_outputs(|command| (command == "greenroom a").then(|| "new\n".into()));
    assert_eq!(made, "```console\n$ greenroom a\nnew\n$ ls\nkept\n```\n");
    let table = page("a\n<!-- made: t -->\nold\n<!-- end -->\nb\n");
    assert_eq!(table.with_parts(|name| format!("{name}!\n")), "a\n<!-- made: t -->\nt!\n<!-- end -->\nb\n");
    assert_eq!(words("sweep 'a b'=c d"), ["sweep", "a b=c", "d"]);
    let links = page("[a](b.md) [c](https://d.example) [e](f/g.md#h) `[i](j)`");
    assert_eq!(links.links(), ["b.md", "f/g.md"]);
}
