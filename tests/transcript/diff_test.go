package transcript

import "strings"

func difference(got, want []string) string {
	return strings.Join(got, "\n") + "\n---\n" + strings.Join(want, "\n")
}
