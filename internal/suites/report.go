package suites

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Report is what became of the cases of each suite.
type Report struct {
	Release string // of Mbed TLS
	Profile string // of the build
	Suites  []Result
}

// Result is what became of the cases of a suite, or of all of them. Each case is in one of Run, NotInBuild and NotMapped.
type Result struct {
	Suite      string
	Cases      int
	Run        int
	Passed     int            // of those that ran
	NotInBuild int            // what the case depends on is off in this build
	NotMapped  int            // the Go API has nothing that the case is about
	Reasons    map[string]int `json:",omitempty"` // why not, and how many cases: function and reason
	Failures   []Failure      `json:",omitempty"`
}

// Failure is a case that failed.
type Failure struct {
	Line                  int // of the .data file
	Description, Function string
	Message               string
}

func (f Failure) String() string {
	return fmt.Sprintf("line %d: %s\n%s: %s", f.Line, f.Description, f.Function, f.Message)
}

func (r *Result) unmapped(reason string) {
	r.NotMapped++
	r.Reasons[reason]++
}

// Total adds the suites up.
func (r *Report) Total() Result {
	total := Result{Suite: "all suites"}
	for _, s := range r.Suites {
		total.Cases += s.Cases
		total.Run += s.Run
		total.Passed += s.Passed
		total.NotInBuild += s.NotInBuild
		total.NotMapped += s.NotMapped
	}
	return total
}

// Write prints a table with a line for each suite, and if reasons are wanted, those below each.
func (r *Report) Write(w io.Writer, reasons bool) error {
	fmt.Fprintf(w, "the unit tests of Mbed TLS %s with the Go packages (profile %s)\n", r.Release, r.Profile)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tab, "cases\trun\tpassed\tnot in build\tnot mapped\t  suite\n")
	for _, s := range append(slices.Clone(r.Suites), r.Total()) {
		fmt.Fprintf(tab, "%d\t%d\t%d\t%d\t%d\t  %s\n", s.Cases, s.Run, s.Passed, s.NotInBuild, s.NotMapped, s.Suite)
		if !reasons {
			continue
		}
		for _, reason := range slices.Sorted(maps.Keys(s.Reasons)) {
			fmt.Fprintf(tab, "\t\t\t\t%d\t    %s\n", s.Reasons[reason], reason)
		}
	}
	return tab.Flush()
}
