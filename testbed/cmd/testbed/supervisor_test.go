package main

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Goal: what becomes of children. Method: shells in place of components.

func shells(t *testing.T, scripts ...string) *Supervisor {
	t.Helper()
	// Children live as long as the thread that made them.
	runtime.LockOSThread()
	layout := Layout{t.TempDir()}
	if err := os.Mkdir(layout.path("logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	var components []*Component
	for i, script := range scripts {
		marker := layout.path("ready-" + script[:1])
		components = append(components, &Component{
			Name: script[:1], Stage: i, Path: "/bin/sh", Args: []string{"-c", script[1:]}, Env: []string{"READY=" + marker},
			Ready: func() error { _, err := os.Stat(marker); return err },
		})
	}
	s := newSupervisor(layout, components)
	t.Cleanup(s.end)
	return s
}

const untilKilled = `: > $READY; exec sleep 60`

func TestAStageBeginsWhenTheOneBeforeIsReady(t *testing.T) {
	s := shells(t, "a sleep 0.2; "+untilKilled, "b test -e ${READY%b}a || exit 1; "+untilKilled)
	if err := s.bring(10 * time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestAComponentThatEndsByItselfIsShownWithItsLog(t *testing.T) {
	s := shells(t, "a "+untilKilled, "b echo out of luck; exit 3")
	err := s.bring(10 * time.Second)
	if err == nil || !strings.Contains(err.Error(), "b ended with exit status 3") || !strings.Contains(err.Error(), "\nout of luck\n") {
		t.Fatalf("the error is %v", err)
	}
}

func TestWhatIsNotReadyInTimeIsNamed(t *testing.T) {
	s := shells(t, "a sleep 60")
	if err := s.bring(200 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "a did not become ready in time") {
		t.Fatalf("the error is %v", err)
	}
}

func TestAKilledComponentIsNoFailureAndStartsAgain(t *testing.T) {
	s := shells(t, "a "+untilKilled)
	if err := s.bring(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	before := s.find("a").pid
	if answer := s.serve(request{verb: "kill", component: "a"}); answer.err != nil {
		t.Fatal(answer.err)
	}
	if err := syscall.Kill(before, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", before, err)
	}
	if err := s.died(); err != nil {
		t.Error(err)
	}
	if answer := s.serve(request{verb: "start", component: "a"}); answer.err != nil || s.find("a").pid == before {
		t.Errorf("started again: %v, pid %d", answer.err, s.find("a").pid)
	}
	if answer := s.serve(request{verb: "start", component: "a"}); answer.err == nil {
		t.Error("it was started twice")
	}
}

func TestAComponentThatDiesLaterEndsTheWatch(t *testing.T) {
	s := shells(t, "a "+untilKilled)
	if err := s.bring(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.find("a").pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.watch(); err == nil || !strings.Contains(err.Error(), "a was killed by signal 15") {
		t.Fatalf("the error is %v", err)
	}
}
