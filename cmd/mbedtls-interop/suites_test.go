package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// someTests has a few of each kind among many of no kind.
func someTests(n int) []test {
	var tests []test
	for i := range n {
		t := test{"ssl-opt", fmt.Sprintf("Test %d", i+1)}
		switch i % 50 {
		case 7:
			t.Suite = "sample"
		case 8, 9:
			t.Name = fmt.Sprintf("Handshake memory usage (MFL %d)", i+1)
		}
		tests = append(tests, t)
	}
	return tests
}

// numbers are those that a unit passes to the script.
func numbers(t *testing.T, u unit) []int {
	t.Helper()
	var all []int
	for text := range strings.SplitSeq(u.args[slices.Index(u.args, "-n")+1], ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func TestDealGivesEveryTestToOneUnit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ tests, jobs, units int }{
		{tests: 2083, jobs: 2, units: 5},
		{tests: 2083, jobs: 1, units: 2},
		{tests: 300, jobs: 4, units: 5},
		{tests: 7, jobs: 2, units: 2},
		{tests: 1, jobs: 8, units: 1},
		{tests: 0, jobs: 8, units: 0},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			all := someTests(test.tests)
			units := deal(all, selection{}, test.jobs)
			if len(units) != test.units {
				t.Errorf("%d units, not %d", len(units), test.units)
			}
			seen := map[int]int{}
			kinds := map[string][]int{}
			for i, u := range units {
				own := numbers(t, u)
				for number := 1; number <= len(all); number++ {
					if u.wants(number, all[number-1]) != slices.Contains(own, number) {
						t.Errorf("%s runs and wants different tests", u.name)
					}
				}
				for _, number := range own {
					seen[number]++
					switch name := all[number-1]; {
					case name.Suite == "sample":
						kinds["sample"] = append(kinds["sample"], i)
						if u.fixed != samplePort {
							t.Errorf("%s runs a sample without the sample's port", u.name)
						}
					case strings.HasPrefix(name.Name, "Handshake"):
						kinds["memory"] = append(kinds["memory"], i)
					}
				}
			}
			for number := 1; number <= len(all); number++ {
				if seen[number] != 1 {
					t.Errorf("test %d runs %d times", number, seen[number])
				}
			}
			for kind, in := range kinds {
				if len(slices.Compact(in)) != 1 {
					t.Errorf("tests of %s are in the units %v", kind, in)
				}
			}
		})
	}
}

func TestDealOfAList(t *testing.T) {
	t.Parallel()
	all := someTests(100)
	units := deal(all, selection{list: []test{all[2], all[57], all[90]}, filter: "x"}, 2)
	var got [][]string
	for _, u := range units {
		got = append(got, u.args)
	}
	want := [][]string{
		{"--min", "0", "-n", "58", "-f", "x"},
		{"--min", "0", "-n", "3", "-f", "x"},
		{"--min", "0", "-n", "91", "-f", "x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompatUnits(t *testing.T) {
	t.Parallel()
	all, err := compatUnits(t.Context(), nil, selection{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3*2*5 {
		t.Errorf("%d units for 3 peers, 2 modes and 5 kinds of key exchange", len(all))
	}
	list := []test{
		{"compat", "m->O tls12,no TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
		{"compat", "O->m tls12,no TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"compat", "m->m dtls12,no TLS_RSA_PSK_WITH_AES_256_CBC_SHA384"},
		{"compat", "G->m dtls12,yes TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
	}
	some, err := compatUnits(t.Context(), nil, selection{list: list}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range some {
		got = append(got, strings.Join(u.args[2:], " "))
	}
	want := []string{
		`-p OpenSSL -e NULL -m tls12 -t ECDSA -V NO -f ^TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA$\|^TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256$`,
		`-p GnuTLS -e ` + compatPeers[1].exclude + ` -m dtls12 -t RSA -V YES -f ^TLS_DHE_RSA_WITH_AES_128_CBC_SHA$`,
		`-p mbedTLS -e NULL -m dtls12 -t PSK -V NO -f ^TLS_RSA_PSK_WITH_AES_256_CBC_SHA384$`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if u := some[0]; !u.wants(1, list[0]) || u.wants(1, test{"compat", "O->m tls12,no TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"}) {
		t.Error("a unit wants what is not listed")
	}
	if _, err := compatUnits(t.Context(), nil, selection{list: []test{{"compat", "Default, TLS 1.2"}}}, 2); err == nil {
		t.Error("a test of another script has a unit")
	}
}
