//! Goal: shards on object storage are what they are in files, whatever the storage refuses on the way and wherever a process before was
//! killed. Method: the binary is run against a small server here that keeps one bucket and speaks as much of S3 as a shard needs; it
//! looks at no signature. Only with the feature `object-store`.

#[path = "support/bucket.rs"]
mod bucket;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bucket::{Bucket, Refusal};

const STACK: &str = "scenarios/llama-stack/scenario.yaml";
const SECRET: &str = "hunter2-of-the-storage";

fn sweep(bucket: &Bucket, args: &[&str]) -> Output {
    let mut greenroom = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    greenroom.arg("sweep").args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).env("NO_COLOR", "1");
    let storage =
        [("AWS_ENDPOINT", bucket.endpoint().as_str()), ("AWS_ALLOW_HTTP", "true")].map(|(a, b)| (a, b.to_owned()));
    let account = [("AWS_ACCESS_KEY_ID", "somebody"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_REGION", "nowhere-1")];
    greenroom.envs(storage).envs(account).env("NO_PROXY", "127.0.0.1");
    let output = greenroom.output().expect("greenroom starts");
    for said in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(said).contains(SECRET), "credentials are shown");
    }
    output
}

#[track_caller]
fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn shard(bucket: &Bucket, part: &str, url: &str) -> Output {
    sweep(bucket, &[STACK, "--samples", "40", "--shard", part, "--out", url])
}

#[test]
fn shards_are_put_gone_on_with_and_merged() {
    bucket::with(|bucket| {
        let folder = tempfile::tempdir().expect("a folder");
        let [whole, merged] = ["whole.ndjson", "merged.ndjson"].map(|name| folder.path().join(name));
        stdout(&sweep(bucket, &[STACK, "--samples", "40", "--out", &whole.to_string_lossy()]));
        let urls = [0, 1].map(|shard| format!("s3://sweeps/folder/{shard}.ndjson"));

        // A storage that is busy is asked again.
        bucket.refuse([Refusal::Busy, Refusal::Busy]);
        stdout(&shard(bucket, "0/2", &urls[0]));
        assert_eq!(bucket.asked("PUT"), 3, "two were refused");

        // What was put last before a kill is gone on with, and not run again: a line that no run gives is still there.
        stdout(&shard(bucket, "1/2", &urls[1]));
        let there = bucket.object("folder/1.ndjson").expect("it is there");
        let lines: Vec<&str> = there.split_inclusive('\n').collect();
        let marked = lines[..9].concat().replacen("\"pods_pending\":0", "\"pods_pending\":77", 1);
        assert!(marked.contains(":77"), "the line was not changed");
        // Cut within a line, as no storage does; a file that was put by hand may be.
        bucket.keep("folder/1.ndjson", &format!("{marked}{}", &lines[9][..20]));
        stdout(&shard(bucket, "1/2", &urls[1]));
        let gone_on = bucket.object("folder/1.ndjson").expect("it is there");
        assert!(gone_on.starts_with(&marked) && gone_on.lines().count() == lines.len());
        assert_eq!(
            gone_on.lines().skip(9).take(12).collect::<Vec<_>>(),
            there.lines().skip(9).take(12).collect::<Vec<_>>()
        );
        bucket.keep("folder/1.ndjson", &there);

        // Once whole it is told, and not put again.
        let before = bucket.asked("PUT");
        stdout(&shard(bucket, "1/2", &urls[1]));
        assert_eq!(bucket.asked("PUT"), before);

        let told = stdout(&sweep(bucket, &["merge", &urls[1], &urls[0], "--out", &merged.to_string_lossy()]));
        assert!(told.contains("40: 1 plan, 40 samples each"), "{told}");
        assert!(fs::read(&merged).expect("it is there") == fs::read(&whole).expect("it is there"), "the files differ");
    });
}

#[test]
fn what_the_storage_refuses_is_told() {
    bucket::with(|bucket| {
        let failed = |output: Output, code: i32, word: &str| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{said}");
            assert!(said.contains(word) && !said.contains("panicked"), "no {word:?} in\n{said}");
        };
        failed(
            sweep(bucket, &["merge", "s3://sweeps/folder/0.ndjson"]),
            5,
            "s3://sweeps/folder/0.ndjson: it is not there",
        );
        bucket.refuse([Refusal::Denied]);
        failed(shard(bucket, "0/2", "s3://sweeps/folder/0.ndjson"), 5, "cannot write s3://sweeps/folder/0.ndjson");
        bucket.keep("folder/0.ndjson", "precious\n");
        failed(shard(bucket, "0/2", "s3://sweeps/folder/0.ndjson"), 2, "is no file of a sweep");
        assert_eq!(bucket.object("folder/0.ndjson").as_deref(), Some("precious\n"));
    });
}
