package main

import (
	"k8s.io/apimachinery/pkg/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
)

// configurations are scheduler configuration files, each with what it shows.
var configurations = []struct{ about, text string }{
	{"packing by a weighted strategy", `
- pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: MostAllocated
        resources: [{ name: nvidia.com/gpu, weight: 5 }, { name: cpu, weight: 1 }, { name: memory, weight: 2 }]
`},
	{"a shape", `
- pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{ name: cpu, weight: 3 }, { name: memory }, { name: nvidia.com/gpu, weight: 2 }]
        requestedToCapacityRatio:
          shape: [{ utilization: 10, score: 2 }, { utilization: 60, score: 10 }, { utilization: 100, score: 3 }]
`},
	{"balance of three resources, other weights", `
- plugins:
    score:
      disabled: [{ name: ImageLocality }, { name: TaintToleration }]
      enabled: [{ name: NodeResourcesBalancedAllocation, weight: 4 }, { name: NodeAffinity, weight: 7 }, { name: TaintToleration }]
    multiPoint:
      enabled: [{ name: InterPodAffinity, weight: 5 }]
  pluginConfig:
  - name: NodeResourcesBalancedAllocation
    args:
      resources: [{ name: cpu, weight: 1 }, { name: memory, weight: 1 }, { name: nvidia.com/gpu, weight: 1 }]
`},
	{"few scores and filters", `
- plugins:
    score:
      disabled: [{ name: "*" }]
      enabled: [{ name: NodeResourcesFit, weight: 2 }, { name: ImageLocality, weight: 3 }]
    filter:
      disabled: [{ name: TaintToleration }, { name: NodePorts }]
`},
	{"affinity for every pod", `
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{ key: tier, operator: NotIn, values: [silver] }]
        preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 40
          preference: { matchExpressions: [{ key: rack, operator: Exists }] }
  - name: InterPodAffinity
    args: { hardPodAffinityWeight: 60, ignorePreferredTermsOfExistingPods: true }
`},
	{"no preemption", `
- plugins:
    postFilter:
      disabled: [{ name: DefaultPreemption }]
`},
}

const head = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
parallelism: 1
`

// options are those of a scheduler with a configuration.
func options(text string) []scheduler.Option {
	// Batches are of pods that come within half a second: what they hit is chance.
	must(utilfeature.DefaultMutableFeatureGate.Set("OpportunisticBatching=false"))
	object, _, err := scheme.Codecs.UniversalDecoder().Decode([]byte(text), nil, nil)
	must(err)
	internal := object.(runtime.Object).(*config.KubeSchedulerConfiguration)
	return []scheduler.Option{
		scheduler.WithParallelism(1),
		scheduler.WithProfiles(internal.Profiles...),
		scheduler.WithPercentageOfNodesToScore(internal.PercentageOfNodesToScore),
	}
}
