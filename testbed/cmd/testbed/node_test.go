package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestHierarchiesAreReadFromMountinfo(t *testing.T) {
	const mountinfo = `21 26 0:20 / /proc rw,relatime - proc proc rw
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`
	v1, v2 := hierarchies(mountinfo)
	if !slices.Equal(v1, []string{"/sys/fs/cgroup/cpu,cpuacct"}) || !slices.Equal(v2, []string{"/sys/fs/cgroup/unified"}) {
		t.Errorf("version 1: %q, version 2: %q", v1, v2)
	}
}

func TestTwoTestbedsShareNoNetwork(t *testing.T) {
	seen := map[string]bool{}
	for base := 1024; base <= 65526; base++ {
		ports, err := portsFrom(base)
		if err != nil {
			t.Fatal(err)
		}
		// IFNAMSIZ is 16 bytes with its end.
		if name := bridge(ports); len(name) > 15 {
			t.Fatalf("%s is too long for a link", name)
		}
		if subnet := podSubnet(ports); seen[subnet] {
			t.Fatalf("base %d has the subnet %s of another", base, subnet)
		} else {
			seen[subnet] = true
		}
	}
}

func TestNetworkConfigIsJSON(t *testing.T) {
	ports, err := portsFrom(21000)
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Plugins []struct{ Bridge string } }
	if err := json.Unmarshal([]byte(networkConfig(ports)), &config); err != nil || config.Plugins[0].Bridge != "testbed21000" {
		t.Errorf("%v: %+v", err, config)
	}
}

// Goal: a reader finds the program by digests alone. Method: walk from the index to the layer, checking each.
func TestAnImageLeadsFromItsIndexToTheProgram(t *testing.T) {
	var image bytes.Buffer
	if err := packImage(&image, "example.com/pause:1", []byte("program")); err != nil {
		t.Fatal(err)
	}
	files := untar(t, image.Bytes())
	blob := func(digest string) []byte {
		content, is := files["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")]
		if !is || fmt.Sprintf("sha256:%x", sha256.Sum256(content)) != digest {
			t.Fatalf("no blob %s, or not with that content", digest)
		}
		return content
	}
	var index struct{ Manifests []descriptor }
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	read(t, files["index.json"], &index)
	if name := index.Manifests[0].Annotations["io.containerd.image.name"]; name != "example.com/pause:1" {
		t.Errorf("the name is %q", name)
	}
	read(t, blob(index.Manifests[0].Digest), &manifest)
	read(t, blob(manifest.Config.Digest), &config)
	if config.RootFS.DiffIDs[0] != manifest.Layers[0].Digest {
		t.Error("the configuration tells of another layer")
	}
	if program := untar(t, blob(manifest.Layers[0].Digest))["pause"]; string(program) != "program" {
		t.Errorf("the program is %q", program)
	}
}

func read(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func untar(t *testing.T, text []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for reader := tar.NewReader(bytes.NewReader(text)); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}
