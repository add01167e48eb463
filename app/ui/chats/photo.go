package chats

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/chat"
)

// pictureEndings end the names of pictures. The line kept of a conversation is the name where a file has no caption.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".bmp", ".tif", ".tiff"}

// sayPhotos puts the word for a picture in the place of its name, which says nothing.
func sayPhotos(ctx context.Context, m *messenger.Messenger, entries []Entry) error {
	for i := range entries {
		c := &entries[i].Conversation
		if !slices.Contains(pictureEndings, strings.ToLower(path.Ext(c.Preview))) {
			continue
		}
		newest, err := m.Messages(ctx, c.ID, 0, 1)
		if errors.Is(err, chat.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		if len(newest) == 1 && newest[0].Kind == chat.KindAttachment && !newest[0].Deleted {
			c.Preview = files.Line(newest[0])
		}
	}
	return nil
}
