// Package replay builds a Dockerfile where no container engine is. BuildKit's own frontend reads the file and turns it into
// BuildKit's graph of operations, so arguments, stages, ignored files and all else are understood as an engine
// understands them; this package does the operations, each in a root folder, and then runs what the image runs.
//
// Each operation's result is a layer, which the next ones see through overlayfs. Programs run in namespaces of their own,
// chrooted, as the first process and as the user that the file says; when that process ends, by whatever cause, the kernel
// takes away its mounts and its children. This is no sandbox: a root user in there keeps the powers that it has outside.
//
// Base images are not pulled. Others stand for them: see [Bases].
package replay

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/patternmatcher/ignorefile"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// File is a Dockerfile with its context.
type File struct {
	Path      string            // of the Dockerfile
	Context   string            // folder; its .dockerignore counts, if there is one
	BuildArgs map[string]string // docker build --build-arg
	Platform  string            // docker build --platform; the machine's if empty
}

// options are those of BuildKit's frontend. The images' configurations come from resolver.
func (f *File) options(target string, text []byte) (dockerfile2llb.ConvertOpt, error) {
	build := platforms.DefaultSpec()
	goal := build
	if f.Platform != "" {
		var err error
		if goal, err = platforms.Parse(f.Platform); err != nil {
			return dockerfile2llb.ConvertOpt{}, fmt.Errorf("platform %q: %w", f.Platform, err)
		}
	}
	lines := llb.NewSourceMap(nil, filepath.Base(f.Path), "Dockerfile", text)
	lines.Definition = new(llb.Definition) // which the linter needs
	return dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			BuildArgs:      f.BuildArgs,
			Target:         target,
			BuildPlatforms: []ocispecs.Platform{build},
		},
		SourceMap:      lines,
		TargetPlatform: &goal,
		MetaResolver:   new(resolver),
	}, nil
}

// convert reads the file into BuildKit's graph for one target (the last stage if empty), and the configuration of its image.
func (f *File) convert(ctx context.Context, target string) (*graph, *dockerspec.DockerOCIImage, error) {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, nil, err
	}
	opt, err := f.options(target, text)
	if err != nil {
		return nil, nil, err
	}
	result, err := dockerfile2llb.Dockerfile2LLB(ctx, text, opt)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	definition, err := result.State.Marshal(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	g, err := newGraph(definition)
	return g, result.Image, err
}

// ignored are the patterns of the context's .dockerignore.
func (f *File) ignored() ([]string, error) {
	list, err := os.Open(filepath.Join(f.Context, ".dockerignore"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer list.Close()
	return ignorefile.ReadAll(list)
}

// Replay is one run over a File.
type Replay struct {
	File *File
	// Work is the folder that all is done in: bases and cache mounts stay there for the next run, layers do not.
	Work string
	// Bases stand for the base images.
	Bases *Bases
	// Progress gets a line for each step; Output what the programs print.
	Progress, Output io.Writer

	layers *layers
	done   map[string]map[int]snapshot // results of operations by their digest and output
	stages map[string]bool             // names of those that something was done of
}

// Image is what a stage has become.
type Image struct {
	Config dockerspec.DockerOCIImageConfig
	root   snapshot
}

// Build does what docker build --target does, and leaves out what an earlier Build of the Replay has done.
func (r *Replay) Build(ctx context.Context, target string) (*Image, error) {
	g, image, err := r.File.convert(ctx, target)
	if err != nil {
		return nil, err
	}
	if r.layers == nil {
		if r.layers, err = newLayers(r.Work); err != nil {
			return nil, err
		}
		r.done, r.stages = map[string]map[int]snapshot{}, map[string]bool{}
	}
	root, err := r.solve(ctx, g)
	if err != nil {
		return nil, err
	}
	return &Image{Config: image.Config, root: root}, nil
}

// Unbuilt are the stages that no Build has done anything of, other than empty ones.
func (r *Replay) Unbuilt(ctx context.Context) ([]string, error) {
	text, err := os.ReadFile(r.File.Path)
	if err != nil {
		return nil, err
	}
	all, err := dockerfile2llb.ListTargets(ctx, text)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, stage := range all.Targets {
		if stage.Base != "scratch" && !r.stages[stage.Name] {
			names = append(names, stage.Name)
		}
	}
	return names, nil
}

// Close removes the layers.
func (r *Replay) Close() error {
	if r.layers == nil {
		return nil
	}
	return os.RemoveAll(r.layers.folder)
}

// step tells what is done now, and when it has been done how long it took.
func (r *Replay) step(name string, do func() error) error {
	fmt.Fprintf(r.Progress, "%s\n", name)
	fmt.Fprintf(r.Output, "=== %s\n", name)
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if took := time.Since(began); took > time.Second {
		fmt.Fprintf(r.Progress, "  %.0f s\n", took.Seconds())
	}
	return nil
}

// Native tells whether this machine runs what the file builds.
func (f *File) Native() bool {
	if f.Platform == "" {
		return true
	}
	p, err := platforms.Parse(f.Platform)
	return err == nil && platforms.Default().Match(p)
}
