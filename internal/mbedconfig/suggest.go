package mbedconfig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// unknown is the error for a name that is in neither upstream header.
func (c *Catalogue) unknown(name string) error {
	near := c.nearest(name)
	if len(near) == 0 {
		return fmt.Errorf("no such option in Mbed TLS %s", c.Release)
	}
	return fmt.Errorf("no such option in Mbed TLS %s; nearest: %s", c.Release, strings.Join(near, ", "))
}

// nearest returns up to three option names that the given one may be a misspelling of, best first. The prefix
// may be missing.
func (c *Catalogue) nearest(name string) []string {
	const most = 3
	distance := map[string]int{}
	var near []string
	for _, candidate := range c.Names() {
		d := min(levenshtein.ComputeDistance(name, candidate), levenshtein.ComputeDistance("MBEDTLS_"+name, candidate))
		if d <= len(name)/3 {
			distance[candidate] = d
			near = append(near, candidate)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance[a] - distance[b] })
	return near[:min(most, len(near))]
}
