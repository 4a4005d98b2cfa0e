package main

// The kubeconfig of a testbed, in two forms: the user's has no current context, so that no tool takes this cluster without
// being told to; the components' has one, because they have no flag for it.

import (
	"encoding/base64"
	"fmt"
	"os"
)

const contextName = "greenroom-testbed"

func kubeconfig(server string, keys Keys, current bool) string {
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[1]s-admin
  user:
    token: %[4]s
contexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: %[1]s-admin
`, contextName, server, base64.StdEncoding.EncodeToString(keys.authority), keys.token)
	if current {
		text += fmt.Sprintf("current-context: %s\n", contextName)
	}
	return text
}

func writeKubeconfigs(layout Layout, ports Ports, keys Keys) error {
	server := fmt.Sprintf("https://127.0.0.1:%d", ports.APIServer)
	for path, current := range map[string]bool{layout.kubeconfig(): false, layout.components(): true} {
		if err := os.WriteFile(path, []byte(kubeconfig(server, keys, current)), 0o600); err != nil {
			return err
		}
	}
	return nil
}
