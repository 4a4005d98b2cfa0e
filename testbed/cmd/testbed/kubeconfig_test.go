package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
)

func TestOnlyTheComponentsHaveACurrentContext(t *testing.T) {
	layout := Layout{t.TempDir()}
	ports, err := portsFrom(21000)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeKubeconfigs(layout, ports, Keys{[]byte("authority"), "secret"}); err != nil {
		t.Fatal(err)
	}
	for path, current := range map[string]bool{layout.kubeconfig(): false, layout.components(): true} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "current-context: greenroom-testbed\n") != current {
			t.Errorf("%s: wanted a current context: %t\n%s", path, current, text)
		}
		for _, line := range []string{
			"    server: https://127.0.0.1:21000\n", "    certificate-authority-data: YXV0aG9yaXR5\n", "    token: secret\n",
		} {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s has no line %q:\n%s", path, line, text)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s holds a token and has mode %v (%v)", path, info.Mode(), err)
		}
	}
}

func TestTheServersCertificateIsTheAuthoritysAndForThisHost(t *testing.T) {
	layout := Layout{t.TempDir()}
	keys, err := makeKeys(layout)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(layout.path("pki", "server.crt"), layout.path("pki", "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(keys.authority)
	for _, host := range []string{"127.0.0.1", "kubernetes.default.svc", firstServiceAddress} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: pool}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: "elsewhere", Roots: pool}); err == nil {
		t.Error("the certificate is for any host")
	}
}
