//! Cleaning up: what a run made is deleted, what it changed is taken back, and then it is looked whether that is so. Found by the
//! run's label alone, so that it works for a run whose process is gone. Nothing without the label is ever deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolume, Pod};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{Api, DeleteParams, ListParams, ObjectList, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::node_change::{self, TOUCHED};
use super::render::fleet::{KWOK_ANNOTATION, KWOK_LABEL};
use super::render::{MANAGED_BY, RUN};
use super::trouble::{Trouble, innermost};

/// How long the cluster may take to let everything go. Namespaces take their pods' grace periods.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How often the user is told what a cleanup waits for.
const TELLS_EVERY: Duration = Duration::from_secs(10);

/// How long nothing may answer. An API server that is restarted is back before; a run that lost its own has waited longer already.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What a cleanup did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cleaned {
    /// The runs that left something, by their ids.
    pub runs: BTreeSet<String>,
    /// What was deleted or taken back: `Namespace/greenroom-k7f3q2b`.
    pub done: Vec<String>,
    /// What is still there, and why.
    pub left: Vec<String>,
}

/// Deletes what a run made and takes back what it changed; of all runs if none is named.
///
/// # Errors
/// The cluster cannot be asked.
pub fn cleanup(connection: &Connection, run: Option<&str>) -> Result<Cleaned, Trouble> {
    connection.runtime.block_on(clean(connection, run))
}

/// The same, for those that are in a runtime already.
async fn clean(connection: &Connection, run: Option<&str>) -> Result<Cleaned, Trouble> {
    let mut cleaned = Cleaned::default();
    let begun = Instant::now();
    let (mut answered, mut cleaned_before) = (begun, 0);
    let mut told = BTreeSet::new();
    let mut tells_at = TELLS_EVERY;
    loop {
        let found = match timeout(SILENCE_MAX, sweep(connection, run, &mut cleaned, &mut told)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) if is_passing(&error) && answered.elapsed() < SILENCE_MAX => {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                continue;
            }
            Ok(Err(error)) => return Err(Trouble::of(&error, &connection.context)),
            // Either nothing answers any more, or there was more to do than one sweep can.
            Err(_) if begun.elapsed() < PATIENCE && told.len() > cleaned_before => {
                cleaned_before = told.len();
                answered = Instant::now();
                continue;
            }
            Err(_) => {
                let why = format!("no answer in {} s", SILENCE_MAX.as_secs());
                return Err(Trouble::Unreachable { context: connection.context.clone(), why });
            }
        };
        answered = Instant::now();
        if found.is_empty() || begun.elapsed() >= PATIENCE {
            let is_left =
                |what: &str| found.iter().any(|left| left.split_once(' ').is_some_and(|(name, _)| name == what));
            cleaned.done.retain(|what| !is_left(what));
            cleaned.left = found;
            return Ok(cleaned);
        }
        if begun.elapsed() >= tells_at {
            tells_at += TELLS_EVERY;
            connection.notices.tell(&format!("cleaning up: {}", found.join("; ")));
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// True for what may be over when it is tried again.
fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code >= 500 || status.code == 429,
        _ => true,
    }
}

/// Goes through all that has the label once; gives what is still there.
async fn sweep(
    connection: &Connection,
    run: Option<&str>,
    cleaned: &mut Cleaned,
    told: &mut BTreeSet<String>,
) -> kube::Result<Vec<String>> {
    let selector = match run {
        Some(run) => format!("{}={},{RUN}={run}", MANAGED_BY.0, MANAGED_BY.1),
        None => format!("{}={},{RUN}", MANAGED_BY.0, MANAGED_BY.1),
    };
    let mut sweep = Sweep { connection, selector, cleaned, told, left: Vec::new(), with_pods: BTreeSet::new() };
    // Nodes of others first: what keeps people from their machines is the worst to leave.
    sweep.revert_nodes(run).await?;
    sweep.namespaces().await?;
    sweep.all_of::<PriorityClass>().await?;
    sweep.all_of::<PersistentVolume>().await?;
    sweep.all_of::<StorageClass>().await?;
    sweep.nodes().await?;
    Ok(sweep.left)
}

struct Sweep<'a> {
    connection: &'a Connection,
    selector: String,
    cleaned: &'a mut Cleaned,
    told: &'a mut BTreeSet<String>,
    left: Vec<String>,
    /// Runs that still have pods.
    with_pods: BTreeSet<String>,
}

impl Sweep<'_> {
    fn client(&self) -> Client {
        self.connection.count_call();
        self.connection.client.clone()
    }

    fn list(&self) -> ListParams {
        ListParams::default().labels(&self.selector)
    }

    /// Notes that something is cleaned up, once.
    fn tell(&mut self, run: Option<&String>, what: &str) {
        self.cleaned.runs.extend(run.cloned());
        if self.told.insert(what.to_owned()) {
            self.cleaned.done.push(what.to_owned());
        }
    }

    async fn namespaces(&mut self) -> kube::Result<()> {
        let api: Api<Namespace> = Api::all(self.client());
        for namespace in api.list(&self.list()).await? {
            let name = namespace.name_any();
            self.tell(namespace.labels().get(RUN), &format!("Namespace/{name}"));
            // Until it goes, a controller may still make some there.
            if namespace.metadata.deletion_timestamp.is_none() || self.has_pods(&name).await? {
                self.with_pods.extend(namespace.labels().get(RUN).cloned());
            }
            if namespace.metadata.deletion_timestamp.is_none() {
                self.end_pods(&name).await?;
                self.connection.count_call();
                ignore_gone(api.delete(&name, &DeleteParams::background()).await.map(drop))?;
            }
            let why = namespace.status.and_then(|status| status.conditions).unwrap_or_default();
            let why = why.iter().rev().find(|one| one.status == "True").and_then(|one| one.message.clone());
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            self.left.push(format!("Namespace/{name} is still there{why}"));
        }
        Ok(())
    }

    async fn has_pods(&self, namespace: &str) -> kube::Result<bool> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        Ok(!api.list(&ListParams::default().limit(1)).await?.items.is_empty())
    }

    /// Has the pods of a namespace go without their grace periods: they are stand-ins, with nothing to save.
    async fn end_pods(&mut self, namespace: &str) -> kube::Result<()> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        let params = DeleteParams { grace_period_seconds: Some(1), ..DeleteParams::default() };
        ignore_gone(api.delete_collection(&params, &ListParams::default()).await.map(drop))
    }

    /// Deletes all of a kind that is in no namespace.
    async fn all_of<K>(&mut self) -> kube::Result<()>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::ClusterResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug
            + 'static,
    {
        let api: Api<K> = Api::all(self.client());
        for object in found(api.list(&self.list()).await)? {
            self.delete(&api, &object).await?;
        }
        Ok(())
    }

    async fn delete<K>(&mut self, api: &Api<K>, object: &K) -> kube::Result<()>
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    {
        let what = format!("{}/{}", K::kind(&()), object.name_any());
        self.tell(object.labels().get(RUN), &what);
        if object.meta().deletion_timestamp.is_none() {
            self.connection.count_call();
            ignore_gone(api.delete(&object.name_any(), &DeleteParams::background()).await.map(drop))?;
        }
        self.left.push(format!("{what} is still there"));
        Ok(())
    }

    /// Deletes the nodes of runs that have no pods left: pods on fake nodes can only go while kwok plays the nodes.
    async fn nodes(&mut self) -> kube::Result<()> {
        let api: Api<Node> = Api::all(self.client());
        for node in found(api.list(&self.list()).await)? {
            if node.labels().get(RUN).is_some_and(|run| self.with_pods.contains(run)) {
                self.play(&api, &node).await?;
            } else {
                self.delete(&api, &node).await?;
            }
        }
        Ok(())
    }

    /// Has kwok play a node, so that it finishes the pods there.
    async fn play(&mut self, api: &Api<Node>, node: &Node) -> kube::Result<()> {
        let name = node.name_any();
        if node.labels().get(KWOK_LABEL.0).is_none_or(|value| value != KWOK_LABEL.1) {
            self.connection.count_call();
            let patch = json!({ "metadata": {
                "labels": { KWOK_LABEL.0: KWOK_LABEL.1 },
                "annotations": { KWOK_ANNOTATION.0: KWOK_ANNOTATION.1 },
            } });
            ignore_gone(api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await.map(drop))?;
        }
        self.left.push(format!("Node/{name} is still there"));
        Ok(())
    }

    /// Takes back what was changed of nodes that the run did not make.
    async fn revert_nodes(&mut self, run: Option<&str>) -> kube::Result<()> {
        let api: Api<Node> = Api::all(self.client());
        for node in found(api.list(&ListParams::default().labels(TOUCHED)).await)? {
            let name = node.name_any();
            for of in node_change::runs_of(&node) {
                if run.is_some_and(|run| run != of) {
                    continue;
                }
                self.tell(Some(&of), &format!("Node/{name} is as it was before"));
                self.connection.count_call();
                if let Err(error) = node_change::revert(&api, &name, &of).await {
                    self.left.push(format!("Node/{name} is still changed: {}", innermost(&error)));
                }
            }
        }
        Ok(())
    }
}

/// The objects of a list. Somebody who may not look at a kind could not have made or changed one.
fn found<K: Clone>(list: kube::Result<ObjectList<K>>) -> kube::Result<Vec<K>> {
    match list {
        Ok(list) => Ok(list.items),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn ignore_gone(result: kube::Result<()>) -> kube::Result<()> {
    match result {
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
        other => other,
    }
}
