package sqlite

import (
	"slices"

	"sotto/chat"
	"sotto/crypto/vault"
)

// attachmentsRepo keeps what opens the files of messages. Each attachment and its preview are sealed under a key of their
// own, which is destroyed with them; the row names in the clear its message, the place of that, its key and its file, so
// that all of it can be removed without opening anything (docs/STORAGE.md section 4.5).
type attachmentsRepo struct{ t *tx }

// filePurpose stands in the key of an attachment, so that it is told from that of a conversation.
const filePurpose = "file"

// storedFile is an attachment with what its row says.
type storedFile struct {
	row, message, keyID int64
	key                 vault.RowKey
	columns             []value
	preview             mark // of the preview's body; zero: there is none
	v                   chat.Attachment
}

const selectAttachment = "SELECT id, conversation, position, message, key, blob, moving, body FROM attachments"

// Columns of selectAttachment.
const (
	atMessage = 3
	atKey     = 4
	atBlob    = 5
	atBody    = 7
)

func (r attachmentsRepo) Get(id chat.MessageID) (chat.Attachment, error) {
	f, err := r.find(id)
	return f.v, err
}

// find returns the attachment of a message; ErrNotFound without message or attachment.
func (r attachmentsRepo) find(id chat.MessageID) (storedFile, error) {
	if err := r.t.reading(); err != nil {
		return storedFile{}, err
	}
	message, err := messagesRepo(r).lookup(r.t.messageTag(id))
	if err != nil {
		return storedFile{}, err
	}
	if message == nil {
		return storedFile{}, chat.ErrNotFound
	}
	return r.of(integer(message[0]), id)
}

// of returns the attachment of the message in a row.
func (r attachmentsRepo) of(message int64, id chat.MessageID) (storedFile, error) {
	row, err := r.t.c.row(selectAttachment+" WHERE message = ?", message)
	if err != nil {
		return storedFile{}, err
	}
	if row == nil {
		return storedFile{}, chat.ErrNotFound
	}
	f, err := r.read(row)
	if err == nil && f.v.Message != id {
		err = damaged(attachments.name)
	}
	return f, err
}

func (r attachmentsRepo) read(row []value) (storedFile, error) {
	f := storedFile{row: integer(row[0]), message: integer(row[atMessage]), keyID: integer(row[atKey]), columns: row[1:atBody]}
	var err error
	if f.key, err = r.t.fileKey(f.keyID); err != nil {
		return storedFile{}, err
	}
	body, err := r.t.open(attachments, f.row, f.keyID, f.key, f.columns, bytesOf(row[atBody]))
	if err != nil {
		return storedFile{}, damaged(attachments.name)
	}
	defer clear(body)
	var ok bool
	if f.v, f.preview, ok = decodeAttachment(body); !ok {
		return storedFile{}, damaged(attachments.name)
	}
	if blob := bytesOf(row[atBlob]); blob != nil && copy(f.v.Blob[:], blob) != len(f.v.Blob) {
		return storedFile{}, damaged(attachments.name)
	}
	return f, nil
}

func (r attachmentsRepo) Put(a chat.Attachment) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	m, message, err := messagesRepo(r).find(a.Message)
	if err != nil {
		return err
	}
	if m.Deleted {
		return chat.ErrNotFound
	}
	th, err := r.t.thread(m.Conversation)
	if err != nil {
		return err
	}
	f, err := r.of(message, a.Message)
	if err != nil && err != chat.ErrNotFound {
		return err
	}
	known := err == nil
	if err := r.nameBlob(a.Blob, f.row); err != nil {
		return err
	}
	if !known {
		if f, err = r.begin(message); err != nil {
			return err
		}
	}
	if known && f.v.Blob != a.Blob {
		r.t.leaveBlob(f.v.Blob)
	}
	f.v = a
	f.columns = []value{th.row, m.Position, message, f.keyID, blobColumn(a.Blob), moving(a.State)}
	write := r.t.insert
	if known {
		write = r.t.update
	}
	return r.write(f, write)
}

// begin gives a new attachment its row and its key.
func (r attachmentsRepo) begin(message int64) (f storedFile, err error) {
	f.message, f.key = message, vault.NewRowKey()
	if f.keyID, err = r.t.nextID(keysTable); err != nil {
		return f, err
	}
	if err := r.t.insertKey(f.keyID, filePurpose, f.key); err != nil {
		return f, err
	}
	f.row, err = r.t.nextID(attachments)
	return f, err
}

func (r attachmentsRepo) write(f storedFile, write func(*table, int64, int64, vault.RowKey, []value, []byte) error) error {
	body := encodeAttachment(f.v, f.preview)
	defer clear(body)
	return mapped(write(attachments, f.row, f.keyID, f.key, f.columns, body))
}

// nameBlob answers ErrExists when another attachment has the file: it would go with either of them.
func (r attachmentsRepo) nameBlob(blob chat.BlobID, row int64) error {
	if blob.IsZero() {
		return nil
	}
	other, err := r.t.c.row("SELECT 1 FROM attachments WHERE blob = ? AND id <> ?", blob[:], row)
	if err != nil {
		return err
	}
	if other != nil {
		return chat.ErrExists
	}
	r.t.left = slices.DeleteFunc(r.t.left, func(b chat.BlobID) bool { return b == blob })
	return nil
}

// leaveBlob notes a file that no attachment names any more; the hook hears of it when the unit of work has committed.
func (t *tx) leaveBlob(blob chat.BlobID) {
	if !blob.IsZero() {
		t.left = append(t.left, blob)
	}
}

func blobColumn(id chat.BlobID) value {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func moving(s chat.FileState) value {
	if s == chat.FileSending || s == chat.FileFetching {
		return int64(1)
	}
	return int64(0)
}

func (r attachmentsRepo) Page(conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	th, err := r.t.thread(conv)
	if err == chat.ErrNotFound || limit <= 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	var out []chat.Message
	for len(out) < limit {
		rows, err := r.t.c.rows(`SELECT message, position FROM attachments WHERE conversation = ? AND position < ?
			ORDER BY position DESC LIMIT ?`, th.row, before, int64(limit-len(out)))
		if err != nil || len(rows) == 0 {
			return out, err
		}
		for _, row := range rows {
			before = integer(row[1])
			m, ok, err := r.holder(integer(row[0]), conv)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// holder returns the message in a row if it can be read and is of the conversation. One that was removed while the store
// was closed, is lost, or is damaged, is left out: the conversation shows what stands for it.
func (r attachmentsRepo) holder(row int64, conv chat.ConversationID) (m chat.Message, ok bool, err error) {
	found, err := r.t.c.row(selectMessage, row)
	if err == nil && found == nil {
		return m, false, nil
	}
	if err == nil {
		m, err = messagesRepo(r).present(found)
	}
	if unreadable(err) {
		return chat.Message{}, false, nil
	}
	return m, err == nil && m.Conversation == conv, err
}

// Moving leaves out what does not open: it must not hold up what does.
func (r attachmentsRepo) Moving() ([]chat.Attachment, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	rows, err := r.t.c.rows(selectAttachment + " WHERE moving = 1 ORDER BY id")
	if err != nil {
		return nil, err
	}
	var out []chat.Attachment
	for _, row := range rows {
		f, err := r.read(row)
		if unreadable(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f.v)
	}
	return out, nil
}

func (r attachmentsRepo) Delete(id chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	message, err := messagesRepo(r).lookup(r.t.messageTag(id))
	if err != nil || message == nil {
		return err
	}
	return r.t.destroyFile(integer(message[0]))
}

// destroyFile destroys the attachment of the message in a row, if it has one: key, row and preview. It opens nothing.
func (t *tx) destroyFile(message int64) error {
	return t.destroyFiles("message", message)
}

// destroyFiles destroys the attachments that have this value in one of their clear columns.
func (t *tx) destroyFiles(column string, v value) error {
	rows, err := t.c.rows("SELECT id, key, blob FROM attachments WHERE "+column+" = ?", v)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := t.c.exec("DELETE FROM previews WHERE id = ?", row[0]); err != nil {
			return mapped(err)
		}
		if err := t.remove(attachments, integer(row[0])); err != nil {
			return err
		}
		if err := t.remove(keysTable, integer(row[1])); err != nil {
			return err
		}
		var blob chat.BlobID
		copy(blob[:], bytesOf(row[2]))
		t.leaveBlob(blob)
		t.purge = true
	}
	return nil
}

// moveFile gives the attachment of the message in a row the position that the message has now.
func (t *tx) moveFile(message int64, m chat.Message) error {
	r := attachmentsRepo{t}
	f, err := r.of(message, m.ID)
	if err == chat.ErrNotFound || unreadable(err) { // one that does not open stands where it stood
		return nil
	}
	if err != nil {
		return err
	}
	f.columns = slices.Clone(f.columns)
	f.columns[1] = m.Position
	return r.write(f, t.update)
}

// fileKey returns the key of an attachment. It is not kept: there are as many as files.
func (t *tx) fileKey(id int64) (vault.RowKey, error) {
	row, err := t.c.row("SELECT k.body, s.epoch FROM keys k, state s WHERE k.id = ?", id)
	if err != nil {
		return vault.RowKey{}, err
	}
	if row == nil {
		return vault.RowKey{}, damaged(keysTable.name)
	}
	return t.s.unwrap(id, uint64(integer(row[1])), bytesOf(row[0]))
}

const attachmentV1 = 1

func encodeAttachment(a chat.Attachment, preview mark) []byte {
	return layout(attachmentV1).fixed(a.Message[:]).bytes(a.Key).fixed(a.Hash[:]).int(a.Sealed).bool(a.Stored).
		text(string(a.State)).text(a.Failure).text(a.Relay).bytes(a.ReadKey).bytes(a.UploadKey).int(int64(a.Attempts)).
		time(a.NotBefore).time(a.Created).fixed(preview[:]).b
}

func decodeAttachment(b []byte) (a chat.Attachment, preview mark, ok bool) {
	r := read(b, attachmentV1)
	r.fixed(a.Message[:])
	a.Key = r.bytes()
	r.fixed(a.Hash[:])
	a.Sealed, a.Stored = r.int(), r.bool()
	a.State, a.Failure, a.Relay = chat.FileState(r.text()), r.text(), r.text()
	a.ReadKey, a.UploadKey, a.Attempts = r.bytes(), r.bytes(), int(r.int())
	a.NotBefore, a.Created = r.time(), r.time()
	r.fixed(preview[:])
	return a, preview, r.done()
}
