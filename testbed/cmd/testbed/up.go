package main

// `up`: makes a cluster and runs it until it is told to end, in the foreground or behind.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// State is what a running testbed writes down for other verbs.
type State struct {
	PID      int   `json:"pid"`
	Ports    Ports `json:"ports"`
	RealNode bool  `json:"realNode"`
}

func up(options *Options) error {
	if err := hasPrograms(options); err != nil {
		return err
	}
	if err := checkNode(options); err != nil {
		return err
	}
	if options.detach {
		return detach(options)
	}
	if options.reportFD != 0 {
		// The one who waits for the report waits until nobody holds it; the components must not.
		syscall.CloseOnExec(options.reportFD)
	}
	err := run(options)
	if report := reporter(options); err != nil && report != nil {
		fmt.Fprint(report, err)
	}
	return err
}

// run is `up` in the foreground: from the lock of the folder to the removal of what was made.
func run(options *Options) error {
	layout := Layout{options.dir}
	if err := os.MkdirAll(layout.path("logs"), 0o755); err != nil {
		return err
	}
	lock, err := takeLock(layout)
	if err != nil {
		return err
	}
	defer giveBack(lock)
	// What a supervisor that was killed could not remove.
	if err := errors.Join(remove(layout), layout.removeLogs()); err != nil {
		return err
	}
	if err := layout.claim(); err != nil {
		return err
	}
	ports, err := choosePorts(options.ports)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := writeState(layout, State{os.Getpid(), ports, options.realNode}); err != nil {
		return err
	}
	return errors.Join(serve(options, layout, ports, began), remove(layout))
}

// serve makes keys, starts the components, and stays until they are to end or one of them does.
func serve(options *Options, layout Layout, ports Ports, began time.Time) error {
	keys, err := makeKeys(layout)
	if err != nil {
		return err
	}
	if err := writeKubeconfigs(layout, ports, keys); err != nil {
		return err
	}
	client := newClient(keys)
	components := controlPlane(layout, options.bin, ports, client)
	if options.realNode {
		node, err := realNode(layout, options, ports, client)
		if err != nil {
			return err
		}
		components = append(components, node)
	}
	supervisor := newSupervisor(layout, components)
	if err := supervisor.listen(layout.socket()); err != nil {
		return err
	}
	err = supervisor.bring(options.timeout)
	if err == nil {
		announce(options, layout, time.Since(began))
		err = supervisor.watch()
	}
	supervisor.end()
	return err
}

func hasPrograms(options *Options) error {
	for _, name := range []string{"kubernetes", "kwok", "stages.yaml"} {
		if _, err := os.Stat(filepath.Join(options.bin, name)); err != nil {
			return fmt.Errorf("%w: `cargo xtask testbed build` makes it, and --bin names its folder", err)
		}
	}
	return nil
}

func writeState(layout Layout, state State) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(layout.state(), append(text, '\n'), 0o644)
}

// takeLock makes sure of the folder: the kernel gives the lock back when its holder ends, however it ends.
func takeLock(layout Layout) (*os.File, error) {
	lock, err := os.OpenFile(layout.lock(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("a testbed runs in %s already (%w)", layout.dir, err)
	}
	return lock, nil
}

// giveBack removes the lock's file while it is still held.
func giveBack(lock *os.File) {
	_ = os.Remove(lock.Name())
	lock.Close()
}

// announce prints how the cluster is used and ended, and tells a waiting `up --detach` that it is ready.
func announce(options *Options, layout Layout, took time.Duration) {
	text := ready(layout, took)
	if report := reporter(options); report != nil {
		fmt.Fprint(report, readyMark+text)
		report.Close()
		options.reportFD = 0
		return
	}
	fmt.Print(text + "Ctrl-C ends it.\n")
}

func ready(layout Layout, took time.Duration) string {
	return fmt.Sprintf(`KUBECONFIG=%s
Ready after %.1f s. The context is %s and is not the current one: name it, as in
  %s kubectl --dir %s -- get nodes
  kubectl --kubeconfig %[1]s --context %[3]s get nodes
`, layout.kubeconfig(), took.Seconds(), contextName, os.Args[0], layout.dir)
}

// readyMark begins the report of a testbed that is ready; any other report is an error.
const readyMark = "ready\n"

func reporter(options *Options) *os.File {
	if options.reportFD == 0 {
		return nil
	}
	return os.NewFile(uintptr(options.reportFD), "report")
}

// detach starts `up` again in a session of its own and waits for its report.
func detach(options *Options) error {
	layout := Layout{options.dir}
	if err := os.MkdirAll(layout.path("logs"), 0o755); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(layout.log("testbed"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	args := []string{
		"up", "--dir", options.dir, "--bin", options.bin, "--ports", strconv.Itoa(options.ports),
		"--timeout", options.timeout.String(), "--report-fd", "3", "--gpus", strconv.Itoa(options.gpus),
	}
	if options.realNode {
		args = append(args, "--real-node")
	}
	for _, image := range options.images {
		args = append(args, "--image", image)
	}
	supervisor := exec.Command(own, args...)
	// The name under which it was called is the one that it shows.
	supervisor.Args[0] = os.Args[0]
	supervisor.Stdout, supervisor.Stderr, supervisor.ExtraFiles = log, log, []*os.File{writer}
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = supervisor.Start()
	writer.Close()
	if err != nil {
		return err
	}
	report, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	text, isReady := strings.CutPrefix(string(report), readyMark)
	if !isReady {
		return fmt.Errorf("%s\n(also in %s)", text, layout.log("testbed"))
	}
	fmt.Printf("%s`%s down --dir %s` ends it.\n", text, os.Args[0], layout.dir)
	return nil
}
