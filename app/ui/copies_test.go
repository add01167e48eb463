package ui

import (
	"errors"
	"os"
	"testing"

	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
)

// opensCopy lets a peer send a file and opens it with another program; it returns the path that was handed over.
func (v *world) opensCopy(name string, opened *[]string) string {
	v.t.Helper()
	v.until(name+" is offered", func() bool { return v.offers(name, "Download") })
	v.tap("Download")
	v.until(name+" is here", func() bool { return v.offers(name, "Open") })
	before := len(*opened)
	v.tap("Open")
	v.until("it is said that a copy is made", func() bool {
		return v.text("A readable copy is made in a temporary place") && v.text("under Settings, Storage")
	})
	v.tapTop("Open a copy")
	v.until("it is handed over", func() bool { return len(*opened) > before })
	return (*opened)[before]
}

func TestReadableCopiesAreShownOnTheStoragePageAndRemovedThere(t *testing.T) {
	for name, mode := range map[string]theme.Mode{"light": theme.Light, "dark": theme.Dark} {
		t.Run(name, func(t *testing.T) {
			v := newWorld(t, mode)
			var opened []string
			v.w.o.OpenFile = func(path string) error { opened = append(opened, path); return nil }
			v.w.Open(screen.Place{Screen: screen.Storage})
			v.until("there are none", func() bool { return v.text("None.") })
			if v.button("Remove now") != nil {
				t.Error("what is not there can be removed")
			}
			ada := v.friend("Ada", "hello")
			v.openChat(ada)
			v.sends(ada, diskFile(t, "plan.txt", []byte("the plan of Sunday")), "")
			first := v.opensCopy("plan.txt", &opened)
			if b, err := os.ReadFile(first); err != nil || string(b) != "the plan of Sunday" {
				t.Fatalf("the copy holds %q, %v", b, err)
			}

			v.w.Open(screen.Place{Screen: screen.Storage})
			v.until("it is shown", func() bool { return v.text("1 file, readable until Sotto locks or closes.") })
			v.until("the space is counted", func() bool { return v.text("Attachments") })
			v.shoot("copies-" + name)
			v.tap("Remove now")
			v.until("it is said", func() bool { return v.text("One readable copy was removed.") })
			if _, err := os.Lstat(first); !errors.Is(err, os.ErrNotExist) || v.me.Copies() != 0 {
				t.Errorf("the copy is still there: %v, %d", err, v.me.Copies())
			}
			v.until("there are none", func() bool { return v.text("None.") && v.button("Remove now") == nil })
			v.shoot("copies-none-" + name)

			v.w.Open(screen.Place{Screen: screen.Chat, Conversation: v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)})
			v.until("it can be opened again", func() bool { return v.offers("plan.txt", "Open") })
			v.tap("Open")
			v.until("it is asked", func() bool { return v.text("A readable copy is made") })
			v.tapTop("Open a copy")
			v.until("it is handed over", func() bool { return len(opened) == 2 })
			v.w.Open(screen.Place{Screen: screen.Storage})
			v.until("it is counted anew", func() bool {
				return v.text("1 file, readable until Sotto locks or closes.") && v.button("Remove now") != nil
			})
		})
	}
}
