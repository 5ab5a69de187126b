// Package testcreds finds the certificates and keys that Mbed TLS's own programs have built in.
package testcreds

import (
	"os"
	"path/filepath"
)

func read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("third_party/mbedtls/src/framework/data_files", name))
}

func pair(crt, key string) ([]byte, []byte, error) {
	c, err := read(crt)
	if err != nil {
		return nil, nil, err
	}
	k, err := read(key)
	return c, k, err
}

func CAs() (all [][]byte, err error) {
	for _, name := range []string{"test-ca2.crt", "test-ca-sha256.crt"} {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func Client() (crt, key []byte, err error)    { return pair("cli-rsa-sha256.crt", "cli-rsa.key") }
func ServerRSA() (crt, key []byte, err error) { return pair("server2-sha256.crt", "server2.key") }
func ServerEC() (crt, key []byte, err error)  { return pair("server5.crt", "server5.key") }
