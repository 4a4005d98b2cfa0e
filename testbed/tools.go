//go:build tools

// The binaries that are built from other modules as they are, named here so that go.mod keeps their versions.
package main

import (
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
