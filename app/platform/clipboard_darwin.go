package platform

import (
	"context"
	"os/exec"
)

func clipboardPicture(ctx context.Context) ([]byte, error) {
	printed, err := ask(exec.CommandContext(ctx, "/usr/bin/osascript", "-e", "get the clipboard as «class PNGf»"), 2*maxClipboard+64)
	if err != nil {
		return nil, err
	}
	return pictureOfAppleScript(printed)
}
