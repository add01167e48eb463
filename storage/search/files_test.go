package search

import (
	"bytes"
	"slices"
	"testing"

	"sotto/chat"
)

func withFile(n int, name, caption string) chat.Message {
	m := message(n, caption)
	m.Kind, m.File = chat.KindAttachment, chat.File{Name: name, Type: "application/octet-stream", Size: 1}
	return m
}

func TestFilesAreFoundByTheirNameAndTheirCaption(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	h.put(t, withFile(0, "SummerHoliday_2025-final.tar.gz", ""), withFile(1, "Straßenplan Łódź.PDF", "the holiday at last"),
		withFile(2, "会議資料.xlsx", "notes of monday"), message(3, "holiday"), withFile(4, "notes.txt", ""))
	for _, c := range []struct {
		query string
		kind  chat.MessageKind
		want  []int
	}{
		{"holiday", "", []int{3, 1, 0}},
		{"holiday", chat.KindAttachment, []int{1, 0}},
		{"holiday", chat.KindText, []int{3}},
		{"summer holiday", "", []int{0}},
		{"summerholiday", "", []int{0}},
		{"final 2025", "", []int{0}},
		{"2025-final.tar", "", []int{0}},
		{".gz", "", []int{0}},
		{"strassenplan lodz", "", []int{1}},
		{"pdf", "", []int{1}},
		{"pdf last", "", []int{1}}, // one in the name, one in the caption
		{"資料", "", []int{2}},
		{"notes", "", []int{4, 2}},
		{"notes xlsx", "", []int{2}},
		{"f", "", []int{0}}, // a single letter where a word begins
		{`"final.tar gz"`, "", nil},
		{`"lodz.pdf the"`, "", nil}, // not across both
		{"octet", "", nil},
		{"", chat.KindAttachment, []int{4, 2, 1, 0}},
	} {
		if err := x.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		found, err := x.Search(ctx, chat.Query{Text: c.query, Kind: c.kind})
		if err != nil {
			t.Fatal(c.query, err)
		}
		var got []int
		for _, hit := range found.Hits {
			got = append(got, int(hit.Message.Seq)-1)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q of kind %q finds %v, want %v", c.query, c.kind, got, c.want)
		}
	}
}

func TestWhatMatchesInANameIsMarkedThere(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	h.put(t, withFile(0, "Über_uns.pdf", "we, uns"))
	if err := x.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	found, err := x.Search(ctx, chat.Query{Text: "uns uber"})
	if err != nil || len(found.Hits) != 1 {
		t.Fatal(found, err)
	}
	hit := found.Hits[0]
	if !slices.Equal(hit.Ranges, [][2]int{{4, 7}}) || !slices.Equal(hit.NameRanges, [][2]int{{0, 5}, {6, 9}}) {
		t.Errorf("marked in the text %v, in the name %v", hit.Ranges, hit.NameRanges)
	}
}

func TestTheNameOfAFileGoesWithItsMessage(t *testing.T) {
	for what, remove := range map[string]func(chat.Tx, chat.Message) error{
		"deleted": func(tx chat.Tx, m chat.Message) error { return tx.Messages().Delete(m.ID) },
		"buried": func(tx chat.Tx, m chat.Message) error {
			m.Deleted, m.File, m.Text = true, chat.File{}, ""
			_, err := tx.Messages().Put(m)
			return err
		},
		"its file only": func(tx chat.Tx, m chat.Message) error {
			m.File = chat.File{}
			_, err := tx.Messages().Put(m)
			return err
		},
		"its conversation": func(tx chat.Tx, m chat.Message) error { return tx.Conversations().Destroy(m.Conversation) },
	} {
		t.Run(what, func(t *testing.T) {
			h := newHistory(t)
			x := h.index(t, never)
			gone := withFile(1, "gooseberry.pdf", "")
			gone.Conversation = conv(2)
			h.put(t, withFile(0, "kept.pdf", ""), gone)
			x.saved(t)
			if !bytes.Contains(unsealed(t, h), []byte("\x00gooseberry\x00")) { // positive control
				t.Fatal("the name is not in the snapshot before")
			}
			h.update(t, func(tx chat.Tx) error { return remove(tx, gone) })
			x.saved(t)
			if b := unsealed(t, h); bytes.Contains(b, []byte("gooseberry")) || !bytes.Contains(b, []byte("\x00kept\x00")) {
				t.Error("the snapshot is not the present one")
			}
			if got := texts(t, x, chat.Query{Text: "gooseberry"}); len(got) != 0 {
				t.Errorf("found: %q", got)
			}
		})
	}
}
