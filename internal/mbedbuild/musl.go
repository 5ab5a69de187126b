package mbedbuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// muslSpecs returns the specs file with which the target's gcc uses musl. Debian has musl-gcc for the machine's own
// processor only, so musl is taken from the package for the other one, without making that an architecture of the system's.
func (h *Home) muslSpecs(ctx context.Context, t Target) (string, error) {
	sysroot := h.path("sysroot/" + t.GOARCH + "-musl") // Debian's names of these architectures are Go's
	specs := filepath.Join(sysroot, "musl-gcc.specs")
	err := h.locked(ctx, h.path("sysroot"), func(w *workplace) error {
		if !exists(sysroot) {
			temp, remove, err := w.temp()
			if err != nil {
				return err
			}
			defer remove()
			made := filepath.Join(temp, "root")
			if err := debianPackages(ctx, h, w, temp, t.GOARCH, made, "musl", "musl-dev"); err != nil {
				return err
			}
			if err := os.Rename(made, sysroot); err != nil {
				return err
			}
		}
		// The specs name folders: where the home is now.
		triple := strings.TrimSuffix(t.Prefix, "gnu-") + "musl"
		text, err := os.ReadFile(filepath.Join(sysroot, "usr/lib", triple, "musl-gcc.specs"))
		if err != nil {
			return err
		}
		for _, folder := range []string{"include", "lib"} {
			text = bytes.ReplaceAll(text, []byte("/usr/"+folder+"/"+triple), []byte(filepath.Join(sysroot, "usr", folder, triple)))
		}
		if old, err := os.ReadFile(specs); err == nil && bytes.Equal(old, text) {
			return nil
		}
		return os.WriteFile(specs, text, 0o644)
	})
	if err != nil {
		return "", fmt.Errorf("no C library for %s: %w; set CC to a compiler that has one", t.Name, err)
	}
	return specs, nil
}

var codename = regexp.MustCompile(`(?m)^VERSION_CODENAME="?(\w+)`)

// debianPackages unpacks packages of another architecture, of this machine's release of Debian, into a folder.
func debianPackages(ctx context.Context, h *Home, w *workplace, temp, architecture, to string, names ...string) error {
	mirrors, keyring, err := DebianMirrors()
	if err != nil {
		return err
	}
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return err
	}
	suite := codename.FindSubmatch(text)
	if suite == nil {
		return errors.New("/etc/os-release has no VERSION_CODENAME")
	}
	h.Progress.Say("getting %s for %s from Debian", strings.Join(names, " and "), architecture)
	var failed error
	for _, mirror := range mirrors {
		a, err := newApt(ctx, w, filepath.Join(temp, "apt"), fmt.Sprintf("deb [signed-by=%s] %s %s main", keyring, mirror, suite[1]), architecture)
		if err == nil {
			_, err = a.run(ctx, "apt-get", append([]string{"-q", "download"}, names...)...)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		debs, err := matching(a.dir, "*.deb")
		if err != nil {
			return err
		}
		for _, deb := range debs {
			if _, err := run(ctx, w, "dpkg-deb", "-x", deb, to); err != nil {
				return err
			}
		}
		return nil
	}
	return failed
}
