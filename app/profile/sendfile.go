package profile

import (
	"context"
	"fmt"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/chat"
)

// FileOptions of a file that is sent. The zero value takes metadata out of pictures.
type FileOptions struct {
	Name         string // what the other side sees; empty: the file's own name
	Caption      string // at most content.MaxText bytes
	ReplyTo      chat.MessageID
	KeepMetadata bool
}

// SendFile sends the file at path as a message: it is encrypted into the profile, and path is not needed any more when
// SendFile returns; delivery goes on behind. progress is told how much of it is encrypted. Errors: those of
// [media.Prepare] and of messenger.SendFile; after one nothing is kept.
func (p *Profile) SendFile(ctx context.Context, conv chat.ConversationID, path string, o FileOptions, progress Progress) (chat.Message, error) {
	out, err := media.Prepare(ctx, path, media.Options{KeepMetadata: o.KeepMetadata})
	if err != nil {
		return chat.Message{}, fmt.Errorf("send a file: %w", err)
	}
	return p.SendPrepared(ctx, conv, out, o, progress)
}

// SendPrepared is SendFile for what was prepared already, of a file or, as with a pasted picture, of bytes in memory
// ([media.PrepareBytes]). KeepMetadata has been decided then.
func (p *Profile) SendPrepared(
	ctx context.Context, conv chat.ConversationID, out *media.Outgoing, o FileOptions, progress Progress,
) (chat.Message, error) {
	name := out.Name
	if o.Name != "" {
		name = o.Name
	}
	m, err := p.Messenger.SendFile(ctx, conv, messenger.FileToSend{
		Name: name, Type: out.Type, Size: out.Size, Width: out.Width, Height: out.Height,
		Thumbnail: out.Thumbnail, Preview: out.Preview, Caption: o.Caption, Open: out.Open,
	}, messenger.SendOptions{ReplyTo: o.ReplyTo}, progress)
	if err != nil {
		return chat.Message{}, fmt.Errorf("send a file: %w", err)
	}
	return m, nil
}
