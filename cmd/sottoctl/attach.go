package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"sotto/app/media"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/chat/content"
)

// attachment is the part of send that is about a file.
type attachment struct {
	File         string `placeholder:"PATH" help:"Send this file, or - for standard input."`
	Name         string `placeholder:"NAME" help:"Name of the file for the other side (default: its own)."`
	Caption      string `placeholder:"TEXT" help:"A text with the file."`
	KeepMetadata bool   `help:"Leave place, camera and other metadata in pictures; else they are removed."`
}

// Validate refuses what does not go together, before anything is opened.
func (v *sendVerb) Validate() error {
	switch {
	case v.File == "" && v.Text == "":
		return usagef("There is no text to send, and no --file.")
	case v.File != "" && v.Text != "":
		return usagef("A text beside a file is its --caption.")
	case v.File == "" && (v.Name != "" || v.Caption != "" || v.KeepMetadata):
		return usagef("--name, --caption and --keep-metadata are for a --file.")
	case v.File == "-" && v.Name == "":
		return usagef("A file from standard input needs a --name.")
	}
	return nil
}

// attach encrypts the file and queues its message.
func (a *attachment) attach(ctx context.Context, d *desk, p *profile.Profile, conv chat.ConversationID, replyTo chat.MessageID) (chat.Message, error) {
	if len(a.Caption) > content.MaxText {
		return chat.Message{}, chat.ErrTooLarge
	}
	out, err := a.prepare(ctx, d)
	if err != nil {
		return chat.Message{}, fileWords(err)
	}
	if len(out.Removed) > 0 {
		d.say("Taken out of the picture: %s. --keep-metadata leaves it in.", removedWords(out.Removed))
	}
	if out.Kept == media.KeptFormat {
		d.say("A file of this kind may hold names, places and earlier versions. Such metadata is taken out of JPEG, PNG, GIF and WebP pictures only; here it goes along.")
	}
	tell, clear := d.progress(ctx, "", doingReading)
	defer clear()
	o := profile.FileOptions{Name: a.Name, Caption: a.Caption, ReplyTo: replyTo}
	msg, err := p.SendPrepared(ctx, conv, out, o, tell)
	return msg, fileWords(err)
}

// removed are words for what was taken out of a picture, by the codes of app/media.
var removed = map[string]string{
	media.RemovedExif: "camera data", media.RemovedLocation: "place", media.RemovedXMP: "editing data (XMP)", media.RemovedIPTC: "press data (IPTC)",
	media.RemovedComment: "comments", media.RemovedText: "texts", media.RemovedTime: "time", media.RemovedThumbnail: "a smaller picture",
	media.RemovedPictures: "further pictures", media.RemovedTrailing: "what followed the picture", media.RemovedOther: "other data",
}

func removedWords(codes []string) string {
	words := make([]string, len(codes))
	for i, code := range codes {
		if words[i] = removed[code]; words[i] == "" {
			words[i] = plain(code)
		}
	}
	return strings.Join(words, ", ")
}

// prepare looks at the file, and takes the metadata out of pictures.
func (a *attachment) prepare(ctx context.Context, d *desk) (*media.Outgoing, error) {
	o := media.Options{KeepMetadata: a.KeepMetadata}
	if a.File != "-" {
		return media.Prepare(ctx, a.File, o)
	}
	if d.in == nil {
		return nil, usagef("Over rpc, file is a path.")
	}
	b, err := io.ReadAll(io.LimitReader(d.in, chat.MaxFile+1))
	if err != nil {
		return nil, bareFile("reading standard input", err)
	}
	return media.PrepareBytes(ctx, a.Name, b, o)
}

// fileWords says why a file cannot be sent.
func fileWords(err error) error {
	for _, s := range []struct {
		is    error
		words string
	}{
		{media.ErrFolder, "That is a folder. Send its files, or an archive of it."},
		{media.ErrLink, "That is a link. Name the file that it leads to."},
		{media.ErrNotRegular, "That is not an ordinary file."},
		{media.ErrStructure, "The picture is built in a way that its metadata cannot be taken out safely. --keep-metadata sends it as it is."},
	} {
		if errors.Is(err, s.is) {
			return usagef("%s Nothing was sent.", s.words)
		}
	}
	switch {
	case errors.Is(err, media.ErrChanged):
		return &failure{Code: "failed", Exit: exitFailed, Message: "The file changed while it was read. Nothing was sent; try again.", cause: err}
	case errors.Is(err, chat.ErrTooLarge):
		return explain(err, "A file has at most %d MB. Nothing was sent.", chat.MaxFile>>20)
	case errors.Is(err, os.ErrNotExist):
		return explain(err, "There is no such file. Nothing was sent.")
	case errors.Is(err, os.ErrPermission):
		return explain(err, "The system does not let you read that file. Nothing was sent.")
	}
	return err
}
