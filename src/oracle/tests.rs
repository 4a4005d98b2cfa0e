//! Expectations against a world that is played by hand: entries, counts and published values at given seconds.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::kernel::{Duration, Names};
use crate::rehearsal::VerdictStatus;
use crate::scenario::model::{Condition, ExpectEntry, ExpectKind, ExportPattern, Mark, SubjectState, View};
use crate::text::render::render;
use crate::text::{Place, Source};
use crate::timeline::{Cause, Entry, Layer, Subject, Timeline, Why};
use crate::workload::{Counts, Disruption, Happening, Struck, World};

/// A world in which only what a test writes happens.
#[derive(Default)]
struct Played {
    now: Time,
    names: Names,
    timeline: Timeline,
    counts: BTreeMap<Subject, Counts>,
    observed: BTreeMap<Subject, Counts>,
    published: BTreeMap<(Subject, String), String>,
}

impl Stage for Played {
    fn now(&self) -> Time {
        self.now
    }
    fn next(&mut self) -> Happening {
        Happening::Quiet
    }
    fn port(&mut self, _: usize) -> Box<dyn World + '_> {
        unreachable!("no controller runs here")
    }
    fn call_at(&mut self, _: Time, _: u64, _: bool) {}
    fn disrupt(&mut self, _: &Disruption, _: Cause) -> Result<Struck, String> {
        Ok(Struck::Now(0))
    }
    fn effects(&self, _: usize) -> u64 {
        0
    }
    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.counts.get(&subject).copied()
    }
    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        self.observed.get(&subject).copied()
    }
    fn gpus(&self) -> (u64, u64) {
        (8, self.counts.values().map(|counts| counts.gpus).sum())
    }
    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.published.get(&(subject, key.to_owned())).map(String::as_str)
    }
    fn timeline(&self) -> &Timeline {
        &self.timeline
    }
    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        (&mut self.timeline, &mut self.names)
    }
    fn names(&self) -> &Names {
        &self.names
    }
}

/// A step of a play.
#[derive(Clone)]
enum Step {
    /// A subject becomes something.
    Became(&'static str, &'static str),
    /// So many pods of a subject are ready from now on.
    Ready(&'static str, u32),
    /// So many pods of a subject are seen to be ready from now on.
    SeenReady(&'static str, u32),
    /// A value is published.
    Published(&'static str, &'static str, &'static str),
    /// Nothing happens, but the instant is looked at.
    Tick,
}
use Step::{Became, Published, Ready, SeenReady, Tick};

/// Plays the steps, each at its second, up to the end, and judges.
fn play(expect: Vec<ExpectKind>, view: View, steps: &[(u64, Step)], end: u64) -> Vec<Verdict> {
    let mut judge =
        compile::compile(&expect.into_iter().map(|kind| entry(kind, view)).collect::<Vec<_>>(), &source(""))
            .expect("valid");
    let mut stage = Played::default();
    let line =
        stage.timeline.add_line(ScenarioLine { file: "s.yaml".into(), line: 1, column: 1, what: "deploy".into() });
    let mut steps = steps.iter().peekable();
    for second in 0..=end {
        stage.now = Time::ZERO + Duration::from_secs(second);
        let due = judge.due().is_some_and(|due| due <= stage.now);
        let mut any = second == 0 || due;
        while let Some((_, step)) = steps.next_if(|(at, _)| *at == second) {
            any = true;
            perform(step, &mut stage, &mut judge, Cause::Line(line));
        }
        if any {
            judge.instant_ended(&stage);
        }
    }
    assert!(steps.next().is_none(), "every step lies before the end, in order");
    judge.finish(&stage)
}

fn perform(step: &Step, stage: &mut Played, judge: &mut Judge, cause: Cause) {
    let Played { now, names, timeline, counts, observed, published } = stage;
    let mut subject = |text: &str| Subject::parse(text, names).expect("a subject");
    match *step {
        Became(text, became) => {
            let subject = subject(text);
            let entry = Entry { at: *now, subject, became, why: Why::NONE, cause, layer: Layer::System };
            let id = timeline.push(entry, names);
            judge.entry(id, stage);
        }
        Ready(text, ready) => {
            counts.insert(subject(text), Counts { ready, gpus: u64::from(ready), ..Counts::default() });
        }
        SeenReady(text, ready) => {
            observed.insert(subject(text), Counts { ready, ..Counts::default() });
        }
        Published(text, key, value) => {
            published.insert((subject(text), key.to_owned()), value.to_owned());
        }
        Tick => {}
    }
}

/// A scenario in which an expectation stands at line 9, column 5.
fn source(text: &str) -> Source {
    Source::new("s.yaml", format!("{}  - always: \"{text}\"\n", "\n".repeat(8)))
}

fn entry(kind: ExpectKind, view: View) -> ExpectEntry {
    ExpectEntry { place: Place { file: "s.yaml".into(), line: 9, column: 5 }, view, kind }
}

fn states(pairs: &[(&str, &str)]) -> Vec<SubjectState> {
    pairs.iter().map(|(subject, state)| ((*subject).to_owned(), (*state).to_owned())).collect()
}

fn eventually(subject: &str, state: &str, within: Option<u64>) -> ExpectKind {
    ExpectKind::Eventually { states: states(&[(subject, state)]), within: within.map(Duration::from_secs) }
}

fn before(first: (&str, &str), second: (&str, &str)) -> ExpectKind {
    ExpectKind::Before { first: states(&[first]).remove(0), second: states(&[second]).remove(0) }
}

fn cel(source: &str) -> Condition {
    Condition::Cel(source.to_owned())
}

fn always(condition: Condition, from: Option<Mark>, until: Option<Mark>) -> ExpectKind {
    ExpectKind::Always { condition, from, until }
}

fn never(condition: Condition, from: Option<Mark>, until: Option<Mark>) -> ExpectKind {
    ExpectKind::Never { condition, from, until }
}

fn told(verdicts: &[Verdict]) -> String {
    let line = |verdict: &Verdict| {
        let evidence = verdict.evidence.map(|id| format!(" by entry {}", id.0)).unwrap_or_default();
        format!(
            "{:?} {} at {}{evidence}\n  {}",
            verdict.status,
            verdict.text,
            verdict.at,
            verdict.detail.replace('\n', "\n  ")
        )
    };
    verdicts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn two_members() -> Vec<(u64, Step)> {
    vec![
        (0, Became("group/g", "deploying")),
        (1, Became("deployment/a", "active")),
        (2, Became("deployment/a", "monitoring")),
        (2, Became("deployment/b", "active")),
        (4, Became("deployment/b", "monitoring")),
        (4, Became("group/g", "monitoring")),
        (7, Became("deployment/b", "failed")),
    ]
}

#[test]
fn eventually_is_reached_in_time_too_late_or_not_at_all() {
    let expect = vec![
        eventually("group/g", "monitoring", None),
        eventually("group/g", "monitoring", Some(4)),
        eventually("group/g", "monitoring", Some(3)),
        eventually("group/g", "monitoring", Some(60)),
        eventually("deployment/b", "completed", Some(60)),
        eventually("deployment/bb", "active", None),
        ExpectKind::Eventually {
            states: states(&[("deployment/a", "monitoring"), ("deployment/b", "monitoring")]),
            within: None,
        },
        ExpectKind::Eventually {
            states: states(&[("deployment/a", "active"), ("deployment/b", "active")]),
            within: None,
        },
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

/// A state that lasts no time at all was reached.
#[test]
fn a_state_within_an_instant_counts() {
    let steps = [(1, Became("deployment/a", "active")), (1, Became("deployment/a", "monitoring"))];
    let expect = vec![
        eventually("deployment/a", "active", None),
        never(Condition::States(states(&[("deployment/a", "active")])), None, None),
    ];
    let verdicts = play(expect, View::Actual, &steps, 2);
    assert_eq!(verdicts[0].status, VerdictStatus::Passed);
    assert_eq!(verdicts[1].status, VerdictStatus::Failed);
}

#[test]
fn before_needs_both_and_in_order() {
    let expect = vec![
        before(("deployment/a", "monitoring"), ("deployment/b", "active")),
        before(("deployment/b", "active"), ("deployment/a", "monitoring")),
        before(("deployment/b", "monitoring"), ("deployment/a", "monitoring")),
        before(("deployment/a", "completed"), ("deployment/b", "monitoring")),
        before(("deployment/a", "monitoring"), ("deployment/b", "completed")),
        before(("deployment/a", "lost"), ("deployment/b", "lost")),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

#[test]
fn final_and_stable_for_look_at_how_long() {
    let a = states(&[("deployment/a", "monitoring")]);
    let b = states(&[("deployment/b", "monitoring")]);
    let stable = |states: &[SubjectState], length| ExpectKind::StableFor {
        states: states.to_vec(),
        length: Duration::from_secs(length),
    };
    let expect = vec![
        ExpectKind::Final { states: a.clone() },
        ExpectKind::Final { states: b.clone() },
        stable(&a, 8),
        stable(&a, 9),
        stable(&b, 3),
        stable(&b, 4),
        stable(&states(&[("deployment/a", "failed")]), 1),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

/// The window holds the instant at which it opens, and not the one at which it closes.
#[test]
fn windows_open_and_close() {
    let a = |state: &str| Mark::States(states(&[("deployment/a", state)]));
    let at = |seconds| Mark::At(Time::ZERO + Duration::from_secs(seconds));
    let undeploy = || Some(Mark::Action("undeploy".to_owned()));
    let ready = || cel("ready('deployment/a') >= 1");
    let expect = vec![
        always(ready(), None, None),
        always(ready(), Some(a("monitoring")), undeploy()),
        always(ready(), Some(a("monitoring")), None),
        always(ready(), Some(at(2)), Some(at(6))),
        always(ready(), Some(at(1)), Some(at(6))),
        always(ready(), Some(a("lost")), None),
        always(ready(), Some(at(60)), None),
        always(ready(), undeploy(), Some(at(3))),
        always(ready(), Some(Mark::Fault("f".to_owned())), None),
        never(Condition::States(states(&[("deployment/a", "deleting")])), None, undeploy()),
        never(Condition::States(states(&[("deployment/a", "deleting")])), Some(a("monitoring")), None),
        never(Condition::States(states(&[("deployment/a", "monitoring")])), Some(at(3)), None),
        always(
            Condition::States(states(&[("deployment/a", "monitoring")])),
            Some(a("monitoring")),
            Some(a("deleting")),
        ),
        always(Condition::States(states(&[("deployment/a", "monitoring")])), Some(a("monitoring")), None),
    ];
    let steps = [
        (1, Became("deployment/a", "active")),
        (2, Ready("deployment/a", 1)),
        (2, Became("deployment/a", "monitoring")),
        (4, Tick),
        (6, Became("action/undeploy", "done")),
        (6, Became("deployment/a", "deleting")),
        (6, Ready("deployment/a", 0)),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &steps, 10)));
}

/// A window that opens while the closing states hold waits until they hold anew.
#[test]
fn a_window_is_not_closed_by_what_was_so_when_it_opened() {
    let steps = [
        (1, Became("deployment/a", "monitoring")),
        (2, Became("fault/f", "struck")),
        (3, Became("deployment/a", "unhealthy")),
        (5, Became("deployment/a", "monitoring")),
    ];
    let until = Some(Mark::States(states(&[("deployment/a", "monitoring")])));
    let condition = Condition::States(states(&[("deployment/a", "unhealthy")]));
    let verdicts = play(vec![never(condition, Some(Mark::Fault("f".to_owned())), until)], View::Actual, &steps, 9);
    assert_eq!(verdicts[0].status, VerdictStatus::Failed, "{verdicts:?}");
    assert_eq!(verdicts[0].at, Time::ZERO + Duration::from_secs(3));
}

/// An expectation about a name that is nowhere must not pass in silence.
#[test]
fn a_name_that_never_appears_is_told() {
    let typing_error = || Condition::States(states(&[("deployment/aa", "failed")]));
    let expect = vec![
        never(typing_error(), None, None),
        always(cel("ready('deployment/aa') == 0"), None, None),
        always(cel("ready('deployment/a') == 0"), None, None),
        never(cel("['deployment/a', 'deployment/zzzzzzz'].exists(s, ready(s) > 0)"), None, None),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

#[test]
fn expressions_see_the_whole_state() {
    let steps = [
        (1, Became("deployment/a", "active")),
        (1, Ready("deployment/a", 2)),
        (1, SeenReady("deployment/a", 1)),
        (3, Became("deployment/a", "monitoring")),
        (5, Ready("deployment/a", 0)),
        (5, Tick),
    ];
    let source = [
        "status('deployment/a') == '' || status('deployment/a') in ['active', 'monitoring']",
        "status('deployment/a') != 'monitoring' || reached('deployment/a', 'active')",
        "gpus_used() <= gpus_total() && gpus_total() == 8",
        "gpus_used() * 100 / gpus_total() < 25",
        "['deployment/a'].all(s, ready(s) <= 2)",
        "!(status('deployment/a') == 'monitoring' && ready('deployment/a') == 0)",
        "10 / ready('deployment/a') > 0",
    ];
    let expect = || source.iter().map(|source| always(cel(source), None, None)).collect::<Vec<_>>();
    let actual = told(&play(expect(), View::Actual, &steps, 8));
    let observed = told(&play(expect(), View::Observed, &steps, 8));
    insta::assert_snapshot!(format!("{actual}\n\nobserved:\n{observed}"));
}

#[test]
fn exports_have_their_form() {
    let pattern = |subject: &str, key: &str, pattern: &str| ExportPattern {
        subject: subject.to_owned(),
        key: key.to_owned(),
        pattern: pattern.to_owned(),
    };
    let dns = || pattern("deployment/a", "internal_dns_name", r"\.svc\.cluster\.local$");
    let expect = vec![
        ExpectKind::Export { values: vec![dns()] },
        ExpectKind::Export { values: vec![pattern("deployment/a", "internal_dns_name", "^b")] },
        ExpectKind::Export { values: vec![dns(), pattern("deployment/a", "service_url", ".")] },
        ExpectKind::Export { values: vec![pattern("deployment/c", "service_url", ".")] },
    ];
    let steps = [
        (1, Became("deployment/a", "monitoring")),
        (1, Published("deployment/a", "internal_dns_name", "a.default.svc.cluster.local")),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &steps, 3)));
}

/// Expressions that no run could judge are refused with the place of the mistake.
#[test]
fn mistakes_are_found_before_a_run() {
    let sources = [
        "ready('deployment/a') >=",
        "ready('deployment/a' >= 1",
        "raedy('deployment/a') >= 1",
        "uptime('deployment/a') >= 1",
        "ready('vllm') >= 1",
        "['a'].all(s, ready(s) >= 1 && running('pod/x') == 1)",
        "ready('deployment/a') >= '1'",
        "ready('deployment/a')",
        "ready()",
        "vllm.ready >= 1",
        "status('deployment/a') == 'x' ? 1 : 2",
        "",
    ];
    let told = sources.map(|text| {
        let entry = entry(always(cel(text), None, None), View::Actual);
        render(&compile::compile(&[entry], &source(text)).expect_err(text), false)
    });
    insta::assert_snapshot!(told.join(""));
}

fn compiles(text: &str) -> Result<Judge, Vec<Diagnostic>> {
    compile::compile(&[entry(always(cel(text), None, None), View::Actual)], &source(text))
}

/// The largest expressions that are taken fit into the small stack of a worker thread, and larger ones are refused.
#[test]
fn huge_expressions_are_refused_and_large_ones_fit_the_stack() {
    let judged = || {
        let long = |piece: &str| format!("{}{piece} > 0", format!("{piece}+").repeat(1000));
        assert!(compiles(&long("1")).is_ok());
        assert!(compiles(&format!("{} true", "true &&".repeat(280))).is_ok());
        assert!(compiles(&format!("{} true", "!".repeat(2000))).is_ok());
        assert!(compiles(&format!("{}true{}", "(".repeat(64), ")".repeat(64))).is_ok());
        assert!(compiles(&long("11")).is_err());
        assert!(compiles(&format!("{}true{}", "(".repeat(65), ")".repeat(65))).is_err());
        let nested = |depth: usize| format!("{}true{}", "[1].all(x, ".repeat(depth), ")".repeat(depth));
        assert!(compiles(&nested(3)).is_ok());
        assert!(compiles(&nested(4)).is_err());
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(judged).expect("a thread").join().expect("no overflow");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Goal: no text makes the judge panic. Method: pieces of expressions in any order, compiled and, if they are valid,
    /// judged in a run.
    #[test]
    fn no_expression_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14)) {
        let text = pieces.concat();
        if compiles(&text).is_ok() {
            let verdicts = play(vec![always(cel(&text), None, None)], View::Actual, &two_members(), 8);
            prop_assert_eq!(verdicts.len(), 1);
        }
    }

    /// The same with any characters at all.
    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = compiles(&text);
    }
}

/// What expressions are made of, and what does not belong there.
const PIECES: &[&str] = &[
    "ready(",
    "status(",
    "reached(",
    "gpus_total()",
    "'deployment/a'",
    "'deployment/b'",
    "'x'",
    "\"y\"",
    ")",
    "(",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "?",
    " && ",
    " || ",
    "!",
    "-",
    " + ",
    " * ",
    " / ",
    " % ",
    " == ",
    " >= ",
    " < ",
    " in ",
    "0",
    "1",
    "9223372036854775807",
    "18446744073709551615u",
    "1.5",
    "1e400",
    "true",
    "false",
    "null",
    "x",
    ".all(x, ",
    ".exists(x, ",
    ".map(x, ",
    ".filter(x, ",
    ".size()",
    "has(",
    "size(",
    "int(",
    "string(",
    "duration(",
    "matches(",
    ".matches('(')",
    "b'\\xff'",
    "'\\u{0}'",
    "r'\\'",
    "// comment",
    "\n",
    "\\",
    "§",
    "\u{feff}",
    "'",
];

/// Functions of the language itself are not taken for unknown ones.
#[test]
fn the_language_has_its_own_functions() {
    for text in [
        "size('abc') == 3",
        "'abc'.startsWith('a')",
        "[1, 2].exists_one(x, x == 2)",
        "[1, 2].map(x, x * 2).filter(x, x > 2).size() == 1",
        "int('3') == 3",
        "has({'a': 1}.a)",
        "type(1) == int",
        "1 in [1, 2] ? true : false",
        "{'a': ready('deployment/a')}['a'] >= 0 && -1 < 0 && !false",
    ] {
        let entry = entry(always(cel(text), None, None), View::Actual);
        let compiled = compile::compile(&[entry], &source(text));
        assert!(compiled.is_ok(), "{text}: {compiled:?}");
    }
}

/// A judge that is cloned in the middle goes on like the first.
#[test]
fn a_clone_judges_alike() {
    let expect = [always(cel("ready('deployment/a') >= 0"), None, None), eventually("deployment/a", "x", None)];
    let expect: Vec<ExpectEntry> = expect.into_iter().map(|kind| entry(kind, View::Actual)).collect();
    let mut judge = compile::compile(&expect, &source("")).expect("valid");
    let mut stage = Played::default();
    let line = stage.timeline.add_line(ScenarioLine { file: Arc::from("s"), line: 1, column: 1, what: "x".into() });
    perform(&Became("deployment/a", "x"), &mut stage, &mut judge, Cause::Line(line));
    judge.instant_ended(&stage);
    let mut other = judge.clone();
    assert_eq!(judge.finish(&stage), other.finish(&stage));
    assert!(other.settled());
}
