package cddl_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"sotto/app/apptest/cddl"
)

const page = "words\n```\nno = schema\n```\n```cddl\n" + `
frame = ping / say             ; a choice
ping = [1, id: uint, {}]
say  = [2, id: uint, { common, 1: word / null, ? 2: 1..5, ? 3: true }]
common = ( 9: [1*2 token], ? 8: -3...0 )
token = bstr .size 2
word = tstr .size (1..3)
open = { 1: 0x10, "k": bool, name: int, * uint => any }
` + "```\nmore words\n"

func schema(t *testing.T) *cddl.Schema {
	t.Helper()
	s, err := cddl.Parse(cddl.FromPage(page))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValuesOfTheSchemaMatch(t *testing.T) {
	s := schema(t)
	for name, c := range map[string]struct{ rule, value string }{
		"first of a choice":       {"frame", "830107a0"},
		"without optional":        {"frame", "830200a2" + "016161" + "0981420000"},
		"null, two, all options":  {"frame", "830200a5" + "01f6" + "0205" + "03f5" + "0822" + "0982420000420101"},
		"wildcard takes the rest": {"open", "a5" + "0110" + "0500" + "0661ff"[:2] + "00" + "616bf4" + "646e616d6520"},
		"longest word":            {"word", "63616263"},
	} {
		if err := s.Check(c.rule, unhex(t, c.value)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherValuesDoNotMatch(t *testing.T) {
	s := schema(t)
	for name, c := range map[string]struct{ rule, value string }{
		"no rule":             {"nothing", "00"},
		"group is no type":    {"common", "a0"},
		"not CBOR":            {"frame", "83"},
		"two items":           {"word", "61616161"},
		"another kind":        {"frame", "830307a0"},
		"short array":         {"frame", "820107"},
		"long array":          {"frame", "840107a000"},
		"negative id":         {"frame", "830120a0"},
		"extra key":           {"frame", "830107a10101"},
		"missing key":         {"frame", "830200a1" + "0981420000"},
		"missing of a group":  {"frame", "830200a1" + "016161"},
		"duplicate key":       {"open", "a40110" + "0110" + "616bf4" + "646e616d6520"},
		"empty word":          {"word", "60"},
		"long word":           {"word", "6461626364"},
		"word counts bytes":   {"word", "64c3a4c3a4"},
		"bytes for a word":    {"word", "4161"},
		"no element":          {"frame", "830200a2" + "016161" + "0980"},
		"three elements":      {"frame", "830200a2" + "016161" + "0983420000420000420000"},
		"size of an element":  {"frame", "830200a2" + "016161" + "09814100"},
		"below a range":       {"frame", "830200a3" + "016161" + "0200" + "0981420000"},
		"above a range":       {"frame", "830200a3" + "016161" + "0206" + "0981420000"},
		"end of an open one":  {"frame", "830200a3" + "016161" + "0800" + "0981420000"},
		"false for true":      {"frame", "830200a3" + "016161" + "03f4" + "0981420000"},
		"float for an int":    {"open", "a30110" + "616bf4" + "646e616d65f93c00"},
		"key of another type": {"open", "a40110" + "616bf4" + "646e616d6520" + "2000"},
		"array for a map":     {"open", "80"},
	} {
		if s.Check(c.rule, unhex(t, c.value)) == nil {
			t.Errorf("%s: %s passes for %s", name, c.value, c.rule)
		}
	}
}

func TestSchemaBeyondTheSubsetIsRefused(t *testing.T) {
	for name, source := range map[string]string{
		"undefined":         "a = b",
		"defined twice":     "a = 1\na = 2",
		"prelude redefined": "uint = 1",
		"no value":          "a =",
		"open map":          "a = { 1: uint",
		"no comma":          "a = { 1: uint 2: uint }",
		"float":             "a = 1.5",
		"tag":               "a = #6.1(uint)",
		"generic":           "a<b> = b",
		"socket":            "$a /= 1",
		"another control":   "a = uint .le 5",
		"size of a number":  "a = uint .size 2",
		"range of text":     `a = "a".."b"`,
		"group choice":      "a = { 1: uint // 2: uint }",
		"deep":              "a = " + strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"long":              strings.Repeat(" ", 2<<20),
	} {
		if _, err := cddl.Parse(source); err == nil {
			t.Errorf("%s is taken for a schema", name)
		}
	}
}

func TestRuleThatNamesItselfEnds(t *testing.T) {
	s, err := cddl.Parse("a = a\nb = [* b]\nc = { d }\nd = ( d, 1: uint )")
	if err != nil {
		t.Fatal(err)
	}
	if s.Check("a", []byte{0}) == nil || s.Check("c", []byte{0xa0}) == nil {
		t.Error("a rule that is nothing but itself matches")
	}
	if err := s.Check("b", unhex(t, "8281808180")); err != nil {
		t.Error(err)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
