//! What holds of any text that a reader of documents is given: it does not panic, a refusal always says why, and what was read can
//! be shown. The fuzz targets beside this file call these functions with any bytes, and tests/mutated_documents.rs with documents
//! that were spoilt; neither what to call them with nor how often is known here.

use greenroom::fleet::inventory::Fleet;
use greenroom::fleet::placement::{Policy, Typical};
use greenroom::fleet::read::{Columns, Table, Times, read_nodes, read_pods};
use greenroom::fleet::replay::{Order, Setting, replay_arrivals, replay_timed};
use greenroom::fleet::sweep::find::Find;
use greenroom::fleet::sweep::merge::merge;
use greenroom::fleet::sweep::precision::Precision;
use greenroom::fleet::sweep::{Space, Vary, image};
use greenroom::rehearsal::{Options as Rehearsal, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::systems::dynamo::model::Resource;
use greenroom::systems::dynamo::plan::{plan, totals};
use greenroom::systems::dynamo::status::GraphStatus;
use greenroom::systems::onebackend::{Options, Profile};
use greenroom::systems::{Profiles, dynamo};
use greenroom::text::{Diagnostic, Source, render};

/// The most replicas of a text that is run, and not read alone: more take long without showing more.
const REPLICAS_MAX: u64 = 20;

/// A text as documents of Dynamo and Grove, of both operators and both providers.
pub fn dynamo(text: &str) {
    for operator in [dynamo::Operator::V0_8, dynamo::Operator::V1_5] {
        for provider in [dynamo::Provider::Component, dynamo::Provider::Grove] {
            let options = dynamo::Options { operator, provider, ..dynamo::Options::default() };
            let source = Source::new("graph.yaml", text);
            if let Ok(read) = dynamo::read(&source, &options) {
                for object in &read.document.objects {
                    let Resource::Graph(graph) = &object.resource else { continue };
                    // Sums of what documents ask for do not overflow.
                    let _ = totals(&plan(&graph.spec));
                    let (old, new) = (&graph.spec, &graph.spec);
                    let status = &GraphStatus::default();
                    let change = dynamo::Change { old, new, status, by_operator: false };
                    let refused = dynamo::update(&change, &options);
                    assert!(refused.is_empty(), "a graph cannot be saved as it is: {refused:?}");
                }
            }
            of_system("dynamo", &source, &Profiles { dynamo: options, ..Profiles::default() });
        }
    }
}

/// The most rows of a table that is played, and not read alone.
const ROWS_MAX: usize = 200;

/// Bytes as a table of nodes and as one of pods, which are then played in order and in time.
pub fn fleet(bytes: &[u8]) {
    let columns = Columns::default();
    let usual = "name,cpu_milli,memory_mib,gpu,model\na,64000,262144,4,A10\nb,96000,786432,8,H100\nc,32000,65536,0,\n";
    let usual = Table::open("nodes.csv", usual.into()).expect("a table");
    let usual = read_nodes(&usual, &columns).expect("a fleet");
    for name in ["table.csv", "table.tsv"] {
        let table = match Table::open(name, bytes.to_vec()) {
            Ok(table) => table,
            Err(problem) => {
                told(&[*problem]);
                continue;
            }
        };
        let mut fleet: Fleet = match read_nodes(&table, &columns) {
            Ok(fleet) => fleet,
            Err(problems) => {
                told(&problems);
                usual.clone()
            }
        };
        let trace = match read_pods(&table, &columns, &mut fleet, name, Times::IfThere) {
            Ok((trace, warnings)) => {
                if !warnings.is_empty() {
                    told(&warnings);
                }
                trace
            }
            Err(problems) => {
                told(&problems);
                continue;
            }
        };
        if trace.pods.len() > ROWS_MAX {
            continue;
        }
        let (typical, order) = (Typical::of(&trace), Order::drawn(&fleet, &trace, 1, None));
        for policy in Policy::ALL {
            let setting = Setting::new(policy, 1);
            let outcome = replay_arrivals(&fleet, &trace, &typical, &order, setting, &mut |_| {});
            assert_eq!(outcome.pods.arrived(), trace.pods.len() as u64);
            if trace.timings.is_some() {
                let outcome = replay_timed(&fleet, &trace, &typical, &order.nodes, setting, &mut |_| {});
                assert_eq!((outcome.pods.arrived(), outcome.used_gpu_milli), (trace.pods.len() as u64, 0));
            }
        }
    }
}

/// A text as a parameter, a search, a precision and files of a sweep: what is read is shown, and read again from what is shown.
pub fn sweep(text: &str) {
    let refused = |error: Diagnostic| assert!(!error.message.is_empty() && !render::render(&[error], false).is_empty());
    match Vary::parse(text) {
        Ok(vary) => {
            let shown = format!("{}={}", vary.path, vary.values.join(","));
            assert_eq!(Vary::parse(&shown).as_ref(), Ok(&vary));
            assert!(Space::new(vec![vary], 3, 7).is_ok());
        }
        Err(error) => refused(error),
    }
    match Find::parse(text) {
        Ok(find) => assert_eq!(Find::parse(&find.to_string()), Ok(find)),
        Err(error) => refused(error),
    }
    if let Err(error) = Precision::parse(text) {
        refused(error);
    }
    if let Err(error) = image::check(text) {
        assert!(!error.is_empty());
    }
    if let Err(error) = merge(&[("a.ndjson".to_owned(), text.to_owned())]) {
        assert!(error.contains("a.ndjson"), "{error}");
    }
}

/// A text as PodCliqueSets and LeaderWorkerSets beside plain manifests.
pub fn manifests(text: &str) {
    for name in ["a.yaml", "a.json"] {
        of_system("kubernetes", &Source::new(name, text), &Profiles::default());
    }
}

/// A text as deployments and definitions of 1Backend, which are then run for a while.
pub fn onebackend(text: &str) {
    for profile in [Profile::Documented, Profile::AsBuilt] {
        let onebackend = Options { profile, ..Options::default() };
        of_system("onebackend", &Source::new("a.yaml", text), &Profiles { onebackend, ..Profiles::default() });
        let scenario = format!(
            "name: any\nuntil: 3m\nonebackend: {{ profile: {} }}\n\
             cluster: {{ nodes: [ {{ pool: node, count: 2, cpu: 4, memory: 8Gi }} ] }}\n\
             deploy: [ {{ document: a.yaml, system: onebackend }} ]\n\
             actions: [ {{ at: 50s, apply: a.yaml }} ]\n",
            profile.text()
        );
        let small = replicas(text).all(|replicas| replicas <= REPLICAS_MAX);
        if let Ok(scenario) = load_from(&Source::new("scenario.yaml", scenario.as_str()), &Same(text))
            && small
        {
            match rehearse(&scenario, Rehearsal { native: true, ..Rehearsal::default() }, &mut []) {
                Ok(result) => assert!(result.native.is_some()),
                Err(problems) => told(&problems),
            }
        }
    }
}

/// A text as a scenario whose documents are the same text: its faults, stores, behaviour and profiles with the rest.
pub fn scenario(text: &str) {
    if let Err(errors) = load_from(&Source::new("scenario.yaml", text), &Same(text)) {
        told(&errors);
    }
}

/// A text as a document of a system.
fn of_system(system: &str, source: &Source, profiles: &Profiles) {
    match greenroom::systems::read(system, source, profiles) {
        Ok(read) => {
            assert_eq!(read.problems.is_empty(), render::render(&read.problems, false).is_empty());
            let _ = render::render(&read.warnings, false);
        }
        Err(errors) => told(&errors),
    }
}

/// A refusal says why.
fn told(errors: &[Diagnostic]) {
    assert!(!render::render(errors, false).is_empty(), "nothing is told");
}

/// The numbers behind `replicas`, `maxReplicas` and their like.
fn replicas(text: &str) -> impl Iterator<Item = u64> {
    text.split("eplicas").skip(1).filter_map(|rest| {
        let digits = rest.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        (end > 0).then(|| digits[..end].parse().unwrap_or(u64::MAX))
    })
}

/// Gives the same text for every document.
struct Same<'a>(&'a str);

impl Documents for Same<'_> {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}
