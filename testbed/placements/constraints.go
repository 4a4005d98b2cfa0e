package main

import (
	"context"
	"fmt"
	"math/rand"
	"sort"
	"time"

	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// RichNode is a node with any labels.
type RichNode struct {
	CPU    int               `json:"cpu"`
	Gi     int               `json:"gi"`
	GPUs   int               `json:"gpus,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Taints []string          `json:"taints,omitempty"` // key:effect
}

// Need is a requirement on a label.
type Need struct {
	Key    string   `json:"key"`
	Op     string   `json:"op"`
	Values []string `json:"values,omitempty"`
}

// NodeWish is a preferred node term.
type NodeWish struct {
	Weight int32  `json:"weight"`
	Needs  []Need `json:"needs"`
}

// PodWish is a term about other pods; weight 0 for required terms.
type PodWish struct {
	Weight     int32             `json:"weight,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Needs      []Need            `json:"needs,omitempty"`
	Namespaces []string          `json:"namespaces,omitempty"`
	All        bool              `json:"all,omitempty"`
	Key        string            `json:"key"`
}

// Spread is a topology spread constraint.
type Spread struct {
	Skew          int32             `json:"skew"`
	Key           string            `json:"key"`
	Hard          bool              `json:"hard,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	LabelKeys     []string          `json:"label_keys,omitempty"`
	MinDomains    int32             `json:"min_domains,omitempty"`
	IgnoresLabels bool              `json:"ignores_labels,omitempty"`
	HonorsTaints  bool              `json:"honors_taints,omitempty"`
}

// RichTemplate is what pods are made from.
type RichTemplate struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels,omitempty"`
	CPUMilli  int               `json:"cpu_milli,omitempty"`
	Mi        int               `json:"mi,omitempty"`
	GPUs      int               `json:"gpus,omitempty"`
	Priority  int32             `json:"priority,omitempty"`
	Never     bool              `json:"never,omitempty"`
	Tolerates []string          `json:"tolerates,omitempty"`
	Selects   map[string]string `json:"selects,omitempty"`
	Terms     [][]Need          `json:"terms,omitempty"`
	Prefers   []NodeWish        `json:"prefers,omitempty"`
	Beside    []PodWish         `json:"beside,omitempty"`
	Away      []PodWish         `json:"away,omitempty"`
	Likes     []PodWish         `json:"likes,omitempty"`
	Dislikes  []PodWish         `json:"dislikes,omitempty"`
	Spreads   []Spread          `json:"spreads,omitempty"`
	Ports     []int32           `json:"ports,omitempty"`
	Images    []string          `json:"images"`
}

// Budget allows so many disruptions of pods with these labels.
type Budget struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Allowed   int32             `json:"allowed"`
}

// Step is one thing that happened. A pod that preempts others waits for them; `bound` tells when and where it went.
type Step struct {
	Do       string   `json:"do"` // place, reject, preempt, bound, terminate, release, image, taints, cordon, uncordon, label
	Pod      int      `json:"pod,omitempty"`
	Template int      `json:"template,omitempty"`
	Node     int      `json:"node,omitempty"`
	Message  string   `json:"message,omitempty"`
	Victims  []int    `json:"victims,omitempty"`
	Texts    []string `json:"texts,omitempty"`
	Mi       int      `json:"mi,omitempty"`
}

// RichCase is a cluster and what happened in it.
type RichCase struct {
	About     string         `json:"about"`
	Config    string         `json:"config,omitempty"`
	Nodes     []RichNode     `json:"nodes"`
	Templates []RichTemplate `json:"templates"`
	Budgets   []Budget       `json:"budgets,omitempty"`
	Steps     []Step         `json:"steps"`
}

const richSource = "kube-scheduler v1.36.3, its own code on a fake API, parallelism 1, every node scored; pods one by one, nodes take 10 pods; pod N started N seconds after the epoch; a deleted pod stays until it is released"

var abouts = []string{"node affinity", "pod affinity", "topology spread", "ports and taints", "preemption", "everything", "preemption", "preemption"}

// player draws a case and records it.
type player struct {
	draw    *rand.Rand
	api     *cluster
	about   string
	record  RichCase
	made    int
	pods    []bound
	waiting map[int]int // preemptor: template
	victims []int
	failed  int  // rejections in a row
	calm    bool // every pod has the same priority
}

func recordRich(seed int64) RichCase {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	draw := rand.New(rand.NewSource(seed))
	p := &player{draw: draw, api: newCluster(ctx), waiting: map[int]int{}}
	p.about = abouts[int(seed)%len(abouts)]
	p.fill(3+p.draw.Intn(8), 50)
	return p.record
}

// recordProfile records what a scheduler with a configuration decides.
func recordProfile(seed int64, about, profiles, rest string, nodes, steps int) RichCase {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	text := head + rest + "profiles:" + profiles
	p := &player{draw: rand.New(rand.NewSource(seed)), api: newCluster(ctx, options(text)...), waiting: map[int]int{}}
	p.about = "everything"
	if nodes > 0 {
		p.about = "node affinity"
	} else {
		nodes = 4 + p.draw.Intn(6)
	}
	p.calm = true
	p.fill(nodes, steps)
	p.record.About, p.record.Config = about, text
	return p.record
}

func (p *player) fill(nodes, steps int) {
	p.record.About = p.about
	p.api.gracefully()
	for range nodes {
		node := p.node()
		p.record.Nodes = append(p.record.Nodes, node)
		p.api.joinRich(node)
	}
	for range 5 {
		p.record.Templates = append(p.record.Templates, p.template())
	}
	if p.is("preemption") {
		for range p.draw.Intn(3) {
			p.record.Budgets = append(p.record.Budgets, Budget{
				Namespace: p.namespace(), Labels: map[string]string{"app": p.app()}, Allowed: int32(p.draw.Intn(3)),
			})
		}
		p.api.budgets(p.record.Budgets)
	}
	for range steps {
		p.step()
	}
}

func (p *player) one(in int) bool { return p.draw.Intn(in) == 0 }
func (p *player) pick(texts ...string) string {
	return texts[p.draw.Intn(len(texts))]
}
func (p *player) app() string { return p.pick("a", "b", "c") }
func (p *player) namespace() string {
	if p.one(4) {
		return "other"
	}
	return namespace
}
func (p *player) is(about string) bool { return p.about == about || p.about == "everything" }

func (p *player) node() RichNode {
	node := RichNode{CPU: 4 * (1 + p.draw.Intn(2)), Gi: 16 << p.draw.Intn(2), Labels: map[string]string{}}
	if p.one(3) {
		node.GPUs = 2
	}
	if !p.one(6) {
		node.Labels["topology.kubernetes.io/zone"] = p.pick("x", "y", "z")
	}
	if !p.one(3) {
		node.Labels["rack"] = p.pick("r1", "r2")
	}
	if p.one(2) {
		node.Labels["tier"] = p.pick("gold", "silver")
	}
	if p.one(2) {
		node.Labels["size"] = p.pick("1", "5", "9")
	}
	if p.is("ports and taints") || p.is("topology spread") {
		node.Taints = drawSome(p.draw, 5, "hard:NoSchedule", "soft:PreferNoSchedule", "gone:NoExecute")
	}
	return node
}

func (p *player) nodeNeeds() []Need {
	needs := []Need{
		{Key: "tier", Op: "In", Values: []string{"gold", "bronze"}}, {Key: "tier", Op: "NotIn", Values: []string{"silver"}},
		{Key: "rack", Op: "Exists"}, {Key: "rack", Op: "DoesNotExist"},
		{Key: "size", Op: "Gt", Values: []string{"4"}}, {Key: "size", Op: "Lt", Values: []string{"6"}},
	}
	p.draw.Shuffle(len(needs), func(i, j int) { needs[i], needs[j] = needs[j], needs[i] })
	return needs[:1+p.draw.Intn(2)]
}

func (p *player) podWish(weighted bool) PodWish {
	wish := PodWish{Key: p.pick("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack")}
	if weighted {
		wish.Weight = int32(1 + p.draw.Intn(100))
	}
	switch p.draw.Intn(4) {
	case 0:
		wish.Needs = []Need{{Key: "app", Op: "In", Values: []string{p.app(), p.app()}}}
	case 1:
		wish.Needs = []Need{{Key: "app", Op: "NotIn", Values: []string{p.app()}}}
	default:
		wish.Labels = map[string]string{"app": p.app()}
	}
	switch p.draw.Intn(5) {
	case 0:
		wish.All = true
	case 1:
		wish.Namespaces = []string{"other", namespace}[:1+p.draw.Intn(2)]
	}
	return wish
}

func (p *player) template() RichTemplate {
	template := RichTemplate{
		Namespace: p.namespace(), Labels: map[string]string{"app": p.app(), "version": p.pick("1", "2")},
		CPUMilli: []int{0, 100, 500, 1000, 2000}[p.draw.Intn(5)], Mi: []int{0, 256, 1024, 4096}[p.draw.Intn(4)],
		Images: []string{images[p.draw.Intn(len(images))].name},
	}
	if p.one(5) {
		template.GPUs = 1
	}
	template.Tolerates = drawSome(p.draw, 3, "hard", "soft", "gone")
	if p.is("node affinity") {
		if p.one(4) {
			template.Selects = map[string]string{"tier": "gold"}
		}
		if p.one(2) {
			template.Terms = [][]Need{p.nodeNeeds()}
			if p.one(2) {
				template.Terms = append(template.Terms, p.nodeNeeds())
			}
		}
		for range p.draw.Intn(3) {
			template.Prefers = append(template.Prefers, NodeWish{Weight: int32(1 + p.draw.Intn(100)), Needs: p.nodeNeeds()})
		}
	}
	if p.is("pod affinity") {
		if p.one(3) {
			template.Beside = append(template.Beside, p.podWish(false))
			if p.one(4) {
				template.Beside = append(template.Beside, p.podWish(false))
			}
		}
		if p.one(3) {
			template.Away = append(template.Away, p.podWish(false))
		}
		for range p.draw.Intn(3) {
			template.Likes = append(template.Likes, p.podWish(true))
		}
		if p.one(2) {
			template.Dislikes = append(template.Dislikes, p.podWish(true))
		}
	}
	if p.is("topology spread") {
		for range p.draw.Intn(3) {
			spread := Spread{
				Skew: int32(1 + p.draw.Intn(3)), Key: p.pick("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack"),
				Hard: p.one(2), Labels: map[string]string{"app": template.Labels["app"]}, IgnoresLabels: p.one(4), HonorsTaints: p.one(3),
			}
			if p.one(4) {
				spread.Labels["app"] = p.app()
			}
			if p.one(3) {
				spread.LabelKeys = []string{"version"}
			}
			if spread.Hard && p.one(3) {
				spread.MinDomains = int32(2 + p.draw.Intn(3))
			}
			template.Spreads = append(template.Spreads, spread)
		}
		if p.one(4) {
			template.Selects = map[string]string{"tier": "gold"}
		}
	}
	if p.is("ports and taints") && p.one(2) {
		template.Ports = []int32{int32(8000 + p.draw.Intn(3))}
	}
	if p.is("preemption") {
		level := p.draw.Intn(4)
		template.Priority = int32(100 * level)
		template.CPUMilli = []int{500, 1000, 2000, 3000}[(level+p.draw.Intn(2))%4]
		template.Never = p.one(6)
		if p.one(4) {
			template.Away = append(template.Away, p.podWish(false))
		}
		if p.one(5) {
			template.Ports = []int32{8000}
		}
		if p.one(5) {
			template.Spreads = append(template.Spreads, Spread{
				Skew: 1, Key: "topology.kubernetes.io/zone", Hard: true, Labels: map[string]string{"app": template.Labels["app"]},
			})
		}
	}
	if p.calm {
		template.Priority, template.Never = 0, false
		// Scores are to be seen, so few filters.
		template.Terms, template.Selects, template.Beside = nil, nil, nil
		if !p.one(3) {
			template.Away, template.Ports = nil, nil
		}
		for at := range template.Spreads {
			template.Spreads[at].Hard, template.Spreads[at].MinDomains = false, 0
		}
	}
	return template
}

func (p *player) note(step Step) { p.record.Steps = append(p.record.Steps, step) }

func (p *player) step() {
	p.look()
	node := p.draw.Intn(len(p.record.Nodes))
	switch which := p.draw.Intn(20); {
	case len(p.victims) > 0 && which < 8:
		victim := p.victims[0]
		p.victims = p.victims[1:]
		p.release(victim)
	case p.failed > 1 && len(p.pods) > 0 && len(p.waiting) == 0:
		p.release(p.pods[p.draw.Intn(len(p.pods))].pod)
		p.failed = 0
	case which < 15:
		p.place()
	case len(p.waiting) > 0:
		// What else happens could help a pod that waits at a time that nobody can tell.
	case which < 16 && len(p.pods) > 0:
		at := p.draw.Intn(len(p.pods))
		if !p.pods[at].terminating {
			p.api.terminate(p.pods[at].pod)
			p.pods[at].terminating = true
			p.note(Step{Do: "terminate", Pod: p.pods[at].pod})
		}
	case which < 18 && len(p.pods) > 0:
		p.release(p.pods[p.draw.Intn(len(p.pods))].pod)
	case which < 19:
		image := images[p.draw.Intn(len(images))]
		if p.api.image(node, image.name, image.mebibytes) {
			p.note(Step{Do: "image", Node: node, Texts: []string{image.name}, Mi: image.mebibytes})
		}
	case p.one(2):
		texts := drawSome(p.draw, 2, "hard:NoSchedule", "soft:PreferNoSchedule")
		p.api.taint(node, texts)
		p.note(Step{Do: "taints", Node: node, Texts: texts})
	default:
		value := p.pick("gold", "silver")
		p.api.label(node, "tier", value)
		p.note(Step{Do: "label", Node: node, Texts: []string{"tier", value}})
	}
}

func (p *player) release(pod int) {
	p.api.release(pod)
	p.note(Step{Do: "release", Pod: pod})
	for at := range p.pods {
		if p.pods[at].pod == pod {
			p.pods = append(p.pods[:at], p.pods[at+1:]...)
			break
		}
	}
	for at := range p.victims {
		if p.victims[at] == pod {
			p.victims = append(p.victims[:at], p.victims[at+1:]...)
			break
		}
	}
	if len(p.waiting) > 0 {
		time.Sleep(300 * time.Millisecond)
	}
	p.look()
}

// look notes the pods that waited for others to go and have a node now.
func (p *player) look() {
	var waiting []int
	for pod := range p.waiting {
		waiting = append(waiting, pod)
	}
	sort.Ints(waiting)
	for _, pod := range waiting {
		if node := p.api.nodeOf(pod); node >= 0 {
			p.note(Step{Do: "bound", Pod: pod, Template: p.waiting[pod], Node: node})
			p.pods = append(p.pods, bound{pod: pod})
			delete(p.waiting, pod)
		}
	}
}

func (p *player) place() {
	pod, template := p.made, p.draw.Intn(len(p.record.Templates))
	p.made++
	result := p.api.placeRich(pod, p.record.Templates[template])
	switch {
	case result.node >= 0:
		p.failed = 0
		p.note(Step{Do: "place", Pod: pod, Template: template, Node: result.node})
		p.pods = append(p.pods, bound{pod: pod})
	case result.nominated >= 0:
		p.note(Step{
			Do: "preempt", Pod: pod, Template: template, Node: result.nominated, Message: result.message, Victims: result.victims,
		})
		p.waiting[pod] = template
		for _, victim := range result.victims {
			for at := range p.pods {
				if p.pods[at].pod == victim {
					p.pods[at].terminating = true
				}
			}
		}
		p.victims = append(p.victims, result.victims...)
	default:
		p.failed++
		p.note(Step{Do: "reject", Pod: pod, Template: template, Message: result.message})
	}
}

// gracefully makes a deleted pod stay, terminating, until it is released.
func (c *cluster) gracefully() {
	c.deleted = make(chan int, 1000)
	c.client.PrependReactor("delete", "pods", stay(c))
}

func (c *cluster) budgets(budgets []Budget) {
	for at, budget := range budgets {
		none := intstr.FromInt32(0)
		object := &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("budget", at), Namespace: budget.Namespace},
			Spec: policyv1.PodDisruptionBudgetSpec{
				MinAvailable: &none, Selector: &metav1.LabelSelector{MatchLabels: budget.Labels},
			},
			Status: policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: budget.Allowed},
		}
		_, err := c.client.PolicyV1().PodDisruptionBudgets(budget.Namespace).Create(c.ctx, object, metav1.CreateOptions{})
		must(err)
	}
	time.Sleep(settle)
}

func (c *cluster) joinRich(node RichNode) {
	labels := map[string]string{"kubernetes.io/hostname": nodeName(c.nodes)}
	for key, value := range node.Labels {
		labels[key] = value
	}
	holds := amounts(node.CPU*1000, node.Gi<<10, node.GPUs)
	holds["pods"] = *resource.NewQuantity(podsMax, resource.DecimalSI)
	object := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: nodeName(c.nodes), Labels: labels},
		Spec:       v1.NodeSpec{Taints: taints(node.Taints)},
		Status:     v1.NodeStatus{Allocatable: holds, Capacity: holds},
	}
	_, err := c.client.CoreV1().Nodes().Create(c.ctx, object, metav1.CreateOptions{})
	must(err)
	c.nodes++
	wait(func() bool { return len(c.sched.Cache.Dump().Nodes) == c.nodes })
}

func (c *cluster) label(node int, key, value string) {
	nodes := c.client.CoreV1().Nodes()
	object, err := nodes.Get(c.ctx, nodeName(node), metav1.GetOptions{})
	must(err)
	object.Labels[key] = value
	_, err = nodes.Update(c.ctx, object, metav1.UpdateOptions{})
	must(err)
	time.Sleep(settle)
}

// nodeOf is the node of a pod, or -1.
func (c *cluster) nodeOf(pod int) int {
	for _, space := range []string{namespace, "other"} {
		object, err := c.client.CoreV1().Pods(space).Get(c.ctx, podName(pod), metav1.GetOptions{})
		if err == nil && object.Spec.NodeName != "" {
			var node int
			_, err := fmt.Sscanf(object.Spec.NodeName, "n%d", &node)
			must(err)
			return node
		}
	}
	return -1
}

// placed is what became of a pod: a node, a nominated node and victims, or a message alone.
type placed struct {
	node      int
	nominated int
	message   string
	victims   []int
}

func (c *cluster) placeRich(pod int, template RichTemplate) placed {
	name := podName(pod)
	object := template.pod(name)
	pods := c.client.CoreV1().Pods(template.Namespace)
	_, err := pods.Create(c.ctx, object, metav1.CreateOptions{})
	must(err)
	result := placed{node: -1, nominated: -1}
	wait(func() bool {
		seen, err := pods.Get(c.ctx, name, metav1.GetOptions{})
		must(err)
		if seen.Spec.NodeName != "" {
			_, err := fmt.Sscanf(seen.Spec.NodeName, "n%d", &result.node)
			must(err)
			return true
		}
		for _, condition := range seen.Status.Conditions {
			if condition.Type == v1.PodScheduled && condition.Status == v1.ConditionFalse {
				result.message = condition.Message
				if seen.Status.NominatedNodeName != "" {
					_, err := fmt.Sscanf(seen.Status.NominatedNodeName, "n%d", &result.nominated)
					must(err)
				}
				return true
			}
		}
		return false
	})
	if result.nominated >= 0 {
		// The scheduler deletes in the background; a node whose victims all terminate already has none to delete.
		for quiet := 0; quiet < 4 || len(c.deleted) == 0 && quiet < 10; quiet++ {
			before := len(c.deleted)
			time.Sleep(200 * time.Millisecond)
			if len(c.deleted) > before {
				quiet = 0
			}
		}
		for len(c.deleted) > 0 {
			result.victims = append(result.victims, <-c.deleted)
		}
		sort.Ints(result.victims)
	} else if result.node < 0 {
		must(c.client.Tracker().Delete(v1.SchemeGroupVersion.WithResource("pods"), template.Namespace, name))
	}
	time.Sleep(settle)
	return result
}

func (t RichTemplate) pod(name string) *v1.Pod {
	object := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: t.Namespace, UID: types.UID(name), Labels: t.Labels},
		Spec:       v1.PodSpec{SchedulerName: "default-scheduler", Priority: &t.Priority, NodeSelector: t.Selects},
	}
	if t.Never {
		never := v1.PreemptNever
		object.Spec.PreemptionPolicy = &never
	}
	for at, image := range t.Images {
		container := v1.Container{Name: fmt.Sprint("c", at), Image: image}
		if at == 0 {
			container.Resources.Requests = amounts(t.CPUMilli, t.Mi, t.GPUs)
			for _, port := range t.Ports {
				container.Ports = append(container.Ports, v1.ContainerPort{HostPort: port, ContainerPort: port, Protocol: v1.ProtocolTCP})
			}
		}
		object.Spec.Containers = append(object.Spec.Containers, container)
	}
	for _, key := range t.Tolerates {
		object.Spec.Tolerations = append(object.Spec.Tolerations, v1.Toleration{Key: key, Operator: v1.TolerationOpExists})
	}
	object.Spec.Affinity = t.affinity()
	for _, spread := range t.Spreads {
		constraint := v1.TopologySpreadConstraint{
			MaxSkew: spread.Skew, TopologyKey: spread.Key, WhenUnsatisfiable: v1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: spread.Labels}, MatchLabelKeys: spread.LabelKeys,
		}
		if spread.Hard {
			constraint.WhenUnsatisfiable = v1.DoNotSchedule
		}
		if spread.MinDomains > 0 {
			constraint.MinDomains = &spread.MinDomains
		}
		ignore, honor := v1.NodeInclusionPolicyIgnore, v1.NodeInclusionPolicyHonor
		if spread.IgnoresLabels {
			constraint.NodeAffinityPolicy = &ignore
		}
		if spread.HonorsTaints {
			constraint.NodeTaintsPolicy = &honor
		}
		object.Spec.TopologySpreadConstraints = append(object.Spec.TopologySpreadConstraints, constraint)
	}
	return object
}

func (t RichTemplate) affinity() *v1.Affinity {
	nodes, beside, away := &v1.NodeAffinity{}, &v1.PodAffinity{}, &v1.PodAntiAffinity{}
	if len(t.Terms) > 0 {
		nodes.RequiredDuringSchedulingIgnoredDuringExecution = &v1.NodeSelector{}
		for _, needs := range t.Terms {
			required := nodes.RequiredDuringSchedulingIgnoredDuringExecution
			required.NodeSelectorTerms = append(required.NodeSelectorTerms, nodeTerm(needs))
		}
	}
	for _, wish := range t.Prefers {
		nodes.PreferredDuringSchedulingIgnoredDuringExecution = append(nodes.PreferredDuringSchedulingIgnoredDuringExecution,
			v1.PreferredSchedulingTerm{Weight: wish.Weight, Preference: nodeTerm(wish.Needs)})
	}
	for _, wish := range t.Beside {
		beside.RequiredDuringSchedulingIgnoredDuringExecution = append(beside.RequiredDuringSchedulingIgnoredDuringExecution, wish.term())
	}
	for _, wish := range t.Away {
		away.RequiredDuringSchedulingIgnoredDuringExecution = append(away.RequiredDuringSchedulingIgnoredDuringExecution, wish.term())
	}
	for _, wish := range t.Likes {
		beside.PreferredDuringSchedulingIgnoredDuringExecution = append(beside.PreferredDuringSchedulingIgnoredDuringExecution,
			v1.WeightedPodAffinityTerm{Weight: wish.Weight, PodAffinityTerm: wish.term()})
	}
	for _, wish := range t.Dislikes {
		away.PreferredDuringSchedulingIgnoredDuringExecution = append(away.PreferredDuringSchedulingIgnoredDuringExecution,
			v1.WeightedPodAffinityTerm{Weight: wish.Weight, PodAffinityTerm: wish.term()})
	}
	return &v1.Affinity{NodeAffinity: nodes, PodAffinity: beside, PodAntiAffinity: away}
}

func nodeTerm(needs []Need) (term v1.NodeSelectorTerm) {
	for _, need := range needs {
		term.MatchExpressions = append(term.MatchExpressions,
			v1.NodeSelectorRequirement{Key: need.Key, Operator: v1.NodeSelectorOperator(need.Op), Values: need.Values})
	}
	return term
}

func (w PodWish) term() v1.PodAffinityTerm {
	selector := &metav1.LabelSelector{MatchLabels: w.Labels}
	for _, need := range w.Needs {
		selector.MatchExpressions = append(selector.MatchExpressions,
			metav1.LabelSelectorRequirement{Key: need.Key, Operator: metav1.LabelSelectorOperator(need.Op), Values: need.Values})
	}
	term := v1.PodAffinityTerm{LabelSelector: selector, Namespaces: w.Namespaces, TopologyKey: w.Key}
	if w.All {
		term.NamespaceSelector = &metav1.LabelSelector{}
	}
	return term
}
