package main

// The verbs beside `up`: they speak to the supervisor, or clean up when there is none.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// downTimeout bounds how long `down` waits for the supervisor's end.
const downTimeout = 30 * time.Second

func down(options *Options) error {
	layout := Layout{options.dir}
	if _, err := os.Stat(layout.dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	_, asked := ask(layout.socket(), "down", "")
	deadline := time.Now().Add(downTimeout)
	lock, err := takeLock(layout)
	for ; err != nil; lock, err = takeLock(layout) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the testbed in %s did not end (%w; asked to: %v)", layout.dir, err, asked)
		}
		// A supervisor that holds the lock but takes no request is still starting, or stuck: a signal reaches it.
		if asked != nil {
			if state, err := readState(layout); err == nil {
				_ = syscall.Kill(state.PID, syscall.SIGTERM)
			}
		}
		time.Sleep(pollEvery)
	}
	err = remove(layout)
	giveBack(lock)
	if options.purge && err == nil {
		err = layout.removeLogs()
		// The folders stay if somebody keeps something else in them.
		for _, path := range []string{layout.log("testbed"), layout.path("logs"), layout.dir} {
			_ = os.Remove(path)
		}
	}
	return err
}

// remove takes away what `up` made, but for the logs and the lock, which the caller holds. A folder without a state is no
// testbed's, and nothing in it is touched.
func remove(layout Layout) error {
	state, err := readState(layout)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed error
	if state.RealNode {
		failed = removeNode(state.Ports)
	}
	for _, path := range layout.made() {
		failed = errors.Join(failed, os.RemoveAll(path))
	}
	if failed != nil {
		// The state stays, so that `down` can be tried again.
		return failed
	}
	return os.Remove(layout.state())
}

func readState(layout Layout) (State, error) {
	var state State
	text, err := os.ReadFile(layout.state())
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	return state, err
}

func status(options *Options) error {
	layout := Layout{options.dir}
	components, err := ask(layout.socket(), "status", "")
	if err != nil {
		return err
	}
	state, err := readState(layout)
	if err != nil {
		return err
	}
	// A node that was killed cannot be asked; that it does not run is among the answers above.
	inside, err := ask(layout.nodeSocket(), "status", "")
	if err != nil && !errors.Is(err, errNotRunning) {
		return err
	}
	ports, err := json.Marshal(state.Ports)
	if err != nil {
		return err
	}
	fmt.Printf("KUBECONFIG=%s\n%-26s %s\n%-26s pid %d\n", layout.kubeconfig(), "ports", ports, "supervisor", state.PID)
	dead := show(components, "") + show(inside, " in the node")
	if dead > 0 {
		return fmt.Errorf("%d components do not run", dead)
	}
	return nil
}

// show prints a line for each component, and counts those that do not run.
func show(components []ComponentStatus, where string) int {
	dead := 0
	for _, c := range components {
		if c.PID == 0 {
			fmt.Printf("%-26s does not run\n", c.Name)
			dead++
		} else {
			fmt.Printf("%-26s pid %d%s\n", c.Name, c.PID, where)
		}
	}
	return dead
}

func kill(options *Options) error    { return component(options, "kill") }
func start(options *Options) error   { return component(options, "start") }
func restart(options *Options) error { return component(options, "kill", "start") }

func component(options *Options, verbs ...string) error {
	if options.component == "" {
		return errors.New("--component is missing")
	}
	socket := Layout{options.dir}.socket()
	if options.component == "containerd" || options.component == "kubelet" {
		socket = Layout{options.dir}.nodeSocket()
	}
	for _, verb := range verbs {
		if _, err := ask(socket, verb, options.component); err != nil {
			return err
		}
	}
	return nil
}

// kubectl becomes kubectl, with the cluster's kubeconfig and context.
func kubectl(options *Options) error {
	layout := Layout{options.dir}
	if _, err := os.Stat(layout.kubeconfig()); err != nil {
		return fmt.Errorf("%w: %w", errNotRunning, err)
	}
	path := filepath.Join(options.bin, "kubectl")
	args := append([]string{"kubectl", "--kubeconfig=" + layout.kubeconfig(), "--context=" + contextName}, options.rest...)
	err := syscall.Exec(path, args, os.Environ())
	return fmt.Errorf("failed to become %s: %w", path, err)
}
