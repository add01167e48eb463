package files

import (
	"context"
	"image"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/pictures"
	"sotto/chat"
)

// Loader answers the small pictures of messages, as profile.Preview has them, at most side pixels wide and high.
func Loader(p *profile.Profile, side int) pictures.Loader {
	return func(ctx context.Context, id chat.MessageID) (image.Image, error) {
		small, err := p.Preview(ctx, id)
		if err != nil {
			return nil, err
		}
		return shown(ctx, small, side)
	}
}

// shown decodes a small picture. One that is much longer than wide gets more pixels, as only its middle is shown.
func shown(ctx context.Context, small []byte, side int) (image.Image, error) {
	img, err := media.DecodeSmall(ctx, small, side, side)
	if err != nil {
		return nil, err
	}
	short, long := min(img.Rect.Dx(), img.Rect.Dy()), max(img.Rect.Dx(), img.Rect.Dy())
	if long == side && short*3 < side {
		side = side * side / (3 * max(short, 1))
		return decoded(media.DecodeSmall(ctx, small, side, side))
	}
	return img, nil
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
