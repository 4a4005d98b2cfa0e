//! Reads what is deployed and how it behaves.

use std::collections::BTreeMap;

use super::Reader;
use crate::cluster::Load;
use crate::kernel::{Duration, Time};
use crate::scenario::documents::check_path;
use crate::scenario::file::{BehaviourFile, BuildFile, CrashFile, DeployFile, LoadFile, MatchFile, MeasurementFile};
use crate::scenario::model::{BehaviourMatch, BehaviourRow, Build, Crash, Deploy};
use crate::text::decode::{Spanned, Table};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Source, Span};
use crate::workload::AnalysisPhase;

/// The most documents of a scenario.
const DOCUMENTS_MAX: usize = 1_000;
/// The most bytes of the files of a document that is a folder.
const FOLDER_BYTES_MAX: usize = 4 << 20;
/// The most times that something happens.
pub(super) const TIMES_MAX: u32 = 1_000_000;

impl Reader<'_, '_> {
    pub(super) fn deploy(&mut self, files: Vec<DeployFile>, scenario: Span) -> Vec<Deploy> {
        if files.is_empty() {
            let error = Diagnostic::error(self.context.source, scenario, "the scenario deploys nothing");
            self.context.report(error.help("name a document: `deploy: [ { document: group.json, system: oci } ]`"));
        }
        if files.len() > DOCUMENTS_MAX {
            let span = files[DOCUMENTS_MAX].span;
            self.context.error(span, format!("a scenario deploys at most {DOCUMENTS_MAX} documents"));
            return Vec::new();
        }
        files.into_iter().filter_map(|file| self.document(file)).collect()
    }

    fn document(&mut self, file: DeployFile) -> Option<Deploy> {
        let at = match &file.at {
            Some(at) => self.time(at),
            None => Some(Time::ZERO),
        };
        let (source, files) = if file.system.0.reads_folders() {
            self.document_folder(&file.document)?
        } else {
            (self.document_source(&file.document)?, Vec::new())
        };
        Some(Deploy {
            place: self.place(file.span),
            at: at?,
            source,
            files,
            document: file.document.value,
            system: file.system.0,
        })
    }

    /// The document at a path, which is below the scenario's folder.
    /// A document that is a folder: its name, and its YAML files. Of templates the names alone are kept.
    fn document_folder(&mut self, path: &Spanned<String>) -> Option<(Source, Vec<Source>)> {
        let text = path.value.trim_start_matches("./").trim_end_matches('/');
        let listed = check_path(text)
            .map_err(|error| format!("the path {} {error}", quote(&path.value)))
            .and_then(|()| self.documents.list(text).map_err(|error| format!("{}: {error}", quote(&path.value))));
        let names = match listed {
            Ok(names) => names,
            Err(error) => {
                self.context.error(path.span, error);
                return None;
            }
        };
        let (mut files, mut bytes) = (Vec::new(), 0);
        for name in names {
            let file = format!("{text}/{name}");
            let read = match name.rsplit_once('.') {
                Some((_, "yaml")) => self.documents.read(&file),
                Some((_, "in")) => Ok(String::new()),
                _ => continue,
            };
            match read {
                Ok(read) => {
                    bytes += read.len();
                    files.push(Source::new(beside(self.context.source.name(), &file), read));
                }
                Err(error) => {
                    self.context.error(path.span, format!("{}: {error}", quote(&file)));
                    return None;
                }
            }
            if bytes > FOLDER_BYTES_MAX {
                let mebibytes = FOLDER_BYTES_MAX >> 20;
                self.context
                    .error(path.span, format!("{}: its files have more than {mebibytes} MiB", quote(&path.value)));
                return None;
            }
        }
        Some((Source::new(beside(self.context.source.name(), text), ""), files))
    }

    pub(super) fn document_source(&mut self, path: &Spanned<String>) -> Option<Source> {
        let text = &path.value;
        let read = match check_path(text) {
            Ok(()) => {
                self.documents.read(text.trim_start_matches("./")).map_err(|error| format!("{}: {error}", quote(text)))
            }
            Err(error) => Err(format!("the path {} {error}", quote(text))),
        };
        match read {
            Ok(read) => Some(Source::new(beside(self.context.source.name(), text), read)),
            Err(error) => {
                self.context.error(path.span, error);
                None
            }
        }
    }

    pub(super) fn behaviour(&mut self, files: Vec<BehaviourFile>) -> Vec<BehaviourRow> {
        files.into_iter().filter_map(|file| self.behaviour_row(file)).collect()
    }

    fn behaviour_row(&mut self, file: BehaviourFile) -> Option<BehaviourRow> {
        if let (Some(pull), Some(_)) = (&file.pull, &file.image_size) {
            self.context.error(pull.span, "give `pull` or `image_size`, not both");
        }
        let measurements = self.measurements(&file.r#match, file.measurements)?;
        let build = self.build(&file.r#match, file.build)?;
        Some(BehaviourRow {
            place: self.place(file.span),
            image_size: self.bytes(file.image_size.as_ref(), "the image"),
            matches: self.behaviour_match(file.r#match)?,
            pull: file.pull.map(|spread| spread.value.0),
            init: file.init.map(|spread| spread.0),
            together: file.together,
            start: file.start.map(|spread| spread.0),
            register: file.register.map(|spread| spread.0),
            run: file.run.map(|spread| spread.0),
            exit: file.exit,
            crash: match file.crash {
                Some(crash) => Some(self.crash(crash)?),
                None => None,
            },
            stop: file.stop.map(|spread| spread.0),
            metrics: self.metrics(file.metrics)?,
            measurements,
            build,
        })
    }

    /// How a pipeline's steps build. A row about a step says that, and no other row does.
    fn build(&mut self, matches: &MatchFile, file: Option<Spanned<BuildFile>>) -> Option<Option<Build>> {
        let Some(file) = file else {
            if let Some(step) = matches.step.as_ref().or(matches.definition.as_ref()) {
                self.context.error(step.span, "a row about a step or a definition says how it is `build`");
            }
            return Some(None);
        };
        let pods = [matches.deployment.is_some(), matches.workload.is_some(), matches.image.is_some()];
        let others = [matches.kind.is_some(), matches.analysis.is_some(), matches.metric.is_some()];
        let both = matches.step.is_some() && matches.definition.is_some();
        if pods.contains(&true) || others.contains(&true) || both {
            let message =
                "`build` is of a pipeline's step or a definition: match `step` or `definition`, and nothing else";
            self.context.error(file.span, message);
            return None;
        }
        let length = file.value.length.map(|spread| spread.0);
        Some(Some(Build { length, fails: file.value.fails.unwrap_or(false) }))
    }

    /// What measurements say, in the order of time. A row about an analysis has them, and no other row does.
    fn measurements(
        &mut self,
        matches: &MatchFile,
        file: Option<Spanned<Vec<MeasurementFile>>>,
    ) -> Option<Vec<(Time, AnalysisPhase)>> {
        let about = matches.analysis.as_ref().or(matches.metric.as_ref());
        let Some(file) = file else {
            if let Some(about) = about {
                self.context.error(about.span, "a row about an analysis says what `measurements` say");
            }
            return Some(Vec::new());
        };
        let pods = [matches.deployment.is_some(), matches.workload.is_some(), matches.image.is_some()];
        if about.is_none() || pods.contains(&true) || matches.kind.is_some() {
            let message = "`measurements` are of an analysis: match `analysis` or `metric`, and nothing else";
            self.context.error(file.span, message);
            return None;
        }
        if file.value.is_empty() {
            self.context.error(file.span, "`measurements` say nothing; write `[ { is: Failed } ]`");
        }
        let mut points: Vec<(Time, AnalysisPhase)> = Vec::new();
        for point in file.value {
            let at = Time::ZERO + point.at.map_or(Duration::ZERO, |at| at.0);
            if points.last().is_some_and(|(last, _)| at <= *last) {
                self.context.error(file.span, "the points of measurements must be in the order of time");
                return None;
            }
            points.push((at, point.is.0));
        }
        Some(points)
    }

    /// The series of each metric, in the order of time.
    fn metrics(&mut self, file: Option<Table<Vec<LoadFile>>>) -> Option<BTreeMap<String, Vec<Load>>> {
        let mut metrics = BTreeMap::new();
        for (name, points) in file.map(|table| table.0).unwrap_or_default() {
            let mut series: Vec<Load> = Vec::new();
            for point in points {
                let at = Time::ZERO + point.at.map_or(Duration::ZERO, |at| at.0);
                let (amount, each) = match (point.value, point.each) {
                    (Some(value), None) => (value, false),
                    (None, Some(each)) => (each, true),
                    _ => {
                        self.context.error(point.span, "a point of a metric has a `value` for all pods, or `each`");
                        return None;
                    }
                };
                if series.last().is_some_and(|last| at <= last.at) {
                    self.context.error(point.span, "the points of a metric must be in the order of time");
                    return None;
                }
                let milli = amount.value.milli.unwrap_or(amount.value.units.saturating_mul(1000));
                series.push(Load { at, milli, each });
            }
            if !series.is_empty() {
                metrics.insert(name.text, series);
            }
        }
        Some(metrics)
    }

    fn behaviour_match(&mut self, file: MatchFile) -> Option<BehaviourMatch> {
        if let Some(image) = &file.image {
            self.image_glob(image)?;
        }
        Some(BehaviourMatch {
            deployment: file.deployment,
            workload: file.workload,
            image: file.image.map(|image| image.value),
            kind: file.kind.map(|kind| kind.0.to_owned()),
            analysis: file.analysis.map(|analysis| analysis.value),
            metric: file.metric.map(|metric| metric.value),
            step: file.step.map(|step| step.value),
            definition: file.definition.map(|definition| definition.value),
        })
    }

    fn crash(&mut self, file: CrashFile) -> Option<Crash> {
        let times = match &file.times {
            Some(times) => Some(self.count(times, TIMES_MAX, "the number of crashes")?),
            None => None,
        };
        Some(Crash { after: file.after.0, times, exit: self.failing_exit_code(file.exit.as_ref())? })
    }

    /// An exit code that is not 0; 1 if there is none.
    pub(super) fn failing_exit_code(&mut self, exit: Option<&Spanned<u8>>) -> Option<u8> {
        match exit {
            Some(exit) if exit.value == 0 => {
                self.context.error(exit.span, "a crash does not exit with 0");
                None
            }
            Some(exit) => Some(exit.value),
            None => Some(1),
        }
    }

    /// A pattern over images, in which `*` stands for any text.
    pub(super) fn image_glob(&mut self, image: &Spanned<String>) -> Option<()> {
        let message = if image.value.is_empty() {
            "an empty pattern fits no image"
        } else if image.value.contains(['?', '[', ']', '{', '}']) {
            "in a pattern over images `*` alone is special"
        } else {
            return Some(());
        };
        self.context.error(image.span, message);
        None
    }
}

/// The document's path from where the user stands: beside the scenario's.
pub(super) fn beside(scenario: &str, document: &str) -> String {
    let document = document.trim_start_matches("./");
    match scenario.rfind(['/', std::path::MAIN_SEPARATOR]) {
        Some(slash) => format!("{}{document}", &scenario[..=slash]),
        None => document.to_owned(),
    }
}
