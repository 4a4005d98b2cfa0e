package main

// Where a testbed keeps what it makes: the files below --dir, and the programs that the launcher starts.

import (
	"fmt"
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
func (l Layout) lock() string   { return l.path("lock") }
func (l Layout) state() string  { return l.path("testbed.json") }

// made are the files and folders that `up` makes, but for the logs. Nothing else in the folder is ever removed.
func (l Layout) made() []string {
	return []string{
		l.kubeconfig(), l.components(), l.socket(), l.state(), l.path("pki"), l.path("etcd"), l.path("node"),
	}
}

// The address of a unix socket has 108 bytes with its end (unix(7)).
const socketPathMax = 107

// absolute completes the folders of the options: --dir, and --bin, by default the folder of the launcher.
func absolute(options *Options) error {
	var err error
	if options.dir, err = filepath.Abs(options.dir); err != nil {
		return err
	}
	if longest := (Layout{options.dir}).path("node", "control.sock"); len(longest) > socketPathMax {
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
