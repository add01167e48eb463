package sqlite

import (
	"context"
	"errors"
	"slices"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// Wreck says what a salvage found in the files of a history, and what it did not.
type Wreck struct {
	Pages       int  // of the database
	Unreadable  int  // pages that are missing or of no form that SQLite knows
	Frames      int  // committed pages in the write-ahead log
	StrayFrames int  // of them, that fail their checksum
	LogLost     bool // there is a log and nothing of it can be used: the newest changes are missing
	Tables      []TableLoss
	Threads     []ThreadLoss

	covered bool // the cover could be read, which knows how much there was
}

// Whole reports whether nothing is missing.
func (w *Wreck) Whole() bool {
	for _, t := range w.Tables {
		if t.Damaged > 0 || t.Expected > t.Readable {
			return false
		}
	}
	for _, th := range w.Threads {
		if th.Lost > 0 || !th.Known {
			return false
		}
	}
	return w.Unreadable == 0 && w.StrayFrames == 0 && !w.LogLost && w.covered
}

// TableLoss counts the rows of one table.
type TableLoss struct {
	Name     string
	Expected int // how many there were; -1: not known
	Readable int
	Damaged  int // rows that are there and do not authenticate
}

// ThreadLoss counts the messages of one conversation.
type ThreadLoss struct {
	ID       chat.ConversationID
	Rebuilt  bool // its own row cannot be read: members and names are taken from its messages
	Known    bool // Lost is exact; else more may be missing
	Readable int
	Lost     int
	Places   []Place // the first ones, see maxPlaces
}

// Place is where messages are missing in a conversation.
type Place struct {
	After chat.MessageID // the message before; zero: they were the first
	Count int
}

// maxPlaces bounds the places that are named of one conversation.
const maxPlaces = 1000

// Salvage reads the history at path as far as it can be read, without SQLite and without writing anything, and puts
// contacts, conversations, messages with their attachments, consents, audit entries and settings into an empty store. Every row is authentic:
// what does not open under its own key, in its table and place, is counted as damaged and left out. Neither the schema
// nor an index nor the order of pages is needed, so that of a file with a damaged header, dropped tables or a broken tree
// all rows are found whose pages are whole. v is the open vault. Messages whose end has passed by
// now are neither saved nor missed. Errors: chat.ErrNoProfile, ErrReadOnly (the file cannot be read), chat.ErrDamaged when
// not even one key can be read, those of ctx and of the store.
func Salvage(
	ctx context.Context, path string, v *vault.Vault, into *Store, now time.Time, progress func(done, total int),
) (*Wreck, error) {
	im, err := openImage(path)
	if err != nil {
		return nil, err
	}
	defer im.close()
	w := &wrecker{
		ctx: ctx, im: im, v: v, into: into, now: now, progress: progress, ends: map[int64]time.Time{},
		keys: map[int64]vault.RowKey{}, purposes: map[string]int64{}, threads: map[int64]*wreckThread{}, tables: map[*table]*TableLoss{},
		keyRows: map[mark]bool{}, claimed: map[int64]int64{}, files: map[int64]wreckFile{},
	}
	if len(im.stray) > 0 {
		w.twice = map[tableRow]bool{}
	}
	defer w.zero()
	for _, tb := range wreckTables {
		w.tables[tb] = &TableLoss{Name: tb.name, Expected: -1}
	}
	for step, pass := range []func(cell, *[]*table) error{w.takeKey, w.takeSmall, w.takeMessage} {
		if err := w.pass(step, pass); err != nil {
			return nil, err
		}
		if step == 0 && len(w.keys) == 0 {
			return nil, damaged(keysTable.name)
		}
		if step == 1 {
			w.readCover()
			w.readManifests()
			w.readFiles()
			if err := w.putSmall(); err != nil {
				return nil, err
			}
		}
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.report()
}

// wreckTables are the tables whose rows are counted.
var wreckTables = slices.Concat([]*table{messages, annotations, segments, previews}, digested)

// wrecker is one salvage under way.
type wrecker struct {
	ctx      context.Context
	im       *image
	v        *vault.Vault
	into     *Store
	now      time.Time
	progress func(done, total int)
	wreck    Wreck
	ends     map[int64]time.Time // of messages that have one, by row

	keys     map[int64]vault.RowKey
	purposes map[string]int64
	owned    []int64 // keys without a purpose: those of conversations
	threads  map[int64]*wreckThread
	tables   map[*table]*TableLoss
	keyRows  map[mark]bool     // rows of keys, which have the shape of threads
	claimed  map[int64]int64   // keys of conversations as their rows say in the clear
	twice    map[tableRow]bool // rows that were counted; nil unless frames are read twice
	files    map[int64]wreckFile
	fileOf   map[chat.MessageID]chat.Attachment // of files, by message

	cover         *vault.Cover
	contacts      []found[chat.Contact]
	consents      []found[chat.Consent]
	audit         []found[chat.AuditEntry]
	settings      []found[setting]
	batch         []chat.Message
	conversations []*wreckThread // in the order of their rows
}

type tableRow struct {
	table *table
	row   int64
}

// count notes a readable row.
func (w *wrecker) count(tb *table, row int64) {
	if w.twice != nil {
		if w.twice[tableRow{tb, row}] {
			return
		}
		w.twice[tableRow{tb, row}] = true
	}
	w.tables[tb].Readable++
}

// wreckThread is what is known of a conversation.
type wreckThread struct {
	row, keyID int64
	key        vault.RowKey
	conv       *chat.Conversation // nil: its row cannot be read
	state      *threadState
	segments   [][]entry
	entries    []entry // of the manifest, by row
	have       []bool  // the entry's message was found
	known      bool    // the manifest is whole
	newest     int64   // highest row of the manifest
	extra      int     // messages that no manifest lists
	ended      int     // entries of messages whose end has passed
	put        bool
	rebuilt    bool
	authors    map[chat.ContactID]bool
	id         chat.ConversationID
}

func (w *wrecker) zero() {
	for id := range w.keys {
		w.keys[id] = vault.RowKey{}
	}
	for _, f := range w.files {
		clear(f.v.Key)
	}
}

// pass reads every page once. Rows of one page are mostly of one table: the hint is where the last one belonged.
func (w *wrecker) pass(step int, take func(cell, *[]*table) error) error {
	done := 0
	return w.im.each(func(n uint32, page []byte, readable bool) error {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if done++; w.progress != nil && done%1024 == 0 {
			w.progress(step*int(w.im.pages)+done, 3*int(w.im.pages))
		}
		if !readable {
			if step == 0 {
				w.wreck.Unreadable++
			}
			return nil
		}
		var failed error
		var hint []*table
		sound := w.im.cells(n, page, func(c cell) {
			if failed == nil {
				failed = take(c, &hint)
			}
		})
		if step == 0 && !sound {
			w.wreck.Unreadable++
		}
		return failed
	})
}

// takeKey reads rows of keys in the first pass, and which of them conversations name.
func (w *wrecker) takeKey(c cell, _ *[]*table) error {
	if c.shape != "nb" && c.shape != "nibb" {
		return nil
	}
	row, ok := w.im.values(c)
	if !ok {
		return nil
	}
	if c.shape == "nibb" {
		w.claimed[c.row] = integer(row[1])
		return nil
	}
	for _, epoch := range []uint64{w.v.Epoch(), w.v.Epoch() - 1} {
		record, err := w.v.Unwrap(c.row, epoch, bytesOf(row[1]))
		if err != nil {
			continue
		}
		purpose, key, ok := decodeKey(record)
		clear(record)
		if !ok {
			continue
		}
		if _, known := w.keys[c.row]; !known {
			w.count(keysTable, c.row)
			if purpose == "" {
				w.owned = append(w.owned, c.row)
			}
		}
		w.keys[c.row], w.keyRows[markOf(bytesOf(row[1]))] = key, true
		if purpose != "" && purpose != filePurpose {
			w.purposes[purpose] = c.row
		}
		return nil
	}
	return nil
}

// key returns the key of a purpose.
func (w *wrecker) key(purpose string) (int64, vault.RowKey, bool) {
	id, ok := w.purposes[purpose]
	return id, w.keys[id], ok
}

// thread returns what is known of the conversation of a row id.
func (w *wrecker) thread(row int64) *wreckThread {
	th := w.threads[row]
	if th == nil {
		th = &wreckThread{row: row, authors: map[chat.ContactID]bool{}}
		w.threads[row] = th
		w.conversations = append(w.conversations, th)
	}
	return th
}

// opensIn opens a row under the key of its conversation. While that is not known every key of a conversation is tried.
func (w *wrecker) opensIn(th *wreckThread, tb *table, c cell, row []value) ([]byte, bool) {
	last := len(row) - 1
	sealed := bytesOf(row[last])
	if th.keyID != 0 {
		body, err := th.key.Open(tb.rowData(c.row, th.keyID, row[1:last]), sealed)
		return body, err == nil
	}
	candidates := w.owned
	if id, ok := w.claimed[th.row]; ok {
		candidates = slices.Concat([]int64{id}, w.owned)
	}
	for _, id := range candidates {
		if body, err := w.keys[id].Open(tb.rowData(c.row, id, row[1:last]), sealed); err == nil {
			th.keyID, th.key = id, w.keys[id]
			return body, true
		}
	}
	return nil, false
}

// readCover takes from the sealed cover how many rows there were.
func (w *wrecker) readCover() {
	if w.cover == nil {
		return
	}
	w.wreck.covered = true
	for i, d := range w.cover.Tables[:min(len(w.cover.Tables), len(digested))] {
		if d.Count < 1<<31 {
			w.tables[digested[i]].Expected = int(d.Count)
		}
	}
}

// readManifests makes of threads and segments the list of the messages that there were.
func (w *wrecker) readManifests() {
	for _, th := range w.conversations {
		if th.state == nil {
			continue
		}
		th.entries = slices.Clone(th.state.recent)
		settled := uint64(0)
		for _, s := range th.segments {
			th.entries = append(th.entries, s...)
			settled += uint64(len(s))
		}
		th.known = settled == th.state.settled && uint64(len(th.segments)) == th.state.older.Count
		slices.SortFunc(th.entries, func(a, b entry) int { return compareRows(a, b.row) })
		th.entries = slices.CompactFunc(th.entries, func(a, b entry) bool { return a.row == b.row })
		th.have = make([]bool, len(th.entries))
		for i, e := range th.entries { // removed without a key, or to be removed before anything is shown
			th.have[i] = w.ended(w.ends[e.row])
			th.ended += btoi(th.have[i])
		}
		if n := len(th.entries); n > 0 {
			th.newest = th.entries[n-1].row
		}
	}
}

func compareRows(e entry, row int64) int {
	switch {
	case e.row < row:
		return -1
	case e.row > row:
		return 1
	}
	return 0
}

func (w *wrecker) ended(at time.Time) bool { return !at.IsZero() && !at.After(w.now) }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// report closes the account.
func (w *wrecker) report() (*Wreck, error) {
	w.wreck.Pages, w.wreck.Frames, w.wreck.StrayFrames = int(w.im.pages), w.im.total, len(w.im.stray)
	w.wreck.LogLost = w.im.lost
	slices.SortFunc(w.conversations, func(a, b *wreckThread) int { return int(a.row - b.row) })
	w.tables[messages].Readable, w.tables[messages].Expected = 0, 0
	exact := true
	for _, th := range w.conversations {
		if !th.put && th.state == nil && len(th.segments) == 0 {
			continue // a row that proved nothing
		}
		loss := ThreadLoss{ID: th.id, Rebuilt: th.rebuilt, Known: th.known, Readable: th.extra - th.ended}
		for _, ok := range th.have {
			if ok {
				loss.Readable++
			} else {
				loss.Lost++
			}
		}
		var err error
		if loss.Places, err = w.places(th); err != nil {
			return nil, err
		}
		w.wreck.Threads = append(w.wreck.Threads, loss)
		w.tables[messages].Readable += loss.Readable
		w.tables[messages].Expected += loss.Readable + loss.Lost
		exact = exact && loss.Known
	}
	if !exact || w.tables[threads].Expected > w.tables[threads].Readable || w.tables[threads].Expected < 0 {
		w.tables[messages].Expected = -1
	}
	for _, tb := range wreckTables {
		w.wreck.Tables = append(w.wreck.Tables, *w.tables[tb])
	}
	return &w.wreck, nil
}

// places names the message before each run of lost ones.
func (w *wrecker) places(th *wreckThread) (out []Place, err error) {
	type place struct {
		position int64
		have     bool
	}
	order := make([]place, len(th.entries))
	for i, e := range th.entries {
		order[i] = place{e.position, th.have[i]}
	}
	slices.SortFunc(order, func(a, b place) int {
		switch {
		case a.position < b.position:
			return -1
		case a.position > b.position:
			return 1
		}
		return 0
	})
	for i := 0; i < len(order) && len(out) < maxPlaces; i++ {
		if order[i].have {
			continue
		}
		n := 1
		for i+n < len(order) && !order[i+n].have {
			n++
		}
		p := Place{Count: n}
		if th.put {
			err := w.into.View(w.ctx, func(tx chat.Tx) error {
				page, err := tx.Messages().Page(th.id, order[i].position, 1)
				if err == nil && len(page) == 1 {
					p.After = page[0].ID
				}
				return err
			})
			if err != nil && !errors.Is(err, chat.ErrNotFound) {
				return nil, err
			}
		}
		out = append(out, p)
		i += n - 1
	}
	return out, nil
}
