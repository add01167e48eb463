package cddl

import (
	"fmt"
	"regexp"
	"strings"
)

// maxSource bounds a schema in bytes.
const maxSource = 1 << 20

var (
	space  = regexp.MustCompile(`^(?:[ \t\r\n]+|;[^\n]*)+`)
	number = regexp.MustCompile(`^-?(?:0x[0-9a-fA-F]+|[0-9]+)`)
	name   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:[-.]+[A-Za-z0-9_]+)*`)
	quoted = regexp.MustCompile(`^"[^"\\\n]*"`)
	mark   = regexp.MustCompile(`^(?:\.size|\.\.\.|\.\.|=>|[=/:,?*+(){}\[\]])`)
)

// scan cuts a schema into tokens.
func scan(source string) ([]string, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("schema of %d bytes, at most %d", len(source), maxSource)
	}
	var out []string
	for rest := source; ; {
		rest = rest[len(space.FindString(rest)):]
		if rest == "" {
			return out, nil
		}
		token := ""
		for _, kind := range []*regexp.Regexp{number, name, quoted, mark} {
			if token = kind.FindString(rest); token != "" {
				break
			}
		}
		if token == "" {
			line := 1 + strings.Count(source[:len(source)-len(rest)], "\n")
			return nil, fmt.Errorf("line %d: neither a name, a value nor a mark that is known here", line)
		}
		out = append(out, token)
		rest = rest[len(token):]
	}
}
