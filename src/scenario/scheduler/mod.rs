//! Reads a scheduler configuration file: what kube-scheduler makes of it, with its defaults (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/apis/config/v1), as rules for the simulated scheduler. Whatever these cannot follow is refused.

mod args;
mod file;
mod plugins;

use crate::cluster::scheduler::SchedulerConfig;
use crate::cluster::scheduler::rules::{Backoff, DEFAULT_SCHEDULER, Rules, Sampling};
use crate::kernel::Duration;
use crate::text::decode::{Context, FromNode, Spanned};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Source, Span, tree};
use file::{ConfigurationFile, Idle, ProfileFile};

/// The version that is read.
const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";

/// Reads a configuration; beside it what was read and has no effect.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(source: &Source) -> Result<(SchedulerConfig, Vec<Diagnostic>), Vec<Diagnostic>> {
    let root = tree::parse(source).map_err(|error| vec![error])?;
    let mut context = Context::new(source);
    let mut notices = Vec::new();
    let config = ConfigurationFile::from_node(&root, &mut context)
        .and_then(|file| Reader { context: &mut context, notices: &mut notices }.configuration(file));
    match config {
        Some(config) if context.is_clean() => Ok((config, notices)),
        _ => Err(context.into_diagnostics()),
    }
}

/// Turns the parts of the file into rules.
struct Reader<'r, 's> {
    context: &'r mut Context<'s>,
    notices: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn configuration(&mut self, file: ConfigurationFile) -> Option<SchedulerConfig> {
        self.expect_word(&file.apiVersion, &[API_VERSION], "the version of a scheduler configuration");
        self.expect_word(&file.kind, &["KubeSchedulerConfiguration"], "the kind of a scheduler configuration");
        if let Some(parallelism) = file.parallelism.as_ref().filter(|parallelism| parallelism.value != 1) {
            self.notice(parallelism.span, "`parallelism` has no effect: nodes are looked at one after the other");
        }
        let idle = [
            ("leaderElection", file.leaderElection),
            ("clientConnection", file.clientConnection),
            ("enableProfiling", file.enableProfiling),
            ("enableContentionProfiling", file.enableContentionProfiling),
            ("delayCacheUntilActive", file.delayCacheUntilActive),
        ];
        for (key, Idle(span)) in idle.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            self.notice(span, format!("`{key}` has no effect on where pods go"));
        }
        let backoff = self.backoff(file.podInitialBackoffSeconds, file.podMaxBackoffSeconds);
        let sampling = self.sampling(file.percentageOfNodesToScore.as_ref()).unwrap_or(Sampling::Percent(0));
        let profiles = match file.profiles {
            Some(profiles) if !profiles.is_empty() => profiles,
            _ => {
                return Some(SchedulerConfig {
                    profiles: vec![Rules { sampling, ..Rules::kube_default() }],
                    backoff,
                    by_name: true,
                });
            }
        };
        let single = profiles.len() == 1;
        let mut names: Vec<String> = Vec::new();
        let mut read = Vec::new();
        for profile in profiles {
            let span = profile.schedulerName.as_ref().map_or(profile.span, |name| name.span);
            let rules = self.profile(profile, single, sampling)?;
            if names.contains(&rules.name) {
                self.context.error(span, format!("there is another profile called {}", quote(&rules.name)));
            }
            names.push(rules.name.clone());
            read.push(rules);
        }
        Some(SchedulerConfig { profiles: read, backoff, by_name: true })
    }

    fn profile(&mut self, file: ProfileFile, single: bool, sampling: Sampling) -> Option<Rules> {
        let mut rules = Rules { sampling, ..Rules::kube_default() };
        rules.name = match file.schedulerName {
            Some(name) => name.value,
            None if single => DEFAULT_SCHEDULER.to_owned(),
            None => {
                self.context.error(file.span, "each of several profiles needs a `schedulerName`");
                return None;
            }
        };
        if let Some(sampling) = self.sampling(file.percentageOfNodesToScore.as_ref()) {
            rules.sampling = sampling;
        }
        if let Some(plugins) = file.plugins {
            self.plugins(plugins, &mut rules);
        }
        let mut configured: Vec<String> = Vec::new();
        for plugin in file.pluginConfig.unwrap_or_default() {
            if configured.contains(&plugin.name.value) {
                self.context.error(plugin.name.span, format!("{} is configured twice", quote(&plugin.name.value)));
            }
            configured.push(plugin.name.value.clone());
            self.plugin_config(plugin, &mut rules);
        }
        Some(rules)
    }

    /// From 100 % on every node is looked at; kube-scheduler takes none as adaptive.
    fn sampling(&mut self, percent: Option<&Spanned<u32>>) -> Option<Sampling> {
        let percent = percent?;
        if percent.value > 100 {
            self.context.error(percent.span, "`percentageOfNodesToScore` is at most 100");
        }
        Some(if percent.value >= 100 { Sampling::All } else { Sampling::Percent(percent.value) })
    }

    fn backoff(&mut self, initial: Option<Spanned<u64>>, max: Option<Spanned<u64>>) -> Backoff {
        let default = Backoff::default();
        let mut seconds = |value: Option<Spanned<u64>>, default: Duration, what: &str| match value {
            Some(value) if !(1..=86_400).contains(&value.value) => {
                self.context.error(value.span, format!("`{what}` must be from 1 to 86400"));
                default
            }
            Some(value) => Duration::from_secs(value.value),
            None => default,
        };
        let span = max.as_ref().or(initial.as_ref()).map(|value| value.span);
        let initial = seconds(initial, default.initial, "podInitialBackoffSeconds");
        let max = seconds(max, default.max, "podMaxBackoffSeconds");
        if let Some(span) = span.filter(|_| max < initial) {
            self.context.error(span, "`podMaxBackoffSeconds` is less than `podInitialBackoffSeconds`");
        }
        Backoff { initial, max }
    }

    fn notice(&mut self, span: Span, message: impl Into<String>) {
        self.notices.push(Diagnostic::warning(self.context.source, span, message));
    }

    /// Reports a value that is none of these words; which of them it is.
    fn expect_word(&mut self, value: &Spanned<String>, words: &[&str], what: &str) -> Option<usize> {
        let found = words.iter().position(|word| *word == value.value);
        if found.is_none() {
            let message = format!("{} is not {what}", quote(&value.value));
            let error = Diagnostic::error(self.context.source, value.span, message);
            self.context.report(error.note(format!("known are {}", crate::text::decode::list(words))));
        }
        found
    }
}

#[cfg(test)]
mod tests;
