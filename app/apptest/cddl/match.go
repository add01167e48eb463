package cddl

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// maxValue bounds a value in bytes.
const maxValue = 2 << 20

var decode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: maxDepth}.DecMode()
	if err != nil {
		panic("cddl: " + err.Error()) // the options are constants
	}
	return mode
}()

// Check reports how one CBOR data item fails to match a rule, or nil.
func (s *Schema) Check(rule string, encoded []byte) error {
	if len(encoded) > maxValue {
		return fmt.Errorf("value of %d bytes, at most %d", len(encoded), maxValue)
	}
	if _, ok := s.types[rule]; !ok {
		return fmt.Errorf("no type %q in the schema", rule)
	}
	var value any
	if err := decode.Unmarshal(encoded, &value); err != nil {
		return fmt.Errorf("not one data item: %w", err)
	}
	if err := named(rule).match(s, value, 0); err != nil {
		return fmt.Errorf("%s: %w", rule, err)
	}
	return nil
}

// kind is a type of the schema.
type kind interface {
	match(s *Schema, v any, depth int) error
}

type (
	named   string
	literal struct{ value any } // *big.Int or string
	span    struct{ low, high *big.Int }
	sized   struct {
		base kind
		size span
	}
	either  []kind
	mapping []member
	array   []member
)

var errType = errors.New("another type")

func mustBe(ok bool) error {
	if !ok {
		return errType
	}
	return nil
}

// prelude is the part of RFC 8610 appendix D that is known here.
var prelude = map[string]func(v any) bool{
	"any":   func(any) bool { return true },
	"uint":  func(v any) bool { _, ok := v.(uint64); return ok },
	"nint":  func(v any) bool { _, ok := v.(int64); return ok },
	"int":   func(v any) bool { return integer(v) != nil },
	"bstr":  func(v any) bool { _, ok := v.([]byte); return ok },
	"bytes": func(v any) bool { _, ok := v.([]byte); return ok },
	"tstr":  func(v any) bool { _, ok := v.(string); return ok },
	"text":  func(v any) bool { _, ok := v.(string); return ok },
	"bool":  func(v any) bool { _, ok := v.(bool); return ok },
	"true":  func(v any) bool { return v == true },
	"false": func(v any) bool { return v == false },
	"null":  func(v any) bool { return v == nil },
}

// integer returns a decoded integer: uint64 when it is not negative, int64 otherwise.
func integer(v any) *big.Int {
	switch n := v.(type) {
	case uint64:
		return new(big.Int).SetUint64(n)
	case int64:
		return big.NewInt(n)
	}
	return nil
}

func (n named) match(s *Schema, v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if known, ok := prelude[string(n)]; ok {
		return mustBe(known(v))
	}
	k, ok := s.types[string(n)]
	if !ok {
		return fmt.Errorf("%q is a group where a type belongs", string(n))
	}
	return k.match(s, v, depth+1)
}

func (l literal) match(_ *Schema, v any, _ int) error {
	if want, ok := l.value.(*big.Int); ok {
		n := integer(v)
		if n == nil || n.Cmp(want) != 0 {
			return fmt.Errorf("not %s", want)
		}
		return nil
	}
	if v != l.value {
		return fmt.Errorf("not %q", l.value)
	}
	return nil
}

func (r span) match(_ *Schema, v any, _ int) error {
	n := integer(v)
	if n == nil {
		return errType
	}
	if n.Cmp(r.low) < 0 || n.Cmp(r.high) > 0 {
		return fmt.Errorf("%s is not within %s..%s", n, r.low, r.high)
	}
	return nil
}

func (z sized) match(s *Schema, v any, depth int) error {
	if err := z.base.match(s, v, depth+1); err != nil {
		return err
	}
	length := uint64(0)
	switch b := v.(type) {
	case []byte:
		length = uint64(len(b))
	case string:
		length = uint64(len(b))
	}
	if err := z.size.match(s, length, depth+1); err != nil {
		return fmt.Errorf("size: %w", err)
	}
	return nil
}

func (e either) match(s *Schema, v any, depth int) error {
	var all []error
	for _, k := range e {
		err := k.match(s, v, depth+1)
		if err == nil {
			return nil
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// flat replaces the groups among members by what they hold.
func (s *Schema) flat(members []member, depth int) ([]member, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("groups nested deeper than %d", maxDepth)
	}
	var out []member
	for _, m := range members {
		n, ok := m.value.(named)
		group, isGroup := s.groups[string(n)]
		if !ok || !isGroup || m.key != nil {
			out = append(out, m)
			continue
		}
		if m.least != 1 || m.most != 1 {
			return nil, fmt.Errorf("group %q with an occurrence", string(n))
		}
		inner, err := s.flat(group, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
	return out, nil
}

func (a array) match(s *Schema, v any, depth int) error {
	values, ok := v.([]any)
	if !ok {
		return errType
	}
	members, err := s.flat(a, depth)
	if err != nil {
		return err
	}
	rest := values
	for _, m := range members {
		count := 0
		var last error
		for count < m.most && len(rest) > 0 {
			if last = m.value.match(s, rest[0], depth+1); last != nil {
				break
			}
			rest, count = rest[1:], count+1
		}
		if count < m.least {
			return fmt.Errorf("element %d: %w", len(values)-len(rest), errors.Join(errors.New("missing"), last))
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d elements too many", len(rest))
	}
	return nil
}

func (m mapping) match(s *Schema, v any, depth int) error {
	values, ok := v.(map[any]any)
	if !ok {
		return errType
	}
	members, err := s.flat(m, depth)
	if err != nil {
		return err
	}
	left := make(map[any]any, len(values))
	for k, value := range values {
		left[k] = value
	}
	// Members with one key first: a wildcard takes what they leave.
	slices.SortStableFunc(members, func(a, b member) int { return wild(a) - wild(b) })
	for _, one := range members {
		if one.key == nil {
			return errors.New("member of a map without a key")
		}
		count := 0
		for k, value := range left {
			if count == one.most || one.key.match(s, k, depth+1) != nil {
				continue
			}
			if err := one.value.match(s, value, depth+1); err != nil {
				return fmt.Errorf("key %v: %w", k, err)
			}
			delete(left, k)
			count++
		}
		if count < one.least {
			return fmt.Errorf("key %s is missing", describe(one.key))
		}
	}
	for k := range left {
		return fmt.Errorf("key %v is not allowed", k)
	}
	return nil
}

func wild(m member) int {
	if _, ok := m.key.(literal); ok {
		return 0
	}
	return 1
}

func describe(k kind) string {
	if l, ok := k.(literal); ok {
		return strings.TrimSpace(fmt.Sprint(l.value))
	}
	return "of a kind"
}
