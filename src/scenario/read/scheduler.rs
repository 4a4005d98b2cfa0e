//! Reads which scheduler a cluster has, and the file that configures it.

use std::sync::Arc;

use super::Reader;
use super::workloads::beside;
use crate::cluster::scheduler::SchedulerProfile;
use crate::scenario::documents::check_path;
use crate::scenario::scheduler;
use crate::scenario::values::SchedulerValue;
use crate::text::decode::list;
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Source};

/// The profiles that have a name.
const PROFILES: [&str; 3] = ["kube-default", "kube-sampled", "kube-most-allocated"];

impl Reader<'_, '_> {
    pub(super) fn scheduler(&mut self, value: &SchedulerValue) -> Option<SchedulerProfile> {
        let (name, span) = (value.0.value.as_str(), value.0.span);
        if let Some(profile) = SchedulerProfile::named(name) {
            return Some(profile);
        }
        if ![".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) {
            let error =
                Diagnostic::error(self.context.source, span, format!("{} is not a scheduler profile", quote(name)));
            let error = match nearest(name, PROFILES) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.note(format!("known are {}", list(&PROFILES))),
            };
            self.context.report(error.note("a scheduler configuration is a file that ends in `.yaml` or `.json`"));
            return None;
        }
        let text = match check_path(name) {
            Ok(()) => self.documents.read(name.trim_start_matches("./")),
            Err(error) => Err(format!("the path {error}")),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                self.context.error(span, format!("{}: {error}", quote(name)));
                return None;
            }
        };
        let source = Source::new(beside(self.context.source.name(), name), text);
        match scheduler::read(&source) {
            Ok((config, notices)) => {
                self.notices.extend(notices);
                Some(SchedulerProfile::Configured(Arc::new(config)))
            }
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.context.report(problem));
                None
            }
        }
    }
}
