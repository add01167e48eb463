package conversation

import (
	"strings"
	"testing"
	"time"

	"sotto/app/ui/i18n"
	"sotto/app/ui/widget"
	"sotto/chat"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	m.Run()
}

var (
	me   = chat.ContactID{1}
	them = chat.ContactID{2}
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func message(id byte, own bool, at time.Time, text string) chat.Message {
	m := chat.Message{
		ID: chat.MessageID{id}, Author: them, Direction: chat.In, Kind: chat.KindText, Sent: at, Received: at,
		State: chat.Delivered, Text: text, Position: int64(id) << 20, Revision: 1,
	}
	if own {
		m.Author, m.Direction, m.State = me, chat.Out, chat.Sent
	}
	return m
}

func telling() teller {
	return teller{format: i18n.NewFormat("en-GB", time.UTC), now: noon, self: me, contact: chat.Contact{ID: them, Name: "Ada"}}
}

// sketch writes rows shortly: [day], !notice, and bubbles as own> or <theirs with ( and ) at the ends of groups.
func sketch(rows []widget.Row) string {
	var out []string
	for _, r := range rows {
		switch r := r.(type) {
		case widget.Day:
			out = append(out, "["+r.Label+"]")
		case widget.Notice:
			out = append(out, "!"+r.Text)
		case widget.Message:
			s := "<" + r.Text
			if r.Own {
				s = ">" + r.Text
			}
			if r.First {
				s = "(" + s
			}
			if r.Last {
				s += ")"
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

func TestRowsFollowFromAMessageAndItsNeighbours(t *testing.T) {
	at := func(m time.Duration) time.Time { return noon.Add(m * time.Minute) }
	missing := message(2, false, at(1), "b")
	missing.Missing = 3
	open := message(1, false, at(0), "a")
	open.NoForward = true
	future := message(2, false, at(1), "b")
	future.Kind = chat.KindUnknown
	silent := message(2, false, at(1), "b")
	silent.Kind = chat.KindNotice
	gone := message(2, false, at(1), "")
	gone.Kind, gone.Notice, gone.Missing = chat.KindNotice, chat.NoticeLost, 2
	goneToo := message(3, false, at(1), "")
	goneToo.Kind, goneToo.Notice = chat.KindNotice, chat.NoticeLost
	bad := message(2, false, at(1), "")
	bad.Kind, bad.Notice, bad.Missing = chat.KindNotice, chat.NoticeDamaged, 1
	early := message(1, false, at(-10*60), "before")
	for _, c := range []struct {
		name string
		s    stretch
		set  func(*teller)
		want string
	}{
		{"one message", stretch{messages: []chat.Message{message(1, false, at(0), "a")}}, nil, "[Today] (<a)"},
		{
			"a group, the other side, a group after a silence",
			stretch{messages: []chat.Message{
				message(1, false, at(0), "a"), message(2, false, at(1), "b"), message(3, true, at(2), "c"), message(4, true, at(8), "d"),
			}},
			nil, "[Today] (<a <b) (>c) (>d)",
		},
		{
			"midnight ends a group",
			stretch{messages: []chat.Message{message(1, true, at(-12*60-1), "a"), message(2, true, at(-12*60+1), "b")}},
			nil, "[Yesterday] (>a) [Today] (>b)",
		},
		{"missing messages end a group", stretch{messages: []chat.Message{message(1, false, at(0), "a"), missing}}, nil, "[Today] (<a) !3 messages are missing here. They may still arrive. (<b)"},
		{
			"rows that are gone from the files are a gap, told once",
			stretch{messages: []chat.Message{message(1, false, at(0), "a"), gone, goneToo, message(4, false, at(1), "b")}},
			nil, "[Today] (<a) !2 messages are gone from the files of this profile. (<b)",
		},
		{
			"a row that is damaged in the files is told beside the others",
			stretch{messages: []chat.Message{message(1, false, at(0), "a"), bad, message(4, false, at(1), "b")}},
			nil, "[Today] (<a) !1 message is damaged in the files of this profile and is not shown. (<b)",
		},
		{
			"what lies before and behind a page counts",
			stretch{before: &early, messages: []chat.Message{message(2, false, at(-10*60+1), "b")}, after: ref(message(3, false, at(-10*60+2), "c"))},
			nil, "<b",
		},
		{
			"the first unread one is marked",
			stretch{messages: []chat.Message{message(1, false, at(0), "a"), message(2, false, at(1), "b")}},
			func(t *teller) { t.unread = chat.MessageID{2} }, "[Today] (<a) !New messages (<b)",
		},
		{
			"a first message without a fresh key is marked",
			stretch{messages: []chat.Message{open}},
			func(t *teller) { t.open = true }, "[Today] !Sent before a fresh key was there. (<a)",
		},
		{"and no longer once it was answered", stretch{messages: []chat.Message{open}}, nil, "[Today] (<a)"},
		{
			"what a newer version wrote is a notice",
			stretch{messages: []chat.Message{message(1, false, at(0), "a"), future}},
			nil, "[Today] (<a) !This needs a newer Sotto to be shown. It is kept until then.",
		},
		{
			"a local notice has no row of its own",
			stretch{messages: []chat.Message{message(1, false, at(0), "a"), silent}},
			nil, "[Today] (<a)",
		},
	} {
		tell := telling()
		if c.set != nil {
			c.set(&tell)
		}
		rows := tell.rows(c.s)
		if got := sketch(rows); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		for _, r := range rows {
			if id, ok := messageOf(r); !ok || id.IsZero() {
				t.Errorf("%s: the row %s belongs to no message", c.name, r.RowKey())
			}
		}
	}
}

func ref(m chat.Message) *chat.Message { return &m }

func TestEveryVisibleChangeOfAMessageIsAnotherRevision(t *testing.T) {
	base := message(1, true, noon, "hello")
	base.ReplyTo = chat.MessageID{9}
	quoted := map[chat.MessageID]chat.Message{{9}: message(9, false, noon, "question")}
	row := func(m chat.Message) uint64 {
		rows := telling().rows(stretch{messages: []chat.Message{m}, quoted: quoted})
		return rows[len(rows)-1].RowRevision()
	}
	first := row(base)
	if row(base) != first {
		t.Fatal("the same message has two revisions")
	}
	for name, change := range map[string]func(*chat.Message){
		"text":     func(m *chat.Message) { m.Text = "hallo" },
		"edited":   func(m *chat.Message) { m.Edited = true },
		"state":    func(m *chat.Message) { m.State = chat.Read },
		"failure":  func(m *chat.Message) { m.State = chat.Failed },
		"deletion": func(m *chat.Message) { m.Deleted = true },
		"reaction": func(m *chat.Message) { m.Reactions = []chat.Reaction{{From: them, Emoji: "👍"}} },
		"no quote": func(m *chat.Message) { m.ReplyTo = chat.MessageID{} },
		"time":     func(m *chat.Message) { m.Sent = m.Sent.Add(time.Minute) },
		"my emoji": func(m *chat.Message) { m.Reactions = []chat.Reaction{{From: me, Emoji: "👍"}} },
		"two emoji": func(m *chat.Message) {
			m.Reactions = []chat.Reaction{{From: me, Emoji: "👍"}, {From: them, Emoji: "👍"}}
		},
	} {
		m := base
		change(&m)
		if row(m) == first {
			t.Errorf("a change of %s does not show", name)
		}
	}
}

func TestADeletedMessageShowsNothingOfItself(t *testing.T) {
	m := message(1, false, noon, "left over")
	m.Deleted, m.ReplyTo, m.Reactions = true, chat.MessageID{9}, []chat.Reaction{{From: me, Emoji: "👍"}}
	rows := telling().rows(stretch{messages: []chat.Message{m}})
	row := rows[len(rows)-1].(widget.Message)
	if row.Removed == "" || row.Quote != nil || len(row.Reactions) != 0 {
		t.Fatalf("it shows %+v", row)
	}
}

func TestAReplyToSomethingThatIsNotHereSaysSo(t *testing.T) {
	m := message(1, false, noon, "yes")
	m.ReplyTo = chat.MessageID{9}
	rows := telling().rows(stretch{messages: []chat.Message{m}})
	if q := rows[len(rows)-1].(widget.Message).Quote; q == nil || q.Text != "A message that is not here" {
		t.Fatalf("quote %+v", q)
	}
}

func TestRowsThatChangePlacesAreFound(t *testing.T) {
	row := func(k string) widget.Row { return widget.Notice{Key: k} }
	old := []widget.Row{row("a"), row("b"), row("c")}
	kept := map[string]bool{"a": true, "b": true, "c": true}
	if moved(old, []widget.Row{row("a"), row("x"), row("b"), row("c")}, kept) {
		t.Error("an insertion is no move")
	}
	if !moved(old, []widget.Row{row("b"), row("a"), row("c")}, kept) {
		t.Error("a move was not found")
	}
	if moved(old, []widget.Row{row("a"), row("c")}, map[string]bool{"a": true, "c": true}) {
		t.Error("a removal is no move")
	}
}

// What a full timeline costs on the UI thread when all of it is told anew.
func BenchmarkTellAFullTimeline(b *testing.B) {
	var s stretch
	for i := range 480 {
		m := message(byte(i), i%3 == 0, noon.Add(time.Duration(i)*3*time.Minute), "a message of the usual length, more or less")
		m.ID[1] = byte(i >> 8)
		s.messages = append(s.messages, m)
	}
	t := telling()
	for b.Loop() {
		t.rows(s)
	}
}
