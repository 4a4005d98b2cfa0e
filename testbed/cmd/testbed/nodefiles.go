package main

// The files that a real node reads: the settings of containerd, of the kubelet and of the network of its pods, and the
// image of its sandboxes. What is not set is the programs' default.

import (
	"fmt"
	"os"
	"path/filepath"
)

func writeNodeFiles(layout Layout, bin string, ports Ports) error {
	for _, folder := range []string{"lib", "log", "cni", "opt", "volume-plugins"} {
		if err := os.MkdirAll(layout.path("node", folder), 0o755); err != nil {
			return err
		}
	}
	// A copy, because the host's may be a link into /run, which the node does not see.
	resolv, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	files := map[string]string{
		"containerd.toml":         containerdConfig(layout, filepath.Join(bin, "node")),
		"kubelet.yaml":            kubeletConfig(layout, ports),
		"cni/10-testbed.conflist": networkConfig(ports),
		"resolv.conf":             string(resolv),
	}
	for name, text := range files {
		if err := os.WriteFile(layout.path("node", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return writeImage(layout.path("node", "sandbox.tar"), sandboxImage, filepath.Join(bin, "node", "pause"))
}

func containerdConfig(layout Layout, bin string) string {
	return fmt.Sprintf(`version = 3

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '%[1]s'

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE, as in many containers and VMs, no process may ask to be spared more than its parent.
  restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['%[2]s']
  conf_dir = '%[3]s'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '%[2]s/runc'

[plugins.'io.containerd.internal.v1.opt']
  path = '%[4]s'
`, sandboxImage, bin, layout.path("node", "cni"), layout.path("node", "opt"))
}

func kubeletConfig(layout Layout, ports Ports) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
port: %d
healthzPort: %d
healthzBindAddress: 127.0.0.1
# The API server shows a certificate of the testbed's authority; nobody else has one.
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: false }
  x509: { clientCAFile: %s }
authorization: { mode: AlwaysAllow }
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: /%s
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
resolvConf: %s
# Where a cluster usually has its name server. This one has none; without an address every pod would get a warning.
clusterDNS: [10.96.0.10]
volumePluginDir: %s
# The disk is the host's: how full it is says nothing about the node. Images are imported, so none may be collected.
evictionHard: { memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%, nodefs.inodesFree: 1%% }
imageGCHighThresholdPercent: 100
`, ports.Kubelet, ports.KubeletHealth, layout.path("pki", "ca.crt"), containerdSocket, cgroupRoot(ports),
		layout.path("node", "resolv.conf"), layout.path("node", "volume-plugins"))
}

// networkConfig joins pods to a bridge of the host. Their addresses lead there and back; there is no way further, which
// would need the host's packet filter.
func networkConfig(ports Ports) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "testbed",
  "plugins": [{
    "type": "bridge",
    "bridge": %q,
    "isGateway": true,
    "hairpinMode": true,
    "ipam": { "type": "host-local", "ranges": [[{ "subnet": %q }]], "routes": [{ "dst": "0.0.0.0/0" }] }
  }]
}
`, bridge(ports), podSubnet(ports))
}
