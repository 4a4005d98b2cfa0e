//! The cluster that the tests run on, and what is there. Tests that would disturb one another keep out of each other's way here.

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use k8s_openapi::ClusterResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolume};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::play::{Scenario, Started, greenroom};

/// Tests that remove what any run left hold it alone; all others share it.
static RUNS: RwLock<()> = RwLock::new(());

/// A cluster.
pub struct Ground {
    /// Its context.
    pub context: String,
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
    pub client: Client,
    pub runtime: Runtime,
}

/// Holds the cluster together with others.
pub fn share() -> RwLockReadGuard<'static, ()> {
    RUNS.read().unwrap_or_else(|failed| failed.into_inner())
}

/// Holds the cluster alone.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    RUNS.write().unwrap_or_else(|failed| failed.into_inner())
}

/// The cluster that the environment names; none if the test is to be skipped.
pub fn ground() -> Option<Ground> {
    let Some(context) = std::env::var_os("GREENROOM_TEST_CONTEXT") else {
        println!("skipped: GREENROOM_TEST_CONTEXT is not set");
        return None;
    };
    let kubeconfig = std::env::var_os("KUBECONFIG").expect("KUBECONFIG names the file with the context");
    Some(Ground::new(context.to_str().expect("a text"), kubeconfig.into()))
}

impl Ground {
    /// The cluster behind a context of a file.
    pub fn new(context: &str, kubeconfig: PathBuf) -> Ground {
        let runtime = Runtime::new().expect("a runtime");
        let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
        let client = runtime.block_on(async {
            let file = Kubeconfig::read_from(&kubeconfig).expect("the kubeconfig can be read");
            let config = Config::from_custom_kubeconfig(file, &options).await.expect("the context is there");
            Client::try_from(config).expect("a client")
        });
        Ground { context: context.to_owned(), kubeconfig, client, runtime }
    }

    /// A verb of greenroom on this cluster.
    pub fn greenroom(&self, verb: &str) -> Command {
        let mut command = greenroom();
        command.env("KUBECONFIG", &self.kubeconfig).args([verb, "--context", &self.context]);
        command
    }

    /// A run of a scenario on fake nodes, and more arguments.
    pub fn run(&self, scenario: &Scenario, more: &[&str]) -> Command {
        let mut command = self.greenroom("run");
        command.arg(scenario.file()).arg("--fake-nodes").args(more);
        command
    }

    /// Starts such a run.
    pub fn start(&self, scenario: &Scenario, more: &[&str]) -> Started {
        Started::new(&mut self.run(scenario, more))
    }

    /// All objects of a kind of the whole cluster.
    pub fn all<K>(&self) -> Vec<K>
    where
        K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + DeserializeOwned + Debug + 'static,
    {
        let api: Api<K> = Api::all(self.client.clone());
        self.runtime.block_on(api.list(&ListParams::default())).expect("the API answers").items
    }

    /// The objects in which the id of a run stands: in their names, labels, annotations or taints.
    pub fn with(&self, run: &str) -> Vec<String> {
        let mut found = Vec::new();
        fn note<K>(objects: Vec<K>, run: &str, found: &mut Vec<String>)
        where
            K: Resource<DynamicType = ()> + serde::Serialize + ResourceExt,
        {
            for object in objects {
                let mut whole = serde_json::to_value(&object).expect("an object of the API");
                // Who wrote which field stays for ever, and does no harm.
                whole["metadata"]["managedFields"] = Value::Null;
                if whole.to_string().contains(run) {
                    found.push(format!("{}/{}", K::kind(&()), object.name_any()));
                }
            }
        }
        note(self.all::<Namespace>(), run, &mut found);
        note(self.all::<Node>(), run, &mut found);
        note(self.all::<PriorityClass>(), run, &mut found);
        note(self.all::<PersistentVolume>(), run, &mut found);
        note(self.all::<StorageClass>(), run, &mut found);
        found
    }

    /// Fails if the cluster still has something of a run.
    #[track_caller]
    pub fn expect_nothing_of(&self, run: &str) {
        let found = self.with(run);
        assert!(found.is_empty(), "left of {run}: {found:?}");
    }

    /// Makes a namespace with these labels that is no run's.
    pub fn namespace(&self, name: &str, labels: Value) -> Decoy<'_, Namespace> {
        let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } });
        self.apply(name, &body)
    }

    /// Makes a node that is no run's, played by kwok, and waits until it is ready.
    pub fn node(&self, name: &str, labels: Value, taints: Value) -> Decoy<'_, Node> {
        let mut all = json!({ "type": "kwok", "kubernetes.io/hostname": name });
        all.as_object_mut().expect("a map").extend(labels.as_object().expect("a map").clone());
        let amounts = json!({ "cpu": "8", "memory": "32Gi", "pods": "110" });
        let body = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": name, "labels": all, "annotations": { "kwok.x-k8s.io/node": "fake" } },
            "spec": { "taints": taints },
            "status": { "capacity": amounts, "allocatable": amounts },
        });
        let decoy: Decoy<'_, Node> = self.apply(name, &body);
        let api: Api<Node> = Api::all(self.client.clone());
        let (params, patch) = (PatchParams::apply("test").force(), Patch::Apply(&body));
        self.runtime.block_on(api.patch_status(name, &params, &patch)).expect("the status can be written");
        let begun = Instant::now();
        while self.state_of(name)["spec"].to_string().contains("node.kubernetes.io/not-ready")
            || !self.whole(name).to_string().contains("KubeletReady")
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "kwok does not play {name}: {}", self.whole(name));
            std::thread::sleep(Duration::from_millis(200));
        }
        decoy
    }

    fn whole(&self, node: &str) -> Value {
        let api: Api<Node> = Api::all(self.client.clone());
        serde_json::to_value(self.runtime.block_on(api.get(node)).expect("the node is there")).expect("a node")
    }

    /// What somebody keeps of their node: labels, annotations, taints, whether it is cordoned.
    pub fn state_of(&self, node: &str) -> Value {
        let whole = self.whole(node);
        let metadata = &whole["metadata"];
        let spec = &whole["spec"];
        json!({
            "labels": metadata["labels"],
            "annotations": metadata["annotations"],
            "spec": { "taints": spec["taints"], "unschedulable": spec["unschedulable"] },
        })
    }

    fn apply<K>(&self, name: &str, body: &Value) -> Decoy<'_, K>
    where
        K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + DeserializeOwned + Debug + 'static,
    {
        let api: Api<K> = Api::all(self.client.clone());
        let made = self.runtime.block_on(api.patch(name, &PatchParams::apply("test").force(), &Patch::Apply(body)));
        made.expect("the object can be made");
        Decoy { ground: self, api, name: name.to_owned() }
    }
}

/// Something that no run made. It goes with the test.
pub struct Decoy<'a, K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug> {
    ground: &'a Ground,
    api: Api<K>,
    /// Its name.
    pub name: String,
}

impl<K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug> Decoy<'_, K> {
    /// True if it is there and nobody deletes it.
    pub fn is_untouched(&self) -> bool {
        let object = self.ground.runtime.block_on(self.api.get_opt(&self.name)).expect("the API answers");
        object.is_some_and(|object| object.meta().deletion_timestamp.is_none())
    }
}

impl<K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug> Drop for Decoy<'_, K> {
    fn drop(&mut self) {
        // A test that failed may have lost it.
        let _ = self.ground.runtime.block_on(self.api.delete(&self.name, &DeleteParams::default()));
    }
}
