package main

// The supervisor: starts components stage by stage, notices when one ends by itself, answers requests of other verbs, and
// kills what is left when it ends. One goroutine, the main one, does it all, so there is nothing to lock; signals and
// requests reach it through channels.

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Component is one child process.
type Component struct {
	Name  string
	Stage int // components of a stage start together, once all of the stages before are ready
	Path  string
	Args  []string
	Env   []string
	Clone uintptr // the namespaces it gets of its own
	// Once says that it does one thing and ends; it is ready when it has ended well.
	Once  bool
	Ready func() error

	pid   int
	done  bool  // it ended well, having been meant to end
	ended error // it ended by itself
}

// Supervisor holds the components of a testbed, or those inside a node.
type Supervisor struct {
	layout     Layout
	components []*Component
	requests   chan request
	signals    chan os.Signal
}

var errInterrupted = errors.New("interrupted")

func newSupervisor(layout Layout, components []*Component) *Supervisor {
	s := &Supervisor{layout: layout, components: components, requests: make(chan request), signals: make(chan os.Signal, 16)}
	signal.Notify(s.signals, syscall.SIGCHLD, syscall.SIGINT, syscall.SIGTERM)
	return s
}

// bring starts all components and waits until they are ready.
func (s *Supervisor) bring(timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for first := 0; first < len(s.components); {
		end := first
		for end < len(s.components) && s.components[end].Stage == s.components[first].Stage {
			if err := s.start(s.components[end]); err != nil {
				return err
			}
			end++
		}
		for _, component := range s.components[first:end] {
			if err := s.await(component, deadline); err != nil {
				return err
			}
		}
		first = end
	}
	return nil
}

func (s *Supervisor) start(c *Component) error {
	log, err := os.OpenFile(s.layout.log(c.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	c.ended, c.done = nil, false
	c.pid, err = syscall.ForkExec(c.Path, append([]string{c.Path}, c.Args...), &syscall.ProcAttr{
		Env:   append(os.Environ(), c.Env...),
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		// A group of its own keeps Ctrl-C of a terminal from it; the supervisor decides in which order things end.
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: c.Clone},
	})
	if err != nil {
		return fmt.Errorf("failed to start %s (%s): %w", c.Name, c.Path, err)
	}
	return nil
}

// pollEvery is how often a component that is not ready yet is asked.
const pollEvery = 100 * time.Millisecond

func (s *Supervisor) await(c *Component, deadline time.Time) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		var waitsFor error
		if c.Once {
			if c.done {
				return nil
			}
		} else if waitsFor = c.Ready(); waitsFor == nil {
			return s.died()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s did not become ready in time: %v%s", c.Name, waitsFor, s.tail(c))
		}
		select {
		case <-tick.C:
		case received := <-s.signals:
			if err := s.handle(received); err != nil {
				return err
			}
		case request := <-s.requests:
			request.answer <- reply{err: fmt.Errorf("still starting: waits for %s", c.Name)}
		}
	}
}

// watch runs until a signal or a request ends the testbed (nil), or a component ends by itself.
func (s *Supervisor) watch() error {
	for {
		select {
		case received := <-s.signals:
			if err := s.handle(received); errors.Is(err, errInterrupted) {
				return nil
			} else if err != nil {
				return err
			}
		case request := <-s.requests:
			if request.verb == "down" {
				request.answer <- reply{}
				return nil
			}
			answer := s.serve(request)
			request.answer <- answer
			if errors.Is(answer.err, errInterrupted) {
				return nil
			}
			if err := s.died(); err != nil {
				return err
			}
		}
	}
}

func (s *Supervisor) handle(received os.Signal) error {
	if received != syscall.SIGCHLD {
		return errInterrupted
	}
	s.reap()
	return s.died()
}

// reap collects all children that ended. In a node, where this is process 1, orphans of containers are among them.
func (s *Supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		for _, c := range s.components {
			if c.pid != pid {
				continue
			}
			c.pid = 0
			if c.Once && status.ExitStatus() == 0 {
				c.done = true
			} else {
				c.ended = errors.New(describe(status))
			}
		}
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("was killed by signal %d (%s)", status.Signal(), status.Signal())
	}
	return fmt.Sprintf("ended with exit status %d", status.ExitStatus())
}

// died tells of a component that ended by itself.
func (s *Supervisor) died() error {
	for _, c := range s.components {
		if c.ended != nil {
			return fmt.Errorf("%s %w%s", c.Name, c.ended, s.tail(c))
		}
	}
	return nil
}

// kill ends one component and waits for its end, which then is no failure.
func (s *Supervisor) kill(c *Component) {
	if c.pid == 0 {
		return
	}
	// The group, for what the component may have started itself.
	_ = syscall.Kill(-c.pid, syscall.SIGKILL)
	for c.pid != 0 {
		s.reap()
		time.Sleep(time.Millisecond)
	}
	c.ended = nil
}

// end kills all components. Nothing that they hold outlives the testbed, so there is nothing to end gracefully.
func (s *Supervisor) end() {
	for i := len(s.components) - 1; i >= 0; i-- {
		s.kill(s.components[i])
	}
}

func (s *Supervisor) find(name string) *Component {
	for _, c := range s.components {
		if c.Name == name && !c.Once {
			return c
		}
	}
	return nil
}

// tailLines is how much of a log is shown beside a failure.
const tailLines = 15

func (s *Supervisor) tail(c *Component) string {
	text, err := os.ReadFile(s.layout.log(c.Name))
	if err != nil || len(text) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	shown := lines[max(0, len(lines)-tailLines):]
	return fmt.Sprintf("\n--- the end of %s\n%s\n---", s.layout.log(c.Name), strings.Join(shown, "\n"))
}
