package profile_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"sotto/app/apptest/narrow"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/transport/wire"
)

// soon bounds how long a lock may take while a file stands still on its way.
const soon = 10 * time.Second

// lockMidway locks a profile while the step is reached, lets go of what stood still, and unlocks it.
func lockMidway(t *testing.T, n *narrow.Narrow, p *profile.Profile) *profile.Profile {
	t.Helper()
	var s narrow.Step
	select {
	case s = <-n.Reached:
	case <-time.After(20 * time.Second):
		t.Fatal("the file did not get that far")
	}
	began := time.Now()
	locked, err := p.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("the lock took %v", took)
	}
	close(s.Done)
	again, err := locked.Unlock(t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
	return again
}

func TestALockInTheMidstOfAFileStopsItAndTheUnlockGoesOn(t *testing.T) {
	const size, midway = 6 << 20, 3 << 20
	glass := newGlassRelay(t)
	relay, err := wire.ParsePass(glass.pass)
	if err != nil {
		t.Fatal(err)
	}
	n := narrow.Start(t, fmt.Sprintf("%s:%d", relay.Address.Host, relay.Address.Port))
	pass := n.Pass(glass.pass)
	ada, ben := create(t, "Ada", pass), create(t, "Ben", pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	want := bytes.Repeat([]byte("a long letter, "), size/15)

	arrived := eventOf(ben, messenger.EventMessage)
	before := n.Moved(narrow.Up)
	n.Plan(narrow.Step{Way: narrow.Up, At: midway, What: "lock the sender"})
	m, err := sendBytes(t, ada, conv, "letter", want, profile.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ada = lockMidway(t, n, ada)
	if err := ada.Messenger.WaitState(t.Context(), m.ID, chat.Sent); err != nil {
		t.Fatal(err)
	}
	if moved := n.Moved(narrow.Up) - before; moved > size+midway {
		t.Errorf("%d bytes went up for a file of %d: it was begun anew", moved, size)
	}
	await(t, arrived)

	before = n.Moved(narrow.Down)
	n.Plan(narrow.Step{Way: narrow.Down, At: midway, What: "lock the receiver"})
	if err := ben.Messenger.FetchFile(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	ben = lockMidway(t, n, ben)
	here := eventOf(ben, messenger.EventFile, string(chat.FileHere))
	if s, err := ben.Messenger.FileStatus(t.Context(), m.ID); err != nil || len(s) != 1 || s[0].State != chat.FileHere {
		await(t, here)
	}
	if moved := n.Moved(narrow.Down) - before; moved > size+midway {
		t.Errorf("%d bytes came down for a file of %d: it was begun anew", moved, size)
	}
	var got bytes.Buffer
	if err := ben.WriteFile(t.Context(), m.ID, &got, nil); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Error(fmt.Errorf("%d bytes arrived of %d: %w", got.Len(), len(want), err))
	}
}
