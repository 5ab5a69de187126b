package replay

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLintersFind(t *testing.T) {
	const good = `FROM scratch
COPY a /a
USER 1:1
EXPOSE 1
LABEL org.opencontainers.image.licenses="MIT"
HEALTHCHECK CMD ["/a"]
`
	for name, test := range map[string]struct {
		dockerfile string
		want       []Finding // without their texts
	}{
		"nothing":        {good, nil},
		"no syntax":      {"FROM scratch\nNONE\n", []Finding{{0, "error", ""}}},
		"BuildKit's":     {"FROM scratch AS One\nUSER 1\n" + good, []Finding{{1, "StageNameCasing", ""}}},
		"an open image":  {"FROM debian AS a\n" + good, []Finding{{0, "UnpinnedImage", ""}}},
		"a latest image": {"FROM debian:latest AS a\n" + good, []Finding{{0, "UnpinnedImage", ""}}},
		"a careless image": {"FROM scratch\nUSER root\n",
			[]Finding{{0, "NumericUser", ""}, {0, "Healthcheck", ""}, {0, "Expose", ""}, {0, "Labels", ""}}},
		"the shell's": {"FROM debian:bookworm AS a\nRUN cd /x; \\\n ls $HOME\n" + good, []Finding{{2, "SC2164", ""}, {2, "SC2086", ""}}},
		"a shell of bash that stops": {"FROM debian:bookworm AS a\nSHELL [\"/bin/bash\", \"-e\", \"-c\"]\nRUN cd /x; [[ $HOME == x ]]\n" +
			"FROM a AS b\nRUN cd /x; [[ $HOME == x ]]\n" + good, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "Dockerfile")
			if err := os.WriteFile(path, []byte(test.dockerfile), 0o600); err != nil {
				t.Fatal(err)
			}
			found, _, missing, err := (&File{Path: path, Context: filepath.Dir(path)}).Lint(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(missing, "shellcheck") && name == "the shell's" {
				t.Skip("shellcheck is not installed")
			}
			for i := range found {
				found[i].Text = ""
			}
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOurDockerfileIsFreeOfFindings(t *testing.T) {
	found, _, _, err := (&File{Path: "../../../Dockerfile", Context: "../../.."}).Lint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%d: %s: %s", f.Line, f.Rule, f.Text)
	}
}
