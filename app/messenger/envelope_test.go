package messenger

import (
	"bytes"
	"errors"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/chat"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

func TestEveryEnvelopeHasTheSizeOfItsClass(t *testing.T) {
	for _, prefix := range []int{headSize, headSize + lengthSize + 14120} {
		for _, overhead := range []int{ratchet.MinOverhead, ratchet.MaxOverhead} {
			for _, n := range []int{0, 1, 200, 1400, 4000, 9000, 32 << 10, 40 << 10} {
				padded, err := pad(nil, make([]byte, n), prefix, overhead)
				if err != nil {
					t.Fatal(err)
				}
				total := prefix + overhead + len(padded)
				if want, _ := wire.EnvelopeSize(prefix + overhead + lengthSize + n); total != want {
					t.Errorf("content of %d: envelope of %d, want %d", n, total, want)
				}
				back, err := unpad(padded)
				if err != nil || len(back) != n {
					t.Errorf("content of %d comes back as %d, %v", n, len(back), err)
				}
			}
		}
	}
}

func TestTextsOfALineLookAlike(t *testing.T) {
	a, err := pad(nil, make([]byte, 80), headSize, ratchet.MinOverhead)
	if err != nil {
		t.Fatal(err)
	}
	b, err := pad(nil, make([]byte, 80+1400), headSize, ratchet.MaxOverhead)
	if err != nil {
		t.Fatal(err)
	}
	if x, y := len(a)+ratchet.MinOverhead, len(b)+ratchet.MaxOverhead; x != y || x != 4096-headSize {
		t.Errorf("envelopes of %d and %d", x+headSize, y+headSize)
	}
}

func TestPaddingMustBeZeros(t *testing.T) {
	padded, err := pad(nil, []byte("hello"), headSize, ratchet.MinOverhead)
	if err != nil {
		t.Fatal(err)
	}
	padded[len(padded)-1] = 1
	if _, err := unpad(padded); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("unpad = %v", err)
	}
	if _, err := unpad([]byte{0, 0, 0, 9, 1}); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("unpad beyond the end = %v", err)
	}
	if _, err := pad(nil, make([]byte, wire.MaxEnvelope), 0, 0); !errors.Is(err, chat.ErrTooLarge) {
		t.Errorf("pad of too much = %v", err)
	}
}

func FuzzParseEnvelope(f *testing.F) {
	message := make([]byte, 4096)
	message[0], message[1] = envelopeVersion, typeMessage
	initial := make([]byte, 16384)
	initial[0], initial[1], initial[4] = envelopeVersion, typeInitial, 37
	f.Add(message)
	f.Add(initial)
	f.Add([]byte{1})
	f.Add(bytes.Repeat([]byte{1, 1, 255, 255}, 1024))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = parseEnvelope(b) })
		e, err := parseEnvelope(b)
		if err != nil {
			if !errors.Is(err, chat.ErrMalformed) {
				t.Fatalf("error without its sentinel: %v", err)
			}
			return
		}
		if again := append(e.prefix(nil), e.message...); !bytes.Equal(again, b) {
			t.Error("an envelope has two forms")
		}
	})
}
