//! Reads what a fault or an action waits for, a subject that reaches a state or a single write or read, and which of the things of one
//! instant come last. Times stand in `faults`.

use super::Reader;
use super::workloads::TIMES_MAX;
use crate::kernel::Duration;
use crate::scenario::file::{OnFile, TieFile};
use crate::scenario::model::{AccessTrigger, RECORD, TieEntry, Trigger};
use crate::text::decode::Spanned;
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Span};
use crate::workload::Edge;

/// The most that a tie can be: ten bits of an event's key.
const TIE_MAX: u32 = 1023;

impl Reader<'_, '_> {
    pub(super) fn on(&mut self, entry: Span, on: &OnFile, after: Duration) -> Option<Trigger> {
        let occurrence = match &on.occurrence {
            Some(occurrence) => self.count(occurrence, TIMES_MAX, "the occurrence")?,
            None => 1,
        };
        let sides = [
            (Edge::BeforeWrite, &on.before_write),
            (Edge::AfterWrite, &on.after_write),
            (Edge::BeforeRead, &on.before_read),
            (Edge::AfterRead, &on.after_read),
        ];
        let given: Vec<(Edge, &Spanned<String>)> =
            sides.into_iter().filter_map(|(edge, object)| Some((edge, object.as_ref()?))).collect();
        match (&given[..], &on.subject, &on.reaches) {
            ([], Some(subject), Some(reaches)) => {
                if let Some(by) = &on.by {
                    self.context.error(by.span, "`by` goes with a write or a read, such as `before_write`");
                }
                let subject = self.subject(&subject.value, subject.span);
                self.state(&subject, reaches);
                Some(Trigger::On { subject, reaches: reaches.value.clone(), occurrence, after })
            }
            ([(edge, object)], None, None) => self.access(*edge, object, on.by.as_ref(), occurrence, after),
            ([_, (edge, second), ..], ..) => {
                let message = format!("a trigger has one point; {} is another", quote(edge.text()));
                self.context.error(second.span, message);
                None
            }
            ([(edge, _)], subject, reaches) => {
                let span = subject.as_ref().or(reaches.as_ref()).map_or(entry, |given| given.span);
                let message = format!("{} names what is written or read itself", quote(edge.text()));
                let error = Diagnostic::error(self.context.source, span, message);
                self.context.report(
                    error.help(format!("write `{}: Deployment/NAME` without `subject` and `reaches`", edge.text())),
                );
                None
            }
            ([], subject, reaches) => {
                let span = subject.as_ref().or(reaches.as_ref()).or(on.by.as_ref()).map_or(entry, |given| given.span);
                let error = Diagnostic::error(self.context.source, span, "a trigger needs a point at which it is met");
                let help =
                    "give `subject` and `reaches`, or one of before_write, after_write, before_read and after_read";
                self.context.report(error.help(help));
                None
            }
        }
    }

    fn access(
        &mut self,
        edge: Edge,
        object: &Spanned<String>,
        by: Option<&Spanned<String>>,
        occurrence: u32,
        after: Duration,
    ) -> Option<Trigger> {
        let object = match object.value.as_str() {
            RECORD if edge.is_of_writes() => Some(RECORD.to_owned()),
            RECORD => {
                self.context.error(
                    object.span,
                    "reads of durable records are not counted: a controller reads them when it starts",
                );
                return None;
            }
            _ => self.watched(Some(object))?,
        };
        if let Some(by) = by {
            self.names_an_actor(by)?;
        }
        let by = by.map(|by| by.value.clone());
        Some(Trigger::Access(AccessTrigger { edge, object, by, occurrence, after }))
    }

    /// Reports a name that is nobody's whose writes can be told apart. Which names documents bring is known when the run begins.
    fn names_an_actor(&mut self, by: &Spanned<String>) -> Option<()> {
        if by.value == "kubelet" {
            let message = "what a kubelet writes of its pods are their states: wait for one";
            let error = Diagnostic::error(self.context.source, by.span, message);
            self.context.report(error.help("write `on: { subject: Pod/NAME, reaches: Ready }`"));
            return None;
        }
        Some(())
    }

    pub(super) fn ties(&mut self, files: Vec<TieFile>) -> Vec<TieEntry> {
        let mut ties: Vec<TieEntry> = Vec::new();
        for file in files {
            let place = self.place(file.span);
            let at = self.time(&file.at);
            let subject = self.subject(&file.subject.value, file.subject.span);
            let tie = match &file.tie {
                Some(tie) => self.count(tie, TIE_MAX, "the tie"),
                None => Some(1),
            };
            let (Some(at), Some(tie)) = (at, tie) else { continue };
            if ties.iter().any(|one| (one.at, &one.subject) == (at, &subject)) {
                let message = format!("{} has its place at {at} already", quote(&file.subject.value));
                self.context.error(file.subject.span, message);
                continue;
            }
            ties.push(TieEntry { place, at, subject, tie: tie as u16 });
        }
        ties
    }
}
