//! From a scenario file to the model: every check that a type cannot make, with all mistakes told at once.

mod actions;
mod api_faults;
mod backendai;
mod batch;
mod cluster;
mod dynamo;
mod expect;
mod faults;
mod live_nodes;
mod names;
mod node_names;
mod nodes;
mod onebackend;
mod oracles;
mod paasta;
mod scheduler;
mod stage;
mod triggers;
mod workloads;

pub use stage::{load_cluster, load_cluster_from};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents::{Documents, Folder, read_text};
use super::file::{KubernetesFile, LwsFile, OciFile, ScenarioFile};
use super::model::{Kubernetes, OciOptions, Scenario};
use super::values::{FailReason, KubernetesValue, Length};
use crate::cluster::Profile;
use crate::kernel::{Duration, Time};
use crate::systems::oci::options::{FailOn, NodePools};
use crate::systems::{self, leaderworkerset};
use crate::text::decode::{Context, FromNode, Spanned, list};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Place, Source, Span, tree};
use node_names::NodeNames;

/// 2026-01-01T00:00:00Z.
const EPOCH_DEFAULT: i64 = 1_767_225_600;
/// The version of Kubernetes that is simulated unless the scenario says otherwise.
const KUBERNETES_VERSION: &str = "1.36";

/// Reads the scenario at `path` and its documents.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load(path: &Path) -> Result<Scenario, Vec<Diagnostic>> {
    let name: Arc<str> = path.to_string_lossy().into();
    let text = read_text(path).map_err(|error| vec![Diagnostic::about(&Source::new(Arc::clone(&name), ""), error)])?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_from(&Source::new(name, text), &Folder::new(folder))
}

/// Reads a scenario from a text, and its documents from wherever they come.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load_from(source: &Source, documents: &dyn Documents) -> Result<Scenario, Vec<Diagnostic>> {
    let root = tree::parse(source).map_err(|error| vec![error])?;
    let mut context = Context::new(source);
    let scenario = ScenarioFile::from_node(&root, &mut context)
        .and_then(|file| Reader::new(&mut context, documents, Time::ZERO).scenario(file));
    match scenario {
        Some(scenario) if context.is_clean() => Ok(scenario),
        _ => Err(context.into_diagnostics()),
    }
}

/// Turns the parts of the file into parts of the model. Each part is `None` where it is wrong, which is reported.
struct Reader<'r, 's> {
    context: &'r mut Context<'s>,
    documents: &'r dyn Documents,
    /// The end of the run; nothing can be asked for later.
    until: Time,
    /// The nodes that there can be by name; `None`: others may come too.
    nodes: Option<NodeNames>,
    /// The clusters, if there are several.
    clusters: Vec<String>,
    /// True if a system of the scenario has objects that operators act on by themselves.
    acts: bool,
    /// The controllers of custom resources that its control planes have, by name.
    controllers: Vec<&'static str>,
    /// What is read and has no effect.
    notices: Vec<Diagnostic>,
}

impl<'r, 's> Reader<'r, 's> {
    fn new(context: &'r mut Context<'s>, documents: &'r dyn Documents, until: Time) -> Reader<'r, 's> {
        Reader {
            context,
            documents,
            until,
            nodes: None,
            clusters: Vec::new(),
            acts: false,
            controllers: Vec::new(),
            notices: Vec::new(),
        }
    }
}

impl Reader<'_, '_> {
    fn scenario(mut self, file: ScenarioFile) -> Option<Scenario> {
        self.until = self.until(&file.until);
        self.scenario_name(&file.name);
        let kubernetes = self.kubernetes(file.kubernetes);
        let oci = self.oci(file.oci);
        let epoch = file.epoch.map_or(EPOCH_DEFAULT, |epoch| epoch.0);
        let backendai = self.backendai(file.backendai, epoch);
        let dynamo = self.dynamo(file.dynamo);
        let deploy = self.deploy(file.deploy, file.span);
        let paasta = self.paasta(file.paasta, &deploy);
        let loops = file.onebackend.as_ref().and_then(|file| file.deploy_loops.as_ref());
        let loops = loops.map(|loops| (loops.value, loops.span));
        let onebackend = self.onebackend(file.onebackend, epoch);
        let names: BTreeSet<&str> = deploy.iter().map(|deploy| deploy.system.text()).collect();
        let has_grove = dynamo.provider == systems::dynamo::Provider::Grove || dynamo::has_sets(&deploy, &dynamo);
        self.controllers = names.into_iter().flat_map(|name| systems::controllers(name, has_grove)).collect();
        self.acts = deploy.iter().any(|deploy| deploy.system.has_actions());
        let cluster = self.one_or_several(file.cluster, file.clusters, file.span);
        self.clusters = cluster.as_ref().map(|cluster| cluster.names.clone()).unwrap_or_default();
        self.servers_for(loops, cluster.as_ref());
        let grows = oci.node_pools == Some(NodePools::Provision);
        self.nodes = cluster.as_ref().filter(|_| !grows).map(NodeNames::of);
        let behaviour = self.behaviour(file.behaviour.unwrap_or_default());
        let faults = self.faults(file.faults.unwrap_or_default());
        let actions = self.actions(file.actions.unwrap_or_default());
        let ties = self.ties(file.ties.unwrap_or_default());
        let expect = self.expect(file.expect.unwrap_or_default(), &faults, &actions);
        let oracles = self.oracles(file.oracles);
        let source = self.context.source;
        Some(Scenario {
            name: file.name.value,
            file: Arc::clone(source.name()),
            source: source.clone(),
            folder: folder_of(source.name()),
            seed: file.seed.unwrap_or(0),
            until: self.until,
            speed: 1,
            stop_when_settled: file.stop_when_settled.unwrap_or(false),
            snapshot: file.snapshot.map(|snapshot| snapshot.0).unwrap_or_default(),
            epoch,
            kubernetes: kubernetes?,
            oci,
            backendai,
            dynamo,
            paasta,
            onebackend,
            cluster: cluster?,
            deploy,
            behaviour,
            faults,
            actions,
            ties,
            expect,
            oracles,
            notices: self.notices,
        })
    }

    fn until(&mut self, until: &Spanned<Length>) -> Time {
        if until.value.0.is_zero() {
            self.context.error(until.span, "the run must last longer than 0s");
        }
        Time::ZERO + until.value.0
    }

    /// The name is that of the snapshot's file too.
    fn scenario_name(&mut self, name: &Spanned<String>) {
        let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
        if name.value.is_empty()
            || name.value.len() > 100
            || name.value.starts_with('.')
            || !name.value.chars().all(fits)
        {
            let message = format!("{} cannot be the name of a scenario", quote(&name.value));
            let help = "a name has letters, digits, `-`, `_` and `.`, at most 100, and does not begin with `.`";
            self.context.report(Diagnostic::error(self.context.source, name.span, message).help(help));
        }
    }

    /// The release of LeaderWorkerSet and its configuration.
    fn lws(&mut self, file: LwsFile) -> Option<leaderworkerset::Profile> {
        let mut profile = leaderworkerset::Profile::default();
        if let Some(version) = &file.version {
            let Some(named) = leaderworkerset::Profile::named(&version.value) else {
                let known = list(leaderworkerset::Profile::VERSIONS);
                let wrong = format!("LeaderWorkerSet {} has no profile: known are {known}", quote(&version.value));
                self.context.error(version.span, wrong);
                return None;
            };
            profile = named;
        }
        profile.makes_volcano_groups = file.volcano_groups.unwrap_or(false);
        Some(profile)
    }

    fn kubernetes(&mut self, value: Option<Spanned<KubernetesValue>>) -> Option<Kubernetes> {
        let span = value.as_ref().map_or(Span::default(), |value| value.span);
        let empty = KubernetesFile { span, version: None, watch_latency: None, api_latency: None, lws: None };
        let profile = match value.map(|value| value.value) {
            None => empty,
            Some(KubernetesValue::Version(version)) => KubernetesFile { version: Some(version), ..empty },
            Some(KubernetesValue::Profile(profile)) => profile,
        };
        if let Some(version) = &profile.version
            && !Profile::NAMES.contains(&version.value.as_str())
        {
            let message = format!("there is no profile of Kubernetes {}", quote(&version.value));
            let help = format!("this version of greenroom simulates Kubernetes {}", list(Profile::NAMES));
            self.context.report(Diagnostic::error(self.context.source, version.span, message).help(help));
            return None;
        }
        let lws = match profile.lws {
            Some(file) => self.lws(file)?,
            None => leaderworkerset::Profile::default(),
        };
        Some(Kubernetes {
            lws,
            place: self.place(span),
            version: profile.version.map_or(KUBERNETES_VERSION.to_owned(), |version| version.value),
            watch_latency: profile.watch_latency.map(|length| length.0),
            api_latency: profile.api_latency.map(|length| length.0),
        })
    }

    fn oci(&mut self, file: Option<OciFile>) -> OciOptions {
        let Some(file) = file else { return OciOptions::default() };
        if let Some(interval) = &file.pass_interval
            && interval.value.0.is_zero()
        {
            self.context.error(interval.span, "the control plane needs some time between two passes, such as `10s`");
        }
        if let Some(domain) = &file.endpoint_domain {
            self.object_name(domain, "a domain");
        }
        OciOptions {
            place: Some(self.place(file.span)),
            names: file.names.map(|names| names.0),
            pass_interval: file.pass_interval.map(|length| length.value.0),
            passes: file.passes.map(|passes| passes.0),
            export_latency: file.export_latency.map(|length| length.0),
            gate: file.gate.map(|gate| gate.0),
            job_gate: file.job_gate.map(|gate| gate.0),
            monitoring_when: file.monitoring_when.map(|when| when.0),
            undeployed_when: file.undeployed_when.map(|when| when.0),
            wait_for: file.wait_for.map(|exports| exports.0),
            references: file.references.map(|references| references.0),
            fail_on: file.fail_on.map(|reasons| {
                let has = |reason| reasons.iter().any(|given| given.0 == reason);
                FailOn {
                    startup_probe: has(FailReason::StartupProbe),
                    crash_loop: has(FailReason::CrashLoop),
                    image_pull: has(FailReason::ImagePull),
                }
            }),
            node_pools: file.node_pools.map(|pools| pools.0),
            endpoint_domain: file.endpoint_domain.map(|domain| domain.value),
            storage_image: file.storage_image,
            job_backoff_limit: file.job_backoff_limit,
            provisioning: file.provisioning.map(|spread| spread.0),
        }
    }

    /// Time from one look to the next, which cannot be zero.
    fn period(&mut self, length: Option<&Spanned<Length>>) -> Option<Duration> {
        let length = length?;
        if length.value.0.is_zero() {
            self.context.error(length.span, "this needs some time between two looks, such as `5s`");
            return None;
        }
        Some(length.value.0)
    }

    fn place(&self, span: Span) -> Place {
        self.context.source.place(span)
    }

    /// A whole number that must not be 0 and has a bound.
    fn count(&mut self, count: &Spanned<u32>, most: u32, what: &str) -> Option<u32> {
        if (1..=most).contains(&count.value) {
            return Some(count.value);
        }
        self.context.error(count.span, format!("{what} must be from 1 to {most}, not {}", count.value));
        None
    }

    /// A time of the run, which must not lie behind its end.
    fn time(&mut self, at: &Spanned<Length>) -> Option<Time> {
        let time = Time::ZERO + at.value.0;
        if time <= self.until {
            return Some(time);
        }
        let message = format!("{time} is after the end of the run, {}", self.until);
        self.context.report(Diagnostic::error(self.context.source, at.span, message).help("raise `until`"));
        None
    }
}

fn folder_of(name: &str) -> PathBuf {
    match Path::new(name).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
