//! Reads faults of watches and writes: what they strike, and which write or change is the first.

use super::Reader;
use super::names::unknown_kind;
use super::workloads::TIMES_MAX;
use crate::kernel::Duration;
use crate::scenario::file::{ControllerRestartFile, FaultFile};
use crate::scenario::model::{ApiEntry, FaultKind};
use crate::scenario::values::Length;
use crate::text::Diagnostic;
use crate::text::decode::{Spanned, list};
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::Kind;
use crate::workload::{ApiTrouble, BuiltIn, Moment, Process};

/// The word for any object, where one must be named.
const ANY: &str = "any";

impl Reader<'_, '_> {
    /// The fault of this entry if it is one of watches or writes. `None`: it is none. `Some(None)`: it is one, and wrong.
    #[allow(clippy::option_option)]
    pub(super) fn api_fault(&mut self, file: &FaultFile) -> Option<Option<FaultKind>> {
        if let Some(outage) = &file.store_outage {
            let store = outage.store.0;
            return Some(self.lasts(outage.r#for.as_ref()).map(|lasts| FaultKind::StoreOutage { store, lasts }));
        }
        if let Some(restart) = &file.controller_restart {
            return Some(self.controller_restart(restart));
        }
        let (of, controller, object, trouble) = if let Some(lag) = &file.watch_lag {
            (&lag.of, &lag.controller, &lag.object, self.lag(lag.by.as_ref(), lag.r#for.as_ref()))
        } else if let Some(missed) = &file.missed_event {
            let first = self.nth(missed.occurrence.as_ref(), "the occurrence");
            let times = self.nth(missed.times.as_ref(), "the number of changes");
            let trouble = first.zip(times).map(|(occurrence, times)| ApiTrouble::MissedEvent { occurrence, times });
            (&missed.of, &missed.controller, &missed.object, trouble)
        } else if let Some(conflict) = &file.api_conflict {
            let first = self.nth(conflict.occurrence.as_ref(), "the occurrence");
            let times = self.nth(conflict.times.as_ref(), "the number of writes");
            let trouble =
                first.zip(times).map(|(occurrence, times)| ApiTrouble::Conflict { occurrence, times: Some(times) });
            (&conflict.of, &conflict.controller, &conflict.object, trouble)
        } else if let Some(error) = &file.api_error {
            let first = self.nth(error.occurrence.as_ref(), "the occurrence");
            let times = self.nth(error.times.as_ref(), "the number of writes");
            let times = times.map(|times| (error.times.is_some() || error.r#for.is_none()).then_some(times));
            let lasts = self.lasts(error.r#for.as_ref());
            let trouble = first.zip(times).zip(lasts);
            let trouble = trouble.map(|((occurrence, times), lasts)| ApiTrouble::Error { occurrence, times, lasts });
            (&error.of, &error.controller, &error.object, trouble)
        } else if let Some(down) = &file.webhook_down {
            let trouble = self.lasts(down.r#for.as_ref()).map(|lasts| ApiTrouble::WebhookDown { lasts });
            (&down.of, &None, &down.object, trouble)
        } else {
            return None;
        };
        let object = self.watched(object.as_ref());
        let known = self.names_controller(controller.as_ref());
        let text = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.value.clone());
        let (of, controller) = (text(of), text(controller));
        Some(
            object
                .zip(trouble)
                .filter(|_| known)
                .map(|(object, trouble)| FaultKind::Api(ApiEntry { of, controller, object, trouble })),
        )
    }

    fn controller_restart(&mut self, file: &ControllerRestartFile) -> Option<FaultKind> {
        let lasts = file.r#for.as_ref().map_or(Duration::ZERO, |length| length.value.0);
        let text = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.value.clone());
        if !self.names_controller(file.controller.as_ref()) {
            return None;
        }
        let (of, controller) = (text(&file.of), text(&file.controller));
        if of.is_none() && controller.is_none() {
            let error =
                Diagnostic::error(self.context.source, file.span, "`controller_restart` needs to know what restarts");
            self.context
                .report(error.help("give `of`, a group or deployment, or `controller`, one of its controllers"));
            return None;
        }
        let nth = self.nth(file.occurrence.as_ref(), "the occurrence")?;
        if let Some(process) = of.as_deref().and_then(Process::parse) {
            return self.process_restart(process, file, lasts);
        }
        let (object, moment) = match (&file.before_write, &file.after_write) {
            (Some(_), Some(after)) => {
                self.context.error(after.span, "give `before_write` or `after_write`, not both");
                return None;
            }
            (Some(before), None) => (self.watched(Some(before))?, Moment::BeforeWrite(nth)),
            (None, Some(after)) => (self.watched(Some(after))?, Moment::AfterWrite(nth)),
            (None, None) => {
                if let Some(occurrence) = &file.occurrence {
                    let message = "`occurrence` counts writes: it goes with `before_write` or `after_write`";
                    self.context.error(occurrence.span, message);
                }
                (None, Moment::Now)
            }
        };
        Some(match (of, controller, moment) {
            (Some(of), None, Moment::Now) => FaultKind::ControllerRestart { of, lasts },
            (of, controller, moment) => {
                FaultKind::Api(ApiEntry { of, controller, object, trouble: ApiTrouble::Restart { moment, lasts } })
            }
        })
    }

    /// A restart of one of Kubernetes' own processes: all controllers in it end together, and at which write is the trigger's to say.
    fn process_restart(
        &mut self,
        process: Process,
        file: &ControllerRestartFile,
        lasts: Duration,
    ) -> Option<FaultKind> {
        if let Some(controller) = &file.controller {
            let message = format!("the controllers in {} end with it: leave `controller` out", process.text());
            self.context.error(controller.span, message);
            return None;
        }
        if let Some(write) = file.before_write.as_ref().or(file.after_write.as_ref()) {
            let error = Diagnostic::error(self.context.source, write.span, "here the write is the trigger's to name");
            let help = "write `on: { before_write: ReplicaSet, by: deployment }` beside `controller_restart`";
            self.context.report(error.help(help));
            return None;
        }
        Some(FaultKind::ProcessRestart { process, lasts })
    }

    fn lag(&mut self, by: Option<&Spanned<Length>>, lasts: Option<&Spanned<Length>>) -> Option<ApiTrouble> {
        if let Some(by) = by.filter(|by| by.value.0.is_zero()) {
            self.context.error(by.span, "what is 0s old is not old");
            return None;
        }
        let by = by.map(|by| by.value.0);
        self.lasts(lasts).map(|lasts| ApiTrouble::Lag { by, lasts })
    }

    /// True if there is no such name, or a control plane of the scenario has a controller of it; reported if not.
    fn names_controller(&mut self, name: Option<&Spanned<String>>) -> bool {
        let known = |name: &str| self.controllers.contains(&name) || !BuiltIn::named(name).is_empty();
        let Some(name) = name.filter(|name| !known(&name.value)) else { return true };
        let message = format!("no control plane of this scenario has a controller {}", quote(&name.value));
        let error = Diagnostic::error(self.context.source, name.span, message);
        let processes = Process::ALL.iter().map(|one| one.text());
        let built_in = || BuiltIn::ALL.iter().map(|one| one.text());
        let all: Vec<&str> = self.controllers.iter().copied().chain(built_in()).chain(processes).collect();
        let near = nearest(&name.value, all.iter().copied());
        let error = match near {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        };
        self.context.report(error.note(format!("controllers are {}", list(&all))));
        false
    }

    /// A count from 1; 1 unless it is given.
    fn nth(&mut self, count: Option<&Spanned<u32>>, what: &str) -> Option<u32> {
        self.optional_count(count, TIMES_MAX, what).map(|count| count.unwrap_or(1))
    }

    /// A kind or a subject. `None`: wrong. `Some(None)`: any.
    #[allow(clippy::option_option)]
    pub(super) fn watched(&mut self, object: Option<&Spanned<String>>) -> Option<Option<String>> {
        let Some(object) = object.filter(|object| object.value != ANY) else { return Some(None) };
        if object.value.contains('/') {
            return Some(Some(self.subject(&object.value, object.span)));
        }
        let Some(kind) = Kind::named(&object.value) else {
            let message = format!("there are no objects of the kind {}", quote(&object.value));
            let error = Diagnostic::error(self.context.source, object.span, message);
            self.context.report(unknown_kind(error, &object.value));
            return None;
        };
        Some(Some(kind.text().to_owned()))
    }
}
