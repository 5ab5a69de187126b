// Package testcreds has the certificates and keys that are built into upstream's sample programs, for our programs of the
// same names. Upstream's are C arrays made of files in framework/data_files of its tree; here they are read from there:
// the repository holds no copy. All are DER, which every build can parse.
package testcreds

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Variable names the folder of the files, and goes before all other places.
const Variable = "GOMBEDTLS_DATA"

// inTree is the folder in upstream's tree.
const inTree = "framework/data_files"

// Dir finds the folder: the one that GOMBEDTLS_DATA names; or that of the tree in whose programs/ssl the program lies, or
// seems to; or that of the module's own tree, if the program was built in a module that is still there (go run, go test).
func Dir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return dir, check(dir)
	}
	var errs []error
	for _, tree := range trees() {
		dir := filepath.Join(tree, inTree)
		err := check(dir)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no folder of upstream's test certificates, set %s: %w", Variable, errors.Join(errs...))
}

func trees() (list []string) {
	if strings.ContainsRune(os.Args[0], filepath.Separator) { // may be a link into the tree
		list = append(list, filepath.Join(filepath.Dir(os.Args[0]), "../.."))
	}
	if program, err := os.Executable(); err == nil {
		list = append(list, filepath.Join(filepath.Dir(program), "../.."))
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) { // not with -trimpath
		list = append(list, filepath.Join(filepath.Dir(file), "../../third_party/mbedtls/src"))
	}
	return list
}

func check(dir string) error {
	_, err := os.Stat(filepath.Join(dir, caEC))
	return err
}

// The files of upstream's arrays.
const (
	caSHA1   = "test-ca-sha1.crt.der"   // mbedtls_test_ca_crt_rsa_sha1_der
	caSHA256 = "test-ca-sha256.crt.der" // mbedtls_test_ca_crt_rsa_sha256_der
	caEC     = "test-ca2.crt.der"       // mbedtls_test_ca_crt_ec_der
)

// Identity names a certificate and its key.
type Identity struct{ certificate, key string }

// The identities.
var (
	ServerRSA = Identity{"server2-sha256.crt.der", "server2.key.der"} // mbedtls_test_srv_crt_rsa, …_key_rsa
	ServerEC  = Identity{"server5.crt.der", "server5.key.der"}        // mbedtls_test_srv_crt_ec, …_key_ec
	ClientRSA = Identity{"cli-rsa-sha256.crt.der", "cli-rsa.key.der"} // mbedtls_test_cli_crt_rsa, …_key_rsa
	ClientEC  = Identity{"cli2.crt.der", "cli2.key.der"}              // mbedtls_test_cli_crt_ec, …_key_ec
)

// Server is mbedtls_test_srv_crt and …_key: RSA, if the build has it.
func Server() Identity { return rsaOr(ServerRSA, ServerEC) }

// Client is mbedtls_test_cli_crt and …_key: RSA, if the build has it.
func Client() Identity { return rsaOr(ClientRSA, ClientEC) }

func rsaOr(rsa, ec Identity) Identity {
	if cbridge.Feature("MBEDTLS_RSA_C") {
		return rsa
	}
	return ec
}

// Load reads the certificate and its key.
func (i Identity) Load() (certificate, key []byte, err error) {
	both, err := read(i.certificate, i.key)
	if err != nil {
		return nil, nil, err
	}
	return both[0], both[1], nil
}

// CAs are the certificates of mbedtls_test_cas, in its order: of those that the build can use.
func CAs() ([][]byte, error) { return read(usable(caSHA1, caSHA256, caEC)...) }

// CAsByStrength are those of mbedtls_test_cas_der and mbedtls_test_cas_pem, in their order.
func CAsByStrength() ([][]byte, error) { return read(usable(caSHA256, caSHA1, caEC)...) }

// needs are the options, other than those of all profiles, that a file is no use without.
var needs = map[string][]string{
	caSHA1:   {"MBEDTLS_RSA_C", "MBEDTLS_SHA1_C"},
	caSHA256: {"MBEDTLS_RSA_C", "MBEDTLS_SHA256_C"},
	caEC:     {"MBEDTLS_ECDSA_C", "MBEDTLS_ECP_DP_SECP384R1_ENABLED"},
}

func usable(names ...string) (list []string) {
	for _, name := range names {
		ok := true
		for _, option := range needs[name] {
			ok = ok && cbridge.Feature(option)
		}
		if ok {
			list = append(list, name)
		}
	}
	return list
}

func read(names ...string) ([][]byte, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(names))
	for i, name := range names {
		if all[i], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return all, nil
}
