//! Reads a file of deployments. What the form of the file gets wrong makes it no document; what Backend.AI's API would refuse
//! of it is gathered apart, because a refusal can be rehearsed.

use super::document::{DeploymentSpec, Document, HealthCheck, Revision};
use super::file::{DeploymentFile, DocumentFile, HealthCheckFile, ReplicaFile, RevisionFile};
use super::policy::{self, Policy, PolicyFile};
use super::profile::Engine;
use super::slots;
use crate::kernel::Duration;
use crate::text::decode::{Context, FromNode, Spanned};
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Source, Span, tree};

/// The most routes that a deployment may want: greenroom's own bound.
pub const REPLICAS_MAX: u32 = 10_000;

/// Reads a file. Which strategies there are is up to the engine.
///
/// # Errors
/// What makes it no file of deployments.
pub fn document(source: &Source, engine: Engine) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    let root = tree::parse(source).map_err(|problem| vec![problem])?;
    let mut context = Context::new(source);
    let file = DocumentFile::from_node(&root, &mut context);
    let Some(file) = file.filter(|_| context.is_clean()) else { return Err(context.into_diagnostics()) };
    let mut reading = Reading { context, problems: Vec::new(), engine };
    let list = &file.deployments;
    if list.value.is_empty() {
        reading.context.error(list.span, "the file has no deployments: list at least one");
    }
    let deployments: Vec<DeploymentSpec> = list.value.iter().map(|one| reading.deployment(one)).collect();
    let names: Vec<(&str, Span)> = list.value.iter().map(|one| (one.name.value.as_str(), one.name.span)).collect();
    reading.unique("deployment", &names);
    if !reading.context.is_clean() {
        return Err(reading.context.into_diagnostics());
    }
    Ok((Document { deployments }, reading.problems))
}

/// What is wrong with a file so far.
struct Reading<'a> {
    context: Context<'a>,
    problems: Vec<Diagnostic>,
    engine: Engine,
}

impl Reading<'_> {
    fn deployment(&mut self, file: &DeploymentFile) -> DeploymentSpec {
        self.label("deployment", &file.name);
        if file.revisions.value.is_empty() {
            self.context.error(file.revisions.span, "the deployment has no revisions: list at least one");
        }
        let revisions: Vec<Revision> = file.revisions.value.iter().map(|one| self.revision(one)).collect();
        let names: Vec<(&str, Span)> =
            file.revisions.value.iter().map(|one| (one.name.value.as_str(), one.name.span)).collect();
        self.unique("revision", &names);
        let current = file.current_revision.as_ref().and_then(|current| self.current(current, &revisions));
        let policy = file.policy.as_ref().map(|one| self.policy(one));
        let default = || "default".to_owned();
        DeploymentSpec {
            name: file.name.value.clone(),
            domain: file.domain_name.clone().unwrap_or_else(default),
            project: file.project_id.clone().unwrap_or_else(default),
            open_to_public: file.network_config.as_ref().and_then(|one| one.open_to_public).unwrap_or(false),
            desired: self.desired(file.replica_state.as_ref()),
            policy,
            current,
            revisions,
        }
    }

    fn policy(&mut self, file: &PolicyFile) -> Policy {
        let policy = policy::policy(file, self.context.source, &mut self.problems);
        if matches!(policy, Policy::Canary { .. }) && !self.engine.has_groups() {
            let message = format!("CANARY is no strategy of the engine `{}`", self.engine.text());
            let problem = Diagnostic::error(self.context.source, file.strategy.span, message);
            self.problems.push(problem.help("it has ROLLING and BLUE_GREEN; CANARY needs `engine: replica-groups`"));
        }
        policy
    }

    fn desired(&mut self, file: Option<&ReplicaFile>) -> u32 {
        let Some(desired) = file.and_then(|one| one.desired_replica_count.as_ref()) else { return 1 };
        if desired.value > REPLICAS_MAX {
            self.context.error(desired.span, format!("a deployment wants at most {REPLICAS_MAX} routes"));
        }
        desired.value
    }

    fn current(&mut self, current: &Spanned<String>, revisions: &[Revision]) -> Option<usize> {
        let position = revisions.iter().position(|one| one.name == current.value);
        if position.is_none() {
            let message = format!("the deployment has no revision {}", quote(&current.value));
            let error = Diagnostic::error(self.context.source, current.span, message);
            self.context.report(match nearest(&current.value, revisions.iter().map(|one| one.name.as_str())) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        }
        position
    }

    fn revision(&mut self, file: &RevisionFile) -> Revision {
        self.label("revision", &file.name);
        if let Some(size) = file.cluster_config.as_ref().and_then(|one| one.size.as_ref())
            && size.value != 1
        {
            self.context.error(size.span, "a session over several nodes is not modelled: a route is one pod");
        }
        let resources = file.resource_config.as_ref();
        let slots: Vec<(String, String)> = resources
            .and_then(|one| one.resource_slot.as_ref())
            .map(|table| table.0.iter().map(|(slot, value)| (slot.text.clone(), value.value.0.clone())).collect())
            .unwrap_or_default();
        let requests = slots::requests(slots.iter().map(|(slot, value)| (slot.as_str(), value.as_str())));
        let requests = requests.unwrap_or_else(|(slot, reason)| {
            let table = resources.and_then(|one| one.resource_slot.as_ref());
            let span =
                table.and_then(|table| table.0.iter().find(|(key, _)| key.text == slot)).map(|(key, _)| key.span);
            self.context.error(span.unwrap_or(file.span), format!("resource slot {}: {reason}", quote(&slot)));
            crate::workload::Resources::default()
        });
        let runtime = file.model_runtime_config.as_ref().and_then(|one| one.runtime_variant.clone());
        Revision {
            name: file.name.value.clone(),
            image: file.image.value.clone(),
            requests,
            resource_group: resources
                .and_then(|one| one.resource_group_name.clone())
                .unwrap_or_else(|| "default".to_owned()),
            slots,
            runtime_variant: runtime.unwrap_or_else(|| "custom".to_owned()),
            health_check: file.health_check.as_ref().map(|one| self.health_check(one)),
        }
    }

    fn health_check(&mut self, file: &HealthCheckFile) -> HealthCheck {
        let default = HealthCheck::default();
        for positive in [&file.interval, &file.max_retries].into_iter().flatten() {
            if positive.value == 0 {
                self.context.error(positive.span, "this must be at least 1");
            }
        }
        let seconds = |given: Option<u32>, default| given.map_or(default, |one| Duration::from_secs(one.into()));
        let value = |given: &Option<Spanned<u32>>| given.as_ref().map(|one| one.value);
        HealthCheck {
            path: file.path.clone().unwrap_or(default.path),
            interval: seconds(value(&file.interval), default.interval),
            max_retries: value(&file.max_retries).unwrap_or(default.max_retries),
            max_wait: seconds(file.max_wait_time, default.max_wait),
            initial_delay: seconds(file.initial_delay, default.initial_delay),
        }
    }

    /// Names become those of pods.
    fn label(&mut self, what: &str, name: &Spanned<String>) {
        let fits = |text: &str| {
            let inner = text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-');
            inner && (1..=40).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
        };
        if !fits(&name.value) {
            let message = format!("{} cannot name a {what}", quote(&name.value));
            let error = Diagnostic::error(self.context.source, name.span, message);
            self.context
                .report(error.help("use at most 40 lower-case letters, digits and dashes: pods are named by it"));
        }
    }

    fn unique(&mut self, what: &str, names: &[(&str, Span)]) {
        for (index, (name, span)) in names.iter().enumerate() {
            if let Some((_, first)) = names[..index].iter().find(|(earlier, _)| earlier == name) {
                let message = format!("there are two {what}s {}", quote(name));
                let error = Diagnostic::error(self.context.source, *span, message);
                let error = error.related(self.context.source, *first, "the first stands here");
                self.context.report(error);
            }
        }
    }
}
