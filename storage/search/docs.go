package search

import (
	"math"
	"time"

	"sotto/chat"
)

// docs holds what is known of every document, by its number: enough to filter and to order without reading the history.
type docs struct {
	rows   []uint32 // row id in the history
	when   []uint32 // display time, seconds since 1970
	thread []uint32 // index into threads
	author []uint32 // index into authors
	kind   []uint8  // index into kinds; 0: the document is dead

	threads []thread
	authors []chat.ContactID

	threadOf map[int64]uint32
	authorOf map[chat.ContactID]uint32
	dead     int
}

// thread is a conversation: its row in the history and its id.
type thread struct {
	row int64
	id  chat.ConversationID
}

// kinds are the kinds of messages that are found. Their places are part of the format of the snapshot.
var kinds = []chat.MessageKind{"", chat.KindText, chat.KindAttachment}

func kindOf(k chat.MessageKind) uint8 {
	for i, have := range kinds[1:] {
		if k == have {
			return uint8(i + 1)
		}
	}
	return 0
}

func newDocs() docs {
	return docs{threadOf: map[int64]uint32{}, authorOf: map[chat.ContactID]uint32{}}
}

func (d *docs) len() int { return len(d.rows) }

// key orders documents: later ones have greater keys. It is the display time and the row, so that it is the same
// whenever and in whichever order the index was built.
func (d *docs) key(doc uint32) uint64 { return uint64(d.when[doc])<<32 | uint64(d.rows[doc]) }

func (d *docs) add(row uint32, threadRow int64, m chat.Message) uint32 {
	t, ok := d.threadOf[threadRow]
	if !ok {
		t = uint32(len(d.threads))
		d.threads = append(d.threads, thread{threadRow, m.Conversation})
		d.threadOf[threadRow] = t
	}
	a, ok := d.authorOf[m.Author]
	if !ok {
		a = uint32(len(d.authors))
		d.authors = append(d.authors, m.Author)
		d.authorOf[m.Author] = a
	}
	d.rows = append(d.rows, row)
	d.when = append(d.when, seconds(m.DisplayTime()))
	d.thread = append(d.thread, t)
	d.author = append(d.author, a)
	d.kind = append(d.kind, kindOf(m.Kind))
	return uint32(len(d.rows) - 1)
}

func (d *docs) kill(doc uint32) {
	if d.kind[doc] != 0 {
		d.kind[doc] = 0
		d.dead++
	}
}

// seconds clamps a time to what a document holds: from 1970 to 2106.
func seconds(t time.Time) uint32 {
	return uint32(max(0, min(t.Unix(), math.MaxUint32)))
}

// renumbered returns the documents that live, and for every old number the new one or gone.
func (d *docs) renumbered() (docs, []uint32) {
	live := d.len() - d.dead
	out := newDocs()
	out.rows, out.when = make([]uint32, 0, live), make([]uint32, 0, live)
	out.thread, out.author, out.kind = make([]uint32, 0, live), make([]uint32, 0, live), make([]uint8, 0, live)
	numbers := make([]uint32, d.len())
	threads, authors := map[uint32]uint32{}, map[uint32]uint32{}
	for i := range d.rows {
		if d.kind[i] == 0 {
			numbers[i] = gone
			continue
		}
		numbers[i] = uint32(len(out.rows))
		t, ok := threads[d.thread[i]]
		if !ok {
			t = uint32(len(out.threads))
			threads[d.thread[i]] = t
			out.threads = append(out.threads, d.threads[d.thread[i]])
			out.threadOf[d.threads[d.thread[i]].row] = t
		}
		a, ok := authors[d.author[i]]
		if !ok {
			a = uint32(len(out.authors))
			authors[d.author[i]] = a
			out.authors = append(out.authors, d.authors[d.author[i]])
			out.authorOf[d.authors[d.author[i]]] = a
		}
		out.rows, out.when = append(out.rows, d.rows[i]), append(out.when, d.when[i])
		out.thread, out.author, out.kind = append(out.thread, t), append(out.author, a), append(out.kind, d.kind[i])
	}
	return out, numbers
}

func (d *docs) zero() {
	clear(d.rows)
	clear(d.when)
	clear(d.thread)
	clear(d.author)
	clear(d.kind)
	clear(d.threads)
	clear(d.authors)
	clear(d.threadOf)
	clear(d.authorOf)
}

func (d *docs) size() int {
	return 4*(cap(d.rows)+cap(d.when)+cap(d.thread)+cap(d.author)) + cap(d.kind) + 40*cap(d.threads) + 32*cap(d.authors)
}
