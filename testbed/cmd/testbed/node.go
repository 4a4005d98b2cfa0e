package main

// The real node as the launcher sees it from outside: one child process in a mount and a process namespace of its own, as
// kind's node is a container of its own. When its first process ends, the kernel ends all others in it and drops its mounts,
// so that containers never outlive it. Its network is the host's: pods' addresses can be reached from the host.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	nodeName  = "real"
	nodeLabel = "greenroom.dev/testbed-node=real"
	gpuName   = "nvidia.com/gpu"
)

// hidden are the host's folders that the node sees its own in place of: those that containerd, the kubelet and the network
// plugins write to by default, some of them without a setting (/var/log/containers, /run/containerd/s, /var/lib/cni/results).
var hidden = []string{"/run", "/var/run", "/var/lib", "/var/log"}

func checkNode(options *Options) error {
	if options.gpus != 0 || len(options.images) > 0 {
		if !options.realNode {
			return errors.New("--gpus and --image are about the real node: add --real-node")
		}
	}
	if !options.realNode {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("--real-node needs root, for namespaces, mounts and cgroups")
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "bridge", "host-local", "loopback", "pause"} {
		if _, err := os.Stat(filepath.Join(options.bin, "node", name)); err != nil {
			return fmt.Errorf("%w: `cargo xtask testbed build --real-node` makes it", err)
		}
	}
	for i, image := range options.images {
		path, err := filepath.Abs(image)
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("--image: %w", err)
		}
		options.images[i] = path
	}
	for _, path := range append([]string{options.dir, options.bin}, options.images...) {
		for _, folder := range hidden {
			if strings.HasPrefix(path, folder+"/") {
				return fmt.Errorf("%s lies below %s, where a real node sees its own files: choose another folder", path, folder)
			}
		}
	}
	return nil
}

func realNode(layout Layout, options *Options, ports Ports, client *Client) (*Component, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"node", "--dir", layout.dir, "--bin", options.bin, "--ports", strconv.Itoa(ports.APIServer), "--timeout", options.timeout.String()}
	for _, image := range options.images {
		args = append(args, "--image", image)
	}
	address := fmt.Sprintf("https://127.0.0.1:%d/api/v1/nodes/%s", ports.APIServer, nodeName)
	return &Component{
		Name: "node", Stage: 3, Path: own, Args: args, Clone: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Ready: func() error {
			// It answers once its components are ready. The Node alone may still tell of a node that was killed just now.
			if _, err := ask(layout.nodeSocket(), "status", ""); err != nil {
				return err
			}
			return nodeReady(client, address, options.gpus)
		},
	}, nil
}

// nodeReady asks for the Node, gives it its GPUs if it has none yet, and is nil once they can be allocated.
func nodeReady(client *Client, address string, gpus int) error {
	text, err := client.do("GET", address, "", nil)
	if err != nil {
		return err
	}
	var node struct {
		Status struct {
			Capacity, Allocatable map[string]string
			Conditions            []struct{ Type, Status string }
		}
	}
	if err := json.Unmarshal(text, &node); err != nil {
		return err
	}
	ready := false
	for _, condition := range node.Status.Conditions {
		ready = ready || condition.Type == "Ready" && condition.Status == "True"
	}
	if !ready {
		return errors.New("the node is not Ready")
	}
	wanted := strconv.Itoa(gpus)
	if gpus == 0 || node.Status.Allocatable[gpuName] == wanted {
		return nil
	}
	// The kubelet keeps an extended resource that somebody else put into the status of its node, and counts with it.
	// https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
	if node.Status.Capacity[gpuName] != wanted {
		patch := fmt.Sprintf(`{"status":{"capacity":{%[1]q:%[2]q},"allocatable":{%[1]q:%[2]q}}}`, gpuName, wanted)
		if _, err := client.do("PATCH", address+"/status", "application/merge-patch+json", []byte(patch)); err != nil {
			return err
		}
	}
	return errors.New("the node's GPUs cannot be allocated yet")
}

// cgroupRoot is the parent of all cgroups of a node's pods, bridge the name of its network; both tell testbeds apart.
func cgroupRoot(ports Ports) string { return fmt.Sprintf("greenroom-testbed-%d", ports.APIServer) }
func bridge(ports Ports) string     { return fmt.Sprintf("testbed%d", ports.APIServer) }

// podSubnet is different for different bases, which are at most 16 bits.
func podSubnet(ports Ports) string {
	return fmt.Sprintf("10.%d.%d.0/24", ports.APIServer>>8, ports.APIServer&0xff)
}

// removeNode takes away what the kernel keeps of a node after its processes: the bridge and the cgroups.
func removeNode(ports Ports) error {
	return errors.Join(removeLink(bridge(ports)), removeCgroups(cgroupRoot(ports)))
}
