package apptest_test

import (
	"fmt"
	"slices"
	"testing"

	"sotto/app/apptest"
	"sotto/chat"
)

func TestTwoPeopleMeetAndWriteBothWays(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	for i := range 10 {
		ada.Say(ben, fmt.Sprint("from Ada ", i))
		ben.Say(ada, fmt.Sprint("from Ben ", i))
	}
	same(t, ada, ben)
	if c, _ := ada.Contact(t.Context(), ben.ID); c.Name != "Ben" || c.State != chat.ContactAccepted {
		t.Errorf("Ada knows %+v", c)
	}
	if c, _ := ben.Contact(t.Context(), ada.ID); c.Name != "Ada" || c.State != chat.ContactAccepted {
		t.Errorf("Ben knows %+v", c)
	}
}

// same waits until both sides hold the same messages of each author in the same order.
func same(t *testing.T, a, b *apptest.Person) {
	t.Helper()
	for _, p := range []struct{ reader, writer *apptest.Person }{{a, b}, {b, a}} {
		want := p.writer.Written(p.reader, p.writer.ID)
		p.reader.Until("the messages of "+p.writer.Name, func() bool {
			return len(p.reader.Written(p.writer, p.writer.ID)) >= len(want)
		})
		if got := p.reader.Written(p.writer, p.writer.ID); !slices.Equal(got, want) {
			t.Fatalf("%s has of %s\n%q\nwant\n%q", p.reader.Name, p.writer.Name, got, want)
		}
	}
}
