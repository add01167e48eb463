package messenger

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

// TestTheRoomOfEachClassIsThatOfThePage compares the table of docs/PROTOCOL.md section 7.1 with what padding leaves.
func TestTheRoomOfEachClassIsThatOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	const offer, answer, header = 1184, 1088, 14122
	lead := sealed{kind: typeInitial, header: make([]byte, header)}.prefixSize() + previousSize
	for form, fixed := range map[string]int{
		"message without material":    headSize + ratchet.MinOverhead,
		"message with an offer":       headSize + ratchet.MinOverhead + offer,
		"message with an answer":      headSize + ratchet.MinOverhead + answer,
		"message with a first answer": headSize + ratchet.MaxOverhead,
		"initial message":             lead + ratchet.MinOverhead + offer,
	} {
		_, row, found := strings.Cut(string(page), "| "+form+" | ")
		row, _, _ = strings.Cut(row, "\n")
		cells := strings.Split(strings.TrimSuffix(row, " |"), " | ")
		if !found || len(cells) != len(wire.EnvelopeSizes()) {
			t.Fatalf("no row for %q", form)
		}
		for i, class := range wire.EnvelopeSizes() {
			room := class - fixed - lengthSize
			want := "none"
			if room >= 0 {
				want = strconv.Itoa(room)
				for n, full := range map[int]bool{room: true, room + 1: false} {
					padded, err := pad(nil, make([]byte, n), fixed, 0)
					if fits := err == nil && fixed+len(padded) == class; fits != full {
						t.Errorf("%s of %d bytes in class %d: %t", form, n, class, fits)
					}
				}
			}
			if got := strings.ReplaceAll(cells[i], ",", ""); got != want {
				t.Errorf("%s, class %d: the page says %s, the code %s", form, class, got, want)
			}
		}
	}
}
