//! `greenroom fleet` as its users run it.
//!
//! Goal: every form of a result says the same on any number of threads, and what has no meaning is in none. Method: the binary is run on
//! the example of examples/fleet and on tables in a folder of its own. What cannot be used is in `bad_tables`.

#[path = "fleet/bad_tables.rs"]
mod bad_tables;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

const NODES: &str = "name,cpu_milli,memory_mib,gpu,model\na,8000,16384,2,T4\nb,8000,16384,0,\n";
const PODS: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1000,1024,1,500\nq,1000,1024,0,0\n";

fn fleet(folder: &Path, args: &[&str]) -> Output {
    let mut greenroom = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    greenroom.arg("fleet").args(args).current_dir(folder).env("NO_COLOR", "1").output().expect("greenroom starts")
}

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("nodes.csv"), NODES).expect("it can be written");
    fs::write(folder.path().join("pods.csv"), PODS).expect("it can be written");
    folder
}

#[test]
fn the_table_of_the_example() {
    let all = "kube-default,kube-most-allocated,fgd,best-fit,dot-product,gpu-packing,gpu-clustering,random";
    let args = ["pods.csv", "--nodes", "nodes.csv", "--policy", all];
    insta::assert_snapshot!(
        "in_order",
        stdout(&fleet(&example(), &[&args[..], &["--seeds", "3", "--tune", "1.1"]].concat()))
    );
    insta::assert_snapshot!("in_time", stdout(&fleet(&example(), &[&args[..], &["--timed"]].concat())));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = folder();
    let nodes = example().join("nodes.csv").to_string_lossy().into_owned();
    let pods = example().join("pods.csv").to_string_lossy().into_owned();
    let other = folder.path().join("other").join("pods.csv");
    fs::create_dir(other.parent().expect("a folder")).expect("it can be made");
    fs::copy(&pods, &other).expect("it can be copied");
    let other = other.to_string_lossy().into_owned();
    for mode in [&["--tune", "1.5", "--placements", "placements.csv"][..], &["--timed"]] {
        let mut seen: Option<Vec<Vec<u8>>> = None;
        for jobs in ["1", "8"] {
            let args = [
                pods.as_str(),
                other.as_str(),
                "--nodes",
                &nodes,
                "--policy",
                "fgd,random,kube-default",
                "--seeds",
                "4",
                "-j",
                jobs,
                "--format",
                "json",
                "--results",
                "results.csv",
                "--results",
                "results.parquet",
                "--curves",
                "curves.csv",
                "--svg",
                "curves.svg",
                "--html",
                "page.html",
            ];
            let output = fleet(folder.path(), &[&args[..], mode].concat());
            let mut bytes = vec![stdout(&output).into_bytes()];
            let mut names: Vec<_> =
                fs::read_dir(folder.path()).expect("a folder").flatten().map(|file| file.path()).collect();
            names.retain(|name| name.is_file());
            names.sort();
            bytes.extend(names.iter().map(|file| fs::read(file).expect("it can be read")));
            assert!(bytes.len() >= 8, "a file is missing: {names:?}");
            assert_eq!(*seen.get_or_insert_with(|| bytes.clone()), bytes);
        }
    }
}

#[test]
fn all_forms_say_the_same() {
    let folder = folder();
    let args = [
        "pods.csv",
        "--nodes",
        "nodes.csv",
        "--policy",
        "fgd,random",
        "--format",
        "json",
        "--results",
        "r.csv",
        "--results",
        "r.parquet",
        "--placements",
        "p.parquet",
        "--html",
        "page.html",
    ];
    let json: Value = serde_json::from_str(&stdout(&fleet(folder.path(), &args))).expect("JSON");
    assert_eq!(json["form"], "greenroom-fleet/1");
    let results = json["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    let csv = fs::read_to_string(folder.path().join("r.csv")).expect("it is there");
    for (line, result) in csv.lines().skip(1).zip(results) {
        let start = format!("pods,{},1,2,2,2,2,0,500,500,25.00,1.50,", result["policy"].as_str().expect("a name"));
        assert!(line.starts_with(&start), "{line}");
        assert_eq!((&result["placed"], &result["allocation_percent"]), (&2.into(), &25.0.into()));
    }
    // What greenroom writes as Parquet it reads as well.
    let again = fleet(folder.path(), &["p.parquet", "--nodes", "nodes.csv"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("the column `name` is missing"), "{}", stderr(&again));
    let page = fs::read_to_string(folder.path().join("page.html")).expect("it is there");
    assert!(
        page.contains("<svg") && page.contains("gpu") && !page.contains("http:") || page.contains("www.w3.org"),
        "{page}"
    );
}

#[test]
fn columns_may_have_other_names_and_units() {
    let folder = folder();
    let nodes = "host\tcores\tram\tcards\nx\t8\t16\t2\n";
    fs::write(folder.path().join("n.tsv"), nodes).expect("it can be written");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"id,c,m,g\none,0.5,1073741824,2\ntwo,0.5,0,1\n").expect("it can be packed");
    fs::write(folder.path().join("t.csv.gz"), packed.finish().expect("it can be packed")).expect("it can be written");
    let args = [
        "t.csv.gz",
        "--nodes",
        "n.tsv",
        "--node-columns",
        "name=host,cpu=cores,memory_gib=ram,num_gpu=cards",
        "--columns",
        "name=id,cpu=c,memory_bytes=m,num_gpu=g",
        "--listed",
        "--format",
        "json",
    ];
    let json: Value = serde_json::from_str(&stdout(&fleet(folder.path(), &args))).expect("JSON");
    let result = &json["results"][0];
    assert_eq!((&result["trace"], &result["placed"], &result["unplaced"]), (&"t".into(), &1.into(), &1.into()));
    assert_eq!(result["unplaced_by_class"], serde_json::json!({ "1 gpu": 1, "2 gpus": 0 }));
}

#[test]
fn dates_are_times() {
    let folder = folder();
    let head = "name,cpu_milli,memory_mib,num_gpu,creation_time,deletion_time";
    let dates = "p,1,1,2,2026-01-31T08:30:00Z,2026-01-31T09:30:00Z\nq,1,1,2,2026-01-31 09:40:00+01:00,2026-01-31 09:00";
    fs::write(folder.path().join("pods.csv"), format!("{head}\n{dates}:00\n")).expect("it can be written");
    let output = fleet(folder.path(), &["pods.csv", "--nodes", "nodes.csv", "--timed", "--format", "json"]);
    let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    // q comes at 08:40, waits until p leaves at 09:30, and runs for 20 minutes.
    let in_time = &json["results"][0]["in_time"];
    assert_eq!((&in_time["wait_max_ms"], &in_time["span_ms"]), (&3_000_000.into(), &4_800_000.into()));
}

#[test]
fn times_count_in_time_alone() {
    let folder = folder();
    let pods = "name,cpu_milli,memory_mib,num_gpu,creation_time,deletion_time\nover,1,1,1,0,9\nstill-runs,1,1,1,5,\n";
    fs::write(folder.path().join("pods.csv"), pods).expect("it can be written");
    let args = ["pods.csv", "--nodes", "nodes.csv"];
    assert!(stdout(&fleet(folder.path(), &args)).contains("  2         0"));
    let in_time = fleet(folder.path(), &[&args[..], &["--timed"]].concat());
    assert_eq!(in_time.status.code(), Some(2));
    assert!(stderr(&in_time).contains("neither a `duration` nor a `deletion_time`"), "{}", stderr(&in_time));
}

#[test]
fn what_the_fleet_has_nowhere_is_told() {
    let folder = folder();
    let nodes = "name,cpu_milli,memory_mib,gpu,model\na,8000,16384,4,H100\nb,16000,8192,2,A10\nc,32000,65536,0,\n";
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_spec\n\
        fits,1,1,4,H100|A10\n\
        typing-1,1,1,1,H10\n\
        typing-2,1,1,1,H10\n\
        either,1,1,1,V100|A10\n\
        none,1,1,0,V100\n\
        wide,1,1,8,\n\
        fast,64000,1,0,\n\
        deep-1,1,99999,1,\n\
        deep-2,1,99998,1,\n\
        both,16000,16384,1,\n";
    fs::write(folder.path().join("nodes.csv"), nodes).expect("it can be written");
    fs::write(folder.path().join("pods.csv"), pods).expect("it can be written");
    let args = ["pods.csv", "--nodes", "nodes.csv", "--listed", "--results", "r.csv"];
    let output = fleet(folder.path(), &[&args[..], &["--format", "json"]].concat());
    insta::assert_snapshot!("misfits", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let result = &json["results"][0];
    assert_eq!((&result["unplaced"], &result["unplaceable"]), (&7.into(), &7.into()));
    let csv = fs::read_to_string(folder.path().join("r.csv")).expect("it is there");
    let column = csv.lines().next().expect("a header").split(',').position(|name| name == "unplaceable");
    assert_eq!(csv.lines().nth(1).expect("a row").split(',').nth(column.expect("the column")), Some("7"));
    let table = stdout(&fleet(folder.path(), &args));
    assert!(table.contains("unplaced  unplaceable  allocation %"), "{table}");
}

#[test]
fn counts_are_in_words() {
    let folder = folder();
    fs::write(folder.path().join("nodes.csv"), "name,cpu_milli,memory_mib,gpu\na,8000,16384,1\n")
        .expect("it can be written");
    let table = stdout(&fleet(folder.path(), &["pods.csv", "--nodes", "nodes.csv"]));
    assert!(table.starts_with("1 node, 1 GPU, seed 1\n"), "{table}");
}

#[test]
fn means_of_counts_have_a_decimal() {
    let folder = folder();
    // One of two pods has room, by the seed: five seeds give a mean that is no whole number.
    fs::write(folder.path().join("nodes.csv"), "name,cpu_milli,memory_mib,gpu\na,8000,16384,2\n")
        .expect("it can be written");
    let pods = "name,cpu_milli,memory_mib,num_gpu\np,1,1,2\nq,1,1,1\n";
    fs::write(folder.path().join("pods.csv"), pods).expect("it can be written");
    let args = ["pods.csv", "--nodes", "nodes.csv", "--seeds", "5"];
    let json: Value =
        serde_json::from_str(&stdout(&fleet(folder.path(), &[&args[..], &["--format", "json"]].concat())))
            .expect("JSON");
    let sum = |class: &str| -> u64 {
        let results = json["results"].as_array().expect("results").iter();
        results.map(|result| result["unplaced_by_class"][class].as_u64().expect("a number")).sum()
    };
    let (one, two) = (sum("1 gpu"), sum("2 gpus"));
    assert!(one % 5 != 0 && one + two == 5, "{one} and {two} say nothing");
    let table = stdout(&fleet(folder.path(), &args));
    let last = table.lines().last().expect("a line");
    let means: Vec<String> = last.split_whitespace().skip(2).map(String::from).collect();
    assert_eq!(means, [one, two].map(|sum| format!("0.{}", sum * 2)), "{table}");
    assert!(table.contains(" 2.0       1.0 "), "{table}");
}

#[test]
fn replays_in_time_tell_what_has_a_meaning_in_time() {
    let args = ["pods.csv", "--nodes", "nodes.csv", "--timed", "--format", "json"];
    let json: Value = serde_json::from_str(&stdout(&fleet(&example(), &args))).expect("JSON");
    let result = json["results"][0].as_object().expect("an object");
    for in_order in ["used_gpu_milli", "allocation_percent", "unallocated_gpus", "fragmented_gpus", "curve"] {
        assert!(!result.contains_key(in_order), "{in_order} is of replays in order");
    }
    let in_time = &result["in_time"];
    let usage = in_time["usage"].as_array().expect("points");
    let values =
        |name: &str| -> Vec<f64> { usage.iter().map(|point| point[name].as_f64().expect("a number")).collect() };
    let mean = |name: &str| values(name).iter().sum::<f64>() / usage.len() as f64;
    // Stretches are of equal length, to a ms: the means of the points are the figures of the whole, as far as they are rounded.
    let close = |one: f64, other: &Value| (one - other.as_f64().expect("a number")).abs() < 0.02;
    assert!(close(mean("utilisation_percent"), &in_time["utilisation_percent"]));
    assert!(close(mean("fragmentation_percent") * 32.0 / 100.0, &in_time["mean_fragmented_gpus"]));
    assert!(values("fragmentation_percent").iter().any(|share| *share > 0.0));
    // What is held at one moment is not what was in use on average, though never more than there is.
    let (held, used) = (values("allocation_percent"), values("utilisation_percent"));
    assert!(held != used && held.iter().all(|share| (0.0..=100.0).contains(share)), "{held:?}");
    assert_eq!(held.last(), used.last(), "one pod holds all the last stretch");

    let folder = folder();
    let nodes = example().join("nodes.csv").to_string_lossy().into_owned();
    let pods = example().join("pods.csv").to_string_lossy().into_owned();
    let files = ["--timed", "--results", "r.csv", "--curves", "c.csv", "--html", "p.html"];
    stdout(&fleet(folder.path(), &[&[pods.as_str(), "--nodes", nodes.as_str()][..], &files].concat()));
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).expect("it is there");
    let header = read("r.csv").lines().next().map(String::from).expect("a header");
    assert!(header.starts_with(
        "trace,policy,seed,nodes,gpus,pods,placed,unplaced,arrived_gpu_milli,wait_p50_ms,wait_p99_ms,wait_max_ms,\
         gpu_hours,lost_gpu_hours,utilisation_percent,mean_fragmented_gpus,peak_gpu_milli,peak_waiting,preemptions,\
         span_ms,unplaceable,unplaced_cpu,"
    ));
    let curves = "trace,policy,seed,until_ms,utilisation_percent,allocation_percent,fragmentation_percent,waiting\n";
    assert!(read("c.csv").starts_with(curves));
    assert_eq!(read("p.html").matches("<svg").count(), 3);
}

#[test]
fn nobody_placed_is_no_wait() {
    let folder = folder();
    let pods = "name,cpu_milli,memory_mib,num_gpu,creation_time,duration\np,1,1,3,0,9\n";
    fs::write(folder.path().join("pods.csv"), pods).expect("it can be written");
    let args = ["pods.csv", "--nodes", "nodes.csv", "--timed", "--results", "r.csv", "--results", "r.parquet"];
    let json: Value =
        serde_json::from_str(&stdout(&fleet(folder.path(), &[&args[..], &["--format", "json"]].concat())))
            .expect("JSON");
    let in_time = &json["results"][0]["in_time"];
    assert!(["wait_p50_ms", "wait_p99_ms", "wait_max_ms"].iter().all(|name| in_time[name] == Value::Null), "{in_time}");
    let table = stdout(&fleet(folder.path(), &args));
    let row = table.lines().nth(3).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>()[4..7], ["1", "-", "-"], "{table}");
    let csv = fs::read_to_string(folder.path().join("r.csv")).expect("it is there");
    assert!(csv.contains(",3000,,,,0.00,"), "{csv}");
    let file = fs::File::open(folder.path().join("r.parquet")).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let row = reader.get_row_iter(None).expect("rows").next().expect("a row").expect("it can be read");
    let cell = |name: &str| row.get_column_iter().find(|(known, _)| *known == name).expect("the column").1.to_string();
    assert_eq!([cell("wait_p50_ms"), cell("seed"), cell("unplaceable")], ["null", "1", "1"]);
}

#[test]
fn copies_and_clones_have_names_of_their_own() {
    let folder = folder();
    let args = ["pods.csv", "--nodes", "nodes.csv", "--times", "3", "--tune", "2", "--placements", "p.csv"];
    stdout(&fleet(folder.path(), &args));
    let csv = fs::read_to_string(folder.path().join("p.csv")).expect("it is there");
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let mut pods: Vec<&str> = rows.iter().map(|row| row[3]).collect();
    assert!(["p", "p#2", "p#3"].iter().all(|name| pods.contains(name)), "{pods:?}");
    assert!(pods.iter().any(|name| name.contains('~')), "{pods:?}");
    pods.sort_unstable();
    let all = pods.len();
    pods.dedup();
    assert_eq!(pods.len(), all, "a name stands twice");
    let nodes: BTreeSet<&str> = rows.iter().map(|row| row[4]).filter(|node| node.starts_with('a')).collect();
    assert!(nodes.iter().all(|node| ["a", "a#2", "a#3"].contains(node)) && nodes.len() > 1, "{nodes:?}");
}

#[test]
fn wrong_options_get_one_message() {
    let folder = folder();
    let wrong = |args: &[&str], says: &str| {
        let output = fleet(folder.path(), &[&["pods.csv", "--nodes", "nodes.csv"], args].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    };
    wrong(&["--policy", "fdg"], "did you mean `fgd`?");
    wrong(&["--tune=-1"], "a ratio from 0.001 to 100");
    wrong(&["--tune", "-1"], "invalid value '-1' for '--tune <RATIO>': a ratio from 0.001 to 100");
    wrong(&["--seed", "-1"], "invalid value '-1' for '--seed <N>': a whole number from 0 to 18446744073709551615");
    for option in ["--seeds", "--max-pods", "--times", "--jobs"] {
        wrong(&[option, "-3"], &format!("invalid value '-3' for '{option} <N>': -3 is not in 1..="));
    }
    wrong(&["--policy", "fgd,foo"], "there is no policy `foo`; there are kube-default");
    wrong(&["--columns", "name=name,cpu"], "`cpu` is not FIELD=COLUMN");
    wrong(&["--columns", "name=name,cpu="], "`cpu=` names no column");
    wrong(&["--columns", "name=name,cpu_milli=cpu"], "there is no column `cpu`");
    wrong(
        &["--seed", "18446744073709551615", "--seeds", "2"],
        "there are fewer than 2 seeds from 18446744073709551615 on",
    );
    wrong(&["other.csv", "--order", "order.json"], "--order is for one trace");
    wrong(&["./pods.csv"], "the trace is given twice");
    wrong(&["--svg", "./nodes.csv"], "./nodes.csv is read, or written to, by another option");
    wrong(&["--results", "r.csv", "--format", "json=r.csv"], "r.csv is read, or written to, by another option");
    wrong(&["--columns", "memory=x"], "there is no field `memory`");
    wrong(&["--columns", "cpu"], "is not FIELD=COLUMN");
    wrong(&["--format", "junit"], "there is no junit of this");
    wrong(&["--nodes", "none.csv"], "cannot be used multiple times");
    wrong(&["pods.csv"], "the trace is given twice");
    let output = fleet(folder.path(), &["none.csv", "--nodes", "nodes.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("none.csv"), "{}", stderr(&output));
    let output = fleet(folder.path(), &["pods.csv", "--nodes", "nodes.csv", "--results", "no/such/folder.csv"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}
