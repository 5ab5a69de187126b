package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// folder is where a test's files are.
type folder struct {
	*testing.T
	dir string
}

func newFolder(t *testing.T) folder {
	t.Helper()
	for _, o := range []string{"MBEDTLS_X509_CRT_WRITE_C", "MBEDTLS_X509_CSR_WRITE_C", "MBEDTLS_PEM_WRITE_C", "MBEDTLS_RSA_C"} {
		if !cbridge.Feature(o) {
			t.Skipf("this build lacks %s", o)
		}
	}
	return folder{t, t.TempDir()}
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

// call runs the program as main does; names of files that begin with "@" are in the folder.
func (f folder) call(input string, args ...string) (code int, stdout, stderr string) {
	f.Helper()
	for i, a := range args {
		if name, ok := strings.CutPrefix(a, "@"); ok {
			args[i] = f.path(name)
		}
	}
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(input), &out, &errs)
	return code, out.String(), errs.String()
}

// ok is call, which must do what it is to.
func (f folder) ok(args ...string) string {
	f.Helper()
	code, stdout, stderr := f.call("", args...)
	if code != good || stderr != "" {
		f.Fatalf("%v: %d, %s%s", args, code, stdout, stderr)
	}
	return stdout
}

func (f folder) openssl(args ...string) string {
	f.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = f.dir
	out, err := c.CombinedOutput()
	if err != nil {
		f.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (f folder) contains(what, text string, want ...string) {
	f.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			f.Errorf("%s has no %q:\n%s", what, w, text)
		}
	}
}

// ca makes ca.key and ca.pem.
func (f folder) ca(keyType string) {
	f.Helper()
	f.ok("key", "generate", "--type", keyType, "-o", "@ca.key")
	f.ok("issue", "--key", "@ca.key", "--subject", "C=NL, O=Test, CN=Test CA", "--is-ca", "--key-usage",
		"keyCertSign,cRLSign", "-o", "@ca.pem")
}

func TestIssuedByOursVerifiedByOpenSSL(t *testing.T) {
	for _, keyType := range []string{"secp256r1", "secp384r1", "rsa:2048", "brainpoolP256r1"} {
		f := newFolder(t)
		f.ca(keyType)
		f.ok("key", "generate", "-o", "@leaf.key")
		if info, err := os.Stat(f.path("leaf.key")); err != nil || info.Mode().Perm() != private {
			t.Errorf("the key's file: %v, %v", info.Mode(), err)
		}
		f.ok("csr", "create", "--key", "@leaf.key", "--subject", "CN=leaf", "--dns", "leaf.example", "--ip", "192.0.2.1",
			"--key-usage", "digitalSignature", "-o", "@leaf.csr")
		f.contains("openssl req", f.openssl("req", "-in", "leaf.csr", "-verify", "-noout", "-text"), "verify OK",
			"DNS:leaf.example")
		f.contains("csr inspect", f.ok("csr", "inspect", "@leaf.csr"), "CN=leaf", "signed by its own key")
		f.ok("issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--csr", "@leaf.csr", "--ext-key-usage", "serverAuth",
			"--serial", "01:02:03", "--days", "10", "-o", "@leaf.pem")
		f.openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "leaf.example", "-CAfile", "ca.pem",
			"leaf.pem")
		f.contains("openssl x509", f.openssl("x509", "-in", "leaf.pem", "-noout", "-text"), "IP Address:192.0.2.1",
			"Digital Signature",
			"TLS Web Server Authentication", "66051 (0x10203)")
		f.contains("verify", f.ok("verify", "--ca", "@ca.pem", "--name", "leaf.example", "--usage", "digitalSignature",
			"--purpose", "serverAuth",
			"@leaf.pem"), "0  CN=leaf: ok", "valid")
		f.contains("inspect", f.ok("inspect", "@leaf.pem", "@ca.pem"), "certificate 1", "subject name      : CN=leaf",
			"CN=Test CA")
		f.ok("key", "check", "@leaf.key", "@leaf.pem")
		f.ok("key", "check", "@ca.key", "@ca.pem")

		var list []certificate
		if err := json.Unmarshal([]byte(f.ok("inspect", "--json", "@leaf.pem", "@ca.pem")), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].Serial != "010203" || list[0].CA || !list[1].CA ||
			list[0].AuthorityKeyID != list[1].SubjectKeyID ||
			strings.Join(list[0].SubjectAltNames, " ") != "dNSName:leaf.example iPAddress:192.0.2.1" {
			t.Errorf("%+v", list)
		}
		var r request
		if err := json.Unmarshal([]byte(f.ok("csr", "inspect", "--json", "@leaf.csr")), &r); err != nil || !r.Signed ||
			r.Key != "EC" || r.KeyBits != 256 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestOpenSSLsChainAndRevocations(t *testing.T) {
	f := newFolder(t)
	f.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-subj",
		"/CN=Their CA",
		"-days", "3", "-out", "ca.pem")
	f.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-subj", "/CN=theirs", "-addext",
		"subjectAltName=DNS:t.example",
		"-out", "leaf.csr")
	f.openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-copy_extensions",
		"copy", "-out", "leaf.pem")
	for name, text := range map[string]string{"index": "", "crlnumber": "01\n",
		"ca.cnf": "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=3\n"} {
		if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gencrl := []string{"ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "crl.pem"}
	f.openssl(gencrl...)
	f.contains("verify", f.ok("verify", "--ca", "@ca.pem", "--crl", "@crl.pem", "--name", "t.example", "@leaf.pem"), "valid")
	f.contains("crl check", f.ok("crl", "check", "--ca", "@ca.pem", "@crl.pem", "@leaf.pem"), "valid")
	f.openssl("ca", "-config", "ca.cnf", "-revoke", "leaf.pem", "-keyfile", "ca.key", "-cert", "ca.pem")
	f.openssl(gencrl...)
	for _, args := range [][]string{{"crl", "check", "--ca", "@ca.pem", "@crl.pem", "@leaf.pem"}, {"verify", "--ca",
		"@ca.pem", "--crl", "@crl.pem", "@leaf.pem"}} {
		code, out, stderr := f.call("", args...)
		if code != bad || !strings.Contains(out, "not valid: certificate revoked") || stderr != "" {
			t.Errorf("%v: %d, %s%s", args, code, out, stderr)
		}
	}
	f.contains("crl inspect", f.ok("crl", "inspect", "@crl.pem"), "CN=Their CA", "revocation date")
	var lists []revocationList
	if err := json.Unmarshal([]byte(f.ok("crl", "inspect", "--json", "@crl.pem")), &lists); err != nil || len(lists) != 1 ||
		len(lists[0].Revoked) != 1 ||
		lists[0].Issuer != "CN=Their CA" {
		t.Errorf("%+v, %v", lists, err)
	}
	// A request of theirs, signed by ours.
	f.ok("issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--csr", "@leaf.csr", "-o", "@ours.pem")
	f.openssl("verify", "-CAfile", "ca.pem", "-verify_hostname", "t.example", "ours.pem")
}

func TestWhatIsNotValid(t *testing.T) {
	f := newFolder(t)
	f.ca("secp256r1")
	f.ok("key", "generate", "-o", "@leaf.key")
	f.ok("issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--key", "@leaf.key", "--subject", "CN=leaf", "--dns",
		"leaf.example",
		"--key-usage", "digitalSignature", "--ext-key-usage", "clientAuth", "-o", "@leaf.pem")
	f.ok("issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--key", "@leaf.key", "--subject", "CN=old", "--not-before",
		"2001-02-03",
		"--not-after", "2002-02-03T04:05:06Z", "-o", "@old.pem")
	f.ok("key", "generate", "-o", "@other.key")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", "--ca", "@ca.pem", "--name", "other.example", "@leaf.pem"}, "certificate is not for this host name"},
		{[]string{"verify", "--ca", "@leaf.pem", "@ca.pem"}, "certificate not signed by a trusted CA"},
		{[]string{"verify", "--ca", "@ca.pem", "@old.pem"}, "certificate expired"},
		{[]string{"verify", "--ca", "@ca.pem", "--profile", "none", "@leaf.pem"}, "forbidden"},
		{[]string{"verify", "--ca", "@ca.pem", "--purpose", "serverAuth", "@leaf.pem"}, "not for the purpose serverAuth"},
		{[]string{"verify", "--ca", "@ca.pem", "--usage", "keyCertSign", "@leaf.pem"}, "not for the key usage keyCertSign"},
		{[]string{"key", "check", "@other.key", "@leaf.pem"}, "not of this key"},
		{[]string{"key", "check", "@other.key", "@leaf.key"}, "not of this key"},
	} {
		code, out, stderr := f.call("", test.args...)
		if code != bad || !strings.Contains(out, test.want) || stderr != "" {
			t.Errorf("%v: %d, %s%s", test.args, code, out, stderr)
		}
	}
	// A directory of trusted certificates, and one with a file that is none.
	dir := f.path("trusted")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(f.path("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	f.ok("verify", "--ca", dir, "@leaf.pem")
	if err := os.WriteFile(filepath.Join(dir, "b.txt"), []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := f.call("", "verify", "--ca", dir, "@leaf.pem"); code != failed || !strings.Contains(stderr, "b.txt") {
		t.Errorf("%d, %s", code, stderr)
	}
	// A request that somebody changed.
	f.ok("csr", "create", "--key", "@leaf.key", "--subject", "CN=leaf", "--der", "-o", "@leaf.csr")
	der, err := os.ReadFile(f.path("leaf.csr"))
	if err != nil {
		t.Fatal(err)
	}
	der[bytes.Index(der, []byte("leaf"))] = 'L'
	if code, out, _ := f.call(string(der), "csr", "inspect", "-"); code != bad || !strings.Contains(out,
		"not signed by its own key") {
		t.Errorf("%d, %s", code, out)
	}
	if code, _, stderr := f.call(string(der), "issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--csr",
		"-"); code != failed ||
		!strings.Contains(stderr, "not signed by its own key") {
		t.Errorf("%d, %s", code, stderr)
	}
}

func TestKeys(t *testing.T) {
	f := newFolder(t)
	for _, keyType := range []string{"secp256r1", "secp521r1", "secp256k1", "brainpoolP512r1", "x25519", "rsa:2048"} {
		f.ok("key", "generate", "--type", keyType, "-o", "@k.pem")
		f.openssl("pkey", "-in", "k.pem", "-noout", "-text")
		f.ok("key", "convert", "--der", "@k.pem", "-o", "@k.der")
		f.ok("key", "convert", "--public", "@k.der", "-o", "@k.pub")
		if ours, theirs := read(t, f.path("k.pub")), f.openssl("pkey", "-in", "k.pem", "-pubout"); keyType != "x25519" &&
			ours != theirs {
			t.Errorf("%s: the public key is\n%s, and OpenSSL's\n%s", keyType, ours, theirs)
		}
		var i keyInfo
		if err := json.Unmarshal([]byte(f.ok("key", "inspect", "--json", "@k.der")), &i); err != nil || !i.Private ||
			i.PublicKey == "" {
			t.Errorf("%s: %+v, %v", keyType, i, err)
		}
		if want := keyType; !strings.HasPrefix(want, "rsa") && i.Group != want || strings.HasPrefix(want, "rsa") &&
			i.Bits != 2048 {
			t.Errorf("%s: %+v", keyType, i)
		}
		f.contains("key inspect", f.ok("key", "inspect", "@k.pub"), "a public")
		want := good
		if keyType == "x25519" && cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
			want = failed // see verdict
		}
		if code, stdout, stderr := f.call("", "key", "check", "@k.pem", "@k.pub"); code != want {
			t.Errorf("%s: key check: %d, %s%s", keyType, code, stdout, stderr)
		}
		f.ok("key", "convert", "--public", "--der", "@k.pub", "-o", "@k2.pub")
		if block, _ := pem.Decode([]byte(read(t, f.path("k.pub")))); block == nil || string(block.Bytes) != read(t,
			f.path("k2.pub")) {
			t.Errorf("%s: public keys differ", keyType)
		}
	}
	f.openssl("pkcs8", "-topk8", "-in", "k.pem", "-v2", "aes-256-cbc", "-passout", "pass:secret", "-out", "enc.pem")
	if err := os.WriteFile(f.path("password"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.ok("key", "check", "--password-file", "@password", "@enc.pem", "@k.pub")
	if code, _, stderr := f.call("", "key", "inspect", "@enc.pem"); code != failed || !strings.Contains(stderr, "enc.pem") {
		t.Errorf("without a password: %d, %s", code, stderr)
	}
	if code, out, _ := f.call(read(t, f.path("k.pem")), "key", "convert", "--public", "-"); code != good || out != read(t,
		f.path("k.pub")) {
		t.Errorf("from standard input: %d, %s", code, out)
	}
}

// TestOnlyMismatchesAreVerdicts: what keeps the library from comparing says nothing about the keys.
func TestOnlyMismatchesAreVerdicts(t *testing.T) {
	p256, err := pk.NewEC(pk.ECKey, int(ecp.Secp256r1), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer p256.Close()
	for _, test := range []struct {
		checked          error
		mismatch, failed bool
	}{
		{checked: nil},
		{&mbedtls.Error{Code: mbedtls.ErrPKTypeMismatch}, true, false},
		{&mbedtls.Error{Code: mbedtls.ErrRSAKeyCheckFailed}, true, false},
		{&mbedtls.Error{Code: mbedtls.ErrECPBadInputData}, true, false},
		{&mbedtls.Error{Code: mbedtls.ErrPKBadInputData}, true, false},
		{&mbedtls.Error{Code: mbedtls.ErrPKFeatureUnavailable}, false, true},
		{&mbedtls.Error{Code: mbedtls.ErrPKAllocFailed}, false, true},
		{&mbedtls.Error{Code: mbedtls.ErrMPIAllocFailed}, false, true},
		{&mbedtls.Error{Code: mbedtls.ErrECPInvalidKey}, false, true},
		{&mbedtls.NotBuiltError{Option: "MBEDTLS_PK_C"}, false, true},
		{net.ErrClosed, false, true},
	} {
		mismatch, err := verdict(p256, test.checked)
		if (mismatch != nil) != test.mismatch || (err != nil) != test.failed || err != nil && !errors.Is(err, test.checked) {
			t.Errorf("%v: %v, %v", test.checked, mismatch, err)
		}
	}
}

// TestCurveThatPSALacks: in builds whose keys PSA compares, nothing can be said of this one; others tell.
func TestCurveThatPSALacks(t *testing.T) {
	f := newFolder(t)
	if _, ok := ecp.ByID(ecp.Secp224k1); !ok {
		t.Skip("this build lacks secp224k1")
	}
	f.openssl("ecparam", "-name", "secp224k1", "-genkey", "-noout", "-out", "k.pem")
	f.openssl("ecparam", "-name", "secp224k1", "-genkey", "-noout", "-out", "other.pem")
	for file, want := range map[string]int{"@k.pem": good, "@other.pem": bad} {
		if cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
			want = failed
		}
		if code, stdout, stderr := f.call("", "key", "check", "@k.pem", file); code != want || (stdout == "") != (want == failed) {
			t.Errorf("%s: %d, %s%s", file, code, stdout, stderr)
		}
	}
}

func TestPasswordOfTheCA(t *testing.T) {
	f := newFolder(t)
	f.ca("secp256r1")
	f.ok("key", "generate", "-o", "@leaf.key")
	for _, name := range []string{"ca", "leaf"} {
		f.openssl("pkcs8", "-topk8", "-in", name+".key", "-v2", "aes-256-cbc", "-passout", "pass:of "+name, "-out", name+".enc")
		if err := os.WriteFile(f.path(name+".password"), []byte("of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--key", "@leaf.enc", "--password-file", "@leaf.password", "--ca-password-file", "@ca.password"}, good, ""},
		{[]string{"--key", "@leaf.key", "--ca-password-file", "@ca.password"}, good, ""},
		{[]string{"--key", "@leaf.key", "--password-file", "@ca.password"}, failed, "ca.enc"},
		{[]string{"--key", "@leaf.key"}, failed, "ca.enc"},
		{[]string{"--key", "@leaf.enc", "--ca-password-file", "@ca.password"}, failed, "leaf.enc"},
		{[]string{"--key", "@leaf.enc", "--ca-password-file", "@leaf.password", "--password-file", "@leaf.password"}, failed,
			"ca.enc"},
	} {
		args := append(test.args, "--subject", "CN=leaf", "--ca", "@ca.pem", "--ca-key", "@ca.enc", "-o", "@leaf.pem")
		code, _, stderr := f.call("", append([]string{"issue"}, args...)...)
		if code != test.code || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: %d, %s", test.args, code, stderr)
		}
	}
	// The self-signed one is by --key, and --password-file.
	f.ok("issue", "--subject", "CN=leaf", "--key", "@leaf.enc", "--password-file", "@leaf.password", "-o", "@self.pem")
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryFlagOfIssue(t *testing.T) {
	f := newFolder(t)
	f.ca("secp384r1")
	f.ok("key", "generate", "--type", "rsa:2048", "-o", "@k.key")
	f.ok("key", "convert", "--public", "@k.key", "-o", "@k.pub")
	f.ok("issue", "--ca", "@ca.pem", "--ca-key", "@ca.key", "--pubkey", "@k.pub", "--subject", "C=NL, CN=all", "--hash",
		"sha512", "--is-ca",
		"--path-len", "2", "--key-usage", "keyCertSign, digitalSignature", "--ext-key-usage", "any", "--ext-key-usage", "1.2.3.4",
		"--ns-cert-type", "sslCA", "--dns", "a.example", "--email", "a@b.example", "--uri", "urn:x", "--ip", "2001:db8::1",
		"--dirname", "CN=dir",
		"--extension", "critical:1.2.3=0500", "--serial", "ff", "--der", "-o", "@c.der")
	f.contains("openssl x509", f.openssl("x509", "-inform", "DER", "-in", "c.der", "-noout", "-text"), "ecdsa-with-SHA512",
		"CA:TRUE, pathlen:2",
		"Any Extended Key Usage, 1.2.3.4", "SSL CA",
		"DNS:a.example, IP Address:2001:DB8:0:0:0:0:0:1, email:a@b.example, URI:urn:x", "1.2.3: critical", "255 (0xff)")
	f.ok("issue", "--key", "@k.key", "--subject", "CN=v1", "--version", "1", "-o", "@v1.pem")
	f.contains("openssl x509", f.openssl("x509", "-in", "v1.pem", "-noout", "-text"), "Version: 1 (0x0)")
	f.ok("issue", "--key", "@k.key", "--subject", "CN=none", "--no-basic-constraints", "-o", "@none.pem")
	if text := f.openssl("x509", "-in", "none.pem", "-noout", "-text"); strings.Contains(text, "Basic Constraints") {
		t.Error(text)
	}
}

func TestUsage(t *testing.T) {
	f := newFolder(t)
	f.ca("secp256r1")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, failed, "usage: mbedtls-cert VERB"},
		{[]string{"--help"}, good, "csr create"},
		{[]string{"issue", "--help"}, good, "--subject NAME"},
		{[]string{"none"}, failed, `no verb "none"`},
		{[]string{"csr", "none"}, failed, `no verb "csr none"`},
		{[]string{"csr"}, failed, `no verb "csr"`},
		{[]string{"inspect"}, failed, "wrong number of arguments"},
		{[]string{"inspect", "--none", "x"}, failed, "flag provided but not defined"},
		{[]string{"inspect", "@none"}, failed, "no such file"},
		{[]string{"inspect", "@ca.key"}, failed, "ca.key"},
		{[]string{"verify", "@ca.pem"}, failed, "--ca names no trusted certificates"},
		{[]string{"verify", "--ca", "@none", "@ca.pem"}, failed, "no such file"},
		{[]string{"verify", "--ca", "@ca.pem", "--profile", "x", "@ca.pem"}, failed, `no profile "x"`},
		{[]string{"verify", "--ca", "@ca.pem", "--usage", "x", "@ca.pem"}, failed, `"x" is not one of`},
		{[]string{"verify", "--ca", "@ca.pem", "--purpose", "x", "@ca.pem"}, failed, `no purpose "x"`},
		{[]string{"verify", "--ca", "@ca.pem", "--crl", "@ca.pem", "@ca.pem"}, failed, "ca.pem"},
		{[]string{"issue", "--subject", "CN=x"}, failed, "issue needs --key"},
		{[]string{"issue", "--ca", "@ca.pem"}, failed, "--ca and --ca-key go together"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--ca-password-file", "x"}, failed,
			"--ca-password-file goes with --ca-key"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--version", "0"}, failed, "--version 0 is not 1, 2 or 3"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--version", "4"}, failed, "--version 4 is not"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--version", "-1"}, failed, "--version -1 is not"},
		{[]string{"issue", "--help"}, good, "-ca-password-file"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "nonsense"}, failed, `name "nonsense"`},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--hash", "md4"}, failed, `no hash "md4"`},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--not-after", "then"}, failed, `"then" is not a time`},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--serial", "xyz"}, failed, `"xyz" is not hex`},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--serial", "00"}, failed, "SerialNumber"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--ip", "x"}, failed, "--ip x"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--extension", "x"}, failed, "not OID=HEX"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--key-usage", "keyCertSign"}, failed,
			"keyCertSign is for CAs"},
		{[]string{"issue", "--key", "@ca.key", "--subject", "CN=x", "--csr", "a", "--pubkey", "b"}, failed, "--csr and --pubkey"},
		{[]string{"csr", "create", "--key", "@ca.key"}, failed, "needs --subject and --key"},
		{[]string{"csr", "inspect", "@ca.pem"}, failed, "ca.pem"},
		{[]string{"crl", "inspect", "@ca.pem"}, failed, "ca.pem"},
		{[]string{"key", "generate", "--type", "x"}, failed, "unknown"},
		{[]string{"key", "generate", "--type", "rsa:x"}, failed, "rsa:x"},
		{[]string{"key", "convert", "@ca.pem"}, failed, "ca.pem"},
	} {
		code, stdout, stderr := f.call("", test.args...)
		if code != test.code || !strings.Contains(stderr, test.want) || stdout != "" {
			t.Errorf("%v: %d, %s%s", test.args, code, stdout, stderr)
		}
	}
}
