package messenger

import (
	"bytes"
	"testing"

	"sotto/chat"
	"sotto/chat/content"
)

// TestARestoredProfileMovesNoFileUnasked: what was on its way when the backup was made waits for the person, and an own file
// whose bytes are here can be sent again, under keys of the new device.
func TestARestoredProfileMovesNoFileUnasked(t *testing.T) {
	p := newPost(t)
	key := bytes.Repeat([]byte{7}, 32)
	ids := map[string]chat.MessageID{}
	p.as(t, 0, func(m *Messenger) {
		conv := m.ConversationWith(p.ids[1])
		err := m.update(t.Context(), func(u *unit) error {
			for name, a := range map[string]struct {
				direction chat.Direction
				chat.Attachment
			}{
				"coming":  {chat.In, chat.Attachment{State: chat.FileFetching, Blob: chat.BlobID{1}, Relay: "r", ReadKey: key}},
				"sending": {chat.Out, chat.Attachment{State: chat.FileSending, Blob: chat.BlobID{2}, Stored: true, Relay: "r", ReadKey: key, UploadKey: key}},
				"without": {chat.Out, chat.Attachment{State: chat.FileFailed, Failure: FailureFileGone}},
			} {
				id := chat.NewMessageID()
				ids[name] = id
				if _, err := u.Messages().Put(chat.Message{
					ID: id, Conversation: conv, Author: p.ids[0], Direction: a.direction, Kind: chat.KindAttachment, Seq: uint64(len(ids)),
					State: chat.Queued, Sent: u.now, Received: u.now, File: chat.File{Name: name, Size: 10},
				}); err != nil {
					return err
				}
				a.Message, a.Key, a.Sealed = id, key, 4112
				if err := u.Attachments().Put(a.Attachment); err != nil {
					return err
				}
			}
			if err := u.settleFiles(); err != nil {
				return err
			}
			for _, name := range []string{"sending", "without"} {
				if err := u.setAside(ids[name]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	p.change(t, 0, func(tx chat.Tx) error {
		if moving, err := tx.Attachments().Moving(); err != nil || len(moving) != 0 {
			t.Errorf("%d files move, %v", len(moving), err)
		}
		if a, err := tx.Attachments().Get(ids["coming"]); err != nil || a.State != chat.FileOffered || !a.Blob.IsZero() {
			t.Errorf("what came is %+v, %v", a.State, err)
		}
		a, err := tx.Attachments().Get(ids["sending"])
		if err != nil || a.State != chat.FileFailed || a.Failure != FailureRestored || bytes.Equal(a.ReadKey, key) || a.Relay != "" {
			t.Errorf("what was sent is %s %s, %v", a.State, a.Failure, err)
		}
		for name, want := range map[string]int{"sending": 1, "without": 0} {
			items, err := tx.Queue().ForMessage(ids[name])
			if err != nil || len(items) != want {
				t.Fatalf("%s: %d contents, %v", name, len(items), err)
			}
			if msg, err := tx.Messages().Get(ids[name]); err != nil || msg.State != chat.Failed {
				t.Errorf("%s is %s, %v", name, msg.State, err)
			}
			if want == 0 {
				continue
			}
			c, err := content.Decode(items[0].Content)
			if body, ok := c.Body.(content.Attachment); err != nil || !ok || !bytes.Equal(body.ReadKey, a.ReadKey) || items[0].State != chat.QueueParked {
				t.Errorf("%s waits as %s, %v", name, items[0].State, err)
			}
		}
		return nil
	})
}
