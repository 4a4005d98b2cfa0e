// The launcher of the testbed: a real Kubernetes on one machine without containers. It makes keys, starts the components
// as child processes, watches them, and ends them all. This file reads the command line; each verb has a file of its own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

const usage = `usage: testbed VERB --dir DIR [flags]

  up        makes a cluster in DIR and runs it until Ctrl-C; --detach leaves it running behind
              --ports BASE   the first of ten ports, one after another; 0 finds ten that are free
              --real-node    adds a node whose containers really run (needs root)
              --image FILE   an OCI tar that the real node gets; repeatable
              --gpus N       the real node says that it has N nvidia.com/gpu
              --timeout T    how long it may take until all components answer (2m)
  down      ends it and removes what up made, but for the logs; --purge removes these too
  status    what runs, and on which ports
  kill      kills one component: --component NAME
  start     starts one that was killed, and waits until it answers
  restart   kill and start
  kubectl   kubectl for this cluster: testbed kubectl --dir DIR -- get nodes

Components: etcd kube-apiserver kube-controller-manager kube-scheduler kwok; with a real node also node containerd kubelet.
`

// Options are the flags of all verbs; each verb accepts those that concern it.
type Options struct {
	dir       string
	bin       string
	ports     int
	detach    bool
	purge     bool
	component string
	realNode  bool
	images    list
	gpus      int
	timeout   time.Duration
	reportFD  int
	rest      []string
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string         { return fmt.Sprint(*l) }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

// The kernel ends a child when the *thread* that made it ends (prctl(2), PR_SET_PDEATHSIG). Children are therefore made by
// the main goroutine alone, on the one thread that lives as long as the process.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) < 2 || os.Args[1] == "help" || os.Args[1] == "-h" || os.Args[1] == "--help" {
		fmt.Print(usage)
		return
	}
	verbs := map[string]func(*Options) error{
		"up": up, "down": down, "status": status, "kill": kill, "start": start, "restart": restart, "kubectl": kubectl,
		// What `up` starts inside the namespaces of a real node.
		"node": runNode,
	}
	verb, known := verbs[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "no verb %q\n\n%s", os.Args[1], usage)
		os.Exit(2)
	}
	options, err := parse(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "testbed %s: %v\n", os.Args[1], err)
		os.Exit(2)
	}
	if err := verb(options); err != nil {
		fmt.Fprintf(os.Stderr, "testbed %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// parse reads the flags of a verb. A flag that the verb does not know is an error.
func parse(verb string, args []string) (*Options, error) {
	options := &Options{}
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.dir, "dir", "", "")
	flags.StringVar(&options.bin, "bin", "", "")
	switch verb {
	case "up", "node":
		flags.IntVar(&options.ports, "ports", 0, "")
		flags.BoolVar(&options.detach, "detach", false, "")
		flags.BoolVar(&options.realNode, "real-node", false, "")
		flags.Var(&options.images, "image", "")
		flags.IntVar(&options.gpus, "gpus", 0, "")
		flags.DurationVar(&options.timeout, "timeout", 2*time.Minute, "")
		flags.IntVar(&options.reportFD, "report-fd", 0, "")
	case "down":
		flags.BoolVar(&options.purge, "purge", false, "")
	case "kill", "start", "restart":
		flags.StringVar(&options.component, "component", "", "")
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	options.rest = flags.Args()
	if verb != "kubectl" && len(options.rest) > 0 {
		return nil, fmt.Errorf("unexpected argument %q", options.rest[0])
	}
	if options.dir == "" {
		return nil, errors.New("--dir is missing: the folder that holds the cluster")
	}
	return options, absolute(options)
}
