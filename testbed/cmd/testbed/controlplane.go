package main

// The components of the control plane and kwok: their flags, and how each says that it is ready.

import (
	"fmt"
	"path/filepath"
)

const (
	serviceRange        = "10.96.0.0/16"
	firstServiceAddress = "10.96.0.1"
)

// The addresses that kwok gives its pods; RFC 2544's range for benchmarks, so that none is a real pod's.
const kwokPodRange = "198.18.0.0/15"

func controlPlane(layout Layout, bin string, ports Ports, client *Client) []*Component {
	kubernetes := filepath.Join(bin, "kubernetes")
	pki := func(name string) string { return layout.path("pki", name) }
	local := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
	secure := func(port int) string { return fmt.Sprintf("https://127.0.0.1:%d", port) }
	serving := []string{"--bind-address=127.0.0.1", "--tls-cert-file=" + pki("server.crt"), "--tls-private-key-file=" + pki("server.key")}
	// The rates let a rollout of thousands of pods be limited by the machine, not by a client's default of 20 or 50 a second.
	controller := append([]string{
		"--kubeconfig=" + layout.components(), "--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000",
		"--authentication-skip-lookup=true",
	}, serving...)

	return []*Component{
		{
			Name: "etcd", Stage: 0, Path: kubernetes,
			Args: []string{
				// The data lives as long as the testbed, so nothing is gained by waiting for the disk.
				"etcd", "--unsafe-no-fsync", "--data-dir=" + layout.path("etcd"), "--log-level=warn",
				"--listen-client-urls=" + local(ports.Etcd), "--advertise-client-urls=" + local(ports.Etcd),
				"--listen-peer-urls=" + local(ports.EtcdPeer), "--initial-advertise-peer-urls=" + local(ports.EtcdPeer),
				"--initial-cluster=default=" + local(ports.EtcdPeer),
			},
			Ready: func() error { return client.ok(local(ports.Etcd) + "/health") },
		},
		{
			Name: "kube-apiserver", Stage: 1, Path: kubernetes,
			Args: append([]string{
				"kube-apiserver", "--etcd-servers=" + local(ports.Etcd), fmt.Sprintf("--secure-port=%d", ports.APIServer),
				"--authorization-mode=RBAC", "--token-auth-file=" + pki("tokens.csv"), "--service-cluster-ip-range=" + serviceRange,
				"--service-account-issuer=https://kubernetes.default.svc",
				"--service-account-key-file=" + pki("service-accounts.key"),
				"--service-account-signing-key-file=" + pki("service-accounts.key"),
				"--kubelet-client-certificate=" + pki("kubelet-client.crt"), "--kubelet-client-key=" + pki("kubelet-client.key"),
				// A real node's name is known to no name server.
				"--kubelet-preferred-address-types=InternalIP",
				// Pods would wait for a service account's token that nothing on a kwok node mounts.
				"--disable-admission-plugins=ServiceAccount",
			}, serving...),
			Ready: func() error { return client.ok(secure(ports.APIServer) + "/readyz") },
		},
		{
			Name: "kube-controller-manager", Stage: 2, Path: kubernetes,
			Args: append([]string{
				"kube-controller-manager", fmt.Sprintf("--secure-port=%d", ports.ControllerManager),
				"--service-account-private-key-file=" + pki("service-accounts.key"), "--root-ca-file=" + pki("ca.crt"),
			}, controller...),
			Ready: func() error {
				if err := client.ok(secure(ports.ControllerManager) + "/healthz"); err != nil {
					return err
				}
				// Its controllers start after its port answers; this is among the last things that they make in a new cluster.
				return client.ok(secure(ports.APIServer) + "/api/v1/namespaces/default/serviceaccounts/default")
			},
		},
		{
			Name: "kube-scheduler", Stage: 2, Path: kubernetes,
			Args:  append([]string{"kube-scheduler", fmt.Sprintf("--secure-port=%d", ports.Scheduler)}, controller...),
			Ready: func() error { return client.ok(secure(ports.Scheduler) + "/readyz") },
		},
		{
			Name: "kwok", Stage: 2, Path: filepath.Join(bin, "kwok"),
			Args: []string{
				"--kubeconfig=" + layout.components(), "--config=" + filepath.Join(bin, "stages.yaml"),
				// Not all nodes: a real kubelet's node is none of kwok's.
				"--manage-nodes-with-label-selector=type=kwok", "--node-lease-duration-seconds=40", "--cidr=" + kwokPodRange,
				fmt.Sprintf("--server-address=127.0.0.1:%d", ports.Kwok), "--node-ip=127.0.0.1", fmt.Sprintf("--node-port=%d", ports.Kwok),
			},
			Ready: func() error { return client.ok(local(ports.Kwok) + "/healthz") },
		},
	}
}
