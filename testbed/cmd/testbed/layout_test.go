package main

import (
	"os"
	"testing"
)

// Goal: `up` and `down` in a folder of somebody else's take nothing away.
func TestAFolderThatIsNoTestbedsIsNotTouched(t *testing.T) {
	layout := Layout{t.TempDir()}
	for _, folder := range []string{layout.path("node"), layout.path("logs")} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := layout.log("mine")
	if err := os.WriteFile(own, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := layout.claim(); err == nil {
		t.Error("the folder was claimed")
	}
	if err := down(&Options{dir: layout.dir, purge: true}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{layout.path("node"), own} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatATestbedMadeIsRemoved(t *testing.T) {
	layout := Layout{t.TempDir()}
	ports, err := portsFrom(21000)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeState(layout, State{PID: os.Getpid(), Ports: ports}); err != nil {
		t.Fatal(err)
	}
	keys, err := makeKeys(layout)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeKubeconfigs(layout, ports, keys); err != nil {
		t.Fatal(err)
	}
	if err := down(&Options{dir: layout.dir, purge: true}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(layout.dir); !os.IsNotExist(err) {
		t.Errorf("left are %v (%v)", left, err)
	}
}
