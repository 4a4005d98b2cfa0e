package main

// A small HTTP client that trusts the testbed's authority and carries the administrator's token.

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client speaks to the servers of one testbed.
type Client struct {
	http  http.Client
	token string
}

// answerTimeout bounds one question. The supervisor asks between other things that it does, so it is short.
const answerTimeout = 2 * time.Second

func newClient(keys Keys) *Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(keys.authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	return &Client{http: http.Client{Transport: transport, Timeout: answerTimeout}, token: keys.token}
}

// ok is nil if the address answers with 200.
func (c *Client) ok(url string) error {
	_, err := c.do(http.MethodGet, url, "", nil)
	return err
}

func (c *Client) do(method, url, contentType string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// The token is for the testbed's own servers, which speak TLS.
	if request.URL.Scheme == "https" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s answered %s: %s", method, url, response.Status, strings.TrimSpace(string(answer)))
	}
	return answer, err
}
