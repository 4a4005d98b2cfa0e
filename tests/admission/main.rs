//! What is refused, in whose words, at which place, and with which exit code.
//!
//! Goal: every rule of the schema and of the webhooks refuses with one message at its place, nothing is said to be wrong that is not,
//! and whatever an API refuses of a scenario makes its run fail unless the scenario expects it. Method: small documents, each with one
//! thing in it; small scenarios; and documents that a generator spoils.

mod rules;
mod runs;
mod spoilt_documents;

use greenroom::systems::dynamo::{self, Operator, Options, Provider, Read};
use greenroom::text::{Diagnostic, Source};

/// A graph of `v1beta1` that every version of the rules takes.
const BETA: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata:
  name: chat
spec:
  backendFramework: vllm
  components:
    - name: Frontend
      type: frontend
      replicas: 1
      podTemplate:
        spec:
          containers:
            - name: main
              image: frontend:1.5.0
    - name: worker
      type: worker
      replicas: 2
      podTemplate:
        spec:
          containers:
            - name: main
              image: runtime:1.5.0
              resources: { limits: { nvidia.com/gpu: 1 } }
            - name: metrics
              image: exporter:1
";

/// The same in `v1alpha1`, which both operators serve.
const ALPHA: &str = "\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata:
  name: chat
spec:
  backendFramework: vllm
  services:
    Frontend:
      componentType: frontend
      replicas: 1
      extraPodSpec: { mainContainer: { image: 'frontend:1.5.0' } }
    worker:
      componentType: worker
      replicas: 2
      resources: { limits: { gpu: '1' } }
      extraPodSpec: { mainContainer: { image: 'runtime:1.5.0' } }
";

const MODEL: &str = "\
apiVersion: nvidia.com/v1alpha1
kind: DynamoModel
metadata:
  name: adapter
spec:
  modelName: tuned
  baseModelName: llama
  modelType: lora
  source: { uri: 's3://bucket/tuned' }
";

const ADAPTER: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeploymentScalingAdapter
metadata:
  name: chat-worker
spec:
  replicas: 2
  dgdRef: { name: chat, componentName: worker }
";

const REQUEST: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeploymentRequest
metadata:
  name: chat
spec:
  model: llama
  backend: vllm
  searchStrategy: rapid
  autoApply: true
  hardware: { gpuSku: h100_sxm, numGpusPerNode: 8, totalGpus: 16 }
  sla: { optimizationType: latency }
";

const SET: &str = "\
apiVersion: grove.io/v1alpha1
kind: PodCliqueSet
metadata:
  name: llm
spec:
  replicas: 1
  template:
    cliques:
      - name: worker
        spec:
          roleName: worker
          replicas: 2
          minAvailable: 1
          podSpec:
            containers:
              - { name: main, image: 'runtime:1.5.0' }
";

fn read(text: &str, options: &Options) -> Read {
    dynamo::read(&Source::new("document.yaml", text), options).expect("it is YAML")
}

/// The problems of a document, each with the text at its place.
fn problems(text: &str, options: &Options) -> Vec<(String, String)> {
    let told = |one: &Diagnostic| {
        let place = one.span.map(|span| one.source.slice(span).to_owned()).unwrap_or_default();
        (one.message.clone(), place)
    };
    read(text, options).problems.iter().map(told).collect()
}

fn grove() -> Options {
    Options { provider: Provider::Grove, ..Options::default() }
}

fn old() -> Options {
    Options { operator: Operator::V0_8, ..Options::default() }
}

/// A good document with something else instead of a piece of it.
fn spoilt(good: &str, piece: &str, bad: &str) -> String {
    assert!(good.contains(piece), "{piece}");
    good.replacen(piece, bad, 1)
}
