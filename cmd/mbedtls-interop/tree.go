package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Programs of the suites, by their place in upstream's tree. The last three are upstream's in every run.
const (
	server2     = "ssl/ssl_server2"
	client2     = "ssl/ssl_client2"
	proxy       = "test/udp_proxy"
	queryConfig = "test/query_compile_time_config"
	contextInfo = "ssl/ssl_context_info"
)

var (
	servers     = []string{server2, "ssl/ssl_server", "ssl/dtls_server", "ssl/ssl_fork_server", "ssl/ssl_pthread_server"}
	clients     = []string{client2, "ssl/ssl_client1", "ssl/dtls_client"}
	optPrograms = []string{server2, client2, proxy, queryConfig} // of most tests of ssl-opt.sh
)

// programs is where a run's programs are: upstream's path, and a file.
type programs map[string]string

// Folders of the release that the private tree has, too. What is in them are links. The scripts write into tests, and
// find the release again by the way up from base64.
var folders = []string{".", "framework", "framework/data_files", "framework/data_files/base64", "tests"}

// makeTree makes a tree in folder in which upstream's scripts can run: the release's files, and programs.
func makeTree(folder, release string, programs programs) error {
	for _, f := range folders {
		if err := os.Mkdir(filepath.Join(folder, f), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		entries, err := os.ReadDir(filepath.Join(release, f))
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(f, e.Name())
			if slices.Contains(folders, path) || path == "programs" {
				continue
			}
			if err := os.Symlink(filepath.Join(release, path), filepath.Join(folder, path)); err != nil {
				return err
			}
		}
	}
	for path, file := range programs {
		link := filepath.Join(folder, "programs", path)
		if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
			return err
		}
		if err := os.Symlink(file, link); err != nil {
			return err
		}
	}
	return nil
}

// cPrograms are those that build.sh made in the folder of a build.
func cPrograms(build string) programs {
	p := programs{}
	for _, path := range slices.Concat(servers, clients, []string{proxy, queryConfig, contextInfo}) {
		for _, folder := range []string{"bin", "suites"} {
			file := filepath.Join(build, folder, filepath.Base(path))
			if _, err := os.Stat(file); err == nil {
				p[path] = file
			}
		}
	}
	return p
}

// goPaths returns the programs that are Go's in a run with the named programs.
func goPaths(name string) ([]string, error) {
	combinations := map[string][]string{
		"c": nil, "go-server": servers, "go-client": clients, "go": slices.Concat(servers, clients),
	}
	paths, ok := combinations[name]
	if !ok {
		return nil, fmt.Errorf("unknown programs %q: go, c, go-server or go-client", name)
	}
	return paths, nil
}
