package main

import (
	"fmt"
	"slices"
	"strings"
)

// task is a workload with the rows that its values make.
type task struct {
	section string
	name    string
	work    workload // its Chain is still a key type: ecdsa or rsa
	stacks  []string
	rows    []row
	quick   bool              // also of a quick run
	env     map[string]string // of the process of a stack, by stack
}

// row is a line of the result.
type row struct {
	name  string // after the task's; "" is none
	value string // of the workload's
	unit  string
	lower bool // lower is better
	of    judgement
}

// judgement says what of the summary a row is part of.
type judgement string

const (
	ofHandshakes judgement = "handshakes"
	ofBulk       judgement = "bulk"
)

func (t *task) rowName(r row) string {
	if r.name == "" {
		return t.name
	}
	return t.name + "/" + r.name
}

type suite struct {
	name  string
	tls12 int // with ECDHE-ECDSA
	tls13 int // 0: none
	quick bool
}

var suites = []suite{
	{"aes-128-gcm", 0xC02B, 0x1301, true},
	{"aes-256-gcm", 0xC02C, 0x1302, false},
	{"chacha20-poly1305", 0xCCA9, 0x1303, true},
	{"aes-128-cbc-sha", 0xC009, 0, true},
}

// suiteOf is a number of suites[0], of handshakes and messages.
func suiteOf(version int, chain string) int {
	switch {
	case version == 13:
		return suites[0].tls13
	case chain == "rsa":
		return 0xC02F
	}
	return suites[0].tls12
}

var tlsStacks = []string{ours, driver, cryptoTLS}

// tasks are all of them, in the order of the table.
func tasks() []*task {
	return slices.Concat(handshakeTasks(), bulkTasks(), cryptTasks(), messageTasks(), callTasks(), idleTasks(), dtlsTasks())
}

var transportTitles = map[string]string{inMemory: "in memory, one thread", overTCP: "over loopback TCP"}

func handshakeTasks() (list []*task) {
	rows := []row{{value: "rate", unit: "handshakes/s", of: ofHandshakes}}
	for _, transport := range []string{inMemory, overTCP} {
		add := func(version int, chain, group, kind string, quick bool) {
			w := workload{Kind: kindHandshake, Transport: transport, Version: version, Chain: chain, Group: group,
				Suite: suiteOf(version, chain)}
			switch kind {
			case "resumed":
				w.Resumed = 1
			case "mutual":
				w.Mutual = 1
			}
			list = append(list, &task{section: "handshakes " + transportTitles[transport],
				name: fmt.Sprintf("handshake/%s/tls1.%d/%s/%s/%s", transport, version-10, chain, group, kind), work: w,
				stacks: tlsStacks, rows: rows, quick: quick})
		}
		for _, version := range []int{12, 13} {
			for _, chain := range []string{"ecdsa", "rsa"} {
				for _, group := range []string{"x25519", "p256"} {
					add(version, chain, group, "full", group == "x25519" && (chain == "ecdsa" || transport == inMemory))
				}
				add(version, chain, "x25519", "mutual", false)
			}
			add(version, "ecdsa", "x25519", "resumed", transport == inMemory)
		}
	}
	return list
}

// largestRecord is what one record of Mbed TLS holds at most. Two ends of it agree on a byte less in TLS 1.3, where the limit
// of RFC 8449 counts the content type; a Write of 16 KiB would be a record and a record of one byte.
func largestRecord(version int) int {
	if version == 13 {
		return 16<<10 - 1
	}
	return 16 << 10
}

func bulkTasks() (list []*task) {
	rows := []row{{value: "rate", unit: "MB/s", of: ofBulk}}
	for _, conns := range []int{1, 8} {
		for _, size := range []int{16 << 10, 1 << 10} {
			for _, s := range suites {
				for _, version := range []int{12, 13} {
					w := workload{Kind: kindBulk, Transport: overTCP, Conns: conns, Size: min(size, largestRecord(version))}
					t := s.task(version, w, rows)
					if t == nil {
						continue
					}
					t.section = fmt.Sprintf("bulk over loopback TCP, connections: %d, Writes of %d KiB", conns, size>>10)
					t.name = fmt.Sprintf("bulk/tls1.%d/%s/%dconn/%dk", version-10, s.name, conns, size>>10)
					t.quick = s.quick && (size > 1<<10 || s.tls12 == suites[0].tls12) && (version == 13 || s.tls13 == 0)
					list = append(list, t)
				}
			}
		}
	}
	return list
}

func cryptTasks() (list []*task) {
	rows := []row{{value: "rate", unit: "MB/s", of: ofBulk}}
	for _, s := range suites {
		for _, version := range []int{12, 13} {
			w := workload{Kind: kindCrypt, Transport: inMemory, Size: largestRecord(version)}
			t := s.task(version, w, rows)
			if t == nil {
				continue
			}
			t.section = "encrypt and decrypt " + transportTitles[inMemory] + ", Writes of 16 KiB"
			t.name = fmt.Sprintf("crypt/tls1.%d/%s/16k", version-10, s.name)
			t.quick = s.tls12 == suites[0].tls12
			list = append(list, t)
		}
	}
	return list
}

func messageTasks() (list []*task) {
	for _, version := range []int{12, 13} {
		list = append(list, &task{
			section: "messages of 128 bytes there and back over loopback TCP",
			name:    fmt.Sprintf("roundtrip/tls1.%d", version-10),
			work: workload{Kind: kindRoundTrip, Transport: overTCP, Version: version, Chain: "ecdsa", Group: "x25519",
				Suite: suiteOf(version, "ecdsa"), Size: 128},
			stacks: tlsStacks, rows: roundTripRows, quick: version == 13,
		})
	}
	return list
}

var roundTripRows = []row{
	{name: "rate", value: "rate", unit: "round trips/s"},
	{name: "p50", value: "p50", unit: "µs", lower: true},
	{name: "p99", value: "p99", unit: "µs", lower: true},
}

func callTasks() (list []*task) {
	for _, version := range []int{12, 13} {
		w := workload{Version: version, Chain: "ecdsa", Group: "x25519", Suite: suiteOf(version, "ecdsa"), Conns: 1}
		calls, tcp := w, w
		calls.Kind, calls.Transport, calls.Size = kindCalls, overTCP, 1<<10
		tcp.Kind, tcp.Transport, tcp.Size = kindBulk, overTCP, largestRecord(version)
		section := "what a record costs besides time"
		list = append(list, &task{
			section: section, name: fmt.Sprintf("calls/tls1.%d", version-10), work: calls,
			stacks: []string{ours, cryptoTLS}, quick: version == 13,
			rows: []row{
				{name: "allocs-write", value: "allocs-write", unit: "allocations/Write", lower: true},
				{name: "allocs-read", value: "allocs-read", unit: "allocations/Read", lower: true},
				{name: "cgo-write", value: "cgo-write", unit: "cgo calls/Write", lower: true},
				{name: "cgo-read", value: "cgo-read", unit: "cgo calls/Read", lower: true},
			},
		}, &task{
			section: section, name: fmt.Sprintf("calls/tls1.%d/syscalls-16k", version-10), work: tcp, stacks: tlsStacks,
			rows: []row{{value: "syscalls", unit: "syscalls/record, both ends", lower: true}}, quick: version == 13,
		})
	}
	return list
}

func idleTasks() (list []*task) {
	for _, version := range []int{12, 13} {
		list = append(list, &task{
			section: "idle server connections, of 10,000 (TLS)",
			name:    fmt.Sprintf("idle/tls1.%d", version-10),
			work: workload{Kind: kindIdle, Transport: overTCP, Version: version, Chain: "ecdsa", Group: "x25519",
				Suite: suiteOf(version, "ecdsa"), Conns: 10_000, Size: 128},
			stacks: tlsStacks, rows: idleRows(), quick: version == 13,
		})
	}
	return list
}

// idleStages are when idle connections are measured.
var idleStages = []string{"handshake", "traffic"}

func idleRows() (rows []row) {
	for _, stage := range idleStages {
		for _, v := range []struct{ name, unit string }{
			{"c-heap", "B/connection"}, {"go-heap", "B/connection"}, {"stack", "B/connection"}, {"total", "B/connection"},
			{"resident", "B/connection"}, {"threads", "OS threads in all"},
		} {
			name := "after-" + stage + "/" + v.name
			rows = append(rows, row{name: name, value: name, unit: v.unit, lower: true})
		}
	}
	return rows
}

func dtlsTasks() (list []*task) {
	for _, credential := range []string{"psk", "ecdsa"} {
		w := workload{Kind: kindDTLSHandshake, Transport: overUDP, Version: 12, Suite: 0xC0A8, PSK: 1, Group: "x25519"}
		if credential == "ecdsa" {
			w.Suite, w.PSK, w.Chain = suites[0].tls12, 0, "ecdsa"
		}
		section, stacks := "DTLS 1.2 over loopback UDP", []string{ours, driver, pionDTLS}
		trips, idle := w, w
		trips.Kind, trips.Size = kindDTLSRoundTrip, 128
		idle.Kind, idle.Size, idle.Conns = kindDTLSIdle, 128, 1000
		list = append(list,
			&task{section: section, name: "dtls/handshake/" + credential, work: w, stacks: stacks, quick: true,
				rows: []row{{value: "rate", unit: "handshakes/s", of: ofHandshakes}}},
			&task{section: section, name: "dtls/roundtrip/" + credential, work: trips, stacks: stacks, quick: w.PSK == 0,
				rows: roundTripRows},
			&task{section: "idle server connections, of 1,000 (DTLS)", name: "dtls/idle/" + credential, work: idle, stacks: stacks,
				quick: w.PSK == 1, rows: idleRows()})
	}
	slices.SortStableFunc(list, func(a, b *task) int { return strings.Compare(a.section, b.section) })
	return list
}

// task makes one of a suite in a version, if that has it.
func (s *suite) task(version int, w workload, rows []row) *task {
	w.Version, w.Suite, w.Chain, w.Group = version, s.tls12, "ecdsa", "x25519"
	t := &task{rows: rows, stacks: tlsStacks}
	if version == 13 {
		w.Suite = s.tls13
		// crypto/tls has its own preference in TLS 1.3, which depends on the processor.
		switch s.name {
		case "aes-256-gcm":
			t.stacks = []string{ours, driver}
		case "chacha20-poly1305":
			t.env = map[string]string{cryptoTLS: "GODEBUG=cpu.aes=off"}
		}
	}
	t.work = w
	if w.Suite == 0 {
		return nil
	}
	return t
}
