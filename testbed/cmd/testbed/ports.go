package main

// The ports of a testbed: ten in a row, so that two testbeds whose bases are ten apart never meet.

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// Ports are derived from one base.
type Ports struct {
	APIServer         int `json:"kube-apiserver"`
	Etcd              int `json:"etcd"`
	EtcdPeer          int `json:"etcd-peer"`
	ControllerManager int `json:"kube-controller-manager"`
	Scheduler         int `json:"kube-scheduler"`
	Kwok              int `json:"kwok"`
	Kubelet           int `json:"kubelet"`
	KubeletHealth     int `json:"kubelet-health"`
}

const portsPerTestbed = 10

func portsFrom(base int) (Ports, error) {
	if base < 1024 || base+portsPerTestbed > 65536 {
		return Ports{}, fmt.Errorf("--ports %d: the first of %d ports lies between 1024 and %d", base, portsPerTestbed, 65536-portsPerTestbed)
	}
	return Ports{
		APIServer: base, Etcd: base + 1, EtcdPeer: base + 2, ControllerManager: base + 3, Scheduler: base + 4,
		Kwok: base + 5, Kubelet: base + 6, KubeletHealth: base + 7,
	}, nil
}

// Bases for --ports 0 lie below the ports that Linux gives to clients (ip_local_port_range begins at 32768).
const (
	freeBaseMin = 20000
	freeBases   = 1000
)

// choosePorts takes the wanted base if its ports are free, or looks for a base when 0 is wanted. The search begins at a
// place that the process id gives, so that testbeds that start at once look at different ports.
func choosePorts(wanted int) (Ports, error) {
	if wanted != 0 {
		ports, err := portsFrom(wanted)
		if err == nil {
			err = free(wanted)
		}
		return ports, err
	}
	for i := range freeBases {
		base := freeBaseMin + (os.Getpid()+i)%freeBases*portsPerTestbed
		if free(base) == nil {
			return portsFrom(base)
		}
	}
	return Ports{}, errors.New("--ports 0: found no ten free ports in a row")
}

func free(base int) error {
	for port := base; port < base+portsPerTestbed; port++ {
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return fmt.Errorf("port %d of %d to %d is taken (%w): choose another --ports", port, base, base+portsPerTestbed-1, err)
		}
		listener.Close()
	}
	return nil
}
