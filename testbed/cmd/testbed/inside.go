package main

// The real node from inside: the first process of its namespaces. It makes the mounts, then starts containerd, imports the
// images, starts the kubelet, and watches them as the launcher watches it.

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const containerdSocket = "/run/containerd/containerd.sock"

func runNode(options *Options) error {
	layout := Layout{options.dir}
	ports, err := portsFrom(options.ports)
	if err != nil {
		return err
	}
	if err := writeNodeFiles(layout, options.bin, ports); err != nil {
		return err
	}
	if err := makeCgroups(cgroupRoot(ports)); err != nil {
		return err
	}
	if err := mountNode(layout); err != nil {
		return err
	}
	supervisor := newSupervisor(layout, nodeComponents(layout, options, ports))
	if err := supervisor.listen(layout.nodeSocket()); err != nil {
		return err
	}
	if err := supervisor.bring(options.timeout); err != nil {
		return err
	}
	// The end of this process is the end of all others here, so there is nothing to do after it.
	return supervisor.watch()
}

// mountNode puts the node's own folders in place of the host's.
func mountNode(layout Layout) error {
	mounts := []struct {
		source, target, kind string
		flags                uintptr
	}{
		// Nothing mounted here is seen outside, nor the other way round; inside, containers get what is mounted later.
		{"", "/", "", syscall.MS_REC | syscall.MS_PRIVATE},
		{"", "/", "", syscall.MS_REC | syscall.MS_SHARED},
		{"proc", "/proc", "proc", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
		// Empty after every start, as after a boot.
		{"tmpfs", "/run", "tmpfs", syscall.MS_NOSUID | syscall.MS_NODEV},
		{layout.path("node", "lib"), "/var/lib", "", syscall.MS_BIND},
		{layout.path("node", "log"), "/var/log", "", syscall.MS_BIND},
	}
	for _, m := range mounts {
		if err := syscall.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("failed to mount %s: %w", m.target, err)
		}
	}
	return nil
}

func nodeComponents(layout Layout, options *Options, ports Ports) []*Component {
	program := func(name string) string { return filepath.Join(options.bin, "node", name) }
	// containerd finds its shim in PATH.
	path := "PATH=" + filepath.Join(options.bin, "node") + ":" + os.Getenv("PATH")
	components := []*Component{{
		Name: "containerd", Stage: 0, Path: program("containerd"), Env: []string{path},
		Args: []string{"--config=" + layout.path("node", "containerd.toml")},
		Ready: func() error {
			connection, err := net.DialTimeout("unix", containerdSocket, time.Second)
			if err == nil {
				connection.Close()
			}
			return err
		},
	}}
	for i, image := range append([]string{layout.path("node", "sandbox.tar")}, options.images...) {
		components = append(components, &Component{
			Name: fmt.Sprintf("import-%d", i), Stage: 1, Path: program("ctr"), Once: true,
			Args: []string{"--address=" + containerdSocket, "--namespace=k8s.io", "images", "import", "--local", image},
		})
	}
	client := newClient(Keys{})
	return append(components, &Component{
		Name: "kubelet", Stage: 2, Path: filepath.Join(options.bin, "kubernetes"), Env: []string{path},
		Args: []string{
			"kubelet", "--config=" + layout.path("node", "kubelet.yaml"), "--kubeconfig=" + layout.components(),
			"--hostname-override=" + nodeName, "--node-labels=" + nodeLabel,
		},
		Ready: func() error { return client.ok(fmt.Sprintf("http://127.0.0.1:%d/healthz", ports.KubeletHealth)) },
	})
}
