package media

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

const relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

// docx returns a document with one part of relations, stored or packed.
func docx(t *testing.T, method uint16, first, relations string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{first, "x"}, {"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<document/>"}, {"word/_rels/settings.xml.rels", relations},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f[0], Method: method})
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestADocumentThatFetchesFromElsewhereIsNamed: it tells its author when it is opened, and may bring macros that are not in it.
func TestADocumentThatFetchesFromElsewhereIsNamed(t *testing.T) {
	one := func(kind, mode string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="` + relation + kind + `" Target="https://example.org/x"` + mode + `/></Relationships>`
	}
	wide := "\xff\xfe"
	for _, u := range utf16.Encode([]rune(one("attachedTemplate", ` TargetMode="External"`))) {
		wide += string([]byte{byte(u), byte(u >> 8)})
	}
	for name, row := range map[string]struct {
		relations string
		want      bool
	}{
		"nothing elsewhere": {one("styles", ""), false},
		"a link":            {one("hyperlink", ` TargetMode="External"`), false},
		"a template":        {one("attachedTemplate", ` TargetMode="External"`), true},
		"an object":         {one("oleObject", ` TargetMode="External"`), true},
		"a picture":         {one("image", ` TargetMode='External'`), true},
		"disguised":         {strings.ReplaceAll(one("frame", ` TargetMode="&#69;xternal"`), "<Relationship ", "<x:Relationship "), true},
		"in two bytes each": {wide, true},
		"cut":               {one("styles", "")[:150], true},
		"endless":           {one("styles", "") + strings.Repeat(" ", 300<<10), true},
	} {
		for _, method := range []uint16{zip.Store, zip.Deflate} {
			for _, first := range []string{"docProps/app.xml", "a.txt"} {
				data := docx(t, method, first, row.relations)
				got, err := Warnings("plan.docx", "", bytes.NewReader(data), int64(len(data)))
				if err != nil || slices.Contains(got, WarnActive) != row.want {
					t.Errorf("%s behind %s: %v, %v", name, first, got, err)
				}
			}
		}
	}
}
