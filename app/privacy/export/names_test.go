package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sotto/app/privacy/export"
	"sotto/app/privacy/files"
	"sotto/chat"
)

func TestAPageShowsPicturesAndRunsNothing(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "photo.png", aPNG)
	w.attach(ada, "really a picture.html", aGIF)
	w.attach(ada, "evil.svg", aSVG)
	w.attach(ada, "evil.html", aWeb)
	w.attach(ada, "evil.png", aWeb)
	w.attach(ada, `"><script>alert(1)</script>.exe`, []byte("MZ"))
	folder, _ := w.write(export.Request{})
	page := string(read(t, folder, find(t, folder, ".html", "photo.png")))
	if !strings.Contains(page, `content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`) {
		t.Error("the page lacks its policy")
	}
	shown := regexp.MustCompile(`<img src="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(shown) != 2 {
		t.Errorf("%d pictures are shown", len(shown))
	}
	for _, s := range shown {
		if !strings.HasSuffix(s[1], ".png") && !strings.HasSuffix(s[1], ".gif") {
			t.Errorf("%s is shown", s[1])
		}
	}
	for _, bad := range []string{"<script", "<svg", "<object", "<iframe", "<embed", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, f := range filesIn(t, folder) {
		if name, ok := strings.CutPrefix(f, "attachments/"); ok && !regexp.MustCompile(`^[0-9a-f]{12}-[\pL\pM\pN._-]+\.(png|gif|bin)$`).MatchString(name) {
			t.Errorf("a file is called %q", name)
		}
	}
	var links int
	for _, l := range regexp.MustCompile(`href="(\.\./\.\./attachments/[^"]*)"`).FindAllStringSubmatch(page, -1) {
		links++
		if strings.ContainsAny(l[1], "<> ") {
			t.Errorf("a link to %q", l[1])
		}
	}
	if links != 8 { // six files, two of them as pictures, too
		t.Errorf("%d links", links)
	}
}

func TestNamesInAnExportAreOnesThatEverySystemStores(t *testing.T) {
	for _, row := range []struct {
		own     string
		content []byte
		want    string
	}{
		{"photo.png", aPNG, "attachments/0123456789ab-photo.png"},
		{"photo.PNG", aPNG, "attachments/0123456789ab-photo.png"},
		{"photo.jpeg", []byte("\xff\xd8\xff\xe0"), "attachments/0123456789ab-photo.jpeg"},
		{"photo.html", aPNG, "attachments/0123456789ab-photo.html.png"},
		{"photo", []byte("RIFF....WEBP"), "attachments/0123456789ab-photo.webp"},
		{"page.html", aWeb, "attachments/0123456789ab-page.html.bin"},
		{"run.exe", nil, "attachments/0123456789ab-run.exe.bin"},
		{"Makefile", nil, "attachments/0123456789ab-Makefile.bin"},
		{"big.bin", nil, "attachments/0123456789ab-big.bin"},
		{"big.BIN", nil, "attachments/0123456789ab-big.bin"},
		{"run.exe.bin", nil, "attachments/0123456789ab-run.exe.bin"},
		{"a.ȺȺȺ", nil, "attachments/0123456789ab-a.ȺȺȺ.bin"}, // longer in lower case
		{"a b/c:d.pdf", nil, "attachments/0123456789ab-c_d.pdf"},
		{"../../../etc/passwd", nil, "attachments/0123456789ab-passwd.bin"},
		{`C:\x\nul.txt`, nil, "attachments/0123456789ab-nul.txt"},
		{"invoice\u202efdp.exe", nil, "attachments/0123456789ab-invoicefdp.exe.bin"},
		{strings.Repeat("ä", 200) + ".pdf", nil, "attachments/0123456789ab-" + strings.Repeat("ä", 51) + ".pdf"},
	} {
		got := export.NameOf("0123456789ab", row.own, row.content)
		if got != row.want {
			t.Errorf("%q is called %q, want %q", row.own, got, row.want)
		}
		if !export.PathAllowed(got) {
			t.Errorf("%q is refused by an import", got)
		}
	}
	for _, name := range []string{
		"", ".", "..", "../x", "/x", "a/../b", "a//b", `a\b`, "c:x", "nul", "NUL.txt", "attachments/aux", "attachments/COM1.txt", "lpt9", "a/com¹", "x.", "x ",
		"nul .txt", "a\nb", "a*", "a?", "a|b", strings.Repeat("x", 600), "conin$",
	} {
		if export.PathAllowed(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestTheSuggestedNameKeepsTheEndingThatProtects(t *testing.T) {
	for _, row := range []struct {
		own     string
		content []byte
		want    string
	}{
		{"invoice.exe", nil, "invoice.exe.bin"},
		{"page.html", aWeb, "page.html.bin"},
		{"run.exe.", nil, "run.exe..bin"},
		{"photo.html", aPNG, "photo.html.png"},
		{"Makefile", nil, "Makefile.bin"},
		{"photo.PNG", aPNG, "photo.PNG"},
		{"a b.pdf", nil, "a b.pdf"},
		{"big.bin", nil, "big.bin"},
	} {
		if got := export.SuggestedName(row.own, export.NameOf("0123456789ab", row.own, row.content)); got != row.want {
			t.Errorf("%q is to be saved as %q, want %q", row.own, got, row.want)
		}
	}
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "invoice.exe", []byte("MZ"))
	folder, _ := w.write(export.Request{})
	page := string(read(t, folder, find(t, folder, ".html", "invoice.exe")))
	if !strings.Contains(page, `-invoice.exe.bin" download="invoice.exe.bin"><bdi>invoice.exe</bdi>`) {
		t.Error("the link takes the ending off again")
	}
}

func TestThePageSaysBesideALinkWhyToBeCareful(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	codes := map[string][]string{"invoice.pdf.exe": {"executable", "double-extension"}, "new.kind": {"of a later version"}, "absent.exe": {"executable"}}
	w.x.Warn = func(name, claimed string, content io.ReaderAt, size int64) []string {
		begin := make([]byte, size)
		if _, err := content.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) || string(begin) != "content of "+name || claimed != "application/x" {
			t.Errorf("asked about %q, %q: %q, %v", name, claimed, begin, err)
		}
		return codes[name]
	}
	for _, name := range []string{"invoice.pdf.exe", "new.kind", "plain.txt"} {
		w.attach(ada, name, []byte("content of "+name))
	}
	w.attach(ada, "absent.exe", nil)
	folder, _ := w.write(export.Request{})
	page := string(read(t, folder, find(t, folder, ".html", "invoice.pdf.exe")))
	for name, want := range map[string]string{
		"invoice.pdf.exe": "Careful: it is a program; it has another ending than it seems.", "new.kind": "Careful: it may do harm.", "plain.txt": "", "absent.exe": "",
	} {
		_, after, found := strings.Cut(page, "<bdi>"+name+"</bdi>")
		beside, _, _ := strings.Cut(after, "</div>")
		if !found || (want == "") == strings.Contains(beside, "Careful") || !strings.Contains(beside, want) {
			t.Errorf("beside %s stands %q, want %q", name, beside, want)
		}
	}
	for _, l := range jsonLines(t, read(t, folder, find(t, folder, "messages.jsonl", "invoice.pdf.exe"))) {
		f, ok := l["file"].(map[string]any)
		if !ok {
			continue
		}
		var want any
		if all := codes[f["name"].(string)]; f["state"] == "here" && all != nil {
			list := make([]any, len(all))
			for i, code := range all {
				list[i] = code
			}
			want = list
		}
		if !reflect.DeepEqual(f["warnings"], want) {
			t.Errorf("the line of %v says %v, want %v", f["name"], f["warnings"], want)
		}
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
}

// TestEveryWarningHasWordsOnThePage reads the codes from the source of app/media, which this package may not import.
func TestEveryWarningHasWordsOnThePage(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "media", "warnings.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\tWarn\w+ +Warning = "([a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(codes) < 10 || len(codes) != len(export.WarningWords()) {
		t.Errorf("%d codes, %d with words", len(codes), len(export.WarningWords()))
	}
	for _, code := range codes {
		if export.WarningWords()[string(code[1])] == "" {
			t.Errorf("%q has no words", code[1])
		}
	}
}

func TestTwoIdsThatBeginAlikeAreTwoFiles(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	var ids []chat.MessageID
	for i := range byte(3) {
		m := w.attach(ada, "same.txt", []byte{i})
		w.update(func(tx chat.Tx) error {
			m.ID, m.Position = chat.MessageID{1, 2, 3, 4, 5, 6, i}, 0
			sealed, err := files.Seal(t.Context(), w.x.Blobs, bytes.NewReader([]byte{i}), 1, nil)
			if err != nil {
				return err
			}
			sealed.Message = m.ID
			_, err = tx.Messages().Put(m)
			return errors.Join(err, tx.Attachments().Put(sealed))
		})
		ids = append(ids, m.ID)
	}
	folder, s := w.write(export.Request{})
	if s.Manifest.Counts.Files != 6 {
		t.Errorf("%d files", s.Manifest.Counts.Files)
	}
	for i, id := range ids {
		path := line(t, folder, id)["file"].(map[string]any)["path"].(string)
		if b := read(t, folder, path); len(b) != 1 || int(b[0]) != i {
			t.Errorf("%s is another's", path)
		}
	}
}

func TestTheLineOfAFileFollowsTheSchema(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "here.png", aPNG)
	w.attach(ada, "offered", nil)
	folder, _ := w.write(export.Request{})
	var root map[string]any
	if err := json.Unmarshal(read(t, folder, "schema.json"), &root); err != nil {
		t.Fatal(err)
	}
	v, checked := validator{root}, 0
	for _, l := range jsonLines(t, read(t, folder, find(t, folder, "messages.jsonl", "here.png"))) {
		if err := v.check(root, l); err != nil {
			t.Error(err)
		}
		if f, ok := l["file"].(map[string]any); ok {
			checked++
			for name, bad := range map[string]any{"state": "there", "path": "../x", "sha256": "00", "size": "1", "reason": "why not", "warnings": "executable"} {
				old, had := f[name]
				f[name] = bad
				if v.check(root, l) == nil {
					t.Errorf("the schema takes %s %v", name, bad)
				}
				if f[name] = old; !had {
					delete(f, name)
				}
			}
		}
	}
	if checked != 2 {
		t.Errorf("%d files checked", checked)
	}
}
