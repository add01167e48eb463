package ratchet

import (
	"bytes"
	"testing"
)

func TestAppendedStatesAndMessagesAreTheSame(t *testing.T) {
	initial, acceptor, _ := newSession(t)
	check := func(name string, s State) {
		t.Helper()
		want := s.Marshal()
		if s.Size() != len(want) {
			t.Errorf("%s: size %d, serialised %d", name, s.Size(), len(want))
		}
		if got := s.Append([]byte("before")); !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Errorf("%s: other bytes are appended", name)
		}
	}
	check("no session", State{})
	check("initiator at the start", initial.state)
	check("acceptor at the start", acceptor.state)
	acceptor.open(initial.send("offer"))
	check("acceptor after the first message", acceptor.state)
	initial.open(acceptor.send("answer"))
	check("initiator after the first answer", initial.state)
	for range 3 {
		initial.send("lost")
	}
	acceptor.open(initial.send("arrives"))
	check("acceptor with keys of lost messages", acceptor.state)

	next, out, err := EncryptTo([]byte("before"), acceptor.state, []byte("text"), associated)
	must(t, err)
	if !bytes.HasPrefix(out, []byte("before")) {
		t.Error("what stood before is gone")
	}
	message := out[len("before"):]
	if len(message) != len("text")+acceptor.state.Overhead() {
		t.Errorf("the message has %d bytes", len(message))
	}
	_, plaintext, _, err := Decrypt(initial.state, message, associated, start)
	must(t, err)
	if string(plaintext) != "text" {
		t.Errorf("opened %q", plaintext)
	}
	check("after sending", next)
	if _, out, err := EncryptTo([]byte("before"), State{}, nil, nil); err == nil || string(out) != "before" {
		t.Errorf("without a session: %q, %v", out, err)
	}
}
