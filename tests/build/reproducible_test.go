package build

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Equal sources give equal archives and programs, wherever the folder is.
func TestBuildsAreReproducible(t *testing.T) {
	compiles(t)
	var builds [2]map[string][sha256.Size]byte
	for i := range builds {
		c := newCheckout(t)
		c.useTarball()
		for _, name := range []string{"cbridge", "mbedtls", "internal", "cmd/ssl_client2"} {
			c.copyIn(name)
		}
		os.Remove(c.path("cbridge/selected_build.h"))
		c.env["GOFLAGS"], c.env["CGO_CFLAGS"], c.env["CGO_LDFLAGS"] = "", "", ""
		c.ok("cross", "--no-tests", "linux/amd64")
		builds[i] = map[string][sha256.Size]byte{}
		for _, folder := range []string{"build/cross/linux-amd64", thirdParty + "/build"} {
			err := filepath.WalkDir(c.path(folder), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || d.Name() == ".lock" {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				name, err := filepath.Rel(c.dir, path)
				builds[i][name] = sha256.Sum256(data)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(builds[0], builds[1]); diff != "" {
		t.Error(diff)
	}
	if len(builds[0]) < 150 {
		t.Errorf("compared %d files only", len(builds[0]))
	}
	if _, ok := builds[0]["build/cross/linux-amd64/ssl_client2"]; !ok {
		t.Error("ssl_client2 is not among them")
	}
}
