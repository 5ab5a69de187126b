package psa_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/cdriver"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

var macroName = regexp.MustCompile(`PSA_[A-Z0-9_]+`)

// TestConstantsAreTheHeaders has the C compiler compare each constant with the macro that its comment names.
func TestConstantsAreTheHeaders(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	check(t, err)
	var asserts strings.Builder
	n := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		check(t, err)
		ast.Inspect(f, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || spec.Comment == nil || len(spec.Values) != 1 {
				return true
			}
			value, ok := spec.Values[0].(*ast.BasicLit)
			macro := macroName.FindString(spec.Comment.Text())
			if ok && macro != "" {
				fmt.Fprintf(&asserts, "_Static_assert((unsigned long) %s == %sul, \"%s\");\n", macro, value.Value, spec.Names[0])
				n++
			}
			return true
		})
	}
	if n < 100 {
		t.Fatalf("only %d constants", n)
	}
	folder := t.TempDir()
	text := "#include <psa/crypto.h>\n" + asserts.String() + "int main(void) { return 0; }\n"
	check(t, os.WriteFile(filepath.Join(folder, "constants.c"), []byte(text), 0o600))
	check(t, cdriver.Compile(context.Background(), root, folder, filepath.Join(folder, "constants")))
}

// TestMacrosTakeAnything calls each macro with the numbers at the edges: none may crash, as a division by a block of no
// bytes would.
func TestMacrosTakeAnything(t *testing.T) {
	t.Parallel()
	types := []psa.KeyType{0, psa.TypeRawData, psa.TypeHMAC, psa.TypeAES, psa.TypeDES, psa.TypeChaCha20, psa.TypeRSAKeyPair, psa.ECCKeyPair(psa.SECPR1), 0xffff}
	algorithms := []psa.Algorithm{
		0, psa.SHA256, psa.HMAC(psa.SHA256), psa.CMAC, psa.StreamCipher, psa.CTR, psa.XTS, psa.ECBNoPadding, psa.CBCNoPadding, psa.CBCPKCS7,
		psa.CCMStarNoTag, psa.CCM, psa.GCM, psa.ChaCha20Poly1305, psa.RSAPSS(psa.SHA256), psa.ECDSA(psa.SHA256), psa.JPAKE, 0xffffffff,
	}
	for _, typ := range types {
		for _, alg := range algorithms {
			for _, n := range []int{-1, 0, 1, 16, 1 << 20} {
				for _, got := range []int{
					psa.MACLength(typ, n, alg), psa.AEADTagLength(typ, n, alg), psa.AEADEncryptOutputSize(typ, alg, n), psa.AEADDecryptOutputSize(typ, alg, n),
					psa.AEADUpdateOutputSize(typ, alg, n), psa.SignOutputSize(typ, n, alg), psa.AsymmetricEncryptOutputSize(typ, n, alg),
					psa.AsymmetricDecryptOutputSize(typ, n, alg), psa.ExportKeyOutputSize(typ, n), psa.ExportPublicKeyOutputSize(typ, n),
					psa.AgreementOutputSize(typ, n), psa.CipherEncryptOutputSize(typ, alg, n), psa.CipherDecryptOutputSize(typ, alg, n),
					psa.CipherUpdateOutputSize(typ, alg, n), psa.CipherFinishOutputSize(typ, alg), psa.CipherIVLength(typ, alg),
					psa.AEADFinishOutputSize(typ, alg), psa.AEADVerifyOutputSize(typ, alg), psa.AEADNonceLength(typ, alg),
				} {
					if got < 0 || got > 1<<24 {
						t.Errorf("type %#x, algorithm %#x, %d: %d", typ, alg, n, got)
					}
				}
			}
		}
	}
}

func TestAnUnknownMacroPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	cbridge.PSAMacro("PSA_NO_SUCH_THING")
}
