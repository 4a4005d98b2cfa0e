//! `greenroom fleet` as its users run it.
//!
//! Goal: every form of a result says the same on any number of threads, a bad table gets one clear message with its file and line and
//! exit 2, and no result is left behind that is not whole. Method: the binary is run on the example of examples/fleet and on tables in a
//! folder of its own.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
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

/// What is said of tables that cannot be used: exit 2, and a message with all of these.
#[track_caller]
fn refused(nodes: &str, pods: &[u8], args: &[&str], says: &[&str]) {
    let folder = folder();
    fs::write(folder.path().join("nodes.csv"), nodes).expect("it can be written");
    fs::write(folder.path().join("pods.csv"), pods).expect("it can be written");
    let result = ["--results", "out.csv", "pods.csv", "--nodes", "nodes.csv"];
    let output = fleet(folder.path(), &[&result, args].concat());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in says {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "something was left behind");
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
fn bad_tables_get_a_message_with_file_and_line() {
    let pods = |row: &str| format!("name,cpu_milli,memory_mib,num_gpu,gpu_milli\nok,1,1,0,0\n{row}\n").into_bytes();
    refused(
        NODES,
        b"name,cpu_milli,num_gpu\np,1,0\n",
        &[],
        &["pods.csv:1", "the column `memory_mib` is missing", "--columns memory_mib=COLUMN"],
    );
    refused(NODES, &pods("p,-4,1,0,0"), &[], &["pods.csv:3", "`cpu_milli` must be", "`-4`"]);
    refused(
        NODES,
        &pods("p,1,1,99,1000"),
        &[],
        &["pods.csv:3", "`num_gpu` must be a whole number from 0 to 16", "`99`"],
    );
    refused(NODES, &pods("p,99999999999999,1,0,0"), &[], &["pods.csv:3", "`99999999999999`"]);
    refused(NODES, &pods("p,1,1,1,1001"), &[], &["pods.csv:3", "from 0 to 1000"]);
    refused(NODES, &pods("p,1,1,2,500"), &[], &["pods.csv:3", "must be whole ones"]);
    refused(NODES, &pods("p,1,1,0,500"), &[], &["pods.csv:3", "for no GPU"]);
    refused(NODES, &pods("ok,1,1,0,0"), &[], &["pods.csv:3", "the name `ok` stands twice, in rows 1 and 2"]);
    refused(NODES, &pods(",1,1,0,0"), &[], &["pods.csv:3", "a name"]);
    refused(NODES, &pods("p,1,1,0"), &[], &["pods.csv:3", "the row has 4 columns, the header has 5"]);
    refused(NODES, b"", &[], &["pods.csv", "no header"]);
    refused(NODES, b"name,cpu_milli,memory_mib,num_gpu\n", &[], &["pods.csv", "no pods"]);
    refused(NODES, b"name,name\n", &[], &["pods.csv:1", "two columns are named `name`"]);
    refused(NODES, b"name,cpu_milli\n\xff\xfe,1\n", &[], &["pods.csv", "line 2 is not UTF-8"]);
    refused(
        "name,cpu_milli,memory_mib,gpu\na,1,1,1\na,1,1,1\n",
        PODS.as_bytes(),
        &[],
        &["nodes.csv:3", "stands twice"],
    );
    refused(NODES, PODS.as_bytes(), &["--timed"], &["pods.csv:1", "the pods have no times"]);
    refused(
        NODES,
        PODS.as_bytes(),
        &["--columns", "name=nam"],
        &["pods.csv:1", "there is no column `nam`", "did you mean `name`"],
    );
    refused("name,cpu_milli,memory_mib,gpu\na,1,1,0\n", PODS.as_bytes(), &["--tune", "1.3"], &["nodes.csv", "no GPUs"]);
    let timed = "name,cpu_milli,memory_mib,num_gpu,creation_time,deletion_time\np,1,1,0,50,20\n";
    refused(NODES, timed.as_bytes(), &["--timed"], &["pods.csv:2", "deleted before it runs"]);
    refused(NODES, b"PAR1 and no more", &[], &["pods.csv", "failed to read the Parquet file"]);
}

#[test]
fn gzip_that_ends_early_is_told_and_leaves_nothing() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let rows: String = (0..5000).map(|at| format!("p{at},{at},1,0,0\n")).collect();
    packed
        .write_all(format!("name,cpu_milli,memory_mib,num_gpu,gpu_milli\n{rows}").as_bytes())
        .expect("it can be packed");
    let packed = packed.finish().expect("it can be packed");
    refused(NODES, &packed[..packed.len() / 2], &[], &["pods.csv", "the gzip data ends early, behind line"]);
    let mut damaged = packed;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 9].fill(0xff);
    refused(NODES, &damaged, &[], &["pods.csv", "the gzip data"]);
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
