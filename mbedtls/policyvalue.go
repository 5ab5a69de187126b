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

// The texts of a list that is nil, and of one that is empty.
const (
	anyValue  = "any"
	noneValue = "none"
)

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

// durationValue is whole units, up to limit.
func durationValue(field func(*PolicyRules) *time.Duration, unit, limit time.Duration) policyValue {
	return policyValue{
		text: func(r *PolicyRules) string {
			return strconv.FormatFloat(float64(*field(r))/float64(unit), 'f', -1, 64)
		},
		parse: func(r *PolicyRules, s string) error {
			n, err := strconv.ParseInt(s, 10, 64)
			if most := int64(limit / unit); err != nil || n < 0 || n > most {
				names := map[time.Duration]string{time.Second: "seconds", time.Millisecond: "milliseconds"}
				return fmt.Errorf("must be whole %s from 0 to %d", names[unit], most)
			}
			*field(r) = time.Duration(n) * unit
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

// orNone lets the value of a list be empty.
func orNone[T any](field func(*PolicyRules) *[]T, list policyValue) policyValue {
	text, parse := list.text, list.parse
	list.text = func(r *PolicyRules) string {
		if l := *field(r); l != nil && len(l) == 0 {
			return noneValue
		}
		return text(r)
	}
	list.parse = func(r *PolicyRules, s string) error {
		if s == noneValue {
			*field(r) = []T{}
			return nil
		}
		return parse(r, s)
	}
	return list
}

func names[T any](list []T) string {
	text := make([]string, len(list))
	for i, v := range list {
		text[i] = policyName(v)
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

// policyName is how a policy names v, whatever the build has.
func policyName(v any) string {
	if p, ok := v.(SRTPProfile); ok {
		return policySRTPProfiles[p]
	}
	return fmt.Sprint(v)
}

// standsFor tells whether a word is for v: by its name, by Botan's, or by its number.
func standsFor(word string, v any) bool {
	plain := bare(word)
	if plain == bare(policyName(v)) || botanNames[plain] == policyName(v) {
		return true
	}
	id, err := strconv.ParseUint(word, 0, 16)
	if err != nil {
		return false
	}
	switch v := v.(type) {
	case Group:
		return uint64(v) == id
	case SignatureScheme:
		return uint64(v) == id
	case SRTPProfile:
		return uint64(v) == id
	}
	return false
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
		i := slices.IndexFunc(values, func(v T) bool { return standsFor(word, v) })
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
