//! Comparisons of whole runs. Goal: a run agrees with itself as a live cluster would show it, and a run of something else does
//! not. Method: scenarios are run in simulation, told again as a live run tells them (other names for pods that are alike, other
//! times, without what no API shows), or changed in one place and run again.

#[path = "support/scenarios.rs"]
mod scenarios;

use std::collections::BTreeMap;
use std::fs;

use greenroom::conform::{Aspect, Comparison, Conformity, Substrate, compare, left_out};
use greenroom::kernel::{Names, Time};
use greenroom::oracle::Judge;
use greenroom::rehearsal::{Observer, Options, RunResult, rehearse};
use greenroom::report::{Exit, Paint, conform as shown};
use greenroom::scenario::{Documents, Folder, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::{Arg, Cause, Entry, EntryId, Kind, LineId, Subject, Timeline, Why};
use serde_json::Value;

/// The documents of a scenario with one text in place of another.
struct Edited<'a> {
    folder: Folder,
    edits: &'a [(&'a str, &'a str)],
}

impl Documents for Edited<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.folder.read(path).map(|text| edited(text, self.edits))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.folder.list(path)
    }
}

fn edited(text: String, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

/// The run of a scenario, its file and documents changed so.
fn run(name: &str, seed: Option<u64>, edits: &[(&str, &str)]) -> RunResult {
    let file = format!("scenarios/{name}/scenario.yaml");
    let text = fs::read_to_string(scenarios::root().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let folder = Folder::new(scenarios::root().join("scenarios").join(name));
    let scenario = load_from(&Source::new(file, edited(text, edits)), &Edited { folder, edits })
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let judge = Judge::new(&scenario).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(judge)];
    let options = Options { seed, ..Options::default() };
    rehearse(&scenario, options, &mut observers).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

/// The run as a live cluster would tell of it.
fn as_live(run: &RunResult) -> RunResult {
    let mut names = Names::default();
    names.intern("another name first, so that ids differ");
    let mut timeline = Timeline::default();
    for line in (0..).map_while(|id| run.timeline.line(LineId(id))) {
        timeline.add_line(line.clone());
    }
    let mirrored = mirror(run);
    let mut kept: Vec<Option<Cause>> = Vec::new();
    for (_, entry) in run.timeline.since(0) {
        let cause = match entry.cause {
            Cause::Line(_) => Some(entry.cause),
            Cause::Entry(id) => kept[id.0 as usize],
        };
        // The count of restarts stands in the status of a pod.
        let hidden = entry.became != "Restarted"
            && left_out()
                .iter()
                .any(|row| row.kind == entry.subject.kind && row.on.is_none() && row.words.contains(&entry.became));
        if hidden {
            kept.push(cause);
            continue;
        }
        let subject = again(entry.subject, run, &mirrored, &mut names);
        let why = Why { args: entry.why.args.map(|arg| argument(arg, run, &mirrored, &mut names)), ..entry.why };
        let entry = Entry {
            at: later(entry.at),
            subject,
            why,
            cause: cause.expect("a chain of causes ends at a line"),
            ..entry
        };
        kept.push(Some(Cause::Entry(timeline.push(entry, &names))));
    }
    let verdicts = run.verdicts.iter().cloned().map(|verdict| {
        let evidence = verdict.evidence.and_then(|id| match kept[id.0 as usize] {
            Some(Cause::Entry(id)) => Some(id),
            _ => None::<EntryId>,
        });
        greenroom::rehearsal::Verdict { at: later(verdict.at), evidence, ..verdict }
    });
    let verdicts = verdicts.collect();
    RunResult { timeline, names, verdicts, ended_at: later(run.ended_at), ..run.clone() }
}

/// A cluster is slower by an eighth.
fn later(at: Time) -> Time {
    Time::from_nanos(at.nanos() + at.nanos() / 8)
}

/// Pods of ReplicaSets in the opposite order: what each is called instead.
fn mirror(run: &RunResult) -> BTreeMap<String, String> {
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, entry) in run.timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Pod) {
        let owned = entry.why.args.iter().find_map(|arg| match arg {
            Arg::Subject(owner) if owner.kind == Kind::ReplicaSet => Some(owner.show(&run.names)),
            _ => None,
        });
        if let ("Pending", Some(owner)) = (entry.became, owned) {
            sets.entry(owner).or_default().push(entry.subject.show(&run.names));
        }
    }
    let pairs = sets.into_values().flat_map(|pods| pods.clone().into_iter().zip(pods.into_iter().rev()));
    pairs.collect()
}

fn again(subject: Subject, run: &RunResult, mirrored: &BTreeMap<String, String>, names: &mut Names) -> Subject {
    let text = subject.show(&run.names);
    Subject::parse(mirrored.get(&text).unwrap_or(&text), names).expect("a subject")
}

fn argument(arg: Arg, run: &RunResult, mirrored: &BTreeMap<String, String>, names: &mut Names) -> Arg {
    match arg {
        Arg::Text(symbol) => Arg::Text(names.intern(run.names.text(symbol))),
        Arg::Name(name) => Arg::Name(names.name(&run.names.show(name))),
        Arg::Subject(subject) => Arg::Subject(again(subject, run, mirrored, names)),
        other => other,
    }
}

/// Manifests that roll out with more pods on the way.
const SURGE: (&str, &str) =
    ("  replicas: 4\n", "  replicas: 4\n  strategy: { rollingUpdate: { maxSurge: 4, maxUnavailable: 0 } }\n");

/// What diverges, in a line each.
fn diverging(comparison: &Comparison) -> Vec<String> {
    let lines = comparison.findings_of(Conformity::Diverge).map(|finding| {
        let (simulated, live) = (&finding.simulated.text, &finding.live.text);
        format!("{} {}: {simulated} / {live}", finding.aspect.text(), finding.about)
    });
    lines.collect()
}

fn text(comparison: &Comparison) -> String {
    let mut out = Vec::new();
    shown::write_text(&mut out, comparison, Paint::Plain).expect("writing to memory cannot fail");
    String::from_utf8(out).expect("text")
}

fn json(comparison: &Comparison) -> Value {
    let mut out = Vec::new();
    shown::write_json(&mut out, comparison).expect("writing to memory cannot fail");
    serde_json::from_slice(&out).expect("JSON")
}

#[test]
fn every_scenario_agrees_with_itself_as_a_live_cluster_tells_of_it() {
    let mut findings = Vec::new();
    for name in scenarios::names() {
        let simulated = run(&name, None, &[]);
        let same = compare(&simulated, &simulated, Substrate::Containers);
        assert_eq!(same.verdict, Conformity::Agree, "{name}: {:#?}", same.findings);
        // Where a document is rejected, or nothing runs, nothing happens that could have an order.
        let runs = simulated.timeline.since(0).any(|(_, entry)| entry.subject.kind == Kind::Pod);
        let least = if simulated.rejections.is_empty() && runs { 4 } else { 3 };
        assert!(!same.subjects.is_empty() && same.compared.len() >= least, "{name}: {:?}", same.compared);
        let comparison = compare(&simulated, &as_live(&simulated), Substrate::Containers);
        findings.extend(diverging(&comparison).into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// Times that are drawn differ from seed to seed; what is compared must not.
#[test]
fn another_seed_of_a_group_agrees() {
    let [one, other] = [1, 2].map(|seed| run("llama-stack", Some(seed), &[]));
    assert_ne!(one.timeline.digest(), other.timeline.digest());
    let comparison = compare(&one, &other, Substrate::Kwok);
    assert_eq!(diverging(&comparison), Vec::<String>::new());
    assert!(comparison.compared.iter().any(|(aspect, count)| *aspect == Aspect::Order && *count >= 10));
}

/// Each change of a scenario is seen, in the aspects in which it must show.
#[test]
fn a_changed_twin_diverges() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [Aspect]);
    let cases: [Case<'_>; 6] = [
        // One replica more in the manifests.
        ("rolling-update", &[("replicas: 4", "replicas: 5")], &[Aspect::States, Aspect::Counts, Aspect::Availability]),
        // Another way to roll out: as many pods in the end, but more of them on the way.
        ("rolling-update", &[SURGE], &[Aspect::States, Aspect::Availability]),
        // No fault.
        (
            "pod-kill",
            &[("pod_kill: { deployment: api, count: 1 }", "slow_start: { deployment: api, extra: 1s }")],
            &[Aspect::States, Aspect::Counts, Aspect::Verdicts],
        ),
        // The fault takes two pods.
        ("pod-kill", &[("count: 1", "count: 2")], &[Aspect::Counts, Aspect::Availability, Aspect::Verdicts]),
        // A member that waits for nobody.
        (
            "diamond",
            &[
                ("\"depends_on\": [\n          \"catalogue\"\n        ]", "\"depends_on\": []"),
                ("http://${catalogue.internal_dns_name}", "http://catalogue"),
            ],
            &[Aspect::Order],
        ),
        // Other nodes.
        ("rolling-update", &[("pool: cpu", "pool: large")], &[Aspect::Placements, Aspect::Ends]),
    ];
    for (name, edits, aspects) in cases {
        // Real nodes need not be those of the scenario.
        let on_nodes = aspects.contains(&Aspect::Placements);
        let substrate = if on_nodes { Substrate::Kwok } else { Substrate::Containers };
        let comparison = compare(&run(name, None, &[]), &as_live(&run(name, None, edits)), substrate);
        let found: Vec<Aspect> = comparison.findings_of(Conformity::Diverge).map(|one| one.aspect).collect();
        for aspect in aspects {
            assert!(found.contains(aspect), "{name} {edits:?}: no {}: {:#?}", aspect.text(), diverging(&comparison));
        }
        assert_eq!(shown::exit(&comparison), Exit::Diverged);
    }
}

/// The first divergence is told with its causes in both runs, in each form.
#[test]
fn a_report_tells_where_the_runs_part_first() {
    let simulated = run("rolling-update", None, &[]);
    let live = as_live(&run("rolling-update", None, &[SURGE]));
    let comparison = compare(&simulated, &live, Substrate::Containers);
    insta::assert_snapshot!(text(&comparison));
    let value = json(&comparison);
    assert_eq!(value["verdict"], "diverge");
    assert_eq!(value["exit_code"], 6);
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(comparison.findings.len()));
    let first = comparison.first().expect("a divergence");
    assert_eq!(value["findings"][0]["about"], first.about.as_str());
    for side in [&first.simulated, &first.live] {
        let evidence = side.evidence.as_ref().expect("both runs show it");
        assert!(evidence.line.is_some() && evidence.entry().is_some(), "{evidence:?}");
    }
}

#[test]
fn a_report_of_runs_that_agree() {
    let simulated = run("pod-kill", None, &[]);
    insta::assert_snapshot!(text(&compare(&simulated, &as_live(&simulated), Substrate::Kwok)));
}

/// The page names every word that is left out, with its reason, and every reason to tolerate a difference.
#[test]
fn the_page_says_what_is_left_out_and_tolerated() {
    let page = fs::read_to_string(scenarios::root().join("docs/conformance.md")).expect("the page").replace('\n', " ");
    for row in left_out() {
        let words: Vec<String> = row.words.iter().map(|word| format!("`{word}`")).collect();
        let found = format!("| {} | {} | {} |", row.kind.text(), words.join(", "), row.why);
        assert!(page.contains(&found), "docs/conformance.md lacks: {found}");
    }
    for tolerance in greenroom::conform::Tolerance::ALL {
        let found = format!("| `{}` | {} |", tolerance.text(), tolerance.reason());
        assert!(page.contains(&found), "docs/conformance.md lacks: {found}");
    }
    assert!(page.contains("<!-- table:begin -->") && page.contains("<!-- table:end -->"));
}
