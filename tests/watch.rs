//! `greenroom test --watch`, driven as a person drives it: files are changed, and what it then says is read. It is asked to
//! end by signal, so that this is for Unix.
#![cfg(unix)]

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use folder::{BAD, Folder, GOOD, WEB, scenario};

/// A watch that goes on. It is ended with the test, however that ends.
struct Watch {
    child: Child,
    told: BufReader<ChildStderr>,
}

impl Watch {
    /// Starts it and waits for its first results.
    fn start(folder: &Folder, args: &[&str]) -> Watch {
        let out = fs::File::create(folder.path().join(".out")).expect("a file");
        let mut command = folder.command(&[&["test", "--watch"], args].concat());
        let mut child = command.stdout(out).stderr(Stdio::piped()).spawn().expect("greenroom starts");
        let told = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut watch = Watch { child, told };
        watch.wait();
        watch
    }

    /// Waits until a round is over.
    fn wait(&mut self) {
        let mut line = String::new();
        self.told.read_line(&mut line).expect("it tells");
        assert!(line.starts_with("watching "), "{line}");
    }

    /// Changes something and waits for the round that follows; what that round says.
    fn after(&mut self, folder: &Folder, change: impl FnOnce()) -> String {
        let before = folder.read(".out").len();
        change();
        self.wait();
        folder.read(".out")[before..].to_owned()
    }

    /// Ends it as Ctrl-C does; its exit code.
    fn end(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).expect("it tells");
        assert_eq!(rest, "");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Goal: what is concerned is run again, and nothing else. Method: a document, a scenario, a snapshot and a file that nobody
/// reads are changed, scenarios come and go; each round must name just its own.
#[test]
fn what_is_concerned_runs_again() {
    let folder = Folder::with(&[("a", GOOD), ("b", GOOD)]).accepted();
    let mut watch = Watch::start(&folder, &["--format", "human", "--format", "json=out.json"]);
    assert!(folder.read(".out").ends_with("2 scenarios: 2 passed\n"), "{}", folder.read(".out"));
    let changed = |watch: &mut Watch, path: &str, text: &str| watch.after(&folder, || folder.put(path, text));

    folder.write("a/nobody-reads.yaml", "a: 1\n");
    folder.put("b/web.yaml", WEB);
    let document = changed(&mut watch, "a/web.yaml", &WEB.replace("replicas: 2", "replicas: 3"));
    assert!(document.starts_with("\nchanged: a/web.yaml\nFAILED   a/scenario.yaml"), "{document}");
    assert!(!document.contains("b/scenario.yaml"), "{document}");
    assert!(
        document
            .ends_with("2 scenarios: 1 passed, 1 with a new or changed snapshot (greenroom test --accept writes it)\n")
    );

    let failing = changed(&mut watch, "b/scenario.yaml", &scenario("b", BAD));
    assert!(failing.starts_with("\nchanged: b/scenario.yaml\nFAILED   b/scenario.yaml"), "{failing}");
    let invalid = changed(&mut watch, "b/scenario.yaml", "name: [");
    assert!(invalid.contains("INVALID  b/scenario.yaml"), "{invalid}");
    let mended = changed(&mut watch, "b/scenario.yaml", &scenario("b", GOOD));
    assert!(mended.contains("\npassed   b/scenario.yaml"), "{mended}");
    let back = changed(&mut watch, "a/web.yaml", WEB);
    assert!(back.ends_with("2 scenarios: 2 passed\n"), "{back}");

    let accepted = folder.read("a/a.timeline");
    let snapshot = changed(&mut watch, "a/a.timeline", "other\n");
    assert!(snapshot.starts_with("\nchanged: a/a.timeline\nFAILED   a/scenario.yaml"), "{snapshot}");
    let json: serde_json::Value = serde_json::from_str(&folder.read("out.json")).expect("JSON");
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(2), "the file is of all scenarios");
    assert_eq!(json["exit_code"], 3);
    changed(&mut watch, "a/a.timeline", &accepted);

    // Its document and its snapshot are there before it, so that it is one round.
    folder.write("new/below/web.yaml", WEB);
    let timeline = accepted.replace("scenario a\n", "scenario new\n");
    folder.write("new/below/new.timeline", &timeline);
    let new = watch.after(&folder, || folder.put("new/below/scenario.yaml", &scenario("new", GOOD)));
    assert!(new.contains("new/below/scenario.yaml") && new.contains("3 scenarios: "), "{new}");
    let gone = watch.after(&folder, || {
        fs::rename(folder.path().join("new"), folder.path().join(".new")).expect("a folder");
    });
    assert!(gone.ends_with("2 scenarios: 2 passed\n"), "{gone}");
    assert_eq!(watch.end(), Some(0));
}

#[test]
fn it_ends_with_the_code_of_the_last_results() {
    let folder = Folder::with(&[("a", BAD)]).accepted();
    let mut watch = Watch::start(&folder, &["a"]);
    let mended = watch.after(&folder, || folder.put("a/scenario.yaml", &scenario("other", GOOD)));
    assert!(mended.contains("there is no accepted snapshot"), "{mended}");
    assert_eq!(watch.end(), Some(3));
    assert_eq!(Watch::start(&Folder::empty(), &[]).end(), Some(4), "nothing was found");
}

/// Two scenarios of one name clash until either changes.
#[test]
fn a_clash_of_names_ends_when_either_changes() {
    let folder = Folder::with(&[("a", GOOD), ("b", GOOD)]).accepted();
    folder.write("a/scenario.yaml", &scenario("same", GOOD));
    fs::create_dir(folder.path().join("snapshots")).expect("a folder");
    folder.write("b/scenario.yaml", &scenario("same", GOOD));
    let mut watch = Watch::start(&folder, &[]);
    assert!(folder.read(".out").contains("INVALID  b/scenario.yaml"), "{}", folder.read(".out"));
    let ended = watch.after(&folder, || folder.put("a/scenario.yaml", &scenario("a", GOOD)));
    assert!(!ended.contains("INVALID") && ended.contains("b/scenario.yaml"), "{ended}");
    assert_eq!(watch.end(), Some(3));
}

/// With a filter, what does not match is not run, whatever changes.
#[test]
fn filters_hold_while_watching() {
    let folder = Folder::with(&[("a", GOOD), ("b", GOOD)]).accepted();
    let mut watch = Watch::start(&folder, &["--filter", "path:a/"]);
    folder.put("b/scenario.yaml", &scenario("b", BAD));
    let after = watch.after(&folder, || folder.put("a/scenario.yaml", &scenario("a", BAD)));
    assert!(after.contains("a/scenario.yaml") && !after.contains("b/scenario.yaml"), "{after}");
    assert_eq!(watch.end(), Some(1));
}
