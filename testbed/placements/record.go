package main

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
)

var images = []struct {
	name      string
	mebibytes int
}{{"registry/one:1", 900}, {"registry/two:1", 3000}, {"three", 400}}

// bound is a pod that has a node.
type bound struct {
	pod         int
	terminating bool
}

// record makes up a cluster from a seed and writes down what happens in it.
func record(seed int64) Case {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	draw := rand.New(rand.NewSource(seed))
	api := newCluster(ctx)
	var recorded Case
	zones := 1 + draw.Intn(4)
	for range 3 + draw.Intn(20) {
		node := drawNode(draw, zones)
		recorded.Nodes = append(recorded.Nodes, node)
		api.join(node)
	}
	for range 4 {
		recorded.Templates = append(recorded.Templates, drawTemplate(draw))
	}
	var pods []bound
	made := 0
	note := func(format string, arguments ...any) {
		recorded.Steps = append(recorded.Steps, strings.TrimSpace(fmt.Sprintf(format, arguments...)))
	}
	for range 60 + draw.Intn(60) {
		node := draw.Intn(len(recorded.Nodes))
		switch which := draw.Intn(20); {
		case which < 14:
			pod, template, set := made, draw.Intn(4), draw.Intn(setCount+1)
			made++
			to, message := api.place(pod, set, recorded.Templates[template])
			if to < 0 {
				note("reject %d %d %d %s", pod, template, set, message)
			} else {
				note("place %d %d %d %d", pod, template, set, to)
				pods = append(pods, bound{pod: pod})
			}
		case which < 15 && len(pods) > 0:
			at := draw.Intn(len(pods))
			if !pods[at].terminating {
				api.terminate(pods[at].pod)
				pods[at].terminating = true
				note("terminate %d", pods[at].pod)
			}
		case which < 17 && len(pods) > 0:
			at := draw.Intn(len(pods))
			api.release(pods[at].pod)
			note("release %d", pods[at].pod)
			pods = append(pods[:at], pods[at+1:]...)
		case which < 19:
			image := images[draw.Intn(len(images))]
			if api.image(node, image.name, image.mebibytes) {
				note("image %d %s %d", node, image.name, image.mebibytes)
			}
		default:
			texts := drawSome(draw, 2, "hard:NoSchedule", "soft:PreferNoSchedule")
			api.taint(node, texts)
			note("taints %d %s", node, strings.Join(texts, " "))
		}
	}
	return recorded
}

func drawNode(draw *rand.Rand, zones int) Node {
	sizes := []Node{{CPU: 4, Gi: 16}, {CPU: 8, Gi: 32, GPUs: 2}, {CPU: 8, Gi: 64, GPUs: 4}, {CPU: 64, Gi: 512, GPUs: 8}}
	node := sizes[1]
	if draw.Intn(2) == 0 {
		node = sizes[draw.Intn(len(sizes))]
	}
	node.Zone = []string{"", "a", "b", "c"}[draw.Intn(zones)]
	if draw.Intn(3) == 0 {
		node.Tier = "gold"
	}
	node.Taints = drawSome(draw, 6, "hard:NoSchedule", "soft:PreferNoSchedule", "softer:PreferNoSchedule")
	return node
}

func drawTemplate(draw *rand.Rand) Template {
	template := Template{
		CPUMilli:  []int{0, 100, 500, 1000, 2000}[draw.Intn(5)],
		Mi:        []int{0, 256, 1024, 4096}[draw.Intn(4)],
		Tolerates: drawSome(draw, 3, "hard", "soft"),
	}
	if draw.Intn(3) == 0 {
		template.GPUs = 1 + draw.Intn(2)
	}
	if draw.Intn(4) == 0 {
		template.Tier = "gold"
	}
	for range 1 + draw.Intn(2) {
		template.Images = append(template.Images, images[draw.Intn(len(images))].name)
	}
	return template
}

// drawSome takes each of the texts with a chance of one in so many.
func drawSome(draw *rand.Rand, oneIn int, texts ...string) (some []string) {
	for _, text := range texts {
		if draw.Intn(oneIn) == 0 {
			some = append(some, text)
		}
	}
	return some
}
