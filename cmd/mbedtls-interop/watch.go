package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Upstream's scripts end a client that takes too long, but wait for a server that they told to end, for as long as it
// takes. A server is killed when it has been without a client for lonely. Tests give a client less time than that to
// begin.
const (
	lonely = 40 * time.Second
	glance = 5 * time.Second
)

// watch kills servers in a process group that do not end, until stop is called.
func watch(group int) (stop func()) {
	quit := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		since := map[int]time.Time{} // by server
		for tick := time.NewTicker(glance); ; {
			select {
			case <-quit:
				tick.Stop()
				return
			case now := <-tick.C:
				since = killLonely(processes(group), since, now)
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// process is one of the group: the base name of its program, and its arguments.
type process struct {
	pid     int
	program string
	args    string
}

// killLonely returns since when each server has been alone.
func killLonely(all []process, since map[int]time.Time, now time.Time) map[int]time.Time {
	alone := map[int]time.Time{}
	if slices.ContainsFunc(all, process.isClient) {
		return alone
	}
	for _, p := range all {
		if !p.isServer() {
			continue
		}
		alone[p.pid] = now
		if t, ok := since[p.pid]; ok {
			alone[p.pid] = t
		}
		if now.Sub(alone[p.pid]) >= lonely {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	return alone
}

func (p process) isServer() bool { return isProgram(servers, p.program) }

func (p process) isClient() bool {
	return isProgram(clients, p.program) || p.program == "gnutls-cli" || p.program == "openssl" && strings.Contains(p.args, " s_client ")
}

func isProgram(paths []string, name string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return filepath.Base(path) == name })
}

// processes reads /proc.
func processes(group int) []process {
	var found []process
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		stat, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue // ended
		}
		var state string
		var parent, pgrp int
		_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')'):]), " ")
		if _, err := fmt.Sscan(rest, &state, &parent, &pgrp); err != nil || pgrp != group {
			continue
		}
		p := process{}
		if _, err := fmt.Sscan(filepath.Base(folder), &p.pid); err != nil {
			continue
		}
		exe, _ := os.Readlink(filepath.Join(folder, "exe"))
		args, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
		p.program, p.args = filepath.Base(exe), string(bytes.ReplaceAll(args, []byte{0}, []byte(" ")))
		found = append(found, p)
	}
	return found
}
