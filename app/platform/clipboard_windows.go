package platform

import (
	"context"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// clipboardScript is constant: nothing of the clipboard or the person becomes part of it.
const clipboardScript = `$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$picture = [System.Windows.Forms.Clipboard]::GetImage()
if ($null -eq $picture) { exit 3 }
$stream = New-Object System.IO.MemoryStream
$picture.Save($stream, [System.Drawing.Imaging.ImageFormat]::Png)
[Console]::Out.Write([Convert]::ToBase64String($stream.ToArray()))`

func clipboardPicture(ctx context.Context) ([]byte, error) {
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return nil, ErrUnsupported
	}
	cmd := exec.CommandContext(ctx, filepath.Join(system, "WindowsPowerShell", "v1.0", "powershell.exe"),
		"-NoProfile", "-NonInteractive", "-Sta", "-Command", clipboardScript)
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	printed, err := ask(cmd, maxClipboard/3*4+64)
	if err != nil {
		return nil, err
	}
	return pictureOfBase64(printed)
}
