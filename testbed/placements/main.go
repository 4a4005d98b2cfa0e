// Records what a real kube-scheduler decides: its own code, on a fake API server in the same process, with parallelism 1
// and every node scored, where its decisions are determined. tests/recorded_placements.rs compares ours with them.
//
//	go mod tidy && go run . ../../tests/recorded/placements.json
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/profile"
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

type step struct {
	template, set, pod, to int
	message                string
}

func nodeName(i int) string { return fmt.Sprintf("n%02d", i) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func run(seed int64) Case {
	r := rand.New(rand.NewSource(seed))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := fake.NewClientset()
	client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.GetSubresource() != "binding" {
			return false, nil, nil
		}
		b := action.(clienttesting.CreateAction).GetObject().(*v1.Binding)
		gvr := v1.SchemeGroupVersion.WithResource("pods")
		o, err := client.Tracker().Get(gvr, "default", b.Name)
		if err != nil {
			return true, nil, err
		}
		p := o.(*v1.Pod).DeepCopy()
		p.Spec.NodeName = b.Target.Name
		return true, b, client.Tracker().Update(gvr, p, "default")
	})
	factory := informers.NewSharedInformerFactory(client, 0)
	pct := int32(100)
	sched, err := scheduler.New(ctx, client, factory, nil, profile.NewRecorderFactory(events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})),
		scheduler.WithParallelism(1), scheduler.WithPercentageOfNodesToScore(&pct))
	must(err)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	must(sched.WaitForHandlersSync(ctx))
	go sched.Run(ctx)
	var c Case
	zones := []string{"", "a", "b", "c"}
	nz := 1 + r.Intn(4)
	shapes := [][3]int{{4, 16, 0}, {8, 32, 2}, {8, 64, 4}, {64, 512, 8}}
	n := 3 + r.Intn(20)
	zoneless := r.Intn(3) == 0
	for i := 0; i < n; i++ {
		s := shapes[r.Intn(len(shapes))]
		if r.Intn(2) == 0 {
			s = shapes[1]
		}
		nd := Node{CPU: s[0], Gi: s[1], GPUs: s[2]}
		if !zoneless {
			nd.Zone = zones[r.Intn(nz)]
		}
		if r.Intn(3) == 0 {
			nd.Tier = "gold"
		}
		if r.Intn(6) == 0 {
			nd.Taints = append(nd.Taints, "hard:NoSchedule")
		}
		if r.Intn(5) == 0 {
			nd.Taints = append(nd.Taints, "soft:PreferNoSchedule")
		}
		if r.Intn(8) == 0 {
			nd.Taints = append(nd.Taints, "softer:PreferNoSchedule")
		}
		c.Nodes = append(c.Nodes, nd)
		labels := map[string]string{"kubernetes.io/hostname": nodeName(i)}
		if nd.Zone != "" {
			labels["topology.kubernetes.io/zone"] = nd.Zone
		}
		if nd.Tier != "" {
			labels["tier"] = nd.Tier
		}
		res := v1.ResourceList{"cpu": *resource.NewQuantity(int64(nd.CPU), resource.DecimalSI), "memory": *resource.NewQuantity(int64(nd.Gi)<<30, resource.BinarySI), "pods": resource.MustParse("10")}
		if nd.GPUs > 0 {
			res["nvidia.com/gpu"] = *resource.NewQuantity(int64(nd.GPUs), resource.DecimalSI)
		}
		node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName(i), Labels: labels}, Spec: v1.NodeSpec{Taints: taints(nd.Taints)}, Status: v1.NodeStatus{Allocatable: res, Capacity: res}}
		_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		must(err)
		wait(func() bool { return len(sched.Cache.Dump().Nodes) == i+1 })
	}
	images := []string{"registry/one:1", "registry/two:1", "three"}
	for i := 0; i < 4; i++ {
		t := Template{CPUMilli: []int{0, 100, 500, 1000, 2000}[r.Intn(5)], Mi: []int{0, 256, 1024, 4096}[r.Intn(4)]}
		if r.Intn(3) == 0 {
			t.GPUs = 1 + r.Intn(2)
		}
		if r.Intn(3) == 0 {
			t.Tolerates = append(t.Tolerates, "hard")
		}
		if r.Intn(4) == 0 {
			t.Tolerates = append(t.Tolerates, "soft")
		}
		if r.Intn(4) == 0 {
			t.Tier = "gold"
		}
		for k := 0; k <= r.Intn(2); k++ {
			t.Images = append(t.Images, images[r.Intn(3)])
		}
		c.Templates = append(c.Templates, t)
	}
	yes := true
	for s := 1; s <= 3; s++ {
		rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("rs%d", s), Namespace: "default", UID: "u"},
			Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"set": fmt.Sprint(s)}}}}
		_, err := client.AppsV1().ReplicaSets("default").Create(ctx, rs, metav1.CreateOptions{})
		must(err)
	}
	time.Sleep(100 * time.Millisecond)
	type live struct {
		pod  int
		set  int
		term bool
	}
	var bound []live
	pods := 0
	steps := 60 + r.Intn(60)
	for k := 0; k < steps; k++ {
		x := r.Intn(20)
		switch {
		case x < 14:
			st := step{template: r.Intn(4), set: r.Intn(4), pod: pods}
			t := c.Templates[st.template]
			name := fmt.Sprintf("p%03d", pods)
			pods++
			p := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID("uid-" + name), Labels: map[string]string{"set": fmt.Sprint(st.set)}}, Spec: v1.PodSpec{SchedulerName: "default-scheduler"}}
			if st.set > 0 {
				p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: fmt.Sprintf("rs%d", st.set), UID: "u", Controller: &yes}}
			}
			for ci, im := range t.Images {
				ct := v1.Container{Name: fmt.Sprint("c", ci), Image: im, Resources: v1.ResourceRequirements{Requests: v1.ResourceList{}}}
				if ci == 0 {
					if t.CPUMilli > 0 {
						ct.Resources.Requests["cpu"] = *resource.NewMilliQuantity(int64(t.CPUMilli), resource.DecimalSI)
					}
					if t.Mi > 0 {
						ct.Resources.Requests["memory"] = *resource.NewQuantity(int64(t.Mi)<<20, resource.BinarySI)
					}
					if t.GPUs > 0 {
						ct.Resources.Requests["nvidia.com/gpu"] = *resource.NewQuantity(int64(t.GPUs), resource.DecimalSI)
					}
				}
				p.Spec.Containers = append(p.Spec.Containers, ct)
			}
			for _, key := range t.Tolerates {
				p.Spec.Tolerations = append(p.Spec.Tolerations, v1.Toleration{Key: key, Operator: v1.TolerationOpExists})
			}
			if t.Tier != "" {
				p.Spec.NodeSelector = map[string]string{"tier": t.Tier}
			}
			_, err := client.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{})
			must(err)
			st.to = -1
			wait(func() bool {
				got, err := client.CoreV1().Pods("default").Get(ctx, name, metav1.GetOptions{})
				must(err)
				if got.Spec.NodeName != "" {
					fmt.Sscanf(got.Spec.NodeName, "n%d", &st.to)
					return true
				}
				for _, cond := range got.Status.Conditions {
					if cond.Type == v1.PodScheduled && cond.Status == v1.ConditionFalse {
						st.message = cond.Message
						return true
					}
				}
				return false
			})
			if st.to < 0 {
				must(client.CoreV1().Pods("default").Delete(ctx, name, metav1.DeleteOptions{}))
				time.Sleep(20 * time.Millisecond)
			} else {
				bound = append(bound, live{st.pod, st.set, false})
				// bound pod visible as assigned (not only assumed)
				time.Sleep(5 * time.Millisecond)
			}
			if st.to < 0 {
				c.Steps = append(c.Steps, fmt.Sprintf("reject %d %d %d %s", st.pod, st.template, st.set, st.message))
			} else {
				c.Steps = append(c.Steps, fmt.Sprintf("place %d %d %d %d", st.pod, st.template, st.set, st.to))
			}
		case x < 15 && len(bound) > 0:
			i := r.Intn(len(bound))
			if bound[i].term {
				continue
			}
			name := fmt.Sprintf("p%03d", bound[i].pod)
			got, err := client.CoreV1().Pods("default").Get(ctx, name, metav1.GetOptions{})
			must(err)
			now := metav1.Now()
			got.DeletionTimestamp = &now
			got.Finalizers = []string{"x/y"}
			_, err = client.CoreV1().Pods("default").Update(ctx, got, metav1.UpdateOptions{})
			must(err)
			bound[i].term = true
			c.Steps = append(c.Steps, fmt.Sprintf("terminate %d", bound[i].pod))
			time.Sleep(20 * time.Millisecond)
		case x < 17 && len(bound) > 0:
			i := r.Intn(len(bound))
			name := fmt.Sprintf("p%03d", bound[i].pod)
			got, err := client.CoreV1().Pods("default").Get(ctx, name, metav1.GetOptions{})
			must(err)
			if len(got.Finalizers) > 0 {
				got.Finalizers = nil
				_, err = client.CoreV1().Pods("default").Update(ctx, got, metav1.UpdateOptions{})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
			_ = client.CoreV1().Pods("default").Delete(ctx, name, metav1.DeleteOptions{})
			c.Steps = append(c.Steps, fmt.Sprintf("release %d", bound[i].pod))
			bound = append(bound[:i], bound[i+1:]...)
			time.Sleep(20 * time.Millisecond)
		case x < 19:
			i := r.Intn(n)
			im := images[r.Intn(3)]
			mib := []int{50, 400, 900, 3000}[len(im)%4]
			full := im
			if im == "three" {
				full = "three:latest"
			}
			got, err := client.CoreV1().Nodes().Get(ctx, nodeName(i), metav1.GetOptions{})
			must(err)
			dup := false
			for _, h := range got.Status.Images {
				dup = dup || h.Names[0] == full
			}
			if dup {
				continue
			}
			got.Status.Images = append(got.Status.Images, v1.ContainerImage{Names: []string{full}, SizeBytes: int64(mib) << 20})
			_, err = client.CoreV1().Nodes().UpdateStatus(ctx, got, metav1.UpdateOptions{})
			must(err)
			c.Steps = append(c.Steps, fmt.Sprintf("image %d %s %d", i, im, mib))
			// Refresh every node, so that each snapshot holds the same count of nodes with the image.
			for j := 0; j < n; j++ {
				o, err := client.CoreV1().Nodes().Get(ctx, nodeName(j), metav1.GetOptions{})
				must(err)
				if o.Annotations == nil {
					o.Annotations = map[string]string{}
				}
				o.Annotations["touch"] = fmt.Sprint(k)
				_, err = client.CoreV1().Nodes().Update(ctx, o, metav1.UpdateOptions{})
				must(err)
			}
			time.Sleep(30 * time.Millisecond)
		default:
			i := r.Intn(n)
			got, err := client.CoreV1().Nodes().Get(ctx, nodeName(i), metav1.GetOptions{})
			must(err)
			ts := []string{}
			if r.Intn(2) == 0 {
				ts = append(ts, "hard:NoSchedule")
			}
			if r.Intn(2) == 0 {
				ts = append(ts, "soft:PreferNoSchedule")
			}
			got.Spec.Taints = taints(ts)
			_, err = client.CoreV1().Nodes().Update(ctx, got, metav1.UpdateOptions{})
			must(err)
			c.Steps = append(c.Steps, strings.TrimSpace(fmt.Sprintf("taints %d %s", i, strings.Join(ts, " "))))
			time.Sleep(20 * time.Millisecond)
		}
	}
	return c
}

func wait(f func() bool) {
	for i := 0; i < 20000; i++ {
		if f() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	panic("timed out")
}
func taints(texts []string) (taints []v1.Taint) {
	for _, text := range texts {
		key, effect, _ := strings.Cut(text, ":")
		taints = append(taints, v1.Taint{Key: key, Effect: v1.TaintEffect(effect)})
	}
	return taints
}

func main() {
	var recorded struct {
		Source string `json:"source"`
		Cases  []Case `json:"cases"`
	}
	recorded.Source = "kube-scheduler v1.36.3, its own code on a fake API, parallelism 1, every node scored; pods one by one, nodes take 10 pods"
	for seed := int64(1); seed <= 8; seed++ {
		recorded.Cases = append(recorded.Cases, run(seed))
	}
	text, err := json.MarshalIndent(recorded, "", " ")
	must(err)
	must(os.WriteFile(os.Args[1], append(text, '\n'), 0o644))
}
