package main

// An OCI image layout as a tar, with one program as its only file: what the sandbox of a pod needs, made here so that no
// registry is asked. Format: opencontainers/image-spec v1.1.1, image-layout.md, manifest.md, config.md.

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
)

// sandboxImage is the name under which containerd keeps it.
const sandboxImage = "greenroom.dev/testbed-pause:1"

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// writeImage packs a static program as an image that runs it.
func writeImage(path, name, program string) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := packImage(file, name, text); err != nil {
		return fmt.Errorf("failed to write %s: %w", path, err)
	}
	return file.Close()
}

func packImage(to io.Writer, name string, program []byte) error {
	var layer bytes.Buffer
	if err := tarOf(&layer, []entry{{"pause", 0o755, program}}); err != nil {
		return err
	}
	files := []entry{{"oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)}}
	blob := func(mediaType string, content []byte) descriptor {
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		files = append(files, entry{"blobs/sha256/" + sum, 0o644, content})
		return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(content)}
	}
	const vendor = "application/vnd.oci.image."
	layerBlob := blob(vendor+"layer.v1.tar", layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/pause"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layerBlob.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": vendor + "manifest.v1+json",
		"config": blob(vendor+"config.v1+json", config), "layers": []descriptor{layerBlob},
	})
	if err != nil {
		return err
	}
	manifestBlob := blob(vendor+"manifest.v1+json", manifest)
	// containerd takes an image's full name from this annotation (containerd v2.4.2, core/images/annotations.go).
	manifestBlob.Annotations = map[string]string{"io.containerd.image.name": name}
	index, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": vendor + "index.v1+json", "manifests": []descriptor{manifestBlob},
	})
	if err != nil {
		return err
	}
	return tarOf(to, append(files, entry{"index.json", 0o644, index}))
}

type entry struct {
	name    string
	mode    int64
	content []byte
}

func tarOf(to io.Writer, entries []entry) error {
	writer := tar.NewWriter(to)
	for _, e := range entries {
		if err := writer.WriteHeader(&tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content))}); err != nil {
			return err
		}
		if _, err := writer.Write(e.content); err != nil {
			return err
		}
	}
	return writer.Close()
}
