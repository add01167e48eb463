package profile_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/chat"
)

// The test binary starts itself again with these variables: the child lives in the profile of that folder, tells each act
// that was acknowledged to it, and is killed.
const (
	childLives = "SOTTO_TEST_LIVES_IN"
	childSeed  = "SOTTO_TEST_SEED"
)

// kills is how often a test kills the child: SOTTO_KILLS, else a share that fits among other tests.
func kills(t *testing.T) int {
	t.Helper()
	given := os.Getenv("SOTTO_KILLS")
	if given == "" {
		return 24
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		t.Fatal("SOTTO_KILLS: how often to kill")
	}
	return n
}

// live is the child: it opens the profile, starts it, and sends, receives, deletes, erases, changes its passphrase slot,
// backs up and saves the search index until it is killed.
func live(dir, seed string) {
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		os.Exit(3)
	}
	ctx := context.Background()
	p, err := profile.Open(ctx, profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		fmt.Println("failed open", err)
		os.Exit(3)
	}
	var out sync.Mutex
	say := func(words ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(words...)
	}
	p.Messenger.Subscribe(func(e messenger.Event) { // after the commit
		if e.Type == messenger.EventMessage {
			say("received", e.Message)
		}
	})
	if err := p.Start(ctx); err != nil {
		say("failed start", err)
		os.Exit(3)
	}
	p.Search.Start()
	say("ready")
	contacts, err := p.Messenger.Contacts(ctx)
	if err != nil || len(contacts) != 1 {
		say("failed contacts", err)
		os.Exit(3)
	}
	conv := p.Messenger.ConversationWith(contacts[0].ID)
	r := rand.New(rand.NewPCG(n, 9))
	for i := 0; ; i++ {
		var err error
		switch act := r.IntN(16); {
		case act < 8:
			var m chat.Message
			if m, err = p.Messenger.Send(ctx, conv, fmt.Sprintf("act %d of run %s", i, seed), messenger.SendOptions{}); err == nil {
				say("sent", m.ID)
			}
		case act < 11:
			var page []chat.Message
			page, err = p.Messenger.Messages(ctx, conv, 0, 40)
			page = slices.DeleteFunc(page, func(m chat.Message) bool { return m.Deleted })
			if err == nil && len(page) > 0 {
				m := page[r.IntN(len(page))]
				say("deleting", m.ID)
				if _, err = p.Eraser.DeleteMessages(ctx, m.ID); err == nil {
					say("deleted", m.ID)
				}
			}
		case act < 12:
			say("erasing")
			if _, err = p.Eraser.DeleteConversation(ctx, conv, false); err == nil {
				say("erased")
			}
		case act < 13:
			err = p.ChangePassphrase(ctx, passphrase, passphrase)
		case act < 14:
			file := filepath.Join(filepath.Dir(dir), fmt.Sprintf("%s-%d%s", seed, i, backup.Suffix))
			if _, err = p.Backup.Write(ctx, backup.Request{Out: file, Passphrase: backupPassphrase}); err == nil {
				say("backed-up", filepath.Base(file))
			}
		default:
			err = p.Search.Save(ctx)
		}
		if err != nil {
			say("failed", err)
			os.Exit(4)
		}
	}
}

// account is what the parent knows that a profile must hold, and must not.
type account struct {
	due  map[chat.MessageID]bool // acknowledged and not deleted
	gone map[chat.MessageID]bool // deletion acknowledged
	any  map[chat.MessageID]bool // may be there or not: their deletion was under way
	wide bool                    // in this life a whole conversation was deleted; what arrived may have gone with it
}

// take reads what a child said in its life.
func (a *account) take(t *testing.T, line string) {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	var id chat.MessageID
	if word == "sent" || word == "received" || word == "deleting" || word == "deleted" {
		if err := id.UnmarshalText([]byte(rest)); err != nil {
			t.Fatalf("the child said %q", line)
		}
	}
	switch word {
	case "ready":
		a.wide = false
	case "sent", "received":
		if word == "received" && a.wide && !a.gone[id] {
			a.any[id] = true
			return
		}
		if !a.gone[id] && !a.any[id] {
			a.due[id] = true
		}
	case "deleting":
		delete(a.due, id)
		a.any[id] = true
	case "deleted":
		delete(a.any, id)
		a.gone[id] = true
	case "erasing":
		a.wide = true
		for id := range a.due {
			a.any[id] = true
		}
		a.due = map[chat.MessageID]bool{}
	case "failed":
		t.Errorf("the child %s", line)
	}
}

// settle looks into the killed profile.
func (a *account) settle(t *testing.T, what, dir string, conv chat.ConversationID, deep bool) {
	t.Helper()
	p := openIn(t, dir)
	defer closed(t, p)
	if !p.Integrity().Unclean {
		t.Errorf("%s: the kill was not noticed", what)
	}
	page, err := p.Messenger.MessagesAfter(t.Context(), conv, 0, 1<<20)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	here := map[chat.MessageID]bool{}
	for _, m := range page {
		if here[m.ID] {
			t.Errorf("%s: %s is there twice", what, m.ID)
		}
		if here[m.ID] = !m.Deleted; m.Deleted {
			if m.Text != "" || len(m.Raw) > 0 {
				t.Errorf("%s: what is left of %s holds its text", what, m.ID)
			}
			continue
		}
		if a.gone[m.ID] {
			t.Errorf("%s: %s was deleted and came back", what, m.ID)
		}
	}
	for id := range a.due {
		if !here[id] {
			t.Errorf("%s: %s was acknowledged and is lost", what, id)
		}
	}
	for id := range a.any { // from here on it must stay as it is
		delete(a.any, id)
		if here[id] {
			a.due[id] = true
		} else {
			a.gone[id] = true
		}
	}
	if !deep {
		return
	}
	if f, err := p.CheckHistory(t.Context(), nil); err != nil || !f.Sound() {
		t.Errorf("%s: %+v, %v", what, f, err)
	}
}

// TestKilledAtAnyMomentNothingAcknowledgedIsLost kills a living profile at seeded moments.
func TestKilledAtAnyMomentNothingAcknowledgedIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	const seed = 20
	t.Logf("seed %d, %d kills", seed, kills(t))
	glass := newGlassRelay(t)
	ben := create(t, "Ben", glass.pass)
	dir := filepath.Join(t.TempDir(), "Ada")
	ada, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase, Relay: glass.pass})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	closed(t, ada)

	a := &account{due: map[chat.MessageID]bool{}, gone: map[chat.MessageID]bool{}, any: map[chat.MessageID]bool{}}
	r := rand.New(rand.NewPCG(seed, 1))
	var bens []chat.MessageID
	said := map[string]int{}
	for n := range kills(t) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childLives+"="+dir, childSeed+"="+strconv.Itoa(n))
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(r.IntN(400)) * time.Millisecond // the moment of the kill, nothing waits for it
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			word, _, _ := strings.Cut(lines.Text(), " ")
			said[word]++
			a.take(t, lines.Text())
			if word == "ready" {
				time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
				for i := range 3 {
					m, err := ben.Messenger.Send(t.Context(), conv, fmt.Sprintf("for life %d, %d", n, i), messenger.SendOptions{})
					if err != nil {
						t.Fatal(err)
					}
					bens = append(bens, m.ID)
				}
			}
		}
		_ = cmd.Wait()
		a.settle(t, fmt.Sprint("kill ", n), dir, conv, n%8 == 7)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("what the children said: %v", said)
	if said["sent"] < 10 || said["received"] == 0 || said["deleted"] == 0 {
		t.Error("they hardly lived")
	}

	ada = openIn(t, dir)
	defer closed(t, ada)
	if err := ada.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ada.Messenger.Sync(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	here := map[chat.MessageID]bool{}
	page, err := ada.Messenger.MessagesAfter(t.Context(), conv, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page {
		here[m.ID] = true
	}
	missing := 0
	for _, id := range bens {
		if !here[id] && !a.gone[id] {
			missing++
		}
	}
	if missing > 0 && said["erasing"] == 0 { // else they may have gone with their conversation
		t.Errorf("%d of %d messages of the other side never arrived", missing, len(bens))
	}
}
