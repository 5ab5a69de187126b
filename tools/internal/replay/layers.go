package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/buildkit/solver/pb"
)

// snapshot names the layers of a root folder, the top one first. Names are paths from the folder of layers: short, as the
// kernel takes no more than a page of them.
type snapshot []string

// layers is a run's folder of layers.
type layers struct {
	folder string
	count  int
}

func newLayers(work string) (*layers, error) {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(work, "run-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(folder, 0o755); err != nil { // other users' programs run below
		return nil, err
	}
	return &layers{folder: folder}, nil
}

// Supported returns why nothing can be built below the folder on this machine; nil if it can. It takes root, the right to
// make namespaces, and a file system that overlayfs can write to: a container has the last two only if it was given them.
func Supported(ctx context.Context, work string) error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root, for mounts and chroot")
	}
	l, err := newLayers(work)
	if err != nil {
		return err
	}
	defer os.RemoveAll(l.folder)
	lower, err := l.create()
	if err != nil {
		return err
	}
	upper, err := l.create()
	if err != nil {
		return err
	}
	action := &pb.FileAction{Action: &pb.FileAction_Mkdir{Mkdir: &pb.FileActionMkDir{Path: "/a", Mode: 0o755, Timestamp: -1}}}
	text, err := action.MarshalVT()
	if err != nil {
		return err
	}
	return l.run(ctx, &job{Lower: snapshot{lower}, Upper: upper, File: text}, io.Discard)
}

// create makes an empty layer.
func (l *layers) create() (string, error) {
	l.count++
	name := strconv.Itoa(l.count)
	return name, os.Mkdir(l.path(name), 0o755)
}

func (l *layers) path(name string) string { return filepath.Join(l.folder, name) }

// job is what one worker does: an action on files, or a process.
type job struct {
	Folder  string   // of layers
	Lower   snapshot // what the root folder begins as
	Upper   string   // the layer that changes go to
	Source  snapshot // what an action copies from
	File    []byte   // the action, a pb.FileAction
	Process *process
}

// process is a program to run in the root folder.
type process struct {
	Args, Env []string
	Cwd, User string
	Mounts    []extraMount
	Network   bool // a loopback interface of its own, in place of the machine's network
}

// extraMount is a folder outside, or one in another root folder, or with neither a tmpfs.
type extraMount struct {
	Folder   string
	Layers   snapshot
	Selector string // the place in Layers
	Target   string
}

// report is what a worker says before the program begins: what has to be removed afterwards, or why it cannot begin.
type report struct {
	Stubs []string // places of mounts that the root folder did not have, outermost first
	Error string
}

// workerName is the first argument of this program as a worker.
const workerName = "replay-worker"

// worker is this program once more, in namespaces of its own. It dies with its parent.
type worker struct {
	cmd    *exec.Cmd
	layers *layers
	job    *job
	stubs  []string
}

// start returns when the program has begun, or the action on files has been done.
func (l *layers) start(ctx context.Context, j *job, output io.Writer) (*worker, error) {
	j.Folder = l.folder
	request, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	in, inWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer inWriter.Close()
	out, outWriter, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{workerName}
	cmd.Env = []string{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = []*os.File{in, outWriter}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true, // a terminal's Ctrl-C is for this program alone
	}
	if j.Process != nil && j.Process.Network {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET
	}
	err = cmd.Start()
	in.Close()
	outWriter.Close()
	if err != nil {
		return nil, fmt.Errorf("a process with namespaces of its own: %w", err)
	}
	_, writeErr := inWriter.Write(request)
	inWriter.Close()
	var said report
	readErr := json.NewDecoder(out).Decode(&said)
	w := &worker{cmd: cmd, layers: l, job: j, stubs: said.Stubs}
	// The other end of the pipe is closed when the program has taken the worker's place, unless there is an error.
	if readErr == nil && said.Error == "" {
		var late report
		if json.NewDecoder(out).Decode(&late) == nil {
			said.Error = late.Error
		}
	}
	if said.Error != "" {
		_ = w.wait()
		return nil, errors.New(said.Error)
	}
	if err := errors.Join(writeErr, readErr); err != nil {
		return nil, errors.Join(w.wait(), err)
	}
	return w, nil
}

// wait returns when the program has ended, and removes the stubs.
func (w *worker) wait() error {
	err := w.cmd.Wait()
	for _, stub := range slices.Backward(w.stubs) {
		_ = os.Remove(filepath.Join(w.layers.path(w.job.Upper), stub)) // stays if the program has put something there
	}
	return err
}

// run does a job to its end.
func (l *layers) run(ctx context.Context, j *job, output io.Writer) error {
	w, err := l.start(ctx, j, output)
	if err != nil {
		return err
	}
	if err := w.wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// overlay is the option that names the layers below to overlayfs.
func (s snapshot) overlay() string { return "lowerdir=" + strings.Join(s, ":") }
