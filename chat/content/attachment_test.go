package content_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sotto/chat"
	"sotto/chat/content"
)

func attachment() content.Attachment {
	return content.Attachment{
		Name: "figures.ods", Size: 0, Key: bytes.Repeat([]byte{5}, 32), Hash: [32]byte{6}, ReadKey: bytes.Repeat([]byte{7}, 32),
	}
}

func picture() content.Attachment {
	a := attachment()
	a.Name, a.Type, a.Size, a.Caption = "Grüße 世界.jpg", "image/jpeg", content.MaxFile, "From the hill"
	a.Width, a.Height, a.Thumbnail = 4032, 3024, []byte{0xff, 0xd8, 0xff, 0xd9}
	return a
}

func anyAttachment(t *rapid.T, words func(least, most int) string) content.Body {
	a := attachment()
	a.Name, a.Type, a.Caption = words(1, content.MaxFileName), words(0, content.MaxType), words(0, 4000)
	a.Size = rapid.Int64Range(0, content.MaxFile).Draw(t, "size")
	a.Width, a.Height = rapid.IntRange(0, content.MaxPixels).Draw(t, "width"), rapid.IntRange(0, content.MaxPixels).Draw(t, "height")
	a.Thumbnail = rapid.SliceOfN(rapid.Byte(), 0, content.MaxThumbnail).Draw(t, "thumbnail")
	return a
}

func TestAttachmentThatMayNotBeSentIsRefused(t *testing.T) {
	cases := map[string]struct {
		change func(*content.Attachment)
		want   error
	}{
		"no name":           {func(a *content.Attachment) { a.Name = "" }, chat.ErrMalformed},
		"long name":         {func(a *content.Attachment) { a.Name = strings.Repeat("a", 256) }, chat.ErrTooLarge},
		"long type":         {func(a *content.Attachment) { a.Type = strings.Repeat("a", 128) }, chat.ErrTooLarge},
		"less than nothing": {func(a *content.Attachment) { a.Size = -1 }, chat.ErrMalformed},
		"beyond 100 MiB":    {func(a *content.Attachment) { a.Size = content.MaxFile + 1 }, chat.ErrTooLarge},
		"short key":         {func(a *content.Attachment) { a.Key = a.Key[:31] }, chat.ErrMalformed},
		"no read key":       {func(a *content.Attachment) { a.ReadKey = nil }, chat.ErrMalformed},
		"long caption":      {func(a *content.Attachment) { a.Caption = strings.Repeat("a", content.MaxText+1) }, chat.ErrTooLarge},
		"endless width":     {func(a *content.Attachment) { a.Width = 65536 }, chat.ErrMalformed},
		"negative height":   {func(a *content.Attachment) { a.Height = -1 }, chat.ErrMalformed},
		"large thumbnail":   {func(a *content.Attachment) { a.Thumbnail = make([]byte, content.MaxThumbnail+1) }, chat.ErrTooLarge},
		"caption in bytes":  {func(a *content.Attachment) { a.Caption = "a\xff" }, chat.ErrMalformed},
		"all of the largest": {func(a *content.Attachment) {
			a.Caption, a.Thumbnail = strings.Repeat("a", content.MaxText), make([]byte, content.MaxThumbnail)
		}, chat.ErrTooLarge},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := samples()["attachment"]
			a := attachment()
			tc.change(&a)
			c.Body = a
			if _, err := c.Encode(); !errors.Is(err, tc.want) {
				t.Errorf("Encode = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestReceivedAttachmentIsCleaned(t *testing.T) {
	for given, want := range map[string]string{
		"image/jpeg": "image/jpeg", "Image/JPEG": "", "text/html; charset=x": "", "x": "", "/": "", "a/b\u202e": "", "application/vnd.a+b": "application/vnd.a+b",
	} {
		c := samples()["attachment"]
		a := attachment()
		a.Name, a.Type = "../photo\u202egpj.exe", given
		c.Body = a
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := content.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if f := got.Body.(content.Attachment).File(); f.Name != "photogpj.exe" || f.Type != want {
			t.Errorf("type %q reads as %+v", given, f)
		}
	}
}
