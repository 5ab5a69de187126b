package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/xeipuuv/gojsonschema"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

const root = "../.."

func document(t *testing.T) (*cdx.BOM, []byte) {
	t.Helper()
	bom, err := generate(root, "default")
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(bom, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return bom, text
}

// site is where the schemas say that they are.
const site = "http://cyclonedx.org/schema/"

// schema has those of CycloneDX's files, which the module of its library holds.
func schema(t *testing.T) *gojsonschema.SchemaLoader {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	loader := gojsonschema.NewSchemaLoader()
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := loader.AddSchema(site+name, gojsonschema.NewBytesLoader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return loader
}

func TestDocument(t *testing.T) {
	bom, text := document(t)

	t.Run("is valid", func(t *testing.T) {
		compiled, err := schema(t).Compile(gojsonschema.NewReferenceLoader(site + "bom-1.6.schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := compiled.Validate(gojsonschema.NewBytesLoader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range result.Errors() {
			t.Error(e)
		}
	})

	t.Run("is the same each time", func(t *testing.T) {
		_, again := document(t)
		if diff := cmp.Diff(string(text), string(again)); diff != "" {
			t.Error(diff)
		}
	})

	for _, name := range []string{"mbedtls-build", "ssl_server2"} {
		t.Run("has each module that "+name+" links", func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			build := exec.Command("go", "build", "-o", program, "./cmd/"+name)
			build.Dir = root
			if said, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			info, err := buildinfo.ReadFile(program) // as go version -m does
			if err != nil {
				t.Fatal(err)
			}
			if len(info.Deps) == 0 {
				t.Fatal("the program links no module: it proves nothing")
			}
			has := map[string]string{}
			for _, c := range *bom.Components {
				has[c.Name] = c.Version
			}
			for _, m := range info.Deps {
				if has[m.Path] != m.Version {
					t.Errorf("%s: version %q, but the program links %s", m.Path, has[m.Path], m.Version)
				}
			}
			if want := strings.TrimPrefix(info.GoVersion, "go"); strings.TrimPrefix(has["std"], "go") != want {
				t.Errorf("std: version %q, but the program links %s", has["std"], want)
			}
		})
	}

	t.Run("has the pinned Mbed TLS", func(t *testing.T) {
		for _, c := range *bom.Components {
			if c.Name != "mbedtls" {
				continue
			}
			release := pin.Releases()[0]
			if c.Version != release.Version || (*c.Hashes)[0].Value != release.SHA256 {
				t.Errorf("%s %s, want %s %s", c.Version, (*c.Hashes)[0].Value, release.Version, release.SHA256)
			}
			return
		}
		t.Error("it has none")
	})

	t.Run("names what it refers to", func(t *testing.T) {
		known := map[string]bool{bom.Metadata.Component.BOMRef: true}
		for _, c := range *bom.Components {
			known[c.BOMRef] = true
			if c.Components != nil {
				for _, part := range *c.Components {
					known[part.BOMRef] = true
				}
			}
		}
		for _, d := range *bom.Dependencies {
			if !known[d.Ref] {
				t.Errorf("%s is no component", d.Ref)
			}
			if d.Dependencies == nil {
				continue
			}
			for _, ref := range *d.Dependencies {
				if !known[ref] {
					t.Errorf("%s needs %s, which is no component", d.Ref, ref)
				}
			}
		}
	})
}

func TestTimeStampIsThatOfTheSources(t *testing.T) {
	bom := cdx.NewBOM()
	bom.Metadata, bom.Components, bom.Dependencies = &cdx.Metadata{}, &[]cdx.Component{}, &[]cdx.Dependency{}
	text, err := encode(bom, time.Unix(1_700_000_000, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte(`"timestamp": "2023-11-14T22:13:20Z"`); !bytes.Contains(text, want) {
		t.Errorf("%s\nhas no %s", text, want)
	}
}
