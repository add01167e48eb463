package ratchet

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
)

var update = flag.Bool("update", false, "write testdata anew; only when docs/PROTOCOL.md section 6 changed")

// The vectors open recorded messages with recorded states, so they hold for any implementation of
// section 6 and do not depend on a source of randomness.
func TestRecordedMessagesOpenOrFailAsRecorded(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	paths, err := filepath.Glob("testdata/vectors/*.txt")
	must(t, err)
	if len(paths) < 10 {
		t.Fatalf("only %d vectors", len(paths))
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			v := readVector(t, path)
			s, err := ParseState(v.bytes("state"))
			must(t, err)
			_, plaintext, _, err := Decrypt(s, v.bytes("message"), v.bytes("ad"), start)
			switch want := v["expect"]; want {
			case "opened":
				if err != nil || !bytes.Equal(plaintext, v.bytes("plaintext")) {
					t.Errorf("Decrypt = %q, %v", plaintext, err)
				}
			case "duplicate":
				if !errors.Is(err, ErrDuplicate) {
					t.Errorf("Decrypt = %v", err)
				}
			case "undecryptable":
				if !errors.Is(err, ErrUndecryptable) {
					t.Errorf("Decrypt = %v", err)
				}
			default:
				t.Errorf("unknown expectation %q", want)
			}
		})
	}
}

// A whole conversation under a fixed source of randomness, as hashes: any change of a byte that
// leaves the package or is stored shows here.
func TestARecordedConversationKeepsItsBytes(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	alice, bob, _ := newSession(t)
	var got strings.Builder
	from, to := alice, bob
	for i := range 60 {
		m := from.send(fmt.Sprint("message ", i))
		if i%7 != 6 { // some are lost
			to.open(m)
			if i%5 != 4 {
				from, to = to, from
			}
		}
		fmt.Fprintf(&got, "%02d message %x alice %x bob %x\n", i, short(m), short(alice.state.Marshal()), short(bob.state.Marshal()))
	}
	const path = "testdata/conversation.txt"
	if *update {
		must(t, os.WriteFile(path, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got.String() != string(want) {
		t.Errorf("the conversation differs from %s:\n%s", path, got.String())
	}
}

func short(b []byte) []byte {
	hash := sha256.Sum256(b)
	return hash[:12]
}

// vector is a file of "name: value" lines; byte strings are hex.
type vector map[string]string

func readVector(t *testing.T, path string) vector {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	v := vector{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ": ")
		if !ok {
			t.Fatalf("%s: line %q", path, lines.Text())
		}
		v[name] = value
	}
	must(t, lines.Err())
	return v
}

func (v vector) bytes(name string) []byte {
	b, err := hex.DecodeString(v[name])
	if err != nil {
		panic(err)
	}
	return b
}

func writeVectors(t *testing.T) {
	must(t, os.MkdirAll("testdata/vectors", 0o755))
	alice, bob, _ := newSession(t)
	write := func(name, expect string, to *side, message []byte, plaintext string) {
		text := fmt.Sprintf("expect: %s\nstate: %x\nad: %x\nmessage: %x\nplaintext: %x\n",
			expect, to.state.Marshal(), associated, message, plaintext)
		must(t, os.WriteFile(filepath.Join("testdata/vectors", name+".txt"), []byte(text), 0o644))
	}
	change := func(message []byte, at int) []byte {
		changed := bytes.Clone(message)
		changed[at] ^= 1
		return changed
	}
	first, second := alice.send("first"), alice.send("second")
	write("first", "opened", bob, first, "first")
	write("first-overtaken", "opened", bob, second, "second")
	write("first-key-changed", "undecryptable", bob, change(first, HeaderSize), "")
	stripped := append(bytes.Clone(first[:HeaderSize]), first[HeaderSize+encapsulationKey:]...)
	stripped[1] = 0
	write("first-key-stripped", "undecryptable", bob, stripped, "")
	bob.open(second)
	write("skipped", "opened", bob, first, "first")
	write("duplicate", "duplicate", bob, second, "")
	answer := bob.send("answer")
	write("answer", "opened", alice, answer, "answer")
	write("answer-fresh-ciphertext-changed", "undecryptable", alice, change(answer, HeaderSize), "")
	write("answer-static-ciphertext-changed", "undecryptable", alice, change(answer, HeaderSize+ciphertextSize), "")
	write("reflected", "undecryptable", bob, answer, "")
	alice.open(answer)
	turn := alice.send("turn")
	write("turn", "opened", bob, turn, "turn")
	write("turn-version-2", "undecryptable", bob, append([]byte{2}, turn[1:]...), "")
	write("turn-reserved-flag", "undecryptable", bob, append([]byte{1, 0x80}, turn[2:]...), "")
	write("turn-other-session", "undecryptable", bob, change(turn, 2), "")
	write("turn-ratchet-key-changed", "undecryptable", bob, change(turn, 18), "")
	write("turn-previous-changed", "undecryptable", bob, change(turn, 53), "")
	write("turn-number-changed", "undecryptable", bob, change(turn, 57), "")
	write("turn-salt-changed", "undecryptable", bob, change(turn, 58), "")
	write("turn-tag-changed", "undecryptable", bob, change(turn, len(turn)-1), "")
	bob.open(turn)
	known := alice.send("known chain")
	write("known-chain", "opened", bob, known, "known chain")
	write("known-chain-number-of-a-used-key", "duplicate", bob, change(known, 57), "")
	write("known-chain-tag-changed", "undecryptable", bob, change(known, len(known)-1), "")
}
