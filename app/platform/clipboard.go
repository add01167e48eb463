package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"sotto/chat"
)

// ErrNoPicture says that the clipboard holds no picture.
var ErrNoPicture = errors.New("platform: no picture in the clipboard")

const (
	maxClipboard  = 32 << 20        // bytes of a picture
	clipboardTime = 5 * time.Second // for all programs that are asked
	pngSignature  = "\x89PNG\r\n\x1a\n"
)

// ReadClipboardPicture answers the picture in the clipboard as PNG, at most 32 MiB, within five seconds. It asks a program:
// on Linux wl-paste (of wl-clipboard) under Wayland and xclip under X11, on macOS osascript, on Windows PowerShell. No shell
// is between, and nothing of the clipboard is part of a command. What it answers was made by another program: it begins
// like a PNG and is to be decoded within bounds. Errors: [ErrUnsupported] without such a program or a display,
// [ErrNoPicture], [chat.ErrTooLarge], ctx.
func ReadClipboardPicture(ctx context.Context) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, clipboardTime)
	defer cancel()
	picture, err := clipboardPicture(limited)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case len(picture) > maxClipboard:
		return nil, chat.ErrTooLarge
	case !bytes.HasPrefix(picture, []byte(pngSignature)):
		return nil, ErrNoPicture
	}
	return picture, nil
}

// ask runs a program and answers at most limit bytes of what it prints.
func ask(cmd *exec.Cmd, limit int) ([]byte, error) {
	out := &bounded{left: limit}
	cmd.Stdout = out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case out.over:
		return nil, chat.ErrTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w: %s did not answer", ErrNoPicture, cmd.Args[0])
	}
	return out.kept.Bytes(), nil
}

// bounded keeps what is written up to a number of bytes and then refuses. It is a Writer and nothing else: the ReadFrom of
// a buffer would go past the bound.
type bounded struct {
	kept bytes.Buffer
	left int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.over = true
		return 0, chat.ErrTooLarge
	}
	b.left -= len(p)
	return b.kept.Write(p)
}

// pictureOfAppleScript reads how AppleScript prints data: «data PNGf89504E47...».
func pictureOfAppleScript(printed []byte) ([]byte, error) {
	text, begins := bytes.CutPrefix(bytes.TrimSpace(printed), []byte("«data PNGf"))
	text, ends := bytes.CutSuffix(text, []byte("»"))
	picture := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(picture, text); err != nil || !begins || !ends {
		return nil, ErrNoPicture
	}
	return picture, nil
}

// pictureOfBase64 reads what the script for Windows prints.
func pictureOfBase64(printed []byte) ([]byte, error) {
	text := bytes.TrimSpace(printed)
	picture := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(picture, text)
	if err != nil {
		return nil, ErrNoPicture
	}
	return picture[:n], nil
}
