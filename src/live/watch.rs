//! Watches: for each kind and namespace a reflector's stream, begun again by itself when it breaks, whose events are sent to
//! the run. What an event means is `mirror`'s.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Event as KubernetesEvent, Node, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{Config, Event, watcher};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::connection::Connection;
use super::message::{Message, Seen, SeenKind};
use super::notices::Notices;

/// A watch that fails for so long has lost the cluster: an API server that is restarted is back before.
const SILENCE_MAX: Duration = Duration::from_secs(90);

/// How soon a watch that failed is begun again. The client's usual wait grows to half a minute: an API server that is back for so
/// long would look as if nothing happened there.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Waits always as long.
struct Patient;

impl Iterator for Patient {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(AGAIN_AFTER)
    }
}

impl Backoff for Patient {
    fn reset(&mut self) {}
}

/// The tasks that watch; they end with it.
#[derive(Debug, Default)]
pub struct Watches {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Watches {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Watches {
    /// Watches all that a run may make in a namespace.
    pub fn namespace(&mut self, connection: &Connection, namespace: &str, outbox: &Sender<Message>) {
        let mut add = |task: JoinHandle<()>| self.tasks.push(task);
        macro_rules! watch {
            ($($kind:ident => $seen:ident),* $(,)?) => {$(
                let api: Api<$kind> = Api::namespaced(connection.client.clone(), namespace);
                let to = (connection.notices.clone(), outbox.clone());
                let shown = stream(api, Config::default(), SeenKind::$seen, namespace.to_owned(), to);
                add(connection.runtime.spawn(shown));
            )*};
        }
        watch! {
            Deployment => Deployment,
            ReplicaSet => ReplicaSet,
            StatefulSet => StatefulSet,
            DaemonSet => DaemonSet,
            Job => Job,
            CronJob => CronJob,
            Pod => Pod,
            Service => Service,
            EndpointSlice => EndpointSlice,
            PodDisruptionBudget => PodDisruptionBudget,
            HorizontalPodAutoscaler => HorizontalPodAutoscaler,
            ResourceQuota => ResourceQuota,
            PersistentVolumeClaim => PersistentVolumeClaim,
            KubernetesEvent => Event,
        }
    }

    /// Watches the nodes that are selected.
    pub fn nodes(&mut self, connection: &Connection, selector: &str, outbox: &Sender<Message>) {
        let config = Config::default().labels(selector);
        let api: Api<Node> = Api::all(connection.client.clone());
        let to = (connection.notices.clone(), outbox.clone());
        self.tasks.push(connection.runtime.spawn(stream(api, config, SeenKind::Node, String::new(), to)));
    }
}

/// Sends what one watch shows, for as long as anybody takes it.
async fn stream<K>(
    api: Api<K>,
    config: Config,
    kind: SeenKind,
    namespace: String,
    (notices, outbox): (Notices, Sender<Message>),
) where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Into<Seen> + Send + 'static,
{
    let mut events = pin!(watcher(api, config).backoff(Patient));
    let mut listed = Vec::new();
    let mut failing_since: Option<Instant> = None;
    while let Some(event) = events.next().await {
        let message = match event {
            Ok(event) => {
                failing_since = None;
                notices.answers();
                match event {
                    Event::Apply(object) => Message::Seen(object.into()),
                    Event::Delete(object) => Message::Gone(object.into()),
                    Event::Init => {
                        listed.clear();
                        continue;
                    }
                    Event::InitApply(object) => {
                        listed.extend(object.meta().uid.clone());
                        Message::Seen(object.into())
                    }
                    Event::InitDone => {
                        Message::Listed { kind, namespace: namespace.clone(), uids: std::mem::take(&mut listed) }
                    }
                }
            }
            Err(error) => {
                let since = *failing_since.get_or_insert_with(Instant::now);
                let why = super::trouble::innermost(&error);
                // A watch that is too old fails once, and is begun anew.
                if since.elapsed() > AGAIN_AFTER {
                    notices.is_silent(&why);
                }
                if since.elapsed() < SILENCE_MAX {
                    continue;
                }
                failing_since = None;
                Message::Silent(why)
            }
        };
        if outbox.send(message).is_err() {
            return;
        }
    }
}
