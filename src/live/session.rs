//! A live run from its beginning to its end: what must be there is made, the scenario is played, and all of it is taken away
//! again, however it ended.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::Value;
use tokio::time::Instant;

use super::access;
use super::cleanup::cleanup;
use super::cluster::LiveCluster;
use super::conduct::Conducts;
use super::connection::Connection;
use super::dry_run::{Foreseen, foresee};
use super::machines::{self, check_nodes, is_open};
use super::message::Message;
use super::options::LiveOptions;
use super::render::{self, Naming, Nodes, Pods, RUN, Rendering};
use super::request::MANAGER;
use super::trouble::Trouble;
use crate::rehearsal::scheduling::Scheduling;
use crate::rehearsal::{Cleanup, LiveRun, Notice, Observer, Options, Rehearsal, RunResult};
use crate::scenario::Scenario;
use crate::text::Diagnostic;

/// How long fake nodes may take to be ready: kwok plays them within a second or two.
const NODES_READY_WITHIN: Duration = Duration::from_secs(30);

/// Why there is no result.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The scenario or a document is not valid.
    Invalid(Vec<Diagnostic>),
    /// The cluster will not do.
    Trouble(Trouble),
    /// A run could not start, and what it had made could not be taken away.
    Uncleaned(Trouble, String),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Trouble(trouble)
    }
}

/// Runs a scenario on a cluster, from its start to its end, and cleans up.
///
/// # Errors
/// What is wrong with the scenario, or why the cluster will not do. What was made by then is gone again.
pub fn rehearse_live(
    connection: &Connection,
    scenario: &Scenario,
    options: Options,
    live: &LiveOptions,
    observers: &mut [Box<dyn Observer + '_>],
) -> Result<RunResult, Failure> {
    let Foreseen { rendering, planned } = foresee(scenario, options, live)?;
    let mut refused: Vec<String> = planned.into_iter().filter_map(|planned| planned.object.err()).collect();
    refused.dedup();
    if !refused.is_empty() {
        return Err(Trouble::Unsupported(refused).into());
    }
    access::check(connection, live)?;
    if !live.fake_nodes {
        check_nodes(connection, scenario, live)?;
    }
    check_id(connection, live)?;
    let played = play(connection, scenario, options, (live, rendering), observers);
    let cleaned = if live.keep { Cleanup::Kept } else { clean(connection, &live.run) };
    match (played, cleaned) {
        (Ok((mut result, refused_faults, scheduling)), cleanup) => {
            result.live = Some(LiveRun {
                run: live.run.clone(),
                context: connection.context.clone(),
                version: connection.version.clone(),
                options: live.as_arguments(),
                cleanup,
                refused_faults,
                calls: connection.calls(),
                scheduling,
            });
            if live.keep {
                let again = format!("greenroom cleanup --context {} --run {}", connection.context, live.run);
                let text = format!("run {} is kept on the cluster; `{again}` removes it", live.run);
                result.notices.push(Notice { file: result.file.clone(), line: 0, text });
            }
            result.profile = format!("kubernetes {} at {}", connection.version, connection.context);
            Ok(result)
        }
        (Err(Failure::Trouble(trouble)), Cleanup::Failed(why)) => Err(Failure::Uncleaned(trouble, why)),
        (Err(failure), _) => Err(failure),
    }
}

/// Looks that no other run has the id: it would be taken for this one, and its objects deleted with those of this one.
fn check_id(connection: &Connection, live: &LiveOptions) -> Result<(), Trouble> {
    let found = connection.runtime.block_on(async {
        let api: Api<Namespace> = Api::all(connection.client.clone());
        connection.count_call();
        api.list(&ListParams::default().labels(&format!("{RUN}={}", live.run)).limit(1)).await
    });
    let found = found.map_err(|error| Trouble::of(&error, &connection.context))?;
    if found.items.is_empty() {
        return Ok(());
    }
    let (context, run) = (&connection.context, &live.run);
    Err(Trouble::Api(format!(
        "there is a run {run} on the cluster already: choose another id, or remove it with `greenroom cleanup --context \
         {context} --run {run}`"
    )))
}

/// Cleans up after a run, and says how that went.
fn clean(connection: &Connection, run: &str) -> Cleanup {
    match cleanup(connection, Some(run)) {
        Ok(cleaned) if cleaned.left.is_empty() => Cleanup::Done,
        Ok(cleaned) => Cleanup::Failed(cleaned.left.join("; ")),
        Err(trouble) => Cleanup::Failed(trouble.to_string()),
    }
}

fn play(
    connection: &Connection,
    scenario: &Scenario,
    options: Options,
    (live, rendering): (&LiveOptions, Rendering),
    observers: &mut [Box<dyn Observer + '_>],
) -> Result<(RunResult, Vec<String>, Option<Scheduling>), Failure> {
    let seed = options.seed.unwrap_or(scenario.seed);
    let cluster = begin(connection, scenario, live, rendering, seed)?;
    let mut rehearsal: Rehearsal<LiveCluster> = Rehearsal::new(scenario, cluster, options).map_err(Failure::Invalid)?;
    rehearsal.stage_mut().start();
    while rehearsal.step(observers) {}
    let (troubles, scheduling) = (rehearsal.stage().troubles.clone(), rehearsal.stage().scheduling());
    Ok((rehearsal.finish(options, observers), troubles, scheduling))
}

/// How the objects of a run are rendered.
///
/// # Errors
/// The run's id is none.
pub fn rendering(scenario: &Scenario, live: &LiveOptions, seed: u64) -> Result<Rendering, Trouble> {
    let conducts = Conducts::of(scenario, seed);
    let (nodes, pods) = if live.fake_nodes {
        (Nodes::Own, Pods::Kwok(conducts))
    } else {
        let pods = Pods::StandIn { conducts, image: live.image.clone() };
        (Nodes::Existing { selector: live.node_selector.clone() }, pods)
    };
    let mut naming = Naming::new(&live.run).map_err(Trouble::Api)?;
    for namespace in &scenario.cluster.namespaces {
        naming.learn_namespace(namespace);
    }
    Ok(Rendering { naming, nodes, pods, owns_cluster: false })
}

/// Makes what a run needs before its first document, and begins to watch.
fn begin(
    connection: &Connection,
    scenario: &Scenario,
    live: &LiveOptions,
    rendering: Rendering,
    seed: u64,
) -> Result<LiveCluster, Trouble> {
    let mut cluster = LiveCluster::new(connection.clone(), scenario, live.clone(), rendering, seed);
    let (mut interrupts, interrupted) = (connection.interrupts(), cluster.outbox.clone());
    connection.runtime.spawn(async move {
        if interrupts.wait_for(|came| *came).await.is_ok() {
            // Nobody takes it if the run is over.
            let _ = interrupted.send(Message::Interrupted);
        }
    });
    if live.fake_nodes {
        let nodes = cluster.fake_nodes().map_err(Trouble::Api)?;
        connection.until_interrupted(make_nodes(connection, &nodes))?;
    }
    for namespace in scenario.cluster.namespaces.iter().map(String::as_str).chain([""]) {
        cluster.make_namespace(namespace)?;
    }
    let selector = if live.fake_nodes { format!("{RUN}={}", live.run) } else { machines::selector(live) };
    let LiveCluster { watches, outbox, .. } = &mut cluster;
    watches.nodes(connection, &selector, outbox);
    cluster.wait_for_nodes();
    Ok(cluster)
}

/// Creates fake nodes and waits until kwok has them ready and the node controller has taken their first taint off.
pub(super) async fn make_nodes(connection: &Connection, nodes: &[Value]) -> Result<(), Trouble> {
    let api: Api<Node> = Api::all(connection.client.clone());
    let fail = |error: kube::Error| Trouble::of(&error, &connection.context);
    let params = PatchParams::apply(MANAGER).force();
    let mut names = Vec::new();
    for body in nodes {
        let name = body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        connection.count_call();
        api.patch(&name, &params, &Patch::Apply(body)).await.map_err(fail)?;
        connection.count_call();
        api.patch_status(&name, &params, &Patch::Apply(body)).await.map_err(fail)?;
        names.push(name);
    }
    let begun = Instant::now();
    for name in names {
        loop {
            connection.count_call();
            if is_open(&api.get(&name).await.map_err(fail)?) {
                break;
            }
            if begun.elapsed() > NODES_READY_WITHIN {
                return Err(Trouble::NoKwok { seconds: NODES_READY_WITHIN.as_secs() });
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    Ok(())
}

impl LiveCluster {
    /// Makes a namespace of the run and watches it.
    fn make_namespace(&mut self, document: &str) -> Result<(), Trouble> {
        let name = self.rendering.naming.namespace(document);
        let body = render::fleet::namespace(&self.rendering.naming, document);
        let connection = self.connection.clone();
        let made = connection.runtime.block_on(async {
            let api: Api<Namespace> = Api::all(connection.client.clone());
            connection.count_call();
            api.patch(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&body)).await
        });
        made.map_err(|error| Trouble::of(&error, &connection.context))?;
        self.watch_namespace(&name);
        Ok(())
    }

    /// Waits until the nodes have been seen, so that they are in the timeline before anything else.
    fn wait_for_nodes(&mut self) {
        let begun = Instant::now();
        let is_listed =
            |message: &Message| matches!(message, Message::Listed { kind: super::message::SeenKind::Node, .. });
        while begun.elapsed() < NODES_READY_WITHIN {
            let Ok(message) = self.inbox.recv_timeout(Duration::from_millis(500)) else { continue };
            let listed = is_listed(&message);
            self.handle(message);
            if listed {
                return;
            }
        }
    }

    /// The run begins now.
    fn start(&mut self) {
        self.clock.restart();
    }
}
