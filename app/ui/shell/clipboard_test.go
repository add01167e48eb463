package shell_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"sotto/app/ui/shell"
)

func TestASecretLeavesTheClipboardUnlessSomethingElseIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		then func(*shell.Clipboard, interface{ SetContent(string) })
		want string
	}{
		"nothing happens":        {func(*shell.Clipboard, interface{ SetContent(string) }) {}, ""},
		"another program copies": {func(_ *shell.Clipboard, p interface{ SetContent(string) }) { p.SetContent("other") }, "other"},
		"the same text is copied to stay": {func(c *shell.Clipboard, _ interface{ SetContent(string) }) {
			c.Copy("secret")
		}, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			port := test.NewClipboard()
			var due func()
			clip := shell.NewClipboard(port, func(d time.Duration, f func()) {
				if d != time.Minute {
					t.Errorf("it stays for %v", d)
				}
				due = f
			})
			clip.CopySecret("secret")
			if port.Content() != "secret" {
				t.Fatalf("the clipboard has %q", port.Content())
			}
			c.then(clip, port)
			due()
			if port.Content() != c.want {
				t.Errorf("the clipboard has %q, wanted %q", port.Content(), c.want)
			}
		})
	}
}
