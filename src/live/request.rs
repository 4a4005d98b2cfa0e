//! Requests to the API: one after the other, in the order in which they were asked for, tried again while the API server does
//! not answer. What an ask means as a request is `asks`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, EvictParams, Patch, PatchParams, PropagationPolicy};
use kube::core::{GroupVersionKind, Status};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::message::{Message, Reply};
use super::node_change::{self, NodeChange};
use super::notices::Notices;
use super::trouble::innermost;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{AskId, Outcome};

/// The field manager of all that a run applies.
pub const MANAGER: &str = "greenroom";

/// The controller of asks that nobody waits for: what faults do.
pub const NOBODY: usize = usize::MAX;

/// How long a request is tried again while nothing answers. An API server that is restarted is back before.
const TRIES_FOR: Duration = Duration::from_secs(60);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A request that takes longer was not answered: the client itself would wait for ever.
const ONE_TAKES_MAX: Duration = Duration::from_secs(20);

/// What is to be done.
#[derive(Clone, PartialEq, Debug)]
pub enum Operation {
    /// Server-side apply.
    Apply(Value),
    /// Background deletion, with another grace period than the object's own if there is one.
    Delete(Option<u32>),
    /// Server-side apply of a node and of its status.
    ApplyNode(Value),
    /// A merge patch.
    Merge(Value),
    /// A strategic merge patch, which changes members of lists by their names.
    Strategic(Value),
    /// A change of a node that can be taken back.
    Node {
        /// What.
        change: NodeChange,
        /// True if the run made the node.
        is_own: bool,
        /// The run's id.
        run: String,
    },
    /// Nothing: what comes behind it in the queue is done later, and what comes before it earlier.
    Nothing,
    /// Has a stand-in of a pod end.
    Crash {
        /// The port on which it listens.
        port: u16,
        /// With what.
        exit_code: u8,
    },
    /// A merge patch of a subresource: `scale`, `status`.
    MergeInto(&'static str, Value),
    /// The eviction subresource.
    Evict(Option<u32>),
    /// A read.
    Get,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks, or [`NOBODY`].
    pub controller: usize,
    /// Which of its asks.
    pub ask: AskId,
    /// The object, as the scenario names it.
    pub key: Subject,
    /// Its kind on the cluster; none for [`Operation::Nothing`].
    pub resource: Option<ApiResource>,
    /// Its namespace there; none for what has no namespace.
    pub namespace: Option<String>,
    /// Its name there.
    pub name: String,
    /// What is to be done.
    pub operation: Operation,
    /// What led to it.
    pub cause: Cause,
}

/// The kind of an object on the cluster; `None` for kinds that live elsewhere.
pub fn resource(kind: Kind) -> Option<ApiResource> {
    let (group, version, plural) = match kind {
        Kind::Pod => ("", "v1", "pods"),
        Kind::Service => ("", "v1", "services"),
        Kind::ConfigMap => ("", "v1", "configmaps"),
        Kind::Secret => ("", "v1", "secrets"),
        Kind::Namespace => ("", "v1", "namespaces"),
        Kind::Node => ("", "v1", "nodes"),
        Kind::ResourceQuota => ("", "v1", "resourcequotas"),
        Kind::PersistentVolumeClaim => ("", "v1", "persistentvolumeclaims"),
        Kind::PersistentVolume => ("", "v1", "persistentvolumes"),
        Kind::Deployment => ("apps", "v1", "deployments"),
        Kind::ReplicaSet => ("apps", "v1", "replicasets"),
        Kind::StatefulSet => ("apps", "v1", "statefulsets"),
        Kind::DaemonSet => ("apps", "v1", "daemonsets"),
        Kind::Job => ("batch", "v1", "jobs"),
        Kind::CronJob => ("batch", "v1", "cronjobs"),
        Kind::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
        Kind::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers"),
        Kind::PriorityClass => ("scheduling.k8s.io", "v1", "priorityclasses"),
        Kind::StorageClass => ("storage.k8s.io", "v1", "storageclasses"),
        _ => return None,
    };
    Some(ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind.text()), plural))
}

/// The requests that are still to be made. They end with it: what a run asked for last must not come after its cleanup.
#[derive(Debug)]
pub struct Requests {
    queue: UnboundedSender<Request>,
    task: JoinHandle<()>,
}

impl Requests {
    /// Queues a request.
    pub fn send(&self, request: Request) {
        // The task that takes requests lasts as long as this.
        let _ = self.queue.send(request);
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts the task that makes requests.
pub fn start(connection: &Connection, outbox: Sender<Message>) -> Requests {
    let (queue, requests) = unbounded_channel();
    // Not the connection: the runtime in it may not end in one of its own tasks.
    let (client, calls) = (connection.client.clone(), Arc::clone(&connection.calls));
    let to = (connection.notices.clone(), outbox);
    Requests { queue, task: connection.runtime.spawn(work(client, calls, requests, to)) }
}

async fn work(
    client: Client,
    calls: Arc<AtomicU64>,
    mut requests: UnboundedReceiver<Request>,
    (notices, outbox): (Notices, Sender<Message>),
) {
    while let Some(request) = requests.recv().await {
        let begun = Instant::now();
        let outcome = loop {
            if request.resource.is_some() {
                calls.fetch_add(1, Ordering::Relaxed);
            }
            let performed = timeout(ONE_TAKES_MAX, perform(client.clone(), &request)).await;
            match performed.unwrap_or_else(|_| Err(format!("no answer in {} s", ONE_TAKES_MAX.as_secs()))) {
                Ok(reply) => {
                    notices.answers();
                    break reply;
                }
                Err(why) if begun.elapsed() >= TRIES_FOR => {
                    if outbox.send(Message::Silent(why)).is_err() {
                        return;
                    }
                    break Reply::Plain(Outcome::Unknown);
                }
                Err(why) => {
                    notices.is_silent(&why);
                    tokio::time::sleep(TRY_AGAIN_AFTER).await;
                }
            }
        };
        let Request { controller, ask, key, cause, .. } = request;
        if outbox.send(Message::Answered { controller, ask, key, outcome, cause }).is_err() {
            return;
        }
    }
}

/// Makes one request. An error is that nothing answered, and trying again may help.
async fn perform(client: Client, request: &Request) -> Result<Reply, String> {
    let Some(resource) = &request.resource else { return Ok(Reply::Plain(Outcome::Accepted(None))) };
    let api: Api<DynamicObject> = match &request.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    };
    let name = request.name.as_str();
    let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
    let done = match &request.operation {
        Operation::Apply(object) => {
            let params = PatchParams::apply(MANAGER).force();
            match api.patch(name, &params, &Patch::Apply(object)).await {
                Ok(taken) => {
                    let generation = taken.metadata.generation.unwrap_or_default();
                    return Ok(Reply::Applied(u32::try_from(generation).unwrap_or_default()));
                }
                Err(error) => Err(error),
            }
        }
        Operation::ApplyNode(object) => {
            let params = PatchParams::apply(MANAGER).force();
            match api.patch(name, &params, &Patch::Apply(object)).await {
                Ok(_) => api.patch_status(name, &params, &Patch::Apply(object)).await.map(drop),
                Err(error) => Err(error),
            }
        }
        Operation::Strategic(patch) => api.patch(name, &params, &Patch::Strategic(patch)).await.map(drop),
        Operation::Node { change, is_own, run } => {
            let nodes: Api<Node> = Api::all(client);
            node_change::change(&nodes, name, run, *is_own, change).await
        }
        Operation::Crash { port, exit_code } => {
            let namespace = request.namespace.as_deref().unwrap_or_default();
            crash(client, namespace, name, *port, *exit_code).await
        }
        Operation::Merge(patch) => api.patch(name, &params, &Patch::Merge(patch)).await.map(drop),
        Operation::MergeInto(subresource, patch) => {
            api.patch_subresource(subresource, name, &params, &Patch::Merge(patch)).await.map(drop)
        }
        Operation::Delete(grace) => {
            let params = DeleteParams {
                grace_period_seconds: *grace,
                propagation_policy: Some(PropagationPolicy::Background),
                ..DeleteParams::default()
            };
            api.delete(name, &params).await.map(drop)
        }
        Operation::Evict(grace) => {
            let pods: Api<Pod> = Api::namespaced(client, request.namespace.as_deref().unwrap_or_default());
            let delete_options =
                grace.map(|grace| DeleteParams { grace_period_seconds: Some(grace), ..DeleteParams::default() });
            let params = EvictParams { delete_options, ..EvictParams::default() };
            pods.evict(name, &params).await.map(drop)
        }
        Operation::Get => api.get(name).await.map(drop),
        Operation::Nothing => Ok(()),
    };
    match done {
        Ok(()) => Ok(match request.operation {
            Operation::Get => Reply::Found,
            _ => Reply::Plain(Outcome::Accepted(None)),
        }),
        Err(kube::Error::Api(status)) => refusal(&status, &request.operation),
        Err(other) => Err(innermost(&other)),
    }
}

/// Tells a stand-in of a pod to end, through the API server's proxy. One that does not listen yet is told as soon as it does,
/// because the proxy's answer is then that of a server which may be back.
async fn crash(client: Client, namespace: &str, pod: &str, port: u16, exit_code: u8) -> kube::Result<()> {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/crash?exit_code={exit_code}");
    let request = http::Request::post(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    client.request_text(request).await.map(drop)
}

/// What an answer of the API that is no success means.
fn refusal(status: &Status, operation: &Operation) -> Result<Reply, String> {
    let gone = matches!(operation, Operation::Delete(_));
    match status.code {
        404 if gone => Ok(Reply::Plain(Outcome::Accepted(None))),
        // An apply to a namespace that is not there is no missing object.
        404 if matches!(operation, Operation::Apply(_)) => Ok(Reply::Refused(status.message.clone())),
        404 => Ok(Reply::Plain(Outcome::NotFound)),
        409 if status.reason == "Conflict" => Ok(Reply::Plain(Outcome::Conflict)),
        // Of an eviction it means that a budget does not allow it, of anything else that the server is busy.
        429 if matches!(operation, Operation::Evict(_)) => Ok(Reply::Failed(status.message.clone())),
        429 | 500..=599 => Err(status.message.clone()),
        _ => Ok(Reply::Refused(status.message.clone())),
    }
}
