//! Scenarios of the project with something put in, played and judged by the built-in oracles; and what is read of such a run.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::fs;
use std::path::PathBuf;

use greenroom::oracle::Oracles;
use greenroom::rehearsal::{Observer, Options, RunResult, rehearse};
use greenroom::scenario::{Folder, Scenario, load_from};
use greenroom::text::Source;
use greenroom::timeline::render::why;
use greenroom::timeline::{EntryId, Kind};

/// What a test compares with that expects no lines.
pub const NOTHING: [String; 0] = [];

/// A folder below scenarios/, for texts that a test writes itself.
pub fn folder(path: &str) -> Folder {
    Folder::new(below_scenarios(path))
}

fn below_scenarios(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path)
}

/// The text of a scenario, and where its documents are.
pub struct PutIn {
    text: String,
    folder: Folder,
    faults: Vec<String>,
    actions: Vec<String>,
}

/// A scenario below scenarios/, as it is.
pub fn scenario(path: &str) -> PutIn {
    let path = below_scenarios(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    PutIn { text, folder: Folder::new(path.parent().expect("a folder")), faults: Vec::new(), actions: Vec::new() }
}

impl PutIn {
    /// With one fault more: `put-in`, and those after it `put-in-2` and so on. They come before the scenario's own.
    pub fn fault(mut self, entry: &str) -> PutIn {
        self.faults.push(entry.to_owned());
        self
    }

    /// With one action more, named as faults are.
    pub fn action(mut self, entry: &str) -> PutIn {
        self.actions.push(entry.to_owned());
        self
    }

    /// With lines more in a section, which is made if there is none.
    pub fn rows(mut self, section: &str, rows: &str) -> PutIn {
        let head = format!("\n{section}:\n");
        self.text = match self.text.contains(&head) {
            true => self.text.replacen(&head, &format!("{head}{rows}"), 1),
            false => format!("{}{head}{rows}", self.text),
        };
        self
    }

    /// With another text for each of these.
    pub fn replaced(mut self, old: &str, new: &str) -> PutIn {
        assert!(self.text.contains(old), "{old:?} is not in\n{}", self.text);
        self.text = self.text.replace(old, new);
        self
    }

    /// With another end.
    pub fn until(self, until: &str) -> PutIn {
        let mut ends = self.without("until");
        ends.text += &format!("until: {until}\n");
        ends
    }

    /// Nothing is expected of it, and all oracles judge it.
    pub fn unexpecting(self) -> PutIn {
        self.without("expect").without("oracles")
    }

    /// Without a section: its head, and all lines up to the next.
    fn without(mut self, section: &str) -> PutIn {
        let head = format!("{section}:");
        let mut is_left_out = false;
        let mut left = String::new();
        for line in self.text.lines() {
            if line.starts_with(char::is_alphabetic) {
                is_left_out = line.starts_with(&head);
            }
            if !is_left_out {
                left += &format!("{line}\n");
            }
        }
        self.text = left;
        self
    }

    pub fn scenario(mut self) -> Scenario {
        for section in ["faults", "actions"] {
            let entries = std::mem::take(if section == "faults" { &mut self.faults } else { &mut self.actions });
            let name = |at: usize| if at == 0 { "put-in".to_owned() } else { format!("put-in-{}", at + 1) };
            let rows = entries.iter().enumerate().map(|(at, entry)| format!("  - {{ name: {}, {entry} }}\n", name(at)));
            let rows: String = rows.collect();
            if !rows.is_empty() {
                self = self.rows(section, &rows);
            }
        }
        let read = load_from(&Source::new("scenario.yaml", self.text.as_str()), &self.folder);
        read.unwrap_or_else(|problems| panic!("{}\n{problems:?}", self.text))
    }

    /// Plays it and has it judged.
    pub fn run(self) -> RunResult {
        judged(&self.scenario())
    }
}

/// A run that the oracles judge.
pub fn judged(scenario: &Scenario) -> RunResult {
    let oracles = Oracles::new(scenario).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(oracles)];
    rehearse(scenario, Options::default(), &mut observers).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What the oracles of these codes found, each as `GR106 Pod/web-0: why`.
pub fn found(run: &RunResult, codes: &[&str]) -> Vec<String> {
    let told = run.findings.iter().filter(|one| codes.contains(&one.rule.code));
    told.map(|one| format!("{} {}: {}", one.rule.code, one.subject, one.detail)).collect()
}

/// The entries about subjects of this beginning that became this, each as `15s route/web-v1-0 why`: seconds since the start.
pub fn entries(run: &RunResult, subject: &str, became: &str) -> Vec<String> {
    let all = run.timeline.since(0).filter(|(_, entry)| entry.became == became);
    let told = all.map(|(_, entry)| {
        let (second, why) = (entry.at.nanos() / 1_000_000_000, why(&entry.why, &run.names));
        (entry.subject.show(&run.names), second, why)
    });
    let told = told.filter(|(name, ..)| name.starts_with(subject));
    told.map(|(name, second, why)| format!("{second}s {name} {why}").trim_end().to_owned()).collect()
}

/// All entries, each as `Pod/web-0 Ready`.
pub fn words(run: &RunResult) -> Vec<(EntryId, String)> {
    let entries = run.timeline.since(0);
    entries.map(|(id, entry)| (id, format!("{} {}", entry.subject.show(&run.names), entry.became))).collect()
}

/// The last word about a subject.
pub fn last_word(run: &RunResult, subject: &str) -> &'static str {
    let about = |became: &'static str, shown: String| (shown == subject).then_some(became);
    let words = run.timeline.since(0).filter_map(|(_, one)| about(one.became, one.subject.show(&run.names)));
    words.last().unwrap_or_else(|| panic!("nothing is told of {subject}"))
}

/// The last entry in which a subject became this.
pub fn last(run: &RunResult, subject: &str, became: &str) -> EntryId {
    let meant =
        run.timeline.since(0).filter(|(_, one)| one.became == became && one.subject.show(&run.names) == subject);
    meant.last().unwrap_or_else(|| panic!("{subject} was never {became}")).0
}

/// When a subject first became this, in seconds since the start.
pub fn when(run: &RunResult, subject: &str, became: &str) -> Option<u64> {
    let mut meant = run.timeline.since(0).filter(|(_, one)| one.became == became);
    let found = meant.find(|(_, one)| one.subject.show(&run.names) == subject);
    found.map(|(_, one)| one.at.nanos() / 1_000_000_000)
}

/// What an entry is and what led to it, the first causes last.
pub fn chain(run: &RunResult, id: EntryId) -> Vec<String> {
    let show = |id: EntryId| run.timeline.get(id).map(|one| format!("{} {}", one.subject.show(&run.names), one.became));
    run.timeline.chain(id).into_iter().filter_map(show).collect()
}

/// True if a fault leads to an entry.
pub fn is_of_a_fault(run: &RunResult, id: EntryId) -> bool {
    let chain = run.timeline.chain(id).into_iter().filter_map(|id| run.timeline.get(id));
    chain.into_iter().any(|entry| entry.subject.kind == Kind::Fault)
}
