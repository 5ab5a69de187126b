package mbedbuild

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentKeepsWhatTheUserHas(t *testing.T) {
	t.Setenv("GOFLAGS", `-tags=mine,mbedtls_system -mod=mod '-ldflags=-X main.x=y'`)
	t.Setenv("CGO_CFLAGS", "-O3 -I/opt/other -DGOMBEDTLS_BUILD=earlier")
	t.Setenv("CGO_LDFLAGS", "")
	t.Setenv("PKG_CONFIG_PATH", "/opt/other/lib/pkgconfig")
	t.Setenv("PKG_CONFIG", "true") // any command that is there
	native, err := FindTarget(runtime.GOARCH)
	if err != nil {
		t.Skip(err)
	}
	b := &Build{Options: Options{Target: native}, Compiler: Compiler{CC: "some-gcc"}, Folder: "/home/a b/build", key: "0123", home: "/home/a b"}
	for name, test := range map[string]struct {
		options EnvOptions
		want    map[string]string
	}{
		"pkg-config": {EnvOptions{}, map[string]string{
			"GOFLAGS":         `-mod=mod '-ldflags=-X main.x=y' -tags=mbedtls_system,mine`,
			"CGO_CFLAGS":      "-DGOMBEDTLS_BUILD=0123 -O3 -I/opt/other",
			"PKG_CONFIG_PATH": "/home/a b/build/lib/pkgconfig:/opt/other/lib/pkgconfig",
		}},
		"flags": {EnvOptions{Flags: true}, map[string]string{
			"GOFLAGS":     `-tags=mine,mbedtls_system -mod=mod '-ldflags=-X main.x=y'`,
			"CGO_CFLAGS":  "'-I/home/a b/build/include' '-I/home/a b/build/include/gombedtls' -O3 -I/opt/other",
			"CGO_LDFLAGS": "'-L/home/a b/build/lib' -O2 -g",
		}},
		"reproducible": {EnvOptions{Reproducible: true}, map[string]string{
			"GOFLAGS":         `-mod=mod '-ldflags=-X main.x=y' -tags=mbedtls_system,mine -trimpath -ldflags=-buildid=`,
			"CGO_CFLAGS":      "'-ffile-prefix-map=/home/a b=third_party/mbedtls' -DGOMBEDTLS_BUILD=0123 -O3 -I/opt/other",
			"PKG_CONFIG_PATH": "/home/a b/build/lib/pkgconfig:/opt/other/lib/pkgconfig",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			vars, err := b.Environment(t.Context(), test.options)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"CGO_ENABLED": "1", "GOOS": "linux", "GOARCH": native.GOARCH, "CC": "some-gcc"} {
				test.want[name] = value
			}
			if native.GOARM != "" {
				test.want["GOARM"] = native.GOARM
			}
			got := map[string]string{}
			for _, v := range vars {
				got[v.Name] = v.Value
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompilerOfAnotherMachineIsRefused(t *testing.T) {
	if runtime.GOARCH == "s390x" {
		t.Skip("it is this machine")
	}
	t.Setenv("CC", "cc")
	t.Setenv("AR", "ar")
	target, err := FindTarget("linux/s390x")
	if err != nil {
		t.Fatal(err)
	}
	h := &Home{Dir: t.TempDir(), Progress: NewProgress(t.Output())}
	want := "CC=cc does not compile for linux/s390x: unset CC, or name a compiler that does"
	if _, err := target.compiler(t.Context(), h); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWaitForAnotherBuildEndsWithTheContext(t *testing.T) {
	h := &Home{Dir: t.TempDir(), Progress: NewProgress(t.Output())}
	err := h.locked(t.Context(), h.Dir, func(*workplace) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := h.locked(ctx, h.Dir, func(*workplace) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
