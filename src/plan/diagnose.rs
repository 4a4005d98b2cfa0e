//! From how a run ended to what is to be said of it: each thing that waits or fails is brought under a rule, and given the
//! place in the documents that it comes from.

use std::collections::BTreeMap;

use super::course::{Course, Outcome, Stuck};
use super::document::find;
use super::figures::{Service, Workload};
use super::finding::Finding;
use super::rules::{self, Rule};
use crate::kernel::Duration;
use crate::scenario::Scenario;
use crate::systems::kubernetes::{Body, Identity, Manifest};
use crate::timeline::Kind;
use crate::workload::apps::DaemonSetStrategy;
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{Object, Strategy};

/// Everything that a run shows.
pub fn diagnose(scenario: &Scenario, course: &Course) -> Vec<Finding> {
    let mut findings = Findings { scenario, course, found: Vec::new() };
    if !matches!(course.outcome, Outcome::Finished(_)) {
        findings.stuck();
    }
    findings.deadlines();
    findings.outages();
    findings.budgets();
    let mut found = findings.found;
    found.sort_by_key(|finding| (finding.rule.gravity, finding.rule.code));
    found
}

struct Findings<'a> {
    scenario: &'a Scenario,
    course: &'a Course,
    found: Vec<Finding>,
}

/// The workload that something is to be told of: not the ReplicaSet of a Deployment.
fn workload(stuck: &Stuck) -> &str {
    // A ReplicaSet or StatefulSet that something else made stands for that.
    let is_made = |owner: &&String| {
        owner.starts_with("ReplicaSet/")
            || (owner.starts_with("StatefulSet/") && stuck.owners.iter().any(|one| one.starts_with("LeaderWorkerSet/")))
    };
    let own = (stuck.kind != Kind::Pod && stuck.kind != Kind::ReplicaSet).then_some(&stuck.subject);
    own.or_else(|| stuck.owners.iter().find(|owner| !is_made(owner)))
        .or_else(|| stuck.owners.first())
        .unwrap_or(&stuck.subject)
}

/// Why a pod has no node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    Room,
    Company,
    Taint,
    Labels,
    Claim,
    Volume,
}

/// What the scheduler's message says of the nodes that come nearest.
fn lack(message: &str) -> Option<Lack> {
    let nodes = message.split("preemption:").next().unwrap_or(message);
    let says = |words: &str| nodes.contains(words);
    Some(if says("persistentvolumeclaim") {
        Lack::Claim
    } else if says("unbound immediate") || says("volume") {
        Lack::Volume
    } else if says("Insufficient") || says("Too many pods") || says("no nodes available") {
        Lack::Room
    } else if says("affinity rules") || says("topology spread") || says("free ports") {
        Lack::Company
    } else if says("untolerated taint") {
        Lack::Taint
    } else if says("node affinity") || says("were unschedulable") {
        Lack::Labels
    } else {
        return None;
    })
}

impl Findings<'_> {
    fn object(&self, identity: &Identity) -> Option<&Manifest> {
        self.course.objects.iter().find(|object| object.identity == *identity)
    }

    /// True if a Deployment's old pods may not go before new ones are ready, and some are there.
    fn holds_on(&self, identity: &Identity) -> bool {
        let shown = identity.show();
        let none_may_go = match self.object(identity).map(|object| &object.body) {
            Some(Body::Object(Object::Deployment(spec))) => match spec.strategy {
                Strategy::RollingUpdate { max_surge, max_unavailable } => {
                    max_surge.rounded_up(spec.replicas) > 0 && max_unavailable.rounded_down(spec.replicas) == 0
                }
                Strategy::Recreate => false,
            },
            Some(Body::Object(Object::Rollout(spec))) => match &spec.strategy {
                // Old pods stay until the switch, which waits for all new ones.
                RolloutStrategy::BlueGreen(_) => true,
                RolloutStrategy::Canary(canary) => canary.max_unavailable.rounded_down(spec.replicas) == 0,
            },
            // New groups stand beside the old ones until they are ready.
            Some(Body::Object(Object::LeaderWorkerSet(spec))) => {
                let none_may_go = spec.max_unavailable.rounded_down(spec.replicas) == 0;
                let surges = spec.max_surge.rounded_up(spec.replicas) > 0;
                let was_there = |one: &Workload| one.subject == shown && one.before.is_some_and(|before| before > 0);
                return surges && none_may_go && self.course.workloads.iter().any(was_there);
            }
            // Its new pods stand beside the old ones on every node.
            Some(Body::Object(Object::DaemonSet(spec))) => {
                let surges = matches!(spec.strategy, DaemonSetStrategy::RollingUpdate { max_surge, .. } if max_surge.rounded_up(100) > 0);
                let was_there = |one: &Workload| one.subject == shown && one.before.is_some_and(|before| before > 0);
                return surges && self.course.workloads.iter().any(was_there);
            }
            _ => false,
        };
        none_may_go && self.course.old_revisions.contains(&shown)
    }

    fn add(&mut self, finding: Finding) {
        let key = finding.key();
        match self.found.iter_mut().find(|known| known.key() == key) {
            Some(known) => known.evidence.extend(finding.evidence),
            None => self.found.push(finding),
        }
    }

    /// Adds a finding about an object of the manifests, at the first of these fields that is written.
    fn add_at(&mut self, mut finding: Finding, object: Option<Identity>, fields: &[&[&str]]) {
        if let Some(identity) = &object
            && let Some(written) = find(self.scenario, identity)
        {
            finding.place = Some((written.source.clone(), written.first_span(fields)));
        }
        finding.object = object;
        self.add(finding);
    }

    fn stuck(&mut self) {
        let mut groups: BTreeMap<(String, &'static str), Vec<&Stuck>> = BTreeMap::new();
        // A drain is told of by the pods that may not go, if there are any.
        let refused = self.course.stuck.iter().any(|stuck| stuck.became == "EvictionRefused");
        for stuck in self.course.stuck.iter().filter(|stuck| !(refused && stuck.kind == Kind::Node)) {
            if let Some(rule) = self.rule(stuck) {
                groups.entry((workload(stuck).to_owned(), rule.code)).or_default().push(stuck);
            }
        }
        for ((subject, code), members) in groups {
            let Some(rule) = rules::find(code) else { continue };
            self.tell(rule, &subject, &members);
        }
        for problem in self.course.rejections.iter().filter(|one| !one.expected).flat_map(|one| &one.diagnostics) {
            let file = problem.source.name().to_string();
            let mut finding =
                Finding::new(&rules::REJECTED, format!("{file}:{}", problem.place().line), &*problem.message);
            finding.place = problem.span.map(|span| (problem.source.clone(), span));
            self.add(finding);
        }
        let is_told = |found: &[Finding]| found.iter().any(|finding| finding.rule.gravity == rules::Gravity::Error);
        if self.course.outcome == Outcome::Waiting {
            let paused: Vec<Identity> =
                self.course.objects.iter().filter(|one| one.is_paused()).map(|one| one.identity.clone()).collect();
            for identity in paused {
                let finding = Finding::new(&rules::WAITS, identity.show(), format!("{} is paused", identity.show()));
                self.add_at(finding, Some(identity), &[&["spec", "paused"]]);
            }
        } else if !is_told(&self.found) {
            for set in &self.course.complaints {
                let own = self.course.workloads.iter().find(|one| one.subject == set.subject);
                let what = match own.filter(|own| set.became == "ok" && own.after < own.desired) {
                    Some(own) => format!(
                        "{} is ok at the end, with {} of {} pods available",
                        set.subject, own.after, own.desired
                    ),
                    None => format!("{} is {} at the end", set.subject, set.became),
                };
                let finding = Finding::new(&rules::UNFINISHED, &set.subject, what);
                let finding = finding.shown_by(set.at, set.told());
                self.add(match &self.course.limit {
                    Some(limit) => finding.shown_by(self.course.ends, limit),
                    None => finding,
                });
            }
        }
    }

    /// The rule that something stuck comes under.
    fn rule(&self, stuck: &Stuck) -> Option<&'static Rule> {
        Some(match (stuck.kind, stuck.became) {
            (Kind::Pod, "Unschedulable") => {
                let holds_on = Identity::parse(workload(stuck)).is_some_and(|identity| self.holds_on(&identity));
                match lack(&stuck.why)? {
                    Lack::Room if holds_on => &rules::SURGE_DEADLOCK,
                    Lack::Room => &rules::NO_ROOM,
                    Lack::Company => &rules::CROWDED,
                    Lack::Taint => &rules::TAINTED,
                    Lack::Labels => &rules::NO_SUCH_NODE,
                    Lack::Claim => &rules::MISSING,
                    Lack::Volume => &rules::VOLUME_HELD,
                }
            }
            (Kind::Pod, "SchedulingGated") => &rules::GATED,
            (Kind::Pod, "FailedMount" | "CreateContainerConfigError") => &rules::MISSING,
            (Kind::Pod, "WaitsForVolume" | "FailedAttachVolume") => &rules::VOLUME_HELD,
            (Kind::Pod, "CrashLoopBackOff" | "Error" | "Restarted" | "Killing" | "NotReady") => &rules::CRASH_LOOP,
            (Kind::Pod, "Running" | "Serving") if self.restarts(stuck) => &rules::CRASH_LOOP,
            (Kind::Pod, "ImagePullBackOff") => &rules::IMAGE_PULL,
            (Kind::Pod, "EvictionRefused") | (Kind::Node, _) => &rules::BLOCKED_DRAIN,
            (Kind::PersistentVolumeClaim, "FailedBinding" | "ProvisioningFailed") => &rules::VOLUME_HELD,
            (Kind::Job, "Failed") => &rules::JOB_FAILED,
            (Kind::Rollout, "Paused") => &rules::WAITS,
            // Such a deadline is told of by what keeps it from progress.
            (Kind::Rollout, "Degraded") if stuck.why.starts_with("ProgressDeadlineExceeded") => return None,
            (Kind::Rollout, "Degraded") => &rules::ABORTED,
            (_, "FailedCreate") if stuck.why.contains("quota") => &rules::QUOTA,
            (_, "FailedCreate" | "Rejected") => &rules::REJECTED,
            _ => return None,
        })
    }

    /// True if a pod has been running for long and is not ready at the end.
    fn restarts(&self, stuck: &Stuck) -> bool {
        self.course.ends.since(stuck.at) > Duration::from_secs(3600)
    }

    fn tell(&mut self, rule: &'static Rule, subject: &str, members: &[&Stuck]) {
        let pods = members.iter().filter(|one| one.kind == Kind::Pod).count();
        let count = match pods {
            0 => String::new(),
            1 => "1 pod".to_owned(),
            pods => format!("{pods} pods"),
        };
        let verb = if pods == 1 { "waits" } else { "wait" };
        let own = Identity::parse(subject);
        let message = match rule.code {
            "GR001" => {
                let bounds = own.as_ref().and_then(|own| self.bounds(own)).unwrap_or_default();
                format!("{count} of the new version {verb} for room, and no old pod may go: {bounds}")
            }
            "GR002" => format!("{count} of {subject} {verb} for room that no node has"),
            "GR003" => format!("{count} of {subject} {verb}: the nodes have a taint that they do not tolerate"),
            "GR004" => format!("{count} of {subject} {verb} for a node with other labels than there are"),
            "GR005" => format!("a quota refuses to let {subject} make its pods"),
            "GR006" => format!("{subject} keeps a node from being drained"),
            "GR009" => format!("{count} of {subject} end again and again, or never become ready"),
            "GR010" => format!("{count} of {subject} {verb} for an image that cannot be pulled"),
            "GR011" => format!("{count} of {subject} {verb} for an object that is not there"),
            "GR012" if pods == 0 => format!("{subject} has no volume"),
            "GR012" => format!("{count} of {subject} {verb} for a volume"),
            "GR013" => format!("{subject} gave up"),
            "GR015" => format!("{subject} waits to be promoted or resumed"),
            "GR021" => format!("{subject} is degraded"),
            "GR014" => format!("the API refuses {subject}"),
            "GR016" => format!("{count} of {subject} {verb} for a place that others of the same kind hold"),
            "GR020" => format!("{count} of {subject} {verb} behind a scheduling gate"),
            _ => format!("{subject} is not as it should be"),
        };
        let fields: &[&[&str]] = match rule.code {
            "GR001" | "GR016" => &[
                &["spec", "strategy", "rollingUpdate", "maxUnavailable"],
                &["spec", "strategy", "canary", "maxUnavailable"],
                &["spec", "strategy", "canary"],
                &["spec", "updateStrategy", "rollingUpdate", "maxSurge"],
                &["spec", "rolloutStrategy", "rollingUpdateConfiguration", "maxUnavailable"],
                &["spec", "strategy", "blueGreen"],
                &["spec", "strategy"],
                &["spec", "replicas"],
            ],
            "GR002" => &[&["spec", "replicas"]],
            "GR003" => &[&["spec", "template", "spec", "tolerations"], &["spec", "template", "spec"]],
            "GR004" => &[
                &["spec", "template", "spec", "nodeSelector"],
                &["spec", "template", "spec", "affinity"],
                &["spec", "template", "spec"],
            ],
            "GR012" => &[&["spec", "template", "spec", "volumes"], &["spec", "storageClassName"]],
            "GR011" | "GR009" | "GR010" => &[&["spec", "template", "spec", "containers"]],
            "GR020" => &[&["spec", "template", "spec", "schedulingGates"]],
            "GR015" => {
                &[&["spec", "strategy", "blueGreen", "autoPromotionEnabled"], &["spec", "strategy", "canary", "steps"]]
            }
            "GR021" => &[&["spec", "progressDeadlineAbort"], &["spec", "strategy"]],
            _ => &[],
        };
        // What keeps pods from an eviction is the budget.
        let budget = members.iter().find_map(|member| {
            let at = member.why.find("PodDisruptionBudget/")?;
            Identity::parse(member.why[at..].split(' ').next()?)
        });
        let mut finding = Finding::new(rule, subject, message);
        for member in members.iter().take(3) {
            finding = finding.shown_by(member.at, member.told());
        }
        match budget.filter(|_| rule.code == "GR006") {
            Some(budget) => {
                let fields: &[&[&str]] = &[&["spec", "minAvailable"], &["spec", "maxUnavailable"]];
                finding.place =
                    find(self.scenario, &budget).map(|written| (written.source.clone(), written.first_span(fields)));
                finding.object = own;
                self.add(finding);
            }
            None => self.add_at(finding, own, fields),
        }
    }

    /// What a Deployment's strategy comes to: `maxUnavailable 25% of 2 is 0`.
    fn bounds(&self, identity: &Identity) -> Option<String> {
        let (max_unavailable, replicas) = match &self.object(identity)?.body {
            Body::Object(Object::Deployment(spec)) => match spec.strategy {
                Strategy::RollingUpdate { max_unavailable, .. } => (max_unavailable, spec.replicas),
                Strategy::Recreate => return None,
            },
            Body::Object(Object::Rollout(spec)) => match &spec.strategy {
                RolloutStrategy::Canary(canary) => (canary.max_unavailable, spec.replicas),
                RolloutStrategy::BlueGreen(_) => {
                    return Some(format!("blue-green keeps all {} until the switch", spec.replicas));
                }
            },
            Body::Object(Object::LeaderWorkerSet(spec)) => (spec.max_unavailable, spec.replicas),
            Body::Object(Object::DaemonSet(_)) => {
                return Some("with maxSurge each stands until its successor is ready".to_owned());
            }
            _ => return None,
        };
        let down = max_unavailable.rounded_down(replicas);
        Some(format!("maxUnavailable {max_unavailable} of {replicas} is {down}"))
    }

    fn deadlines(&mut self) {
        if !matches!(self.course.outcome, Outcome::Finished(_)) {
            return;
        }
        for struck in &self.course.deadlines {
            let what = format!("{} reports ProgressDeadlineExceeded on the way", struck.subject);
            let finding = Finding::new(&rules::DEADLINE, &struck.subject, what);
            let finding = finding.shown_by(struck.at, struck.told());
            self.add_at(finding, Identity::parse(&struck.subject), &[&["spec", "progressDeadlineSeconds"]]);
        }
    }

    fn outages(&mut self) {
        let course = self.course;
        let is_out = |service: &&Service| !service.outages.is_empty() && !service.preview;
        for service in course.services.iter().filter(is_out) {
            let total = service.outage(self.course.ends);
            let what = if service.is_out() {
                format!("{} has no ready endpoint at the end", service.subject)
            } else {
                format!("{} has no ready endpoint for {total}", service.subject)
            };
            let mut finding = Finding::new(&rules::OUTAGE, &service.subject, what);
            for outage in service.outages.iter().take(3) {
                let length =
                    outage.until.map_or("to the end".to_owned(), |until| format!("for {}", until.since(outage.from)));
                finding = finding.shown_by(outage.from, format!("{}: no ready endpoint {length}", service.subject));
            }
            let behind = Identity::parse(&service.subject).and_then(|service| self.behind(&service));
            self.add_at(finding, behind, &[&["spec", "strategy"], &["spec", "replicas"]]);
        }
    }

    /// The workload that a Service leads to.
    fn behind(&self, service: &Identity) -> Option<Identity> {
        let Body::Object(Object::Service(spec)) = &self.object(service)?.body else { return None };
        let leads_to = |object: &&Manifest| {
            let labels = object.template().map(|template| &template.labels);
            object.identity.namespace == service.namespace
                && !spec.selector.is_empty()
                && labels.is_some_and(|labels| spec.selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
        };
        self.course.objects.iter().find(leads_to).map(|object| object.identity.clone())
    }

    fn budgets(&mut self) {
        if !matches!(self.course.outcome, Outcome::Finished(_)) {
            return;
        }
        for (budget, status) in &self.course.budgets {
            if status.expected > 0 && status.allowed == 0 && status.healthy >= status.desired {
                let what = format!(
                    "{} wants {} of {} pods healthy and allows no disruption",
                    budget.show(),
                    status.desired,
                    status.expected
                );
                let finding = Finding::new(&rules::NOT_EVICTABLE, budget.show(), what);
                let fields: &[&[&str]] = &[&["spec", "maxUnavailable"], &["spec", "minAvailable"]];
                self.add_at(finding, Some(budget.clone()), fields);
            }
        }
    }
}
