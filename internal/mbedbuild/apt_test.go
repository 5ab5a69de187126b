package mbedbuild

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDebianMirrors(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"none": {nil, nil},
		"one line style": {
			map[string]string{"sources.list": `
# deb http://comment.invalid/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://one.invalid/debian bookworm main contrib # why
deb-src	http://two.invalid/debian/ trixie contrib main
deb http://one.invalid/debian bookworm-updates main
deb http://security.invalid/debian-security bookworm-security main
`},
			[]string{"http://one.invalid/debian", "http://two.invalid/debian/"},
		},
		"deb822 style": {
			map[string]string{"sources.list.d/debian.sources": `Types: deb
# Suites: comment
URIs: http://one.invalid/debian
 mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie
 trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 Suites: sid

Types: deb
URIs: http://security.invalid/debian-security
Suites: trixie-security
Components: main

Enabled: no
Types: deb
URIs: http://off.invalid/debian
Suites: trixie
Components: main
`},
			[]string{"http://one.invalid/debian", "mirror+file:///etc/apt/mirrors/debian.list"},
		},
		"others": {
			map[string]string{
				"sources.list.d/a.sources":       "Types: deb\nURIs: https://node.invalid\nSuites: nodistro\nComponents: main\n",
				"sources.list.d/b.sources":       "Types: deb\nURIs: https://one.invalid\nSuites: sid\nComponents: main\n",
				"sources.list.d/c.list":          "deb https://cloud.invalid/apt cloud-sdk-bookworm main\ndeb https://docker.invalid bookworm stable\n",
				"sources.list.d/d.list.disabled": "deb https://off.invalid/debian bookworm main\n",
			},
			[]string{"https://one.invalid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			etc := t.TempDir()
			for name, text := range test.files {
				path := filepath.Join(etc, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(test.want, aptMirrors(etc)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
