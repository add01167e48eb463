package ui

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/apptest/uiqueue"
	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/app/ui/chats"
	"sotto/app/ui/conversation"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
	"sotto/crypto/vault"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	said := &bytes.Buffer{}
	log.SetOutput(io.MultiWriter(os.Stderr, said))
	code := m.Run()
	if strings.Contains(said.String(), "Error in Fyne call thread") {
		code = 1
	}
	os.Exit(code)
}

// running answers the goroutines of the window that still run.
func running() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var out []string
	for _, g := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(g, "sotto/app/ui/screen.") {
			out = append(out, g)
		}
	}
	return strings.Join(out, "\n\n")
}

// cheap are passphrase costs for tests; no flag of a program reaches them.
var cheap = profile.Options{
	Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
	Limits: vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16},
}

const passphrase = "correct horse battery staple"

// newProfile makes a profile that is connected. The caller closes it.
func newProfile(t *testing.T, dir, name string) *profile.Profile {
	t.Helper()
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: name, Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// world is one window on a profile of its own, and peers that are driven through theirs.
type world struct {
	t     *testing.T
	q     *uiqueue.Queue
	w     *Window
	me    *profile.Profile
	notes *notes
	skew  time.Duration // added to the clock
	dirs  map[chat.ContactID]string
}

// notes is a notifier that remembers.
type notes struct {
	shown, cleared chan platform.Kind
	q              *uiqueue.Queue
}

func (n *notes) Notify(k platform.Kind) error { return n.take(n.shown, k) }
func (n *notes) Clear(k platform.Kind) error  { return n.take(n.cleared, k) }

func (n *notes) take(ch chan platform.Kind, k platform.Kind) error {
	ch <- k
	n.q.Do(func() {}) // a test may wait for it
	return nil
}
func (n *notes) Close() error { return nil }

func newWorld(t *testing.T, mode theme.Mode) *world {
	t.Helper()
	a := golden.App(t, mode, 1)
	v := &world{t: t, q: uiqueue.New(), dirs: map[chat.ContactID]string{}}
	v.notes = &notes{make(chan platform.Kind, 64), make(chan platform.Kind, 64), v.q}
	dir := filepath.Join(t.TempDir(), "me")
	v.me = newProfile(t, dir, "Grace Hopper")
	win := test.NewTempWindow(t, nil)
	v.w = New(Options{
		App: a, Window: win, Dir: dir, Core: cheap, Dispatcher: v.q.Do, Format: i18n.NewFormat("en-GB", time.UTC), Notifier: v.notes,
		Now: func() time.Time { return time.Now().Add(v.skew) },
	})
	t.Cleanup(func() {
		if err := v.w.Close(); err != nil {
			t.Errorf("closing the window: %v", err)
		}
		if left := running(); left != "" {
			t.Errorf("the window was closed and this still runs:\n%s", left)
		}
	})
	v.resize(theme.WindowWidth, theme.WindowHeight)
	v.w.Unlocked(v.me)
	v.until("the column is loaded", func() bool { return v.w.open.column.Loaded() })
	return v
}

func (v *world) resize(w, h float32) {
	v.w.win.Resize(fyne.NewSize(w, h))
	v.q.Drain()
}

func (v *world) until(what string, done func() bool) {
	v.t.Helper()
	v.q.Until(v.t, what, done)
}

// peer makes somebody else.
func (v *world) peer(name string) *profile.Profile {
	v.t.Helper()
	dir := filepath.Join(v.t.TempDir(), "peer")
	p := newProfile(v.t, dir, name)
	v.keep(p, dir)
	return p
}

// keep listens to somebody else and closes the profile after the test.
func (v *world) keep(p *profile.Profile, dir string) {
	v.dirs[p.Messenger.Self().ID] = dir
	name := p.Messenger.Self().Name
	p.Messenger.Subscribe(func(messenger.Event) { v.q.Do(func() {}) }) // what is waited for may happen there
	v.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			v.t.Errorf("closing %s: %v", name, err)
		}
	})
}

// friend makes somebody else with whom a conversation exists already; first is what was written first.
func (v *world) friend(name, first string) *profile.Profile {
	v.t.Helper()
	p := v.peer(name)
	v.asks(p, first)
	if _, err := v.me.Messenger.Accept(v.t.Context(), p.Messenger.Self().ID); err != nil {
		v.t.Fatal(err)
	}
	v.until(name+" learns of the acceptance", func() bool {
		c, err := p.Messenger.Contact(v.t.Context(), v.me.Messenger.Self().ID)
		return err == nil && c.State == chat.ContactAccepted
	})
	v.until(name+" is listed", func() bool { return v.listed(widget.CleanName(name)) })
	return p
}

// asks lets a peer use an invitation.
func (v *world) asks(p *profile.Profile, first string) {
	v.t.Helper()
	ctx := v.t.Context()
	inv, _, err := v.me.Messenger.Invite(ctx, messenger.InviteOptions{})
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := p.Messenger.Add(ctx, inv.Link, messenger.AddOptions{Message: first, ConfirmRelay: true}); err != nil {
		v.t.Fatal(err)
	}
	v.until("the request arrives", func() bool {
		all, err := v.me.Messenger.Requests(ctx)
		for _, r := range all {
			if r.ID == p.Messenger.Self().ID {
				return true
			}
		}
		return err != nil
	})
}

func (v *world) listed(name string) bool {
	for _, e := range v.w.open.column.Entries() {
		if e.Title() == name {
			return true
		}
	}
	return false
}

// openChat opens the conversation with a peer.
func (v *world) openChat(p *profile.Profile) *conversation.View {
	v.t.Helper()
	id := v.me.Messenger.ConversationWith(p.Messenger.Self().ID)
	v.w.Open(screen.Place{Screen: screen.Chat, Conversation: id})
	c := v.w.open.top().view.(*conversation.View)
	v.until("the chat is loaded", func() bool { return !c.Contact().IsZero() && len(bubbles(c.Content())) > 0 })
	return c
}

// says lets a peer write to the window's profile.
func (v *world) says(p *profile.Profile, text string) chat.Message {
	v.t.Helper()
	m, err := p.Messenger.Send(v.t.Context(), p.Messenger.ConversationWith(v.me.Messenger.Self().ID), text, messenger.SendOptions{})
	if err != nil {
		v.t.Fatal(err)
	}
	return m
}

// walk visits what is visible in o.
func walk(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	f(o)
	switch x := o.(type) {
	case *fyne.Container:
		for _, c := range x.Objects {
			walk(c, f)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(x).Objects() {
			walk(c, f)
		}
	}
}

// seen walks the window and what lies over it.
func (v *world) seen(f func(fyne.CanvasObject)) {
	c := v.w.win.Canvas()
	walk(c.Content(), f)
	for _, o := range c.Overlays().List() {
		walk(o, f)
	}
}

func bubbles(o fyne.CanvasObject) []widget.Message {
	var out []widget.Message
	walk(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*widget.Bubble); ok {
			out = append(out, b.Message())
		}
	})
	return out
}

// bubble answers the visible bubble with a text.
func (v *world) bubble(text string) *widget.Message {
	for _, m := range bubbles(v.w.win.Canvas().Content()) {
		if m.Text == text {
			return &m
		}
	}
	return nil
}

// button answers the visible button with a label.
func (v *world) button(label string) fyne.Tappable {
	var found fyne.Tappable
	v.seen(func(o fyne.CanvasObject) {
		if b, ok := o.(interface {
			fyne.Tappable
			AccessibilityLabel() string
		}); ok && b.AccessibilityLabel() == label {
			found = b
		}
	})
	return found
}

func (v *world) tap(label string) {
	v.t.Helper()
	v.until("the button "+label, func() bool { return v.button(label) != nil })
	test.Tap(v.button(label))
	v.q.Drain()
}

// tapTop taps in what lies over everything else.
func (v *world) tapTop(label string) {
	v.t.Helper()
	walk(v.w.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
		if b, ok := o.(interface {
			fyne.Tappable
			AccessibilityLabel() string
		}); ok && b.AccessibilityLabel() == label {
			test.Tap(b)
		}
	})
	v.q.Drain()
}

// text answers whether some visible text contains s.
func (v *world) text(s string) bool {
	found := false
	v.seen(func(o fyne.CanvasObject) {
		switch x := o.(type) {
		case *widget.Text:
			found = found || strings.Contains(x.Content(), s)
		case *widget.Chip:
			found = found || strings.Contains(x.AccessibilityLabel(), s)
		}
	})
	return found
}

// composer answers the composer on screen.
func (v *world) composer() *widget.Composer {
	var found *widget.Composer
	v.seen(func(o fyne.CanvasObject) {
		if c, ok := o.(*widget.Composer); ok {
			found = c
		}
	})
	return found
}

// write types into the composer and presses Enter.
func (v *world) write(text string) {
	v.t.Helper()
	field := v.composer().Focus()
	v.w.win.Canvas().Focus(field)
	test.Type(field, text)
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	v.q.Drain()
}

// shoot saves what the window shows, when SOTTO_SHOTS names a folder.
func (v *world) shoot(name string) {
	v.t.Helper()
	dir := os.Getenv("SOTTO_SHOTS")
	if dir == "" {
		return
	}
	v.q.Drain()
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		v.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, v.w.win.Canvas().Capture()); err != nil {
		v.t.Fatal(err)
	}
}

func (v *world) consent(subject chat.ContactID, p chat.Purpose) bool {
	v.t.Helper()
	all, err := v.me.Ledger.Standings(context.Background(), subject)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, s := range all {
		if s.Notice.Purpose == p {
			return s.Allowed
		}
	}
	return false
}

// entryOf is one line of the column.
type entryOf = chats.Entry

// allow lets a peer tell what it does with what it gets.
func allow(t *testing.T, p *profile.Profile, purposes ...chat.Purpose) {
	t.Helper()
	for _, purpose := range purposes {
		if err := p.Ledger.Record(t.Context(), privacy.Choice{Purpose: purpose, Given: true, Method: "cli"}); err != nil {
			t.Fatal(err)
		}
	}
}

func contextOf() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

func (v *world) nothingUnread() bool {
	return !slices.ContainsFunc(v.w.open.column.Entries(), func(e entryOf) bool { return e.Conversation.Unread != 0 })
}

// timeline answers the timeline on screen.
func (v *world) timeline() *widget.Timeline {
	var found *widget.Timeline
	v.seen(func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Timeline); ok {
			found = l
		}
	})
	return found
}

// choose chooses from the menu of the message with a text.
func (v *world) choose(c *conversation.View, text string, labels ...string) {
	v.t.Helper()
	m := v.bubble(text)
	if m == nil {
		v.t.Fatalf("no message %q", text)
	}
	items := c.MessageItems(*m)
	for i, label := range labels {
		at := slices.IndexFunc(items, func(i *fyne.MenuItem) bool { return i.Label == label })
		if at < 0 {
			v.t.Fatalf("no %q in the menu of %q", label, text)
		}
		if i == len(labels)-1 {
			items[at].Action()
		} else {
			items = items[at].ChildMenu.Items
		}
	}
	v.q.Drain()
}

func (v *world) lock() {
	v.t.Helper()
	v.w.Lock()
	v.until("it is locked", func() bool { return v.w.gate != nil && v.w.locked != nil })
}

// unlock unlocks as the unlock screen does.
func (v *world) unlock() {
	v.t.Helper()
	p, err := v.w.locked.Unlock(v.t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		v.t.Fatal(err)
	}
	v.me = p
	v.w.Unlocked(p)
	v.until("the column is loaded", func() bool { return v.w.open.column.Loaded() })
}

// has reports whether p has a message of that text from or to q.
func has(p, q *profile.Profile, text string) bool {
	ctx, cancel := contextOf()
	defer cancel()
	all, err := p.Messenger.Messages(ctx, p.Messenger.ConversationWith(q.Messenger.Self().ID), 0, 50)
	return err == nil && slices.ContainsFunc(all, func(m chat.Message) bool { return m.Text == text })
}
