package mbedbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// Home is the folder that holds what this package makes. Any number of programs may use one at the same time.
type Home struct {
	Dir      string // absolute
	Clone    bool   // it is third_party/mbedtls of a clone
	Progress *Progress
}

// UserHome is the home of those who have no clone: a folder in the user's cache (os.UserCacheDir).
func UserHome(p *Progress) (*Home, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return &Home{Dir: filepath.Join(cache, "gombedtls"), Progress: p}, nil
}

// CloneHome is the home in the clone whose root is the given folder.
func CloneHome(root string, p *Progress) (*Home, error) {
	dir, err := filepath.Abs(filepath.Join(root, "third_party/mbedtls"))
	return &Home{Dir: dir, Clone: true, Progress: p}, err
}

func (h *Home) path(name string) string { return filepath.Join(h.Dir, name) }

// name is how messages call a path: relative to the clone, where there is one.
func (h *Home) name(path string) string {
	if h.Clone {
		if name, err := filepath.Rel(filepath.Join(h.Dir, "../.."), path); err == nil {
			return name
		}
	}
	return path
}

// Tree is where the release is, or will be.
func (h *Home) Tree(r pin.Release) string {
	if h.Clone && r.Version == pin.Releases()[0].Version {
		return h.path("src")
	}
	return h.path("src-" + r.Version)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// A workplace is a folder in which one run at a time works.
type workplace struct {
	dir  string
	lock *os.File
}

// locked waits for its turn in dir, removes what a killed run left there, and calls work. Programs started with the
// workplace's lock keep it: one that outlives a killed run holds it until it has ended.
func (h *Home) locked(ctx context.Context, dir string, work func(*workplace) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := h.flock(ctx, lock, dir); err != nil {
		return err
	}
	left, err := matching(dir, ".tmp.*")
	if err != nil {
		return err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return work(&workplace{dir, lock})
}

// flock asks again and again, as a system call that waits would not hear that the user gives up.
func (h *Home) flock(ctx context.Context, lock *os.File, dir string) error {
	for said := false; ; said = true {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		if !said {
			h.Progress.Say("waiting for another build in %s", h.name(dir))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// matching are the paths of what is in a folder and has such a name. A Glob would take the folder's own name for a pattern.
func matching(dir, pattern string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e.Name()); ok { // an error is for a bad pattern
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// temp is a new folder beside what it becomes, so that the last step is a rename.
func (w *workplace) temp() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(w.dir, ".tmp.")
	if err == nil {
		err = os.Chmod(dir, 0o755) // MkdirTemp's 700 would stay on what is renamed
	}
	return dir, func() { os.RemoveAll(dir) }, err
}

// replace gives the new folder its name. What was there goes.
func (w *workplace) replace(path, made string) error {
	if exists(path) {
		old, remove, err := w.temp()
		if err != nil {
			return err
		}
		defer remove()
		if err := os.Rename(path, filepath.Join(old, "old")); err != nil {
			return err
		}
	}
	return os.Rename(made, path)
}

func sha256File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// copyFile copies contents and permissions.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// copyMatching copies the files of one folder that match a pattern.
func copyMatching(to, from, pattern string) error {
	paths, err := matching(from, pattern)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := copyFile(filepath.Join(to, filepath.Base(path)), path); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a folder with all that is in it.
func copyTree(ctx context.Context, to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return copyFile(filepath.Join(to, name), path)
	})
}
