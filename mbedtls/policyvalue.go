package mbedtls

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// anyValue is the text of a list that is nil.
const anyValue = "any"

// policyValue is how the value of a rule is read and written.
type policyValue struct {
	text  func(*PolicyRules) string
	parse func(*PolicyRules, string) error

	lacks func(*PolicyRules, policyBuild) string // what of a list the build does not have; ""
	trim  func(*PolicyRules, policyBuild)        // takes that out, unless nothing would be left
}

func boolValue(field func(*PolicyRules) *bool) policyValue {
	return policyValue{
		text: func(r *PolicyRules) string { return strconv.FormatBool(*field(r)) },
		parse: func(r *PolicyRules, s string) error {
			switch s {
			case "true", "false":
				*field(r) = s == "true"
				return nil
			}
			return errors.New("must be true or false")
		},
	}
}

// intValue is a number from 0 to limit.
func intValue(field func(*PolicyRules) *int, limit int) policyValue {
	return policyValue{
		text: func(r *PolicyRules) string { return strconv.Itoa(*field(r)) },
		parse: func(r *PolicyRules, s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > limit {
				return fmt.Errorf("must be a number from 0 to %d", limit)
			}
			*field(r) = n
			return nil
		},
	}
}

// secondsValue is whole seconds, up to limit.
func secondsValue(field func(*PolicyRules) *time.Duration, limit time.Duration) policyValue {
	return policyValue{
		text: func(r *PolicyRules) string { return strconv.FormatFloat(field(r).Seconds(), 'f', -1, 64) },
		parse: func(r *PolicyRules, s string) error {
			n, err := strconv.Atoi(s)
			if most := int(limit / time.Second); err != nil || n < 0 || n > most {
				return fmt.Errorf("must be whole seconds from 0 to %d", most)
			}
			*field(r) = time.Duration(n) * time.Second
			return nil
		},
	}
}

// listValue is some of values, which print as their names.
func listValue[T comparable](field func(*PolicyRules) *[]T, values []T, built func(policyBuild, T) bool) policyValue {
	return policyValue{
		text: func(r *PolicyRules) string {
			if *field(r) == nil {
				return anyValue
			}
			return names(*field(r))
		},
		parse: func(r *PolicyRules, s string) error {
			list, err := parseList(s, values)
			if err == nil {
				*field(r) = list
			}
			return err
		},
		lacks: func(r *PolicyRules, b policyBuild) string {
			return names(slices.DeleteFunc(slices.Clone(*field(r)), func(v T) bool { return built(b, v) }))
		},
		trim: func(r *PolicyRules, b policyBuild) {
			if kept := slices.DeleteFunc(slices.Clone(*field(r)), func(v T) bool { return !built(b, v) }); len(kept) > 0 {
				*field(r) = kept
			}
		},
	}
}

func names[T any](list []T) string {
	text := make([]string, len(list))
	for i, v := range list {
		text[i] = fmt.Sprint(v)
	}
	return strings.Join(text, " ")
}

// bare is what tells names apart: Botan's AES-256/GCM and Mbed TLS's AES-256-GCM are the same.
func bare(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

func parseList[T comparable](s string, values []T) ([]T, error) {
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	switch {
	case len(words) == 0:
		return nil, fmt.Errorf("names nothing: all are %q", anyValue)
	case len(words) == 1 && words[0] == anyValue:
		return nil, nil
	}
	var list []T
	for _, word := range words {
		i := slices.IndexFunc(values, func(v T) bool { return bare(fmt.Sprint(v)) == bare(word) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("%q is none of: %s", word, names(values))
		case slices.Contains(list, values[i]):
			return nil, fmt.Errorf("%q is there twice", word)
		}
		list = append(list, values[i])
	}
	return list, nil
}
