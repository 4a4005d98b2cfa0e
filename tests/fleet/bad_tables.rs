//! Goal: a table that cannot be used gets one clear message with its file and line and exit 2, and no result is left behind. Method: the
//! binary is run on tables with one thing wrong each.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{NODES, PODS, fleet, folder, stderr};

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
    refused(
        NODES,
        &pods("p,1,1,0,0"),
        &["--columns", "cpu=memory_mib,cpu_milli=cpu_milli"],
        &["pods.csv:1:16", "the columns `cpu_milli` and `memory_mib` hold the same", "name one of them with --columns"],
    );
    refused("name,cpu_milli,memory_mib,gpu\na,1,1,0\n", PODS.as_bytes(), &["--tune", "1.3"], &["nodes.csv", "no GPUs"]);
    let timed = "name,cpu_milli,memory_mib,num_gpu,creation_time,deletion_time\np,1,1,0,50,20\n";
    refused(NODES, timed.as_bytes(), &["--timed"], &["pods.csv:2", "deleted before it runs"]);
    refused(
        NODES,
        b"name,cpu_milli,memory_mib,num_gpu,cpu\np,1,1,0,2\n",
        &[],
        &["pods.csv:1:35", "the columns `cpu_milli` and `cpu` hold the same", "--columns cpu_milli=cpu_milli"],
    );
    refused(
        "name,cpu_milli,memory_mib,memory_gib,gpu\na,1,1,1,1\n",
        PODS.as_bytes(),
        &[],
        &["nodes.csv:1:27", "`memory_mib` and `memory_gib`", "--node-columns memory_mib=memory_mib"],
    );
    refused(
        NODES,
        b"name,sn,cpu,memory_mib,gpu,num_gpu\np,q,1,1,0,0\n",
        &["--columns", "name=sn"],
        &["pods.csv:1:24", "`num_gpu` and `gpu` hold the same"],
    );
    refused(
        NODES,
        b"name,cpu_milli,memory_mib,num_gpu,gpu_spec\np,1,1,1,|\n",
        &[],
        &["pods.csv:2:9", "`gpu_spec` names no GPU model: `|`"],
    );
    refused(
        NODES,
        PODS.as_bytes(),
        &["--node-columns", "gpu_spec=model"],
        &["nodes.csv", "--node-columns names `gpu_spec`, which nodes do not have"],
    );
    refused(NODES, PODS.as_bytes(), &["--columns", "model=gpu"], &["pods.csv", "--columns names `model`, which pods"]);
    let many: String = (0..1001).map(|at| format!("{at},1,1,0\n")).collect();
    refused(
        &format!("name,cpu_milli,memory_mib,gpu\n{many}"),
        PODS.as_bytes(),
        &["--times", "10000"],
        &["nodes.csv", "1001 nodes are too many for --times 10000: at most 10000000 can be replayed"],
    );
    refused(NODES, b"PAR1 and no more", &[], &["pods.csv", "failed to read the Parquet file"]);
}

#[test]
fn times_say_what_they_may_be() {
    let pods = |created: &str, more: &str| {
        format!("name,cpu_milli,memory_mib,num_gpu,creation_time,duration\np,1,1,0,{created},{more}\n").into_bytes()
    };
    let may_be = "`creation_time` must be seconds from 0 to 10000000000, or a date from 1970 on such as 2026-01-31T08:30:00Z, not ";
    for (wrong, help) in [("1e18", "write the number without an exponent"), ("yesterday", ""), ("10000000001", "")] {
        let says = format!("{may_be}`{wrong}`");
        refused(NODES, &pods(wrong, "1"), &["--timed"], &["pods.csv:2:9", &says, help]);
    }
    refused(
        NODES,
        &pods("2026-01-31T08:30:00Z", "2026-01-31T08:30:00Z"),
        &["--timed"],
        &["pods.csv:2:30", "`duration` must be a number of seconds from 0 to 10000000000, not `2026-01-31T08:30:00Z`"],
    );
}

#[test]
fn texts_that_are_no_csv_say_so() {
    let semicolons = PODS.replace(',', ";");
    let others = "a table is read with commas, or with tabs";
    refused(
        NODES,
        semicolons.as_bytes(),
        &[],
        &["pods.csv:1:1", "the names of the columns are separated by semicolons", others],
    );
    refused(&NODES.replace(',', "\t"), PODS.as_bytes(), &[], &["nodes.csv:1:1", "are separated by tabs", others]);
    let head = "name,cpu_milli,memory_mib,num_gpu";
    refused(
        NODES,
        format!("{head}\np;1;1;0\n").as_bytes(),
        &[],
        &["pods.csv:2:1", "the row has 1 column, the header has 4", "what separates this row is semicolons"],
    );
    // The last column swallows what follows: nothing but the quote is wrong.
    refused(
        NODES,
        format!("{head},note\np,1,1,0,\"cheap\nq,1,1,0,x\n").as_bytes(),
        &[],
        &["pods.csv:2:9", "a quote opens here that nothing closes before the file ends"],
    );
    refused(
        NODES,
        format!("{head},note\np,1,1,0,\"cheap\nq,1,1,0,x\",\n").as_bytes(),
        &[],
        &["pods.csv:2", "the row has 6 columns", "a quote opens on this line and closes on a later one"],
    );
    refused(
        NODES,
        format!("{head}\n\"p,1,1,0\nq\",1,1,0\n").as_bytes(),
        &[],
        &["pods.csv:2", "`name` must be a name on one line", "a quote opens on this line"],
    );
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
    let more = [&packed[..], &[0]].concat();
    refused(NODES, &more, &[], &["pods.csv", "the gzip data is whole, but ends 1 byte before the file does"]);
    let mut damaged = packed;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 9].fill(0xff);
    refused(NODES, &damaged, &[], &["pods.csv", "the gzip data"]);
}
