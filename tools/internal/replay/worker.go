package replay

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"
)

// Worker must be the first thing that main, or TestMain, does: a program that uses this package is also its own worker.
// In one, Worker does not return.
func Worker() {
	if os.Args[0] != workerName {
		return
	}
	runtime.LockOSThread() // what is asked of the kernel for when the parent dies is asked for a thread
	out := os.NewFile(4, "report")
	unix.CloseOnExec(4)
	var said report
	err := work(&said, out)
	if err != nil {
		_ = json.NewEncoder(out).Encode(report{Stubs: said.Stubs, Error: err.Error()})
		os.Exit(1)
	}
	os.Exit(0)
}

func work(said *report, out *os.File) error {
	in := os.NewFile(3, "job")
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	in.Close()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	// Layers are named from here.
	if err := os.Chdir(j.Folder); err != nil {
		return err
	}
	root, err := mountRoot(j.Lower, j.Upper)
	if err != nil {
		return err
	}
	if j.Process == nil {
		source, err := mountLayers(j.Source)
		if err != nil {
			return err
		}
		if err := doFile(j.File, source, root); err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(said)
	}
	p := j.Process
	if said.Stubs, err = mountSystem(root, p.Mounts); err != nil {
		return err
	}
	if p.Network {
		if err := loopbackUp(); err != nil {
			return err
		}
	}
	uid, gid, groups, err := oci.GetUser(root, p.User)
	if err != nil {
		return fmt.Errorf("user %q: %w", p.User, err)
	}
	env := withDefaults(p.Env, root, int(uid))
	if err := unix.Chroot(root); err != nil {
		return os.NewSyscallError("chroot", err)
	}
	if err := os.Chdir(p.Cwd); err != nil {
		return err
	}
	if err := become(uid, gid, groups); err != nil {
		return err
	}
	// Another user is another process to the kernel, which forgets what start asked.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	os.Clearenv()
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		os.Setenv(name, value)
	}
	path, err := exec.LookPath(p.Args[0])
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(said); err != nil {
		return err
	}
	return &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, p.Args, os.Environ())}
}

// become gives up root, if the image's user is another.
func become(uid, gid uint32, groups []uint32) error {
	list := make([]int, len(groups))
	for i, g := range groups {
		list[i] = int(g)
	}
	if err := syscall.Setgroups(list); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if err := syscall.Setgid(int(gid)); err != nil {
		return os.NewSyscallError("setgid", err)
	}
	return os.NewSyscallError("setuid", syscall.Setuid(int(uid)))
}

// withDefaults adds what an engine does: HOME of the user, and a PATH. The first of two settings of a variable counts.
func withDefaults(env []string, root string, uid int) []string {
	home := "/"
	if passwd, err := fs.RootPath(root, "/etc/passwd"); err == nil {
		users, _ := user.ParsePasswdFileFilter(passwd, func(u user.User) bool { return u.Uid == uid })
		if len(users) > 0 {
			home = users[0].Home
		}
	}
	seen, all := map[string]bool{}, []string(nil)
	for _, e := range append(env, "HOME="+home, "PATH="+defaultPath) {
		if name, _, _ := strings.Cut(e, "="); !seen[name] {
			seen[name] = true
			all = append(all, e)
		}
	}
	return all
}

// defaultPath is that of Docker's images.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// loopbackUp makes 127.0.0.1 usable in a network namespace that is new.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return os.NewSyscallError("ioctl SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}

// mountRoot puts upper over lower, and returns where, as an absolute path.
func mountRoot(lower snapshot, upper string) (string, error) {
	if len(lower) == 0 {
		return filepath.Abs(upper)
	}
	place, err := os.MkdirTemp(".", "m")
	if err != nil {
		return "", err
	}
	work := place + ".work"
	if err := os.Mkdir(work, 0o700); err != nil {
		return "", err
	}
	options := fmt.Sprintf("%s,upperdir=%s,workdir=%s", lower.overlay(), upper, work)
	if err := unix.Mount("overlay", place, "overlay", 0, options); err != nil {
		return "", fmt.Errorf("overlayfs, which replaying needs: %w", err)
	}
	return filepath.Abs(place)
}

// mountLayers shows a root folder that nothing is written to. overlayfs wants two layers at least.
func mountLayers(s snapshot) (string, error) {
	if len(s) == 1 {
		return filepath.Abs(s[0])
	}
	place, err := os.MkdirTemp(".", "m")
	if err != nil {
		return "", err
	}
	if len(s) > 1 {
		if err := unix.Mount("overlay", place, "overlay", unix.MS_RDONLY, s.overlay()); err != nil {
			return "", fmt.Errorf("overlayfs, which replaying needs: %w", err)
		}
	}
	return filepath.Abs(place)
}
