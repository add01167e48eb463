package cddl

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// maxDepth bounds how deep types nest, in a schema and in a value.
const maxDepth = 32

// Schema is a set of rules.
type Schema struct {
	types  map[string]kind
	groups map[string][]member
	order  []string
}

// member is one entry of a map, array or group.
type member struct {
	least, most int
	key         kind // nil: none, or a bare word beside a member of an array
	value       kind
}

// unbounded is the most of a member that may repeat without end.
const unbounded = int(^uint(0) >> 1)

// FromPage joins the code blocks of a Markdown page that are marked as cddl.
func FromPage(page string) string {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(page) {
		switch fence := strings.TrimSpace(line); {
		case fence == "```cddl":
			inside = true
		case fence == "```":
			inside = false
		case inside:
			out.WriteString(line)
		}
	}
	return out.String()
}

// Parse reads a schema. Every name that is used must be defined, and only once.
func Parse(source string) (*Schema, error) {
	tokens, err := scan(source)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, schema: &Schema{types: map[string]kind{}, groups: map[string][]member{}}}
	for len(p.tokens) > 0 && p.err == nil {
		p.rule()
	}
	if p.err != nil {
		return nil, p.err
	}
	for _, used := range p.used {
		if _, ok := prelude[used]; !ok && !p.schema.Has(used) {
			return nil, fmt.Errorf("rule %q is used and not defined", used)
		}
	}
	return p.schema, nil
}

// Has reports whether the schema defines a rule.
func (s *Schema) Has(rule string) bool { return slices.Contains(s.order, rule) }

// Rules returns the names of the rules in the order of the schema.
func (s *Schema) Rules() []string { return slices.Clone(s.order) }

type parser struct {
	tokens []string
	schema *Schema
	used   []string
	depth  int
	err    error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.tokens = nil
}

func (p *parser) peek(n int) string {
	if n < len(p.tokens) {
		return p.tokens[n]
	}
	return ""
}

func (p *parser) next() string {
	t := p.peek(0)
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) take(token string) bool {
	if p.peek(0) != token {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(token string) {
	if p.err == nil && !p.take(token) {
		p.fail("%q where %q belongs", p.peek(0), token)
	}
}

func (p *parser) rule() {
	n := p.next()
	if name.FindString(n) != n {
		p.fail("%q is not the name of a rule", n)
		return
	}
	if p.schema.Has(n) || prelude[n] != nil {
		p.fail("rule %q is defined twice", n)
		return
	}
	p.expect("=")
	p.schema.order = append(p.schema.order, n)
	if p.peek(0) != "(" {
		p.schema.types[n] = p.choice()
		return
	}
	p.next()
	members := p.members(")")
	if len(members) == 1 && members[0].key == nil && members[0].least == 1 && members[0].most == 1 {
		p.schema.types[n] = members[0].value
		return
	}
	p.schema.groups[n] = members
}

// members reads up to the closing mark.
func (p *parser) members(end string) (out []member) {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	for p.err == nil && !p.take(end) {
		m := member{least: 1, most: 1}
		m.least, m.most = p.occurrence()
		m.key, m.value = p.member(end == "]")
		out = append(out, m)
		if p.peek(0) != end {
			p.expect(",")
		}
	}
	return out
}

func (p *parser) occurrence() (least, most int) {
	switch {
	case p.take("?"):
		return 0, 1
	case p.take("+"):
		return 1, unbounded
	case p.peek(0) == "*" || p.peek(1) == "*" && number.MatchString(p.peek(0)):
		least, most = 0, unbounded
		if p.peek(0) != "*" {
			least = int(p.integer(p.next()).Int64())
		}
		p.next()
		if number.MatchString(p.peek(0)) && p.peek(1) != ":" && p.peek(1) != "=>" {
			most = int(p.integer(p.next()).Int64())
		}
		return least, most
	}
	return 1, 1
}

func (p *parser) member(array bool) (key, value kind) {
	if p.peek(1) == ":" {
		switch word := p.next(); {
		case number.FindString(word) == word:
			key = literal{p.integer(word)}
		case quoted.FindString(word) == word:
			key = literal{word[1 : len(word)-1]}
		case array: // a bare word in an array names the member for the reader
		default:
			key = literal{word}
		}
		p.expect(":")
		return key, p.choice()
	}
	value = p.choice()
	if p.take("=>") {
		return value, p.choice()
	}
	return nil, value
}

func (p *parser) choice() kind {
	first := p.controlled()
	if p.peek(0) != "/" {
		return first
	}
	all := either{first}
	for p.take("/") {
		all = append(all, p.controlled())
	}
	return all
}

func (p *parser) controlled() kind {
	first := p.single()
	switch {
	case p.take(".."):
		return p.span(first, p.single(), 0)
	case p.take("..."):
		return p.span(first, p.single(), 1)
	case p.take(".size"):
		size := p.single()
		if l, ok := size.(literal); ok {
			size = p.span(l, l, 0)
		}
		between, ok := size.(span)
		if base, isName := first.(named); !ok || !isName || base != "bstr" && base != "bytes" && base != "tstr" && base != "text" {
			p.fail(".size is known of byte and text strings, with a number or a range")
		}
		return sized{first, between}
	}
	return first
}

func (p *parser) span(low, high kind, less int64) kind {
	from, ok1 := low.(literal)
	to, ok2 := high.(literal)
	a, ok3 := from.value.(*big.Int)
	b, ok4 := to.value.(*big.Int)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		p.fail("a range of something else than two integers")
		return span{new(big.Int), new(big.Int)}
	}
	return span{a, new(big.Int).Sub(b, big.NewInt(less))}
}

func (p *parser) single() kind {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	switch word := p.next(); {
	case word == "{":
		return mapping(p.members("}"))
	case word == "[":
		return array(p.members("]"))
	case word == "(":
		k := p.choice()
		if p.take("..") {
			k = p.span(k, p.single(), 0)
		}
		p.expect(")")
		return k
	case word != "" && number.FindString(word) == word:
		return literal{p.integer(word)}
	case word != "" && quoted.FindString(word) == word:
		return literal{word[1 : len(word)-1]}
	case word != "" && name.FindString(word) == word:
		p.used = append(p.used, word)
		return named(word)
	default:
		p.fail("%q where a type belongs", word)
	}
	return named("any")
}

func (p *parser) integer(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 0)
	if !ok {
		p.fail("%q is not an integer", text)
		return new(big.Int)
	}
	return n
}
