package passphrase

import (
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"strings"
)

// wordFile holds 512 short, everyday words, so that each carries nine bits.
//
//go:embed words.txt
var wordFile string

var (
	words   = strings.Fields(wordFile)
	isWord  = wordSet(words)
	perWord = 9.0 // bits
)

// Words is how many words Generate joins.
const Words = 6

// Generate answers six random words joined by spaces: 54 bits, chosen by the operating system's generator.
func Generate() string {
	for {
		// One in some twenty repeats a word or is of short words only, which Rate takes for less than it asks for.
		if p := draw(); Rate(p).Level >= Best {
			return p
		}
	}
}

func draw() string {
	chosen := make([]string, Words)
	var b [2 * Words]byte
	rand.Read(b[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	for i := range chosen {
		chosen[i] = words[binary.BigEndian.Uint16(b[2*i:])%uint16(len(words))] // 512 divides 65536: no word is likelier
	}
	return strings.Join(chosen, " ")
}

func wordSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, w := range list {
		set[w] = true
	}
	return set
}
