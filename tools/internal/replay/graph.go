package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	copy "github.com/tonistiigi/fsutil/copy"
)

// graph is a definition of BuildKit: its operations, each after those that it needs.
type graph struct {
	order []string // digests
	ops   map[string]*pb.Op
	names map[string]string // what docker build calls the step, such as "[build 2/3] RUN make"
	last  *pb.Input         // what the image is made of; nil for an empty one
}

func newGraph(definition *llb.Definition) (*graph, error) {
	g := &graph{ops: map[string]*pb.Op{}, names: map[string]string{}}
	for _, text := range definition.Def {
		op := new(pb.Op)
		if err := op.UnmarshalVT(text); err != nil {
			return nil, err
		}
		id := digest.FromBytes(text)
		g.order = append(g.order, id.String())
		g.ops[id.String()] = op
		g.names[id.String()] = strings.Join(strings.Fields(definition.Metadata[id].Description["llb.customname"]), " ")
	}
	if n := len(g.order); n > 0 { // The last has no operation: its input is the result.
		g.last = g.ops[g.order[n-1]].Inputs[0]
		g.order = g.order[:n-1]
	}
	return g, nil
}

// solve does the operations that have not been done, and returns the graph's result.
func (r *Replay) solve(ctx context.Context, g *graph) (snapshot, error) {
	for _, id := range g.order {
		if r.done[id] != nil {
			continue
		}
		op, name := g.ops[id], g.names[id]
		inputs := make([]snapshot, len(op.Inputs))
		for i, input := range op.Inputs {
			inputs[i] = r.done[input.Digest][int(input.Index)]
		}
		var outputs map[int]snapshot
		work := func() (err error) {
			outputs, err = r.operate(ctx, op, inputs)
			return err
		}
		if err := r.step(name, work); err != nil {
			return nil, err
		}
		if stage, _, ok := strings.Cut(strings.TrimPrefix(name, "["), " "); ok {
			r.stages[stage] = true
		}
		r.done[id] = outputs
	}
	if g.last == nil {
		return nil, nil
	}
	return r.done[g.last.Digest][int(g.last.Index)], nil
}

func (r *Replay) operate(ctx context.Context, op *pb.Op, inputs []snapshot) (map[int]snapshot, error) {
	switch kind := op.Op.(type) {
	case *pb.Op_Source:
		root, err := r.source(ctx, kind.Source, op.Platform)
		return map[int]snapshot{0: root}, err
	case *pb.Op_File:
		return r.files(ctx, kind.File, inputs)
	case *pb.Op_Exec:
		return r.exec(ctx, kind.Exec, inputs)
	default: // What COPY --link makes, for example.
		return nil, fmt.Errorf("cannot be replayed: BuildKit operation %T", kind)
	}
}

func (r *Replay) source(ctx context.Context, source *pb.SourceOp, platform *pb.Platform) (snapshot, error) {
	scheme, name, _ := strings.Cut(source.Identifier, "://")
	switch scheme {
	case "docker-image":
		return r.Bases.find(ctx, r, name, platform)
	case "local":
		return r.context(ctx, source.Attrs)
	}
	return nil, fmt.Errorf("cannot be replayed: source %s", source.Identifier)
}

// context is a layer of the context's files, without those that .dockerignore names. As an engine sends them, they are root's.
func (r *Replay) context(ctx context.Context, attrs map[string]string) (snapshot, error) {
	ignored, err := r.File.ignored()
	if err != nil {
		return nil, err
	}
	var include []string // of a RUN --mount=type=bind
	if list := attrs[pb.AttrIncludePatterns]; list != "" {
		if err := json.Unmarshal([]byte(list), &include); err != nil {
			return nil, err
		}
	}
	work, err := filepath.Rel(r.File.Context, r.Work)
	if err != nil {
		return nil, err
	}
	if filepath.IsLocal(work) {
		ignored = append(ignored, work) // or it would be copied into itself
	}
	layer, err := r.layers.create()
	if err != nil {
		return nil, err
	}
	err = copy.Copy(ctx, r.File.Context, "/", r.layers.path(layer), "/", copy.WithChown(0, 0), func(info *copy.CopyInfo) {
		info.ExcludePatterns, info.IncludePatterns = ignored, include
		info.CopyDirContents = true
	})
	return snapshot{layer}, err
}

// files does the actions of a COPY, ADD or WORKDIR. Their inputs are the operation's, and after these the results of the
// actions themselves.
func (r *Replay) files(ctx context.Context, op *pb.FileOp, inputs []snapshot) (map[int]snapshot, error) {
	outputs := map[int]snapshot{}
	at := func(i int64) snapshot {
		if i < 0 {
			return nil
		}
		return inputs[i]
	}
	for _, action := range op.Actions {
		text, err := action.MarshalVT()
		if err != nil {
			return nil, err
		}
		var source snapshot
		if action.GetCopy() != nil {
			source = at(action.SecondaryInput)
		}
		layer, err := r.layers.create()
		if err != nil {
			return nil, err
		}
		base := at(action.Input)
		if err := r.layers.run(ctx, &job{Lower: base, Upper: layer, Source: source, File: text}, r.Output); err != nil {
			return nil, err
		}
		result := append(snapshot{layer}, base...)
		inputs = append(inputs, result)
		if action.Output >= 0 {
			outputs[int(action.Output)] = result
		}
	}
	return outputs, nil
}

// exec does a RUN.
func (r *Replay) exec(ctx context.Context, op *pb.ExecOp, inputs []snapshot) (map[int]snapshot, error) {
	layer, err := r.layers.create()
	if err != nil {
		return nil, err
	}
	run := &job{Upper: layer, Process: &process{
		Args: op.Meta.Args,
		Env:  append(op.Meta.Env, r.Bases.Env...),
		Cwd:  op.Meta.Cwd,
		User: op.Meta.User,
	}}
	outputs := map[int]snapshot{}
	for _, m := range op.Mounts {
		switch {
		case m.Dest == "/":
			if m.Input >= 0 {
				run.Lower = inputs[m.Input]
			}
			outputs[int(m.Output)] = append(snapshot{layer}, run.Lower...)
		case m.MountType == pb.MountType_BIND && m.Readonly && m.Input >= 0:
			run.Process.Mounts = append(run.Process.Mounts, extraMount{Layers: inputs[m.Input], Selector: m.Selector, Target: m.Dest})
		case m.MountType == pb.MountType_CACHE:
			folder := filepath.Join(r.Work, "cache", strings.ReplaceAll(strings.Trim(m.CacheOpt.ID, "/"), "/", "-"))
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return nil, err
			}
			run.Process.Mounts = append(run.Process.Mounts, extraMount{Folder: folder, Target: m.Dest})
		case m.MountType == pb.MountType_TMPFS:
			run.Process.Mounts = append(run.Process.Mounts, extraMount{Target: m.Dest})
		default:
			return nil, fmt.Errorf("cannot be replayed: mount of type %v on %s", m.MountType, m.Dest)
		}
	}
	return outputs, r.layers.run(ctx, run, r.Output)
}
