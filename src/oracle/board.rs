//! The states of the subjects that a scenario names. Entries about anything else are passed over after one look at
//! their kind, so that a run of a hundred thousand pods pays nothing for an expectation about a deployment.

use crate::kernel::{Name, Names, Symbol, Time};
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::{Entry, EntryId, Kind, Subject, Timeline};

/// A subject that is watched, by its position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Slot(usize);

/// That a subject became something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// What it became.
    pub became: &'static str,
    /// When.
    pub at: Time,
    /// The entry that says so.
    pub id: EntryId,
}

#[derive(Clone, Debug)]
struct Watched {
    kind: Kind,
    namespace: String,
    name: String,
    text: String,
    /// Known from the first entry about it on.
    subject: Option<Subject>,
    now: Option<Seen>,
    /// The first time of each state that it was in.
    reached: Vec<Seen>,
}

/// What is known of the subjects that are watched.
#[derive(Clone, Debug, Default)]
pub struct Board {
    watched: Vec<Watched>,
    by_kind: Vec<Vec<Slot>>,
}

impl Board {
    /// Watches the subject that is written `text`.
    ///
    /// # Errors
    /// Why the text is no subject.
    pub fn watch(&mut self, text: &str) -> Result<Slot, String> {
        let (kind, namespace, name) = split(text)?;
        Ok(self.watch_parts(kind, namespace, name))
    }

    /// Watches the subject of this kind and name.
    pub fn watch_named(&mut self, kind: Kind, name: &str) -> Slot {
        self.watch_parts(kind, "", name)
    }

    fn watch_parts(&mut self, kind: Kind, namespace: &str, name: &str) -> Slot {
        let same = |other: &Watched| other.kind == kind && other.namespace == namespace && other.name == name;
        if let Some(index) = self.watched.iter().position(same) {
            return Slot(index);
        }
        let slot = Slot(self.watched.len());
        let text = match namespace {
            "" => format!("{}/{name}", kind.text()),
            namespace => format!("{}/{namespace}/{name}", kind.text()),
        };
        self.watched.push(Watched {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            text,
            subject: None,
            now: None,
            reached: Vec::new(),
        });
        if self.by_kind.is_empty() {
            self.by_kind = vec![Vec::new(); Kind::ALL.len()];
        }
        self.by_kind[kind as usize].push(slot);
        slot
    }

    /// Watches a subject from now on and reads what the timeline already says of it.
    ///
    /// # Errors
    /// Why the text is no subject.
    pub fn watch_late(&mut self, text: &str, timeline: &Timeline, names: &Names) -> Result<Slot, String> {
        let known = self.watched.len();
        let slot = self.watch(text)?;
        if slot.0 == known {
            for (id, entry) in timeline.since(0) {
                self.look(slot, id, &entry, names);
            }
        }
        Ok(slot)
    }

    /// Takes note of an entry; the slot of its subject if that is watched.
    pub fn entry(&mut self, id: EntryId, entry: &Entry, names: &Names) -> Option<Slot> {
        let slots = self.by_kind.get(entry.subject.kind as usize)?;
        let slot = *slots.iter().find(|slot| self.watched[slot.0].is(entry.subject, names))?;
        self.look(slot, id, entry, names);
        Some(slot)
    }

    fn look(&mut self, slot: Slot, id: EntryId, entry: &Entry, names: &Names) {
        let watched = &mut self.watched[slot.0];
        if !watched.is(entry.subject, names) {
            return;
        }
        let seen = Seen { became: entry.became, at: entry.at, id };
        watched.subject = Some(entry.subject);
        if watched.reached.iter().all(|earlier| earlier.became != entry.became) {
            watched.reached.push(seen);
        }
        watched.now = Some(match watched.now {
            // The same state once more: it is the first entry that says since when.
            Some(now) if now.became == entry.became => now,
            _ => seen,
        });
    }

    /// The subject as it is written.
    pub fn text(&self, slot: Slot) -> &str {
        &self.watched[slot.0].text
    }

    /// The kind of the subject.
    pub fn kind(&self, slot: Slot) -> Kind {
        self.watched[slot.0].kind
    }

    /// What the subject is now, and since when; `None` before the first entry about it.
    pub fn now(&self, slot: Slot) -> Option<Seen> {
        self.watched[slot.0].now
    }

    /// The first time that the subject became `state`.
    pub fn reached(&self, slot: Slot, state: &str) -> Option<Seen> {
        self.watched[slot.0].reached.iter().find(|seen| seen.became == state).copied()
    }

    /// The first entry about the subject.
    pub fn first(&self, slot: Slot) -> Option<Seen> {
        self.watched[slot.0].reached.first().copied()
    }

    /// The subjects that this text may stand for, as the run names them; none if it never heard of the name.
    pub fn subjects(&self, slot: Slot, names: &Names) -> Vec<Subject> {
        let watched = &self.watched[slot.0];
        if let Some(subject) = watched.subject {
            return vec![subject];
        }
        let Some(namespace) = names.find(&watched.namespace) else { return Vec::new() };
        let plain = names.find(&watched.name).map(Name::plain);
        let known = [plain, numbered(&watched.name, names)].into_iter().flatten();
        known.map(|name| Subject { kind: watched.kind, namespace, name }).collect()
    }
}

impl Watched {
    /// True if this is the subject, however its name is held.
    fn is(&self, subject: Subject, names: &Names) -> bool {
        if let Some(known) = self.subject {
            return known == subject;
        }
        subject.kind == self.kind
            && names.text(subject.namespace) == self.namespace
            && reads(subject.name, &self.name, names)
    }
}

/// True if the name is shown as `text`; makes no string to find out.
fn reads(name: Name, text: &str, names: &Names) -> bool {
    let base = names.text(name.base());
    match (name.ordinal(), text.strip_prefix(base)) {
        (None, Some("")) => true,
        (Some(ordinal), Some(rest)) => rest.strip_prefix('-').is_some_and(|digits| is_number(digits, ordinal)),
        _ => false,
    }
}

fn is_number(digits: &str, number: u32) -> bool {
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    canonical && digits.parse() == Ok(number)
}

/// The name as `base-ordinal`, if the run knows the base.
fn numbered(text: &str, names: &Names) -> Option<Name> {
    let (base, digits) = text.rsplit_once('-')?;
    let ordinal: u32 = digits.parse().ok()?;
    if ordinal == u32::MAX || !is_number(digits, ordinal) {
        return None;
    }
    Some(Name::numbered(names.find(base)?, ordinal))
}

/// Kind, namespace and name of a subject as it is written.
fn split(text: &str) -> Result<(Kind, &str, &str), String> {
    let Some((kind, rest)) = text.split_once('/') else {
        return Err(format!("{} is no subject: write kind/name, as in deployment/vllm or Pod/vllm-r1-0", quote(text)));
    };
    let Some(kind) = Kind::parse(kind) else {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.text()).collect();
        let hint = match nearest(kind, kinds.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!("; the kinds are {}", kinds.join(", ")),
        };
        return Err(format!("{} in {} is no kind of subject{hint}", quote(kind), quote(text)));
    };
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    if name.is_empty() || name.contains('/') {
        let text = quote(text);
        return Err(format!("{text} is no subject: behind the kind goes a name, or a namespace and a name"));
    }
    Ok((kind, if namespace == "default" { "" } else { namespace }, name))
}

/// The subject of the timeline that is written most like `text`: for a message about a name that is nowhere.
pub fn most_alike(text: &str, timeline: &Timeline, names: &Names) -> Option<String> {
    let kind = split(text).ok()?.0;
    let mut best: Option<(usize, String)> = None;
    let mut last = Subject::new(kind, Name::plain(Symbol::EMPTY));
    for (_, entry) in timeline.since(0).filter(|(_, entry)| entry.subject.kind == kind) {
        if entry.subject == last {
            continue;
        }
        last = entry.subject;
        let other = entry.subject.show(names);
        // A name in another namespace, or without one, is near however long that is.
        let bare = |text: &str| text.rsplit('/').next().map(str::to_owned);
        let distance = strsim::damerau_levenshtein(text, &other);
        let distance = if bare(text) == bare(&other) { distance.min(1) } else { distance };
        if distance <= 3 && best.as_ref().is_none_or(|(nearest, _)| distance < *nearest) {
            best = Some((distance, other));
        }
    }
    best.map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{Cause, Layer, LineId, Why};

    /// A controller may hold a name that ends in a number whole; the scenario's text must find it either way.
    #[test]
    fn finds_a_subject_however_its_name_is_held() {
        let mut names = Names::default();
        let whole = names.name("recipe-1");
        let parts = Name::numbered(names.intern("vllm-r1"), 0);
        let mut board = Board::default();
        let recipe = board.watch("deployment/recipe-1").expect("a subject");
        let pod = board.watch("Pod/vllm-r1-0").expect("a subject");
        let other = board.watch("Pod/vllm-r1-00").expect("a subject");
        for (number, (kind, name)) in [(Kind::Member, whole), (Kind::Pod, parts)].into_iter().enumerate() {
            let entry = Entry {
                at: Time::ZERO,
                subject: Subject::new(kind, name),
                became: "active",
                why: Why::NONE,
                cause: Cause::Line(LineId(0)),
                layer: Layer::System,
            };
            board.entry(EntryId(number as u32), &entry, &names);
        }
        assert_eq!(board.now(recipe).map(|seen| seen.id), Some(EntryId(0)));
        assert_eq!(board.now(pod).map(|seen| seen.id), Some(EntryId(1)));
        assert_eq!(board.now(other), None);
    }

    #[test]
    fn the_default_namespace_is_no_namespace() {
        let mut board = Board::default();
        assert_eq!(board.watch("Pod/default/x"), board.watch("Pod/x"));
        assert_ne!(board.watch("Pod/shop/x"), board.watch("Pod/x"));
    }

    #[test]
    fn says_why_a_text_is_no_subject() {
        let mut board = Board::default();
        let told = ["vllm", "pod/x", "Pod/", "Pod/a/b/c"].map(|text| board.watch(text).expect_err(text));
        insta::assert_snapshot!(told.join("\n"));
    }
}
