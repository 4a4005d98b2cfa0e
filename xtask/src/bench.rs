//! `cargo xtask bench`: measures greenroom beside its peers and prints one table. `--quick` measures less; `--criterion`
//! adds criterion's statistics. Instruction counts need valgrind, and are left out with a word where it is not installed.

use std::path::PathBuf;
use std::process::Command;

use crate::shell;

/// Measures everything and prints the table.
pub fn run(args: &[String]) -> Result<(), String> {
    if let Some(unknown) = args.iter().find(|arg| !["--quick", "--criterion"].contains(&arg.as_str())) {
        return Err(format!("no argument `{unknown}`; there are --quick and --criterion"));
    }
    let has = |name: &str| args.iter().any(|arg| arg == name);
    // The start of the binary is measured too, and cargo does not build it for the benches.
    shell::run(&mut shell::cargo(&["build", "--release", "--package", "greenroom"]))?;
    if has("--criterion") {
        shell::run(&mut shell::cargo(&["bench", "--package", "greenroom-benches", "--bench", "hold"]))?;
    }
    let rows = match instruction_counts()? {
        Some(text) => instruction_rows(&text)?,
        None => {
            eprintln!("no instruction counts: valgrind is not installed");
            Vec::new()
        }
    };
    let mut compare = shell::cargo(&["run", "--release", "--package", "greenroom-benches", "--bin", "compare", "--"]);
    if has("--quick") {
        compare.arg("--quick");
    }
    for row in rows {
        compare.arg("--row").args(row);
    }
    shell::run(&mut compare)
}

/// What the instruction bench prints; `None` without valgrind.
fn instruction_counts() -> Result<Option<String>, String> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let runner = runner()?;
    let mut bench = shell::cargo(&["bench", "--package", "greenroom-benches", "--bench", "instructions"]);
    bench.env("GUNGRAUN_RUNNER", runner).env("GUNGRAUN_COLOR", "never").env("CARGO_TERM_COLOR", "never");
    let output = shell::output(&mut bench)?;
    Ok(Some(String::from_utf8_lossy(&output).into_owned()))
}

/// The program that runs the instruction bench, built once into target/tools: it must have the version of the library.
fn runner() -> Result<PathBuf, String> {
    let lock = shell::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).map_err(|error| format!("failed to read {}: {error}", lock.display()))?;
    let version = locked_version(&text, "gungraun-runner").ok_or("Cargo.lock has no gungraun-runner")?;
    let tools = shell::root().join("target/tools").join(format!("gungraun-runner-{version}"));
    let runner = tools.join("bin").join(format!("gungraun-runner{}", std::env::consts::EXE_SUFFIX));
    if !runner.is_file() {
        let mut install = shell::cargo(&["install", "gungraun-runner", "--locked", "--version"]);
        install.arg(format!("={version}")).arg("--root").arg(&tools);
        shell::run(&mut install)?;
    }
    Ok(runner)
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split_once('"').map(|(version, _)| version)
}

/// Lines of the table from what the bench prints: `instructions::hold::greenroom entities_0:(warm_hold(1_000))`, then a
/// line `Instructions: COUNT|…`. Both sides of the hold model run the same events, so their counts can be divided; a
/// rolling update is compared with the smallest.
fn instruction_rows(text: &str) -> Result<Vec<[String; 3]>, String> {
    let mut counts: Vec<(&str, &str, f64)> = Vec::new();
    let mut current = None;
    for line in text.lines() {
        let groups = ["instructions::hold::", "instructions::rollouts::", "instructions::fleets::"];
        if let Some(name) = groups.iter().find_map(|group| line.strip_prefix(group)) {
            current = name.split_once(' ').map(|(side, case)| (side, case.rsplit('(').next().unwrap_or("")));
        } else if let (Some((side, case)), Some(rest)) = (current, line.trim_start().strip_prefix("Instructions:")) {
            let count = rest.trim_start().split('|').next().and_then(|count| count.parse().ok());
            counts.push((side, case.trim_end_matches(')'), count.ok_or(format!("no count in `{line}`"))?));
        }
    }
    let mut rows = Vec::new();
    for (side, case, own) in &counts {
        let peer = counts.iter().find(|(other, same, _)| *other == "simcore" && same == case);
        if let (&"greenroom", Some((_, _, peer))) = (side, peer) {
            rows.push([
                format!("hold model, {} entities, exponential delays, under valgrind", case.replace('_', "")),
                format!("{:.0} instructions an event", own / EVENTS),
                format!("simcore takes {:.2}x", peer / own),
            ]);
        }
    }
    for (side, what, smallest) in GROWING {
        let of_side = counts.iter().filter(|(other, ..)| *other == side);
        let sized = of_side.filter_map(|(_, case, count)| Some((case.replace('_', "").parse::<f64>().ok()?, *count)));
        // Two pods to each: what is replaced and what replaces it, or a graph's frontend and its worker.
        let each: Vec<(f64, f64)> = sized.map(|(size, count)| (size, count / (2.0 * size))).collect();
        for (size, figure) in &each {
            rows.push([
                what.replace("{}", &size.to_string()),
                format!("{figure:.0} instructions a pod"),
                format!("{:.2}x that of {}{smallest}", figure / each[0].1, each[0].0),
            ]);
        }
    }
    if rows.is_empty() { Err("the instruction bench printed no counts".into()) } else { Ok(rows) }
}

/// The benches whose cost a pod is compared with that of the smallest case: their names, what they measure, and how the smallest is
/// named.
const GROWING: [(&str, &str, &str); 3] = [
    ("rolling_update", "rolling update of {} pods, under valgrind", ""),
    ("graphs_as_deployments", "{} Dynamo graphs of 8 GPUs, as Deployments, under valgrind", " graphs"),
    ("graphs_by_grove", "{} Dynamo graphs of 8 GPUs, by Grove, under valgrind", " graphs"),
];

/// Events of each case of benches/benches/instructions.rs.
const EVENTS: f64 = 200_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_counts_of_both_sides() {
        let text = "\
            instructions::hold::greenroom entities_0:(warm_hold(1_000))\n  \
              Instructions:                66702220|N/A                  (*********)\n  \
              L1 Hits:                      4687128|N/A                  (*********)\n\
            instructions::hold::simcore entities_0:(warm_peer(1_000))\n  \
              Instructions:               148932200|66702220     (+123.28%) [+2.23x]\n\
            instructions::rollouts::rolling_update pods_0:(1_000)\n  \
              Instructions:                36000000|N/A                  (*********)\n\
            instructions::rollouts::rolling_update pods_1:(10_000)\n  \
              Instructions:               396000000|N/A                  (*********)\n\
            instructions::fleets::graphs_by_grove count_0:(50)\n  \
              Instructions:               200000000|N/A                  (*********)\n\
            instructions::fleets::graphs_by_grove count_1:(500)\n  \
              Instructions:              2400000000|N/A                  (*********)\n";
        let rows = instruction_rows(text).expect("there are counts");
        let rows: Vec<String> = rows.iter().map(|row| row.join(" | ")).collect();
        assert_eq!(
            rows,
            [
                "hold model, 1000 entities, exponential delays, under valgrind | 334 instructions an event | simcore takes 2.23x",
                "rolling update of 1000 pods, under valgrind | 18000 instructions a pod | 1.00x that of 1000",
                "rolling update of 10000 pods, under valgrind | 19800 instructions a pod | 1.10x that of 1000",
                "50 Dynamo graphs of 8 GPUs, by Grove, under valgrind | 2000000 instructions a pod | 1.00x that of 50 graphs",
                "500 Dynamo graphs of 8 GPUs, by Grove, under valgrind | 2400000 instructions a pod | 1.20x that of 50 graphs",
            ]
        );
        assert!(instruction_rows("nothing ran").is_err());
    }

    #[test]
    fn the_events_of_a_case_are_those_of_the_bench() {
        let bench =
            std::fs::read_to_string(shell::root().join("benches/benches/instructions.rs")).expect("it is there");
        assert!(bench.contains("const EVENTS: u64 = 200_000;"), "EVENTS here must follow");
    }

    #[test]
    fn finds_a_version_in_the_lock_file() {
        let lock = "[[package]]\nname = \"gungraun-runner\"\nversion = \"0.20.0\"\nsource = \"…\"\n";
        assert_eq!(locked_version(lock, "gungraun-runner"), Some("0.20.0"));
        assert_eq!(locked_version(lock, "gungraun"), None);
    }
}
