//! Goal: a sweep gives the same bytes however it is cut: on any number of threads, in any number of shards, after any kill; and what is
//! wrong with what was asked for gets one clear message. Method: the binary is run on example scenarios, with few samples.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const STACK: &str = "scenarios/llama-stack/scenario.yaml";
const NODES: &str = "cluster.nodes[a10].count=1..3";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn command(args: &[&str]) -> Command {
    let mut greenroom = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    greenroom.arg("sweep").args(args).current_dir(root()).env("NO_COLOR", "1");
    greenroom
}

fn sweep(args: &[&str]) -> Output {
    command(args).output().expect("greenroom starts")
}

#[track_caller]
fn stdout(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{:?}: {said}", output.status);
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Exit code 2, nothing on stdout, and a message that has these words.
#[track_caller]
fn refused(args: &[&str], words: &[&str]) -> String {
    let output = sweep(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?} prints something");
    for word in words {
        assert!(said.contains(word), "{args:?}: no {word:?} in\n{said}");
    }
    said
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The file of the whole sweep in one shard.
fn whole(folder: &TempDir, jobs: &str) -> Vec<u8> {
    let out = file(folder, &format!("whole-{jobs}.ndjson"));
    stdout(&sweep(&[STACK, "--vary", NODES, "--samples", "40", "--jobs", jobs, "--out", text(&out)]));
    fs::read(out).expect("it is there")
}

#[test]
fn threads_and_shards_change_no_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = whole(&folder, "1");
    assert_eq!(one, whole(&folder, "8"));
    let shards: Vec<PathBuf> = (0..7).map(|shard| file(&folder, &format!("{shard}.ndjson"))).collect();
    for (shard, out) in shards.iter().enumerate() {
        let part = format!("{shard}/7");
        let told = sweep(&[STACK, "--vary", NODES, "--samples", "40", "--shard", &part, "--out", text(out)]);
        assert_eq!(stdout(&told), "", "what all shards say is told once they are merged");
    }
    let merged = file(&folder, "merged.ndjson");
    let mut args = vec!["merge", "--out", text(&merged)];
    // In any order.
    args.extend(shards.iter().rev().map(|shard| text(shard)));
    let told = stdout(&sweep(&args));
    assert_eq!(fs::read(&merged).expect("it is there"), one);
    let direct = stdout(&sweep(&[STACK, "--vary", NODES, "--samples", "40"]));
    assert_eq!(told.lines().take(8).collect::<Vec<_>>(), direct.lines().take(8).collect::<Vec<_>>());

    let without: Vec<&str> = args.iter().copied().filter(|arg| !arg.ends_with("/3.ndjson")).collect();
    refused(&without, &["no file has the runs from 51 to 67"]);
    let twice: Vec<&str> = args.iter().copied().chain([text(&shards[3])]).collect();
    refused(&twice, &["both have run 51"]);
    let cut = fs::read_to_string(&shards[6]).expect("it is there");
    let end = cut.trim_end().rfind('\n').expect("lines") + 1;
    fs::write(&shards[6], &cut[..end]).expect("a file");
    refused(&args, &["6.ndjson is not whole: it has its 18 runs and no last line"]);
    fs::write(&shards[6], cut.replacen("\"gpu_secs\":", "\"gpu_secs\":1", 1)).expect("a file");
    refused(&args, &["6.ndjson: line", "it is not what was written"]);
}

/// A sweep that is killed again and again, whenever its file has grown a little; what a kill left is then cut off somewhere too, as it would
/// be if it had fallen into a write.
#[cfg(unix)]
#[test]
fn twenty_kills_lose_and_repeat_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = file(&folder, "killed.ndjson");
    let args = [STACK, "--vary", NODES, "--samples", "400", "--jobs", "2", "--out", text(&out)];
    let length = || fs::metadata(&out).map_or(0, |there| there.len());
    let mut killed = 0;
    for attempt in 1_u64..=20 {
        let before = length();
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("greenroom starts");
        // Moments that no clock of the test decides.
        let enough = before + attempt * 7919 % 20_000;
        while child.try_wait().expect("it can be asked").is_none() && length() <= enough {
            std::thread::yield_now();
        }
        // One that was faster has come to its end, and is cut off all the same.
        killed += u32::from(child.try_wait().expect("it can be asked").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let there = fs::read(&out).expect("it is there");
        let left = there.len() * (attempt as usize * 37 % 100) / 100;
        fs::write(&out, &there[..left]).expect("a file");
    }
    assert!(killed > 0, "all sweeps were over before they were killed");
    stdout(&sweep(&args));
    let direct = file(&folder, "direct.ndjson");
    stdout(&sweep(&[STACK, "--vary", NODES, "--samples", "400", "--out", text(&direct)]));
    assert!(fs::read(&out).expect("it is there") == fs::read(&direct).expect("it is there"), "the files differ");
    // Once whole it is told again, and not written.
    let before = fs::metadata(&out).and_then(|there| there.modified()).expect("a time");
    stdout(&sweep(&args));
    assert_eq!(fs::metadata(&out).and_then(|there| there.modified()).expect("a time"), before);
}

/// A shard of fewer runs than are handed out together keeps what was finished before a kill: each kill comes after a line more.
#[cfg(unix)]
#[test]
fn a_kill_keeps_what_is_finished() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = file(&folder, "killed.ndjson");
    let args = [STACK, "--vary", NODES, "--samples", "10", "--jobs", "1", "--out", text(&out)];
    let lines = || fs::read(&out).map_or(0, |there| there.iter().filter(|byte| **byte == b'\n').count());
    let mut before = lines();
    for _ in 0..5 {
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("greenroom starts");
        while child.try_wait().expect("it can be asked").is_none() && lines() <= before + 1 {
            std::thread::yield_now();
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let after = lines();
        assert!(after > before + 1 && after < 30, "{after} of 32 lines, {before} before");
        before = after;
    }
    stdout(&sweep(&args));
    let direct = file(&folder, "direct.ndjson");
    stdout(&sweep(&[STACK, "--vary", NODES, "--samples", "10", "--out", text(&direct)]));
    assert!(fs::read(&out).expect("it is there") == fs::read(&direct).expect("it is there"), "the files differ");
}

#[test]
fn a_file_of_another_sweep_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = file(&folder, "runs.ndjson");
    stdout(&sweep(&[STACK, "--samples", "3", "--out", text(&out)]));
    let before = fs::read(&out).expect("it is there");
    for (args, word) in [
        (vec![STACK, "--samples", "4"], "is of another sweep: the samples"),
        (vec![STACK, "--samples", "3", "--seed", "1"], "is of another sweep: the samples"),
        (vec![STACK, "--samples", "3", "--vary", NODES], "is of another sweep: what is varied"),
        (vec!["scenarios/node-lost/scenario.yaml", "--samples", "3"], "is of another sweep: the scenario"),
        (vec![STACK, "--samples", "3", "--shard", "0/2"], "has shard 0/1, not 0/2"),
    ] {
        let args: Vec<&str> = args.into_iter().chain(["--out", text(&out)]).collect();
        refused(&args, &[word, "it is left as it is"]);
        assert_eq!(fs::read(&out).expect("it is there"), before);
    }
    let other = file(&folder, "other.ndjson");
    fs::write(&other, "precious\n").expect("a file");
    refused(&[STACK, "--samples", "3", "--out", text(&other)], &["is no file of a sweep"]);
    assert_eq!(fs::read_to_string(&other).expect("it is there"), "precious\n");
}

#[test]
fn a_sweep_tells_of_each_plan_and_how_they_differ() {
    let told = stdout(&sweep(&[
        STACK,
        "--vary",
        NODES,
        "--samples",
        "60",
        "--show",
        "rate(passed),p50(time_to_ready),mean(peak_gpus)",
    ]));
    insta::assert_snapshot!(told);
}

/// A sample is the run of its seed: what a sweep says of one run is what `greenroom run` does.
#[test]
fn a_sample_is_a_run() {
    let json: Value =
        serde_json::from_str(&stdout(&sweep(&[STACK, "--samples", "1", "--seed", "11", "--format", "json"])))
            .expect("JSON");
    let plan = &json["plans"][0];
    let run = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(["run", STACK, "--seed", "11", "--format", "json"])
        .current_dir(root())
        .output()
        .expect("greenroom starts");
    let run: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    let entries = run["entries"].as_array().expect("a timeline");
    let monitoring =
        entries.iter().find(|entry| entry["subject"] == "group/llama-stack" && entry["became"] == "monitoring");
    let at = monitoring.and_then(|entry| entry["at_ns"].as_u64()).expect("it is ready") as f64 / 1e9;
    assert_eq!(plan["metrics"]["time_to_ready_secs"]["least"].as_f64(), Some(at));
    assert_eq!((&plan["runs"], &plan["metrics"]["passed"]["least"]), (&Value::from(1), &Value::from(1.0)));
}

#[test]
fn csv_parquet_and_svg_have_what_the_json_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let [csv, parquet, svg] = ["runs.csv", "runs.parquet", "plot.svg"].map(|name| file(&folder, name));
    let targets =
        [("csv", &csv), ("parquet", &parquet), ("svg", &svg)].map(|(form, path)| format!("{form}={}", text(path)));
    let mut args = vec![STACK, "--vary", NODES, "--samples", "20", "--format", "json"];
    args.extend(targets.iter().flat_map(|target| ["--format", target]));
    let json: Value = serde_json::from_str(&stdout(&sweep(&args))).expect("JSON");
    let mut reader = csv::Reader::from_path(&csv).expect("a table");
    let head = reader.headers().expect("a head").clone();
    let column =
        |name: &str| head.iter().position(|one| one == name).unwrap_or_else(|| panic!("no {name} in {head:?}"));
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!((rows.len(), json["runs"].as_u64()), (60, Some(60)));
    let (nodes, ready) = (column("cluster.nodes[a10].count"), column("time_to_ready_secs"));
    let least = rows.iter().filter(|row| &row[nodes] == "2").map(|row| row[ready].parse::<f64>().expect("a number"));
    let told = json["plans"][1]["metrics"]["time_to_ready_secs"]["least"].as_f64();
    assert_eq!(least.min_by(f64::total_cmp), told);

    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;
    let reader = SerializedFileReader::new(fs::File::open(&parquet).expect("it is there")).expect("Parquet");
    let read: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
    assert_eq!(read.len(), rows.len());
    for (one, other) in read.iter().zip(&rows) {
        assert_eq!(one.get_ulong(0).expect("a number").to_string(), &other[0]);
        assert_eq!(one.get_long(nodes).expect("a number").to_string(), &other[nodes]);
        assert_eq!(one.get_double(ready).expect("a number").to_string(), &other[ready]);
    }
    let svg = fs::read_to_string(svg).expect("it is there");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.contains("p99(time_to_ready)"));
    assert!(
        !fs::read_dir(folder.path())
            .expect("a folder")
            .any(|one| text(&one.expect("a file").path()).ends_with(".part"))
    );
}

#[test]
fn a_search_finds_the_least_that_is_good_enough() {
    let find = |condition: &str| {
        let what = format!("min cluster.nodes[a10].count such that {condition}");
        sweep(&[
            STACK,
            "--vary",
            "cluster.nodes[a10].count=1..8",
            "--samples",
            "60",
            "--find",
            &what,
            "--format",
            "json",
        ])
    };
    let all = find("p50(time_to_ready) < 20m and rate(passed) > 80%");
    let all: Value = serde_json::from_str(&stdout(&all)).expect("JSON");
    assert_eq!((&all["find"]["found"], &all["find"]["is_monotone"]), (&Value::from("1"), &Value::from(true)));
    let none = find("p50(time_to_ready) < 1s");
    assert_eq!(none.status.code(), Some(1), "nothing is good enough");
    let none: Value = serde_json::from_slice(&none.stdout).expect("JSON");
    assert_eq!(none["find"]["found"], Value::Null);
}

#[test]
fn precision_ends_a_sweep_and_says_what_was_reached() {
    let precise = |width: &str| {
        let asked = format!("mean(time_to_ready)={width}");
        sweep(&[STACK, "--precision", &asked, "--samples", "400", "--format", "json"])
    };
    let wide: Value = serde_json::from_str(&stdout(&precise("1m"))).expect("JSON");
    assert_eq!((&wide["samples"], &wide["precision"]["is_precise"]), (&Value::from(100), &Value::from(true)));
    let narrow = precise("1ns");
    assert_eq!(narrow.status.code(), Some(1));
    let narrow: Value = serde_json::from_slice(&narrow.stdout).expect("JSON");
    assert_eq!((&narrow["samples"], &narrow["precision"]["is_precise"]), (&Value::from(400), &Value::from(false)));
    assert!(narrow["confidence"].as_f64().expect("a number") > 0.98, "three looks share what may be wrong");
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let vary = |text: &str, words: &[&str]| refused(&[STACK, "--vary", text], words);
    let mut told = vary("cluster.nodes[a11].count=2..16", &["has no item `a11`", "did you mean `a10`?"]);
    told += &vary("cluster.nodes[a10].cont=2..16", &["has no key `cont`", "did you mean `count`?"]);
    told += &vary("cluster.nodes[a10].count=many", &["is a whole number, which `many` is not"]);
    told += &vary("cluster.nodes[a10].count", &["expected `=` and the values"]);
    told += &vary("cluster.nodes[a10].count=16..2", &["the range ends before it begins"]);
    told += &vary("cluster.nodes[a10].count=0", &["with cluster.nodes[a10].count=0"]);
    told += &vary(
        "documents[groop.json].a=1",
        &["the scenario has no document `groop.json`", "did you mean `group.json`?"],
    );
    told += &vary("behaviour[vllm].start=4m", &["is a map: vary one of its values"]);
    told += &vary("cluster.nodes[a10].count=1, 2, many", &["which `many` is not"]);
    told += &vary("cluster.nodes[a10].count=1,,2", &["expected a value"]);
    told += &vary("cluster.nodes[a10].count=1,2,1", &["the value `1` stands here twice"]);
    told += &vary("cluster.nodes[a10].count=1;2;4", &["did you mean `1,2,4`?"]);
    told += &vary("cluster.nodes[a10].count=2-16", &["did you mean `2..16`?"]);
    told += &vary("cluster.nodes[a10].count=2..many", &["a range goes from"]);
    told += &vary("cluster.nodes[a10].count=2..16:two", &["the step must be a whole number"]);
    told += &vary("cluster.nodes.a10.count=2..16", &["did you mean `[a10]`?"]);
    told += &vary("cluster;nodes[a10];count=2..16", &["did you mean `cluster.nodes[a10].count`?"]);
    told += &vary("cluster.nods[a10].count=2..16", &["has no key `nods`; did you mean `nodes`?"]);
    told += &refused(&[STACK, "--find", "min a.b such that p99(time_to_ready) < 20"], &["no unit"]);
    told += &refused(&[STACK, "--find", "min a.b such that p99(time_to_ready) < 20m"], &["--vary 'a.b=1..16'"]);
    told += &refused(&[STACK, "--show", "p99(time_to_redy)"], &["did you mean `time_to_ready`?"]);
    told += &refused(&[STACK, "--shard", "7/7", "--out", "x"], &["the last of 7 is 6/7"]);
    told += &refused(&[STACK, "--shard", "0/7"], &["--out"]);
    for more in [["--format", "json"], ["--show", "rate(passed)"], ["--confidence", "99%"]] {
        let args: Vec<&str> = [STACK, "--shard", "0/7", "--out", "x"].into_iter().chain(more).collect();
        refused(&args, &["cannot be used with", more[0]]);
    }
    refused(&["merge", "0.ndjson", "--out", "s3://bucket/all.ndjson"], &["`merge` writes a file"]);
    told += &refused(&[STACK, "--confidence", "1"], &["between 0 and 1"]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_job_is_printed_without_what_documents_hold() {
    let told = stdout(&sweep(&[
        "manifest",
        STACK,
        "--vary",
        NODES,
        "--samples",
        "1000",
        "--shards",
        "100",
        "--image",
        "registry.example.com/greenroom:1",
        "--claim",
        "results",
        "--queue",
        "batch",
    ]));
    insta::assert_snapshot!(told);
    let manifest = |more: &[&'static str]| {
        let args = ["manifest", STACK, "--shards", "2", "--samples", "100", "--image", "a"];
        args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()
    };
    let named = stdout(&sweep(&manifest(&["--claim", "b", "--namespace", "plans"])));
    assert!(named.contains("#   kubectl create configmap llama-stack-sweep -n plans --from-file="), "{named}");
    let stored = stdout(&sweep(&manifest(&["--store", "s3://bucket/folder", "--store-secret", "keys"])));
    insta::assert_snapshot!("a_job_that_writes_to_a_storage", stored);

    let mut told = String::new();
    told += &refused(&manifest(&["--claim", "b", "--store-secret", "keys"]), &["--store"]);
    told += &refused(&manifest(&["--claim", "b", "--store", "s3://bucket/folder"]), &["--store"]);
    told += &refused(&manifest(&[]), &["--claim"]);
    let many = ["manifest", STACK, "--shards", "101", "--samples", "100", "--image", "a", "--claim", "b"];
    told += &refused(&many, &["100 runs cannot be cut into 101 shards"]);
    for image in ["", "registry.example.com/Greenroom:1", "greenroom:1 2"] {
        told += &refused(&["manifest", STACK, "--shards", "2", "--claim", "b", "--image", image], &["--image"]);
    }
    insta::assert_snapshot!("what_no_job_is_printed_for", told);
}
