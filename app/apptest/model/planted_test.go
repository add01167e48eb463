package model

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// planted is a bug of one line: in a file, the text searched for becomes another. The search must notice.
type planted struct {
	name    string
	file    string // below the root of the module
	search  string // occurs exactly once
	replace string
	bound   string // the search that is to find it; empty: any
	quick   bool   // planted in every run of the tests
}

func plantedBugs() []planted {
	return []planted{
		{
			name: "the ratchet is committed before the message has opened", file: "app/messenger/receive.go", bound: "friends",
			search: "		return in.unreadable(p, mb.Contact)\n	}\n	s.ratchet.Erase()",
			replace: "		s.ratchet, _, _ = ratchet.Encrypt(s.ratchet, nil, nil)\n		in.putSession(s)\n" +
				"		return in.unreadable(p, mb.Contact)\n	}\n	s.ratchet.Erase()",
		},
		{
			name: "the key of a message that came late is not deleted", file: "crypto/ratchet/receive.go", bound: "friends", quick: true,
			search:  "		c.skipped = slices.Delete(c.skipped, i, i+1)\n	}\n}\n\n// leap",
			replace: "		_ = i\n	}\n}\n\n// leap",
		},
		{
			name: "the ciphertext is optional", file: "crypto/ratchet/session.go", bound: "estranged",
			search:  "	case offered != nil:\n",
			replace: "	case offered != nil && s.peerStatic == nil:\n",
		},
		{
			name: "the header is not in the associated data", file: "crypto/ratchet/derive.go", bound: "friends",
			search:  "[]byte{byte(sender)}, raw)\n	out :=",
			replace: "[]byte{byte(sender)}, raw[:50])\n	out :=",
		},
		{
			name: "the handshake is not in the associated data", file: "app/messenger/envelope.go", bound: "estranged",
			search:  "	return encode.Append(encode.Append(nil, []byte{envelopeVersion, s.kind}), s.header)",
			replace: "	return encode.Append(nil, []byte{envelopeVersion})",
		},
		{
			name: "envelopes are acknowledged before they are committed", file: "app/messenger/receive.go", bound: "friends",
			search:  "		done := m.commitPushes(r, batch)\n		m.acknowledge(r, done)\n",
			replace: "		m.acknowledge(r, batch)\n		m.commitPushes(r, batch)\n",
		},
		{
			name: "what was sealed is sealed again", file: "app/messenger/flush.go", bound: "friends",
			search:  "			if item.State == chat.QueueWaiting {\n",
			replace: "			if item.State == chat.QueueWaiting || item.State == chat.QueueFlushed {\n",
		},
		{
			name: "the ratchet is not committed with the envelope", file: "app/messenger/flush.go", bound: "friends",
			search:  "		return u.putSession(*s)\n	})\n",
			replace: "		return nil\n	})\n",
		},
		{
			name: "the one-time pair is not deleted", file: "app/messenger/initial.go", bound: "estranged",
			search:  "ignoreMissing(in.Prekeys().Delete(chat.KeyID(accepted.UsedPair)))",
			replace: "ignoreMissing(nil)",
		},
		{
			name: "the replay hash is not recorded", file: "app/messenger/initial.go", bound: "estranged",
			search:  "in.Replays().RecordInitial(replay, in.now.Add(handshake.PrekeyRetention))",
			replace: "error(nil)",
		},
		{
			name: "duplicates count as forgeries", file: "app/messenger/receive.go", bound: "friends",
			search:  "	if errors.Is(err, ratchet.ErrDuplicate) {\n		return nil\n",
			replace: "	if errors.Is(err, ratchet.ErrDuplicate) {\n		return in.reject(p)\n",
		},
		{
			name: "both sessions go on sending", file: "app/messenger/session.go", bound: "estranged",
			search:  "		other.Archived, other.tied = u.now, atOnce\n",
			replace: "		other.tied = atOnce\n",
		},
		{
			name: "of two sessions begun at once each side keeps its own", file: "app/messenger/session.go", bound: "estranged",
			search:  "bytes.Compare(other.binding[:], s.binding[:]) < 0",
			replace: "bytes.Compare(other.binding[:], s.binding[:]) < 2",
		},
		{
			name: "the queue forgets before the relay has taken", file: "app/messenger/flush.go", bound: "friends",
			search:  "		if err = m.sendOne(ctx, relay, route, item); err != nil {",
			replace: "		m.update(ctx, func(u *unit) error { return u.wasSent(item) })\n		if err = m.sendOne(ctx, relay, route, item); err != nil {",
		},
		{
			name: "late messages come last", file: "app/messenger/place.go", bound: "friends",
			search:  "	if msg.Seq == 0 {\n		return u.store(msg)",
			replace: "	if msg.Seq != 0 {\n		return u.store(msg)",
		},
		{
			name: "a rollback goes unnoticed", file: "app/messenger/generation.go", bound: "copies",
			search:  "	if !known.fits(cell) && !u.m.rolled {",
			replace: "	if false {",
		},
		{
			name: "a rollback keeps the sessions", file: "app/messenger/generation.go", bound: "copies",
			search:  "		s.Archived = u.now\n		if err := u.Sessions().Put(s); err != nil {\n			return err\n		}\n	}\n	if err := u.unseal",
			replace: "	}\n	if err := u.unseal",
		},
		{
			name: "nobody sends again what a lost state missed", file: "app/messenger/resend.go", bound: "losses",
			search:  "	for _, msg := range messages {\n		if err := u.resendMessage",
			replace: "	for _, msg := range messages[:0] {\n		if err := u.resendMessage",
		},
		{
			name: "sent again under new ids", file: "app/messenger/resend.go", bound: "losses",
			search:  "		ID: msg.ID, Conv: msg.Conversation,",
			replace: "		ID: chat.NewMessageID(), Conv: msg.Conversation,",
		},
		{
			name: "a queued text overtakes the acceptance and is dropped", file: "app/messenger/apply.go", bound: "strangers",
			search:  "contact.State != chat.ContactAccepted && contact.State != chat.ContactPending {\n		return nil // a request",
			replace: "contact.State != chat.ContactAccepted {\n		return nil // a request",
		},
		{
			name: "an introduction that arrived counts as failed", file: "app/messenger/apply.go", bound: "introduction",
			search:  "	if err := in.introductionArrived(contact.ID); err != nil {",
			replace: "	if err := error(nil); err != nil {",
		},
	}
}

// foundWithin is how long building and searching may take, on a processor of its own.
const foundWithin = 60 * time.Second

// TestPlantedBugsAreFound builds this package with one bug at a time planted and expects the search to fail.
func TestPlantedBugsAreFound(t *testing.T) {
	if os.Getenv("SOTTO_MODEL") == "child" {
		t.Skip("is searched with a bug planted")
	}
	all := os.Getenv("SOTTO_MODEL") == "planted"
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, bug := range plantedBugs() {
		t.Run(bug.name, func(t *testing.T) {
			overlay := plant(t, root, bug)
			if !bug.quick && !all {
				t.Skip("SOTTO_MODEL=planted plants all")
			}
			run := "^TestNoReachableStateBreaksAnInvariant$/^" + bug.bound + "$"
			begin := time.Now()
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-overlay", overlay, "-run", run, ".")
			cmd.Env = append(os.Environ(), "SOTTO_MODEL=child")
			out, err := cmd.CombinedOutput()
			what, found := strings.CutPrefix(violation(string(out)), "VIOLATION ")
			if err == nil || !found {
				t.Fatalf("not found: %v\n%s", err, out)
			}
			used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			t.Logf("%s (%.0f s, %.0f s of CPU)", what, time.Since(begin).Seconds(), used.Seconds())
			if used > foundWithin {
				t.Errorf("took %v of CPU", used)
			}
		})
	}
}

// plant writes the altered file and the overlay that puts it in the place of the real one.
func plant(t *testing.T, root string, bug planted) string {
	t.Helper()
	path := filepath.Join(root, bug.file)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), bug.search); n != 1 {
		t.Fatalf("%s: the line to spoil is there %d times", bug.file, n)
	}
	dir := t.TempDir()
	spoiled, overlay := filepath.Join(dir, "spoiled.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(spoiled, []byte(strings.Replace(string(source), bug.search, bug.replace, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: spoiled}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// violation returns what the search said, with its trace.
func violation(out string) string {
	_, after, found := strings.Cut(out, "VIOLATION ")
	if !found {
		return ""
	}
	lines := strings.SplitN(after, "\n", 3)
	return "VIOLATION " + lines[0] + " " + strings.TrimSpace(strings.Join(lines[1:min(2, len(lines))], ""))
}
