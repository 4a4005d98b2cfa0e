package main

import (
	"context"
	"fmt"
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

const namespace = "default"

// settle is how long the scheduler's watches may take to see a change.
const settle = 30 * time.Millisecond

// cluster is a fake API with a real scheduler on it.
type cluster struct {
	ctx    context.Context
	client *fake.Clientset
	sched  *scheduler.Scheduler
	nodes  int
	// deleted are the pods that the scheduler asked to go.
	deleted chan int
}

func newCluster(ctx context.Context, chosen ...scheduler.Option) *cluster {
	client := fake.NewClientset()
	client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		return bind(client, action)
	})
	factory := informers.NewSharedInformerFactory(client, 0)
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	if len(chosen) == 0 {
		percentage := int32(100)
		chosen = []scheduler.Option{scheduler.WithParallelism(1), scheduler.WithPercentageOfNodesToScore(&percentage)}
	}
	sched, err := scheduler.New(ctx, client, factory, nil, profile.NewRecorderFactory(broadcaster), chosen...)
	must(err)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	must(sched.WaitForHandlersSync(ctx))
	for _, name := range []string{namespace, "other"} {
		space := &v1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		_, err := client.CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{})
		must(err)
	}
	go sched.Run(ctx)
	c := &cluster{ctx: ctx, client: client, sched: sched}
	for set := 1; set <= setCount; set++ {
		selector := &metav1.LabelSelector{MatchLabels: map[string]string{"set": fmt.Sprint(set)}}
		meta := metav1.ObjectMeta{Name: setName(set), Namespace: namespace, UID: types.UID(setName(set))}
		replicaSet := &appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector}}
		_, err := client.AppsV1().ReplicaSets(namespace).Create(ctx, replicaSet, metav1.CreateOptions{})
		must(err)
	}
	time.Sleep(100 * time.Millisecond)
	return c
}

// bind does what the API server does with a binding, which the fake one leaves out.
func bind(client *fake.Clientset, action clienttesting.Action) (bool, runtime.Object, error) {
	if action.GetSubresource() != "binding" {
		return false, nil, nil
	}
	binding := action.(clienttesting.CreateAction).GetObject().(*v1.Binding)
	pods := v1.SchemeGroupVersion.WithResource("pods")
	object, err := client.Tracker().Get(pods, binding.Namespace, binding.Name)
	if err != nil {
		return true, nil, err
	}
	pod := object.(*v1.Pod).DeepCopy()
	pod.Spec.NodeName = binding.Target.Name
	started := metav1.Unix(int64(podNumber(binding.Name)), 0)
	pod.Status.StartTime = &started
	return true, binding, client.Tracker().Update(pods, pod, binding.Namespace)
}

// stay makes a delete of a pod mark it as terminating.
func stay(c *cluster) clienttesting.ReactionFunc {
	return func(action clienttesting.Action) (bool, runtime.Object, error) {
		name, space := action.(clienttesting.DeleteAction).GetName(), action.GetNamespace()
		pods := v1.SchemeGroupVersion.WithResource("pods")
		object, err := c.client.Tracker().Get(pods, space, name)
		if err != nil {
			return true, nil, err
		}
		pod := object.(*v1.Pod).DeepCopy()
		now := metav1.Now()
		pod.DeletionTimestamp = &now
		c.deleted <- podNumber(name)
		return true, nil, c.client.Tracker().Update(pods, pod, space)
	}
}

func (c *cluster) join(node Node) {
	labels := map[string]string{}
	if node.Zone != "" {
		labels["topology.kubernetes.io/zone"] = node.Zone
	}
	if node.Tier != "" {
		labels["tier"] = node.Tier
	}
	c.joinRich(RichNode{CPU: node.CPU, Gi: node.Gi, GPUs: node.GPUs, Labels: labels, Taints: node.Taints})
}

// place creates a pod and waits for the decision: a node, or -1 and a message.
func (c *cluster) place(pod, set int, template Template) (node int, message string) {
	name := podName(pod)
	object := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID(name), Labels: map[string]string{"set": fmt.Sprint(set)},
		},
		Spec: v1.PodSpec{SchedulerName: "default-scheduler"},
	}
	if set > 0 {
		yes := true
		object.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "ReplicaSet", Name: setName(set), UID: types.UID(setName(set)), Controller: &yes,
		}}
	}
	for at, image := range template.Images {
		container := v1.Container{Name: fmt.Sprint("c", at), Image: image}
		if at == 0 {
			container.Resources.Requests = amounts(template.CPUMilli, template.Mi, template.GPUs)
		}
		object.Spec.Containers = append(object.Spec.Containers, container)
	}
	for _, key := range template.Tolerates {
		toleration := v1.Toleration{Key: key, Operator: v1.TolerationOpExists}
		object.Spec.Tolerations = append(object.Spec.Tolerations, toleration)
	}
	if template.Tier != "" {
		object.Spec.NodeSelector = map[string]string{"tier": template.Tier}
	}
	pods := c.client.CoreV1().Pods(namespace)
	_, err := pods.Create(c.ctx, object, metav1.CreateOptions{})
	must(err)
	node = -1
	wait(func() bool {
		seen, err := pods.Get(c.ctx, name, metav1.GetOptions{})
		must(err)
		if seen.Spec.NodeName != "" {
			_, err := fmt.Sscanf(seen.Spec.NodeName, "n%d", &node)
			must(err)
			return true
		}
		for _, condition := range seen.Status.Conditions {
			if condition.Type == v1.PodScheduled && condition.Status == v1.ConditionFalse {
				message = condition.Message
				return true
			}
		}
		return false
	})
	if node < 0 {
		must(pods.Delete(c.ctx, name, metav1.DeleteOptions{}))
	}
	time.Sleep(settle)
	return node, message
}

func (c *cluster) terminate(pod int) {
	pods := c.client.CoreV1().Pods(c.spaceOf(pod))
	object, err := pods.Get(c.ctx, podName(pod), metav1.GetOptions{})
	must(err)
	now := metav1.Now()
	object.DeletionTimestamp = &now
	// The fake API would delete a pod without finalizers at once.
	object.Finalizers = []string{"greenroom.dev/terminating"}
	_, err = pods.Update(c.ctx, object, metav1.UpdateOptions{})
	must(err)
	time.Sleep(settle)
}

func (c *cluster) release(pod int) {
	must(c.client.Tracker().Delete(v1.SchemeGroupVersion.WithResource("pods"), c.spaceOf(pod), podName(pod)))
	time.Sleep(settle)
}

// spaceOf is the namespace of a pod.
func (c *cluster) spaceOf(pod int) string {
	if _, err := c.client.CoreV1().Pods(namespace).Get(c.ctx, podName(pod), metav1.GetOptions{}); err == nil {
		return namespace
	}
	return "other"
}

// image puts an image on a node; false if it is there.
func (c *cluster) image(node int, image string, mebibytes int) bool {
	if !strings.Contains(image, ":") {
		image += ":latest"
	}
	nodes := c.client.CoreV1().Nodes()
	object, err := nodes.Get(c.ctx, nodeName(node), metav1.GetOptions{})
	must(err)
	for _, held := range object.Status.Images {
		if held.Names[0] == image {
			return false
		}
	}
	held := v1.ContainerImage{Names: []string{image}, SizeBytes: int64(mebibytes) << 20}
	object.Status.Images = append(object.Status.Images, held)
	_, err = nodes.UpdateStatus(c.ctx, object, metav1.UpdateOptions{})
	must(err)
	// The scheduler counts the nodes with an image anew for those nodes that changed: so every node does.
	for other := 0; other < c.nodes; other++ {
		object, err := nodes.Get(c.ctx, nodeName(other), metav1.GetOptions{})
		must(err)
		object.Annotations = map[string]string{"touched": fmt.Sprint(time.Now().UnixNano())}
		_, err = nodes.Update(c.ctx, object, metav1.UpdateOptions{})
		must(err)
	}
	time.Sleep(settle)
	return true
}

func (c *cluster) taint(node int, texts []string) {
	nodes := c.client.CoreV1().Nodes()
	object, err := nodes.Get(c.ctx, nodeName(node), metav1.GetOptions{})
	must(err)
	object.Spec.Taints = taints(texts)
	_, err = nodes.Update(c.ctx, object, metav1.UpdateOptions{})
	must(err)
	time.Sleep(settle)
}

func amounts(cpuMilli, mebibytes, gpus int) v1.ResourceList {
	list := v1.ResourceList{}
	if cpuMilli > 0 {
		list["cpu"] = *resource.NewMilliQuantity(int64(cpuMilli), resource.DecimalSI)
	}
	if mebibytes > 0 {
		list["memory"] = *resource.NewQuantity(int64(mebibytes)<<20, resource.BinarySI)
	}
	if gpus > 0 {
		list["nvidia.com/gpu"] = *resource.NewQuantity(int64(gpus), resource.DecimalSI)
	}
	return list
}

func taints(texts []string) (taints []v1.Taint) {
	for _, text := range texts {
		key, effect, _ := strings.Cut(text, ":")
		taints = append(taints, v1.Taint{Key: key, Effect: v1.TaintEffect(effect)})
	}
	return taints
}

func nodeName(node int) string { return fmt.Sprintf("n%02d", node) }
func podName(pod int) string   { return fmt.Sprintf("p%03d", pod) }
func podNumber(name string) (pod int) {
	_, err := fmt.Sscanf(name, "p%d", &pod)
	must(err)
	return pod
}
func setName(set int) string { return fmt.Sprintf("set%d", set) }

func wait(done func() bool) {
	for try := 0; try < 20000; try++ {
		if done() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	panic("waited too long")
}
