package files

import (
	"context"
	"errors"
	"image"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/ui/pictures"
	"sotto/chat"
)

// errNoPicture: nothing small was sent with a file that is not here.
var errNoPicture = errors.New("no picture to show")

// Loader answers the small pictures of messages, at most side pixels wide and high: the one kept beside the file, or while
// the file is not here, the one that came inside the message. Where a file is here without a small picture of its own, one
// is made and kept.
func Loader(m *messenger.Messenger, side int) pictures.Loader {
	return func(ctx context.Context, id chat.MessageID) (image.Image, error) {
		small, err := m.Preview(ctx, id)
		if err != nil && !errors.Is(err, chat.ErrNotFound) {
			return nil, err
		}
		if len(small) <= chat.MaxThumbnail {
			if made := preview(ctx, m, id); made != nil {
				small = made
			}
		}
		if len(small) == 0 {
			return nil, errNoPicture
		}
		return decoded(media.DecodeSmall(ctx, small, side, side))
	}
}

// preview makes the small picture of a file that is here, and keeps it; nil when there is none to make.
func preview(ctx context.Context, m *messenger.Messenger, id chat.MessageID) []byte {
	r, msg, err := m.OpenFile(ctx, id)
	if err != nil {
		return nil
	}
	defer r.Close() //nolint:errcheck // only read
	smalls, err := media.Small(ctx, r, msg.File.Size)
	if err != nil || len(smalls.Preview) == 0 {
		return nil
	}
	_ = m.PutPreview(ctx, id, smalls.Preview) // the next time it is made again
	return smalls.Preview
}

// Whole decodes the picture of a message itself, at most side pixels wide and high (0: as large as is shown at all).
func Whole(ctx context.Context, m *messenger.Messenger, id chat.MessageID, side int) (image.Image, error) {
	r, msg, err := m.OpenFile(ctx, id)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	return decoded(media.Decode(ctx, r, msg.File.Size, side, side))
}

// decoded keeps a nil picture from becoming an image.Image that is not nil.
func decoded(m *image.RGBA, err error) (image.Image, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
