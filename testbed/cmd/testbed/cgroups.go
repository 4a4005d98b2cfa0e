package main

// The cgroup below which the kubelet puts all pods: made before it starts, removed after the node's end. In every hierarchy
// of version 1, and in that of version 2.

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hierarchies reads where cgroups are mounted (proc_pid_mountinfo(5)): field 5 is the place, the type stands behind " - ".
func hierarchies(mountinfo string) (v1, v2 []string) {
	for _, line := range strings.Split(mountinfo, "\n") {
		before, after, found := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !found || len(fields) < 5 {
			continue
		}
		switch kind, _, _ := strings.Cut(after, " "); kind {
		case "cgroup":
			v1 = append(v1, fields[4])
		case "cgroup2":
			v2 = append(v2, fields[4])
		}
	}
	return v1, v2
}

func makeCgroups(name string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	v1, v2 := hierarchies(string(text))
	for _, root := range append(v1, v2...) {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			return err
		}
	}
	// In version 2 a cgroup has the controllers that its parent hands down. Beside version 1 it has none to hand.
	if len(v1) == 0 {
		for _, root := range v2 {
			for _, cgroup := range []string{root, filepath.Join(root, name)} {
				if err := handDownControllers(cgroup); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func handDownControllers(cgroup string) error {
	text, err := os.ReadFile(filepath.Join(cgroup, "cgroup.controllers"))
	if err != nil {
		return err
	}
	var all strings.Builder
	for _, controller := range strings.Fields(string(text)) {
		all.WriteString("+" + controller + " ")
	}
	return os.WriteFile(filepath.Join(cgroup, "cgroup.subtree_control"), []byte(all.String()), 0o644)
}

func removeCgroups(name string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	v1, v2 := hierarchies(string(text))
	var failed error
	for _, root := range append(v1, v2...) {
		failed = errors.Join(failed, removeCgroup(filepath.Join(root, name)))
	}
	return failed
}

// removeCgroup removes a cgroup and all below it: folders alone, from the bottom up, because the files in them are the
// kernel's and go with their folder.
func removeCgroup(path string) error {
	var folders []string
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for i := len(folders) - 1; i >= 0; i-- {
		err = errors.Join(err, os.Remove(folders[i]))
	}
	return err
}
