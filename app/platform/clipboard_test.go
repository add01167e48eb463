package platform

import (
	"errors"
	"os/exec"
	"testing"

	"sotto/chat"
)

func TestWhatSystemsPrintOfAPictureIsRead(t *testing.T) {
	for printed, want := range map[string]string{
		"«data PNGf89504E470D0A1A0A»\n": pngSignature,
		"«data PNGf89504E47":            "",
		"«data TIFF4D4D002A»":           "",
		"«data PNGf8950zz»":             "",
		"":                              "",
	} {
		got, err := pictureOfAppleScript([]byte(printed))
		if string(got) != want || (want == "") != errors.Is(err, ErrNoPicture) {
			t.Errorf("%q: %q, %v", printed, got, err)
		}
	}
	for printed, want := range map[string]string{"iVBORw0KGgo=\r\n": pngSignature, "iVBO*": "", "": ""} {
		got, err := pictureOfBase64([]byte(printed))
		if string(got) != want || (printed == "iVBO*") != errors.Is(err, ErrNoPicture) {
			t.Errorf("%q: %q, %v", printed, got, err)
		}
	}
}

func TestAProgramThatPrintsTooMuchIsStopped(t *testing.T) {
	head, err := exec.LookPath("head")
	if err != nil {
		t.Skip("no program that prints as much as it is told")
	}
	if _, err := ask(exec.CommandContext(t.Context(), head, "-c", "4000000", "/dev/zero"), 1<<20); !errors.Is(err, chat.ErrTooLarge) {
		t.Error(err)
	}
	if got, err := ask(exec.CommandContext(t.Context(), head, "-c", "1000000", "/dev/zero"), 1<<20); err != nil || len(got) != 1_000_000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := ask(exec.CommandContext(t.Context(), "/nonexistent/program"), 10); !errors.Is(err, ErrNoPicture) {
		t.Error(err)
	}
}
