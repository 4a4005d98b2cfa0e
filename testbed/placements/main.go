// Records what a real kube-scheduler decides: its own code, on a fake API server in the same process, with parallelism 1
// and every node scored, where its decisions are determined. tests/recorded_placements.rs compares ours with them.
//
//	go mod tidy && go run . placements ../../tests/recorded/placements.json
//	go mod tidy && go run . constraints ../../tests/recorded/constraints.json
//	go mod tidy && go run . profiles ../../tests/recorded/profiles.json
package main

import (
	"encoding/json"
	"os"
)

// Node is a node as it joins.
type Node struct {
	CPU    int      `json:"cpu"`
	Gi     int      `json:"gi"`
	GPUs   int      `json:"gpus,omitempty"`
	Zone   string   `json:"zone,omitempty"`
	Tier   string   `json:"tier,omitempty"`
	Taints []string `json:"taints,omitempty"` // key:effect
}

// Template is what pods are made from; its first container has all requests.
type Template struct {
	CPUMilli  int      `json:"cpu_milli,omitempty"`
	Mi        int      `json:"mi,omitempty"`
	GPUs      int      `json:"gpus,omitempty"`
	Tolerates []string `json:"tolerates,omitempty"`
	Tier      string   `json:"tier,omitempty"`
	Images    []string `json:"images"`
}

// Case is a cluster and what happened in it, one line a step:
//
//	place POD TEMPLATE SET NODE     a pod of a ReplicaSet (0: of none) went to a node
//	reject POD TEMPLATE SET MESSAGE it had no node
//	terminate POD                   a pod begins to terminate
//	release POD                     a pod is gone
//	image NODE IMAGE MEBIBYTES      a node holds an image
//	taints NODE [TAINT...]          a node's taints are these
type Case struct {
	Nodes     []Node     `json:"nodes"`
	Templates []Template `json:"templates"`
	Steps     []string   `json:"steps"`
}

const (
	cases = 8
	// richCases is five times the length of `abouts`.
	richCases = 40
	podsMax   = 10
	setCount  = 3
	source    = "kube-scheduler v1.36.3, its own code on a fake API, parallelism 1, every node scored; pods one by one, nodes take 10 pods"
)

func main() {
	var recorded any
	if os.Args[1] == "constraints" {
		file := struct {
			Source string     `json:"source"`
			Cases  []RichCase `json:"cases"`
		}{Source: richSource}
		for seed := int64(1); seed <= richCases; seed++ {
			file.Cases = append(file.Cases, recordRich(seed))
		}
		recorded = file
	} else if os.Args[1] == "profiles" {
		file := struct {
			Source string     `json:"source"`
			Cases  []RichCase `json:"cases"`
		}{Source: richSource}
		for number, one := range configurations {
			for seed := int64(1); seed <= 3; seed++ {
				file.Cases = append(file.Cases, recordProfile(10*int64(number)+seed, one.about, one.text, "", 0, 40))
			}
		}
		file.Cases = append(file.Cases,
			recordProfile(1, "a sample of the nodes", " []\n", "", 130, 60),
			recordProfile(2, "a larger sample", " []\n", "percentageOfNodesToScore: 90\n", 140, 60))
		recorded = file
	} else {
		file := struct {
			Source string `json:"source"`
			Cases  []Case `json:"cases"`
		}{Source: source}
		for seed := int64(1); seed <= cases; seed++ {
			file.Cases = append(file.Cases, record(seed))
		}
		recorded = file
	}
	text, err := json.MarshalIndent(recorded, "", " ")
	must(err)
	must(os.WriteFile(os.Args[2], append(text, '\n'), 0o644))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
