package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/platform"
	"sotto/app/security"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func TestANarrowWindowShowsOneColumnWithAWayBack(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "hello")
	v.resize(760, 480)
	if !v.w.Narrow() {
		t.Fatal("760 units are not narrow")
	}
	v.shoot("narrow-list")
	if v.button("Invite someone") != nil {
		t.Error("the empty area shows beside the list")
	}
	v.openChat(ada)
	v.shoot("narrow-chat")
	if v.button("Somebody new") != nil {
		t.Error("the list shows beside the chat")
	}
	v.tap("Details")
	v.until("the contact has the page", func() bool { return v.text("Safety number") && v.composer() == nil })
	v.shoot("narrow-contact")
	v.tap("Back")
	v.until("the chat is back", func() bool { return v.composer() != nil })
	v.tap("Back")
	if v.button("Somebody new") == nil {
		t.Error("the way back does not lead to the list")
	}
	v.resize(1100, 720)
	if v.w.Narrow() {
		t.Error("1100 units are narrow")
	}
}

func TestWhatWasSentJustBeforeLockingIsSent(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	field := v.composer().Focus()
	v.composer().SetText("one last word")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	v.w.Lock() // before anything could be brought back
	v.until("it is locked", func() bool { return v.w.locked != nil })
	v.unlock()
	v.openChat(ada)
	v.until("it is there", func() bool { return v.bubble("one last word") != nil })
	if v.composer().Text() != "" {
		t.Error("it is a draft as well")
	}
}

func TestAScreenThatWasLeftHearsNothingMore(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada, ben := v.friend("Ada", "hello"), v.friend("Ben", "good day")
	first := v.openChat(ada)
	v.openChat(ben)
	v.says(ada, "are you there")
	v.until("the list shows it", func() bool { return v.text("are you there") })
	if n := len(bubbles(first.Content())); n != 0 {
		t.Errorf("a closed chat still holds %d messages", n)
	}
}

func TestLockingTearsEverythingDown(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "a secret text")
	v.openChat(ada)
	v.tap("Details")
	v.until("the number is shown", func() bool { return v.text("Safety number") })
	v.tap("They differ") // a dialog lies over it
	v.lock()
	if len(v.w.win.Canvas().Overlays().List()) != 0 {
		t.Error("a dialog outlived the lock")
	}
	for _, s := range []string{"a secret text", "Ada Lovelace", "Safety number"} {
		if v.text(s) || v.bubble(s) != nil {
			t.Errorf("%q is still on screen", s)
		}
	}
	if v.w.open != nil {
		t.Error("the profile is still held")
	}
	v.shoot("locked")
	v.unlock()
	v.openChat(ada)
	if v.bubble("a secret text") == nil {
		t.Error("the history did not come back")
	}
}

func TestIdleTimeLocksUnlessSomebodyIsThere(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.until("the idle lock is armed", func() bool { return v.w.open.idle != nil })
	idle := v.w.open.idle
	v.w.IdleAfter(time.Minute)
	tick := func() {
		t.Helper()
		if err := idle.Signal(security.Tick); err != nil {
			t.Fatal(err)
		}
		v.q.Drain()
	}
	v.skew += 50 * time.Second
	newSense(v.w.Active).Cursor() // the pointer moves
	v.skew += 50 * time.Second
	tick()
	if v.w.open == nil {
		t.Fatal("locked ten seconds early")
	}
	v.skew += 20 * time.Second
	tick()
	v.until("it is locked", func() bool { return v.w.locked != nil })
}

func TestASuspendedComputerIsLocked(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.until("the idle lock is armed", func() bool { return v.w.open.idle != nil })
	session := make(chan platform.SessionEvent, 1)
	v.w.o.Session = session
	v.w.watchSession()
	session <- platform.Suspending
	v.until("it is locked", func() bool { return v.w.locked != nil })
}

func TestShortcutsAreMenuItems(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada, ben := v.friend("Ada", "hello"), v.friend("Ben", "good day")
	items := map[string]*fyne.MenuItem{}
	for _, m := range v.w.win.MainMenu().Items {
		for _, i := range m.Items {
			if i.Shortcut != nil {
				items[i.Shortcut.ShortcutName()] = i
			}
		}
	}
	press := func(name string) {
		t.Helper()
		i := items["CustomDesktop:"+name]
		if i == nil {
			t.Fatalf("no menu item for %s among %v", name, items)
		}
		i.Action()
		v.q.Drain()
	}
	press("Alt+Down")
	first := v.w.open.chat()
	press("Alt+Down")
	if second := v.w.open.chat(); second == first || second.IsZero() {
		t.Error("Alt+Down does not go to the next conversation")
	}
	press("Alt+Up")
	if v.w.open.chat() != first {
		t.Error("Alt+Up does not go back")
	}
	press("Control+N")
	if v.w.open.top().at.Screen != screen.Invite {
		t.Error("Ctrl+N does not invite")
	}
	v.w.Escape()
	if v.w.open.top().at.Screen != screen.Chat {
		t.Error("Escape does not lead back")
	}
	press("Control+K")
	v.shoot("quickswitch")
	field := v.w.win.Canvas().Focused().(*widget.SearchField)
	field.SetText("be")
	field.OnSubmitted("be")
	want := v.me.Messenger.ConversationWith(ben.Messenger.Self().ID)
	if v.w.open.chat() != want {
		t.Error("Ctrl+K does not go to Ben")
	}
	_ = ada
	press("Control+L")
	if v.w.open != nil {
		t.Error("Ctrl+L does not lock")
	}
	v.until("it is locked", func() bool { return v.w.gate != nil })
}
