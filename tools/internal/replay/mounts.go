package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/continuity/fs"
	"golang.org/x/sys/unix"
)

// system is what an engine mounts in every container. A Kind of "" is a bind mount of Source.
var system = []struct {
	Target, Kind, Source, Options string
	Flags                         uintptr
}{
	{"/proc", "proc", "proc", "", unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV},
	{"/sys", "sysfs", "sysfs", "", unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV | unix.MS_RDONLY},
	{"/dev", "tmpfs", "tmpfs", "mode=755", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"/dev/shm", "tmpfs", "shm", "mode=1777", unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV},
	{"/dev/pts", "devpts", "devpts", "newinstance,ptmxmode=0666,mode=620", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"/dev/null", "", "/dev/null", "", 0},
	{"/dev/zero", "", "/dev/zero", "", 0},
	{"/dev/full", "", "/dev/full", "", 0},
	{"/dev/random", "", "/dev/random", "", 0},
	{"/dev/urandom", "", "/dev/urandom", "", 0},
	{"/dev/tty", "", "/dev/tty", "", 0},
	{"/etc/resolv.conf", "", "/etc/resolv.conf", "", 0},
	{"/etc/hosts", "", "/etc/hosts", "", 0},
}

var deviceLinks = map[string]string{
	"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
	"/dev/ptmx": "pts/ptmx",
}

// mountSystem mounts system and extra in root. It returns the places that it had to make, from root.
func mountSystem(root string, extra []extraMount) (stubs []string, err error) {
	for _, m := range system {
		place, err := makePlace(root, m.Target, isFolder(m.Source) || m.Kind != "", &stubs)
		if err != nil {
			return stubs, err
		}
		flags := m.Flags
		if m.Kind == "" {
			flags |= unix.MS_BIND
		}
		if err := unix.Mount(m.Source, place, m.Kind, flags, m.Options); err != nil {
			return stubs, fmt.Errorf("mounting %s: %w", m.Target, err)
		}
	}
	for link, to := range deviceLinks {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			return stubs, err
		}
	}
	for _, m := range extra {
		if err := m.mount(root, &stubs); err != nil {
			return stubs, fmt.Errorf("mounting %s: %w", m.Target, err)
		}
	}
	return stubs, nil
}

func (m extraMount) mount(root string, stubs *[]string) error {
	if m.Folder == "" && m.Layers == nil {
		place, err := makePlace(root, m.Target, true, stubs)
		if err != nil {
			return err
		}
		return unix.Mount("tmpfs", place, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "")
	}
	source := m.Folder
	if m.Layers != nil {
		other, err := mountLayers(m.Layers)
		if err != nil {
			return err
		}
		if source, err = fs.RootPath(other, m.Selector); err != nil {
			return err
		}
	}
	place, err := makePlace(root, m.Target, isFolder(source), stubs)
	if err != nil {
		return err
	}
	if err := unix.Mount(source, place, "", unix.MS_BIND, ""); err != nil || m.Layers == nil {
		return err
	}
	return unix.Mount("", place, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// makePlace finds target in root, links of the image followed as seen from in there, and makes what is missing.
func makePlace(root, target string, folder bool, stubs *[]string) (string, error) {
	place, err := fs.RootPath(root, target)
	if err != nil {
		return "", err
	}
	inside := strings.TrimPrefix(place, root)
	parts := strings.Split(strings.Trim(inside, "/"), "/")
	for i := range parts {
		path := filepath.Join(root, filepath.Join(parts[:i+1]...))
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if i == len(parts)-1 && !folder {
			err = os.WriteFile(path, nil, 0o644)
		} else {
			err = os.Mkdir(path, 0o755)
		}
		if err != nil {
			return "", err
		}
		if !strings.HasPrefix(inside, "/dev/") { // those are in the tmpfs
			*stubs = append(*stubs, strings.TrimPrefix(path, root))
		}
	}
	return place, nil
}
