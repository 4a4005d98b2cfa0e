//! Reads an operator's actions: when they take place and what is done.

use std::collections::BTreeMap;

use super::Reader;
use super::faults::given;
use super::names::Taken;
use crate::kernel::Duration;
use crate::scenario::file::ActionFile;
use crate::scenario::model::{ActionDocument, ActionEntry, ActionKind};
use crate::scenario::values::{Length, PromoteValue, RollbackValue, no_commit};
use crate::systems::paasta::is_commit;
use crate::text::decode::{Spanned, Table};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Span};
use crate::timeline::Kind;

/// The most replicas that a workload may be scaled to.
const REPLICAS_MAX: u32 = 10_000_000;

impl Reader<'_, '_> {
    pub(super) fn actions(&mut self, files: Vec<ActionFile>) -> Vec<ActionEntry> {
        let mut taken = Taken::default();
        let mut unnamed: BTreeMap<&'static str, u32> = BTreeMap::new();
        let mut actions = Vec::new();
        for file in files.iter().filter(|file| file.name.is_some()) {
            if let Some(name) = &file.name {
                taken.take(&name.value, name.span, "actions", self);
            }
        }
        for file in files {
            let trigger = self.trigger(file.span, file.at.as_ref(), file.on.as_ref(), file.after.as_ref());
            let place = self.place(file.span);
            let Some(kind) = self.action_kind(&file) else { continue };
            let read = self.read_before(file.read.as_ref(), &kind);
            let name = match file.name {
                Some(name) => name.value,
                None => default_name(kind.text(), &mut unnamed, &taken),
            };
            if let Some(trigger) = trigger {
                actions.push(ActionEntry { place, name, trigger, read, kind });
            }
        }
        actions
    }

    /// How long ago the operator read what it writes, which only custom resources have versions for.
    fn read_before(&mut self, read: Option<&Spanned<Length>>, kind: &ActionKind) -> Option<Duration> {
        let read = read?;
        let locks = match kind {
            ActionKind::Replace(_) => !self.controllers.is_empty(),
            ActionKind::Scale(sizes) => sizes.iter().all(|(target, _)| {
                let kind = target.split_once('/').and_then(|(kind, _)| Kind::parse(kind));
                matches!(kind, Some(Kind::Graph | Kind::Component | Kind::Adapter))
            }),
            _ => false,
        };
        if !locks {
            let message = "`read` goes with `scale` and `replace` of custom resources, such as `adapter/NAME`";
            self.context.error(read.span, message);
        }
        Some(read.value.0)
    }

    fn action_kind(&mut self, file: &ActionFile) -> Option<ActionKind> {
        let there = given!(file: undeploy apply replace delete scale restart rollback undo pause resume promote abort
            retry click complete abandon forward activate weight push mark);
        self.exactly_one("an action", file.span, &there)?;
        if let Some(name) = &file.undeploy {
            if name.value.is_empty() {
                self.context.error(name.span, "`undeploy` needs the name of a group, a single deployment or manifests");
            }
            return Some(ActionKind::Undeploy(name.value.clone()));
        }
        if let Some(path) = &file.apply {
            return self.action_document(path).map(ActionKind::Apply);
        }
        if let Some(path) = &file.replace {
            return self.action_document(path).map(ActionKind::Replace);
        }
        if let Some(sizes) = &file.scale {
            return self.scale(sizes);
        }
        if let Some(target) = file.rollback.as_ref().or(file.undo.as_ref()) {
            return self.rollback(target);
        }
        if let Some(target) = &file.promote {
            return self.promote(target);
        }
        if let Some(weight) = &file.weight {
            return self.weight(weight);
        }
        type Pair<'f> = &'f Option<Spanned<Table<Spanned<String>>>>;
        type MakeFromTwo = fn(String, String) -> ActionKind;
        let on_two: [(Pair<'_>, &str, MakeFromTwo); 3] = [
            (&file.activate, "deployment/NAME: REVISION", ActionKind::Activate),
            (&file.push, "SERVICE: COMMIT", ActionKind::Push),
            (&file.mark, "GROUP: COMMIT", ActionKind::Mark),
        ];
        if let Some((pair, form, make)) =
            on_two.into_iter().find_map(|(pair, form, make)| Some((pair.as_ref()?, form, make)))
        {
            let (target, span, value) = self.pair(pair, form)?;
            if file.activate.is_none() && !is_commit(&value) {
                let at = pair.value.0.first().map_or(pair.span, |(_, value)| value.span);
                self.context.error(at, no_commit(&value));
                return None;
            }
            let target = if file.activate.is_some() { self.subject(&target, span) } else { target };
            return Some(make(target, value));
        }
        type Make = fn(String) -> ActionKind;
        let of_systems: [(&Option<Spanned<String>>, Make); 4] = [
            (&file.click, ActionKind::Click),
            (&file.complete, ActionKind::Complete),
            (&file.abandon, ActionKind::Abandon),
            (&file.forward, ActionKind::Forward),
        ];
        if let Some((target, make)) = of_systems.into_iter().find_map(|(target, make)| Some((target.as_ref()?, make))) {
            return Some(make(self.subject(&target.value, target.span)));
        }
        let on_one: [(&Option<Spanned<String>>, Make); 6] = [
            (&file.delete, ActionKind::Delete),
            (&file.restart, ActionKind::Restart),
            (&file.pause, ActionKind::Pause),
            (&file.resume, ActionKind::Resume),
            (&file.abort, ActionKind::Abort),
            (&file.retry, ActionKind::Retry),
        ];
        let (target, make) = on_one.into_iter().find_map(|(target, make)| Some((target.as_ref()?, make)))?;
        Some(make(self.object(&target.value, target.span)))
    }

    /// The one entry of a map: its key, where that stands, and its value.
    fn pair(&mut self, table: &Spanned<Table<Spanned<String>>>, form: &str) -> Option<(String, Span, String)> {
        match &table.value.0[..] {
            [(key, value)] if !key.text.is_empty() && !value.value.is_empty() => {
                Some((key.text.clone(), key.span, value.value.clone()))
            }
            _ => {
                self.context.error(table.span, format!("an action is about one thing; write `{{ {form} }}`"));
                None
            }
        }
    }

    fn weight(&mut self, table: &Spanned<Table<u32>>) -> Option<ActionKind> {
        match &table.value.0[..] {
            [(target, percent)] if *percent <= 100 => {
                Some(ActionKind::Weight(self.subject(&target.text, target.span), *percent))
            }
            [(target, percent)] => {
                self.context.error(target.span, format!("a share is from 0 to 100 percent, not {percent}"));
                None
            }
            _ => {
                self.context.error(table.span, "an action is about one thing; write `{ deployment/NAME: PERCENT }`");
                None
            }
        }
    }

    /// The subject of a Kubernetes object, which is of a kind in capitals; or an object of a system that has actions of its own.
    fn object(&mut self, text: &str, span: Span) -> String {
        let subject = self.subject(text, span);
        let known = subject.split_once('/').is_some_and(|(kind, _)| Kind::parse(kind).is_some());
        if known && !self.acts && subject.starts_with(|first: char| first.is_ascii_lowercase()) {
            let message = format!("{} is no Kubernetes object", quote(text));
            let error = Diagnostic::error(self.context.source, span, message);
            self.context.report(error.help("kinds of Kubernetes are in capitals: `Deployment/NAME`"));
        }
        subject
    }

    fn action_document(&mut self, path: &Spanned<String>) -> Option<ActionDocument> {
        let source = self.document_source(path)?;
        Some(ActionDocument { document: path.value.clone(), source })
    }

    fn scale(&mut self, sizes: &Spanned<Table<u32>>) -> Option<ActionKind> {
        if sizes.value.0.is_empty() {
            self.context.error(sizes.span, "`scale` names no workload; write `{ Deployment/NAME: 4 }`");
            return None;
        }
        let mut read = Vec::with_capacity(sizes.value.0.len());
        for (subject, replicas) in &sizes.value.0 {
            if *replicas > REPLICAS_MAX {
                self.context.error(subject.span, format!("a workload is scaled to at most {REPLICAS_MAX} replicas"));
            }
            read.push((self.object(&subject.text, subject.span), *replicas));
        }
        Some(ActionKind::Scale(read))
    }

    fn promote(&mut self, target: &Spanned<PromoteValue>) -> Option<ActionKind> {
        let (text, span, full) = match &target.value {
            PromoteValue::Next(text) => (text, target.span, false),
            PromoteValue::Full(table) => match &table.0[..] {
                [(subject, _)] => (&subject.text, subject.span, true),
                _ => {
                    self.context.error(target.span, "a promotion is of one Rollout; write `{ Rollout/NAME: full }`");
                    return None;
                }
            },
        };
        Some(ActionKind::Promote(self.object(text, span), full))
    }

    fn rollback(&mut self, target: &Spanned<RollbackValue>) -> Option<ActionKind> {
        let (text, span, revision) = match &target.value {
            RollbackValue::Before(text) => (text, target.span, None),
            RollbackValue::To(table) => match &table.0[..] {
                [(subject, revision)] => (&subject.text, subject.span, Some(*revision)),
                _ => {
                    self.context.error(target.span, "a rollback is of one workload; write `{ Deployment/NAME: 1 }`");
                    return None;
                }
            },
        };
        if revision == Some(0) {
            self.context.error(target.span, "revisions are numbered from 1; leave it out for the one before");
        }
        Some(ActionKind::Rollback(self.object(text, span), revision))
    }
}

/// `undeploy`, then `undeploy-2`, `undeploy-3`, … past names that are taken.
fn default_name(word: &'static str, unnamed: &mut BTreeMap<&'static str, u32>, taken: &Taken) -> String {
    let number = unnamed.entry(word).or_default();
    loop {
        *number += 1;
        let name = if *number == 1 { word.to_owned() } else { format!("{word}-{number}") };
        if !taken.contains(&name) {
            return name;
        }
    }
}
