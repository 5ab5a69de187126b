package testcreds

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
)

var hexByte = regexp.MustCompile(`0x([0-9a-f]{2})`)

// array is the bytes of a macro of upstream's test_certs.h.
func array(t *testing.T, header, macro string) []byte {
	t.Helper()
	_, text, found := strings.Cut(header, "#define "+macro+" {")
	text, _, closed := strings.Cut(text, "}")
	if !found || !closed {
		t.Fatalf("no %s", macro)
	}
	var digits strings.Builder
	for _, m := range hexByte.FindAllStringSubmatch(text, -1) {
		digits.WriteString(m[1])
	}
	data, err := hex.DecodeString(digits.String())
	if err != nil || len(data) == 0 {
		t.Fatalf("%s: %d bytes, %v", macro, len(data), err)
	}
	return data
}

func TestFilesAreUpstreamsArrays(t *testing.T) {
	dir, err := Dir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "../../tests/include/test/test_certs.h"))
	if err != nil {
		t.Fatal(err)
	}
	header := string(text)
	for file, macro := range map[string]string{
		caSHA1: "TEST_CA_CRT_RSA_SHA1_DER", caSHA256: "TEST_CA_CRT_RSA_SHA256_DER", caEC: "TEST_CA_CRT_EC_DER",
		ServerRSA.certificate: "TEST_SRV_CRT_RSA_SHA256_DER", ServerRSA.key: "TEST_SRV_KEY_RSA_DER",
		ServerEC.certificate: "TEST_SRV_CRT_EC_DER", ServerEC.key: "TEST_SRV_KEY_EC_DER",
		ClientRSA.certificate: "TEST_CLI_CRT_RSA_DER", ClientRSA.key: "TEST_CLI_KEY_RSA_DER",
		ClientEC.certificate: "TEST_CLI_CRT_EC_DER", ClientEC.key: "TEST_CLI_KEY_EC_DER",
	} {
		all, err := read(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(array(t, header, macro), all[0]); diff != "" {
			t.Errorf("%s is not %s", file, macro)
		}
	}
}

func TestIdentitiesAndCAsAreOfUse(t *testing.T) {
	for _, id := range []Identity{Server(), Client(), ServerEC, ClientEC} {
		certificate, key, err := id.Load()
		if err != nil {
			t.Fatal(err)
		}
		pk, err := cbridge.ParseKey(key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !pk.Matches(certificate) {
			t.Errorf("%v do not belong together", id)
		}
		pk.Close()
	}
	var subjects [2][]string
	for i, cas := range []func() ([][]byte, error){CAs, CAsByStrength} {
		all, err := cas()
		if err != nil {
			t.Fatal(err)
		}
		for _, der := range all {
			name, err := cbridge.SubjectName(der)
			if err != nil {
				t.Error(err)
			}
			subjects[i] = append(subjects[i], name)
		}
	}
	rsa, ec := "C=NL, O=PolarSSL, CN=PolarSSL Test CA", "C=NL, O=PolarSSL, CN=Polarssl Test EC CA"
	want := []string{rsa, rsa, ec}
	if !cbridge.Feature("MBEDTLS_RSA_C") {
		want = []string{ec}
	}
	if diff := cmp.Diff([2][]string{want, want}, subjects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDir(t *testing.T) {
	module, err := Dir()
	if err != nil {
		t.Fatal(err)
	}
	// A program that lies in a tree as upstream's do, or is a link there.
	tree := t.TempDir()
	own := filepath.Join(tree, "framework/data_files")
	if err := os.MkdirAll(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, caEC), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	program := os.Args[0]
	defer func() { os.Args[0] = program }()
	for _, test := range []struct{ variable, program, want string }{
		{"", "ssl_server2", module},
		{"", filepath.Join(tree, "programs/ssl/ssl_server2"), own},
		{own, "ssl_server2", own},
		{module, filepath.Join(tree, "programs/ssl/ssl_server2"), module},
	} {
		t.Setenv(Variable, test.variable)
		os.Args[0] = test.program
		if dir, err := Dir(); dir != test.want || err != nil {
			t.Errorf("%q, %s: %s, %v; want %s", test.variable, test.program, dir, err, test.want)
		}
	}
	t.Setenv(Variable, tree)
	if _, err := Dir(); err == nil {
		t.Error("a folder without the files is taken")
	}
}
