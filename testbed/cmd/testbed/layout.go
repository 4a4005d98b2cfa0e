package main

// Where a testbed keeps what it makes: the files below --dir, and the programs that the launcher starts.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Layout names the files of one testbed.
type Layout struct{ dir string }

func (l Layout) path(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

func (l Layout) kubeconfig() string { return l.path("kubeconfig") }

// components is the same with a current context, which the components need and a user's tool should not take by accident.
func (l Layout) components() string { return l.path("components.kubeconfig") }
func (l Layout) log(name string) string {
	return l.path("logs", name+".log")
}
func (l Layout) socket() string { return l.path("control.sock") }

// nodeSocket takes the requests about what runs inside a real node.
func (l Layout) nodeSocket() string { return l.path("node", "control.sock") }
func (l Layout) lock() string       { return l.path("testbed.lock") }
func (l Layout) state() string      { return l.path("testbed.json") }

// made are the files and folders that `up` makes, but for the logs, the state and the lock.
func (l Layout) made() []string {
	return []string{l.kubeconfig(), l.components(), l.socket(), l.path("pki"), l.path("etcd"), l.path("node")}
}

// claim makes sure that what will be removed in the end is the testbed's own: the folder may be anybody's.
func (l Layout) claim() error {
	for _, path := range l.made() {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already and is no testbed's: choose another --dir", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// removeLogs removes the logs of components, and no other file beside them.
func (l Layout) removeLogs() error {
	var failed error
	for _, pattern := range []string{"etcd", "kube-*", "kwok", "node", "containerd", "kubelet", "import-*"} {
		// The pattern is well formed, which is the only error that Glob has.
		logs, _ := filepath.Glob(l.log(pattern))
		for _, log := range logs {
			failed = errors.Join(failed, os.Remove(log))
		}
	}
	return failed
}

// The address of a unix socket has 108 bytes with its end (unix(7)).
const socketPathMax = 107

// absolute completes the folders of the options: --dir, and --bin, by default the folder of the launcher.
func absolute(options *Options) error {
	var err error
	if options.dir, err = filepath.Abs(options.dir); err != nil {
		return err
	}
	if longest := (Layout{options.dir}).nodeSocket(); len(longest) > socketPathMax {
		return fmt.Errorf("--dir is too long: %s has %d bytes, a socket's path at most %d", longest, len(longest), socketPathMax)
	}
	if options.bin == "" {
		own, err := os.Executable()
		if err != nil {
			return err
		}
		options.bin = filepath.Dir(own)
	}
	options.bin, err = filepath.Abs(options.bin)
	return err
}
