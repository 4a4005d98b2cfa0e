package main

// The keys of a testbed: an authority of its own, the certificate that all its servers show, the client certificate of the
// API server, the key that signs service accounts' tokens, and the administrator's token.

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Keys are what the launcher needs of them after they are written.
type Keys struct {
	authority []byte // PEM
	token     string
}

// keysValidFor is far longer than a testbed lives.
const keysValidFor = 365 * 24 * time.Hour

func makeKeys(layout Layout) (Keys, error) {
	folder := layout.path("pki")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Keys{}, err
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Keys{}, err
	}
	ca := certificate("greenroom-testbed")
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	authority, err := writeCertificate(folder, "ca", ca, ca, caKey, caKey)
	if err != nil {
		return Keys{}, err
	}

	server := certificate("greenroom-testbed")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(firstServiceAddress)}
	client := certificate("kube-apiserver-kubelet-client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for name, template := range map[string]*x509.Certificate{"server": server, "kubelet-client": client} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return Keys{}, err
		}
		if _, err := writeCertificate(folder, name, template, ca, key, caKey); err != nil {
			return Keys{}, err
		}
	}

	accounts, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Keys{}, err
	}
	if err := writeKey(filepath.Join(folder, "service-accounts.key"), accounts); err != nil {
		return Keys{}, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return Keys{}, err
	}
	token := hex.EncodeToString(random)
	tokens := token + ",greenroom-testbed-admin,admin,system:masters\n"
	return Keys{authority, token}, os.WriteFile(filepath.Join(folder, "tokens.csv"), []byte(tokens), 0o600)
}

func certificate(name string) *x509.Certificate {
	// A minute back, for clocks that are compared in seconds.
	now := time.Now().Add(-time.Minute)
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now, NotAfter: now.Add(keysValidFor),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func writeCertificate(folder, name string, template, parent *x509.Certificate, key, parentKey crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(folder, name+".crt"), text, 0o600); err != nil {
		return nil, err
	}
	return text, writeKey(filepath.Join(folder, name+".key"), key)
}

func writeKey(path string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
