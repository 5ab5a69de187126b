package coverage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	identifier = regexp.MustCompile(`\b(?:mbedtls|psa)_\w+`)
	literal    = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)
)

// Used is the set of the library's names that the code of the bridge in dir uses: what comments and strings say does not
// count.
func Used(dir string) (map[string]bool, error) {
	used := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		switch ext := filepath.Ext(file); {
		case ext == ".c" || ext == ".h":
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			code := literal.ReplaceAllString(comment.ReplaceAllString(string(text), " "), " ")
			for _, name := range identifier.FindAllString(code, -1) {
				used[name] = true
			}
		case ext == ".go" && !strings.HasSuffix(file, "_test.go"):
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "C" {
						used[s.Sel.Name] = true
					}
				}
				return true
			})
		}
	}
	return used, nil
}
