package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gombedtls/gombedtls/cbridge"
)

// report is the JSON file.
type report struct {
	Machine machine  `json:"machine"`
	Rows    []result `json:"rows"`
}

type machine struct {
	CPU          string   `json:"cpu"`
	Cores        int      `json:"cores"`
	Kernel       string   `json:"kernel"`
	Go           string   `json:"go"`
	MbedTLS      string   `json:"mbedtls"`
	Profile      string   `json:"profile"`
	Acceleration []string `json:"acceleration"` // the families that mode accelerated has
	Date         string   `json:"date"`
}

// result is a row in one mode. What a stack cannot do is null. Above 1, a ratio says that this binding is better.
type result struct {
	Name           string   `json:"name"`
	Mode           string   `json:"mode"`
	Ours           *float64 `json:"ours"`
	C              *float64 `json:"c"`
	CryptoTLS      *float64 `json:"cryptotls"`
	Pion           *float64 `json:"pion"`
	RatioC         *float64 `json:"ratio_c"`
	RatioCryptoTLS *float64 `json:"ratio_cryptotls"`
	RatioPion      *float64 `json:"ratio_pion"`
	Unit           string   `json:"unit"`
	Better         string   `json:"better"` // higher or lower

	section string
	of      judgement
}

func thisMachine() machine {
	var name unix.Utsname
	_ = unix.Uname(&name) // a kernel without a name is still one
	return machine{
		CPU: cpuModel(), Cores: runtime.NumCPU(), Kernel: unix.ByteSliceToString(name.Release[:]), Go: runtime.Version(),
		MbedTLS: cbridge.Release, Profile: cbridge.Profile, Acceleration: append([]string{}, cbridge.AvailableAcceleration().Names()...),
		Date: time.Now().UTC().Format(time.RFC3339),
	}
}

// cpuModel is the name that Linux has for the processor, or the architecture's.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// results are the rows of a task.
func (b *bench) results(t *task, m measured) (list []result) {
	for _, mode := range b.modes {
		for _, r := range t.rows {
			of := func(stack string) []values {
				if stack == ours {
					return m[contender{ours, mode}]
				}
				return m[contender{stack: stack}]
			}
			res := result{Name: t.rowName(r), Mode: mode, Unit: r.unit, Better: "higher", section: t.section, of: r.of}
			if r.lower {
				res.Better = "lower"
			}
			res.Ours, res.C, res.CryptoTLS, res.Pion = r.median(of(ours)), r.median(of(driver)), r.median(of(cryptoTLS)), r.median(of(pionDTLS))
			res.RatioC, res.RatioCryptoTLS = r.ratio(of(ours), of(driver)), r.ratio(of(ours), of(cryptoTLS))
			res.RatioPion = r.ratio(of(ours), of(pionDTLS))
			list = append(list, res)
		}
	}
	return list
}

func (r row) median(turns []values) *float64 {
	var list []float64
	for _, v := range turns {
		list = append(list, v[r.value])
	}
	return medianOf(list)
}

func medianOf(list []float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	m := round4(median(list))
	return &m
}

// ratio is the median of those of the turns. There is none to what is 0.
func (r row) ratio(own, other []values) *float64 {
	var list []float64
	for i := range min(len(own), len(other)) {
		over, under := own[i][r.value], other[i][r.value]
		if r.lower {
			over, under = under, over
		}
		if over > 0 && under > 0 {
			list = append(list, over/under)
		}
	}
	return medianOf(list)
}

func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}

// sort brings the modes one after the other, and leaves the order of the rows.
func (r *report) sort(modes []string) {
	slices.SortStableFunc(r.Rows, func(a, b result) int { return slices.Index(modes, a.Mode) - slices.Index(modes, b.Mode) })
}
