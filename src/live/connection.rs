//! The way to a cluster: a context that the user named, a client for it, and whether what answers is new enough.
//! The kubeconfig's current context is never used: nobody should rehearse on a cluster that they did not name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::notices::Notices;
use super::trouble::Trouble;

/// The oldest Kubernetes that a run works with: pods have scheduling gates (stable since 1.30, k8s.io/api core/v1), and what
/// is compared has a profile from 1.33 on.
const LEAST_RELEASE: [u32; 2] = [1, 30];

/// How long the API server may take to answer one request.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A cluster that answers.
#[derive(Clone)]
pub struct Connection {
    /// The context that the user named.
    pub context: String,
    /// Its version, as it says (`v1.36.3`).
    pub version: String,
    /// Its major and minor version.
    release: [u32; 2],
    pub(super) client: Client,
    pub(super) runtime: Arc<Runtime>,
    /// Calls of the API so far, watches not among them.
    pub(super) calls: Arc<AtomicU64>,
    /// What the user is told beside the timeline.
    pub notices: Notices,
}

/// Connects to the cluster behind a context of the kubeconfig (`KUBECONFIG`, else `~/.kube/config`).
///
/// # Errors
/// There is no such context, nothing answers, or it does not let us in.
pub fn connect(context: &str, notices: Notices) -> Result<Connection, Trouble> {
    let kubeconfig = Kubeconfig::read()
        .map_err(|error| Trouble::Kubeconfig(format!("{}: {}", looked_for(), super::trouble::innermost(&error))))?;
    let known: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    if !known.iter().any(|known| known == context) {
        return Err(Trouble::NoContext { name: context.to_owned(), known });
    }
    check_user(&kubeconfig, context)?;
    // Two threads are enough: one for requests while the other turns watches into messages.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().thread_name("live").build();
    let runtime = Arc::new(runtime.map_err(|error| Trouble::Api(error.to_string()))?);
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let unreachable = |why: String| Trouble::Unreachable { context: context.to_owned(), why };
    let (client, version) = runtime.block_on(async {
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| Trouble::Kubeconfig(super::trouble::innermost(&error)))?;
        config.connect_timeout = Some(Duration::from_secs(10));
        // The client would try a refused eviction again for minutes, and keep all other requests waiting: who asks decides.
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|error| unreachable(super::trouble::innermost(&error)))?;
        let answer = tokio::time::timeout(READ_TIMEOUT, client.apiserver_version()).await;
        let version = answer.map_err(|_| unreachable("no answer in 30 s".to_owned()))?;
        version.map(|version| (client, version)).map_err(|error| Trouble::of(&error, context))
    })?;
    let number =
        |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().unwrap_or(0);
    let release = [number(&version.major), number(&version.minor)];
    let version = version.git_version;
    Ok(Connection { context: context.to_owned(), version, release, client, runtime, calls: Arc::default(), notices })
}

/// Looks whether the user of a context is there: the client would go on as nobody.
fn check_user(kubeconfig: &Kubeconfig, context: &str) -> Result<(), Trouble> {
    let named = kubeconfig.contexts.iter().find(|known| known.name == context);
    let Some(user) = named.and_then(|named| named.context.as_ref()?.user.clone()) else { return Ok(()) };
    if user.is_empty() || kubeconfig.auth_infos.iter().any(|known| known.name == user) {
        return Ok(());
    }
    Err(Trouble::Kubeconfig(format!("{}: context `{context}` has the user `{user}`, who is not in it", looked_for())))
}

/// Where the kubeconfig was looked for.
fn looked_for() -> String {
    match std::env::var_os("KUBECONFIG").filter(|paths| !paths.is_empty()) {
        Some(paths) => format!("KUBECONFIG={}", paths.to_string_lossy()),
        None => "~/.kube/config (KUBECONFIG is not set)".to_owned(),
    }
}

impl Connection {
    /// Whether the cluster is new enough for a run.
    ///
    /// # Errors
    /// It is too old.
    pub fn check_version(&self) -> Result<(), Trouble> {
        if self.release >= LEAST_RELEASE {
            return Ok(());
        }
        let [major, minor] = LEAST_RELEASE;
        Err(Trouble::TooOld { version: self.version.clone(), least: format!("{major}.{minor}") })
    }

    /// How many calls of the API were made, watches not among them.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// That the user wants the process to end; from now on it does not end by itself for that.
    pub(super) fn interrupts(&self) -> watch::Receiver<bool> {
        self.notices.interrupts(&self.runtime)
    }

    /// Waits for something, unless the user wants the process to end.
    ///
    /// # Errors
    /// Those of what is waited for, or that the user wants an end.
    pub(super) fn until_interrupted<T>(&self, what: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut interrupts = self.interrupts();
        self.runtime.block_on(async move {
            tokio::select! {
                done = what => done,
                Ok(_) = interrupts.wait_for(|came| *came) => Err(Trouble::Interrupted),
            }
        })
    }

    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}
