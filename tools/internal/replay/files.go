package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/solver/pb"
	copy "github.com/tonistiigi/fsutil/copy"
)

// doFile does one action of a COPY, ADD or WORKDIR in root, as BuildKit's file backend does. What it copies is in source.
func doFile(text []byte, source, root string) error {
	action := new(pb.FileAction)
	if err := action.UnmarshalVT(text); err != nil {
		return err
	}
	switch kind := action.Action.(type) {
	case *pb.FileAction_Copy:
		return copyFiles(kind.Copy, source, root)
	case *pb.FileAction_Mkdir:
		return makeFolder(kind.Mkdir, root)
	case *pb.FileAction_Mkfile:
		return makeFile(kind.Mkfile, root)
	default:
		return fmt.Errorf("cannot be replayed: file action %T", kind)
	}
}

func copyFiles(c *pb.FileActionCopy, source, root string) error {
	owner, err := chowner(c.Owner, root)
	if err != nil {
		return err
	}
	paths := []string{slashed(c.Src)}
	if c.AllowWildcard {
		if paths, err = copy.ResolveWildcards(source, slashed(c.Src), c.FollowSymlink); err != nil {
			return err
		}
		if len(paths) == 0 && !c.AllowEmptyWildcard {
			return fmt.Errorf("%s: not found", c.Src)
		}
	}
	for _, path := range paths {
		if c.AttemptUnpackDockerCompatibility && isArchive(path) {
			return fmt.Errorf("cannot be replayed: ADD of the archive %s", path)
		}
		err := copy.Copy(context.Background(), source, path, root, slashed(c.Dest), func(info *copy.CopyInfo) {
			info.Chown = owner
			info.Utime = stamp(c.Timestamp)
			info.IncludePatterns, info.ExcludePatterns = c.IncludePatterns, c.ExcludePatterns
			info.CopyDirContents, info.FollowLinks = c.DirCopyContents, c.FollowSymlink
			info.AlwaysReplaceExistingDestPaths = c.AlwaysReplaceExistingDestPaths
			if info.ModeStr = c.ModeStr; c.ModeStr == "" && c.Mode != -1 {
				mode := int(c.Mode)
				info.Mode = &mode
			}
		}, copy.AllowXAttrErrors)
		if pathError := (*os.PathError)(nil); errors.As(err, &pathError) {
			pathError.Path = strings.TrimPrefix(strings.TrimPrefix(pathError.Path, source), root)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func makeFolder(m *pb.FileActionMkDir, root string) error {
	owner, err := chowner(m.Owner, root)
	if err != nil {
		return err
	}
	path, err := fs.RootPath(root, m.Path)
	if err != nil {
		return err
	}
	_, err = copy.MkdirAll(path, os.FileMode(m.Mode)&0o777, owner, stamp(m.Timestamp))
	return err
}

func makeFile(m *pb.FileActionMkFile, root string) error {
	owner, err := chowner(m.Owner, root)
	if err != nil {
		return err
	}
	path, err := fs.RootPath(root, m.Path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, m.Data, os.FileMode(m.Mode)&0o777); err != nil {
		return err
	}
	return copy.Chown(path, nil, owner)
}

// chowner looks the names of an owner up in root. No owner is root.
func chowner(o *pb.ChownOpt, root string) (copy.Chowner, error) {
	owner := copy.User{}
	if o.GetUser() != nil {
		name := o.User.GetByName().GetName()
		if name == "" {
			name = fmt.Sprint(o.User.GetByID())
		}
		group := o.Group.GetByName().GetName()
		if group == "" && o.Group != nil {
			group = fmt.Sprint(o.Group.GetByID())
		}
		if group == "" && o.User.GetByName() == nil {
			group = name // as with chown UID in a COPY
		}
		if group != "" {
			name += ":" + group
		}
		uid, gid, _, err := oci.GetUser(root, name)
		if err != nil {
			return nil, fmt.Errorf("owner %q: %w", name, err)
		}
		owner.UID, owner.GID = int(uid), int(gid)
	}
	return func(*copy.User) (*copy.User, error) { return &owner, nil }, nil
}

// stamp is nil for "as it is".
func stamp(nanoseconds int64) *time.Time {
	if nanoseconds == -1 {
		return nil
	}
	t := time.Unix(0, nanoseconds)
	return &t
}

// slashed is the path from the root, with the last slash, which the copying minds.
func slashed(path string) string {
	clean := filepath.Join("/", path)
	if clean != "/" && (strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.")) {
		clean += "/"
	}
	return clean
}

func isArchive(path string) bool {
	return strings.Contains(filepath.Base(path), ".tar") || strings.HasSuffix(path, ".tgz")
}
