package main

// Requests of other verbs to a running supervisor, over a unix socket in its folder: HTTP, the verb as the path.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// ComponentStatus is one line of `status`.
type ComponentStatus struct {
	Name string `json:"name"`
	PID  int    `json:"pid"` // 0: it was killed and not started again
}

type request struct {
	verb      string
	component string
	answer    chan reply
}

type reply struct {
	components []ComponentStatus
	err        error
}

// startTimeout bounds `start` of one component.
const startTimeout = time.Minute

// listen takes requests at the socket and hands them to the supervisor.
func (s *Supervisor) listen(socket string) error {
	// Whoever holds the lock of the folder may remove what an earlier supervisor left.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := request{strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query().Get("component"), make(chan reply, 1)}
		s.requests <- asked
		answered := <-asked.answer
		if answered.err != nil {
			http.Error(w, answered.err.Error(), http.StatusConflict)
			return
		}
		// The one who asked may be gone, which is his own affair.
		_ = json.NewEncoder(w).Encode(answered.components)
	})
	go func() { _ = http.Serve(listener, handler) }()
	return nil
}

func (s *Supervisor) serve(asked request) reply {
	if asked.verb == "status" {
		var components []ComponentStatus
		for _, c := range s.components {
			if !c.Once {
				components = append(components, ComponentStatus{c.Name, c.pid})
			}
		}
		return reply{components: components}
	}
	c := s.find(asked.component)
	if c == nil {
		return reply{err: fmt.Errorf("no component %q runs here", asked.component)}
	}
	switch asked.verb {
	case "kill":
		if c.pid == 0 {
			return reply{err: fmt.Errorf("%s does not run", c.Name)}
		}
		s.kill(c)
		return reply{}
	case "start":
		if c.pid != 0 {
			return reply{err: fmt.Errorf("%s runs already", c.Name)}
		}
		err := s.start(c)
		if err == nil {
			err = s.await(c, time.Now().Add(startTimeout))
		}
		return reply{err: err}
	}
	return reply{err: fmt.Errorf("no request %q", asked.verb)}
}

var errNotRunning = errors.New("no testbed runs here")

// ask sends a request to the supervisor at a socket.
func ask(socket, verb, component string) ([]ComponentStatus, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		connection, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNotRunning, err)
		}
		return connection, nil
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: startTimeout + 10*time.Second}
	response, err := client.Post("http://testbed/"+verb+"?component="+url.QueryEscape(component), "", nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	var components []ComponentStatus
	return components, json.Unmarshal(text, &components)
}
