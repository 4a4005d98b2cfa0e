package main

import (
	"net"
	"strings"
	"testing"
)

func TestPortsOfTwoBasesTenApartNeverMeet(t *testing.T) {
	taken := map[int]string{}
	for _, base := range []int{21000, 21010} {
		p, err := portsFrom(base)
		if err != nil {
			t.Fatal(err)
		}
		for name, port := range map[string]int{
			"apiserver": p.APIServer, "etcd": p.Etcd, "peer": p.EtcdPeer, "controllers": p.ControllerManager,
			"scheduler": p.Scheduler, "kwok": p.Kwok, "kubelet": p.Kubelet, "health": p.KubeletHealth,
		} {
			if other, is := taken[port]; is {
				t.Errorf("port %d is %s's and %s's", port, other, name)
			}
			if port < base || port >= base+portsPerTestbed {
				t.Errorf("port %d of %s lies outside the ten from %d", port, name, base)
			}
			taken[port] = name
		}
	}
}

func TestABaseLeavesRoomForAllPorts(t *testing.T) {
	for _, base := range []int{-1, 80, 1023, 65527, 70000} {
		if _, err := portsFrom(base); err == nil {
			t.Errorf("base %d was accepted", base)
		}
	}
	if _, err := portsFrom(65526); err != nil {
		t.Error(err)
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	ports, err := choosePorts(0)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	base := min(taken, 65536-portsPerTestbed)
	if _, err := choosePorts(base); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("base %d with port %d taken: %v", base, taken, err)
	}
	if ports.APIServer < freeBaseMin || ports.APIServer >= freeBaseMin+freeBases*portsPerTestbed {
		t.Errorf("a free base is %d", ports.APIServer)
	}
}
