package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// zipOf is a ZIP archive of entries, each of a few bytes.
func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("entry")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// odfOf is an OpenDocument file of a type.
func odfOf(t testing.TB, media string, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "mimetype", Method: zip.Store, CompressedSize64: uint64(len(media)), UncompressedSize64: uint64(len(media))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(media)); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withZIP changes each directory entry of an archive.
func withZIP(b []byte, change func(entry []byte)) []byte {
	b = bytes.Clone(b)
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("PK\x01\x02"))
		if i < 0 {
			return b
		}
		at += i
		change(b[at:])
		at += 46
	}
}

// zip64 gives an archive the end of the 64-bit form.
func zip64(b []byte) []byte {
	at := len(b) - 22
	end := bytes.Clone(b[at:])
	r := make([]byte, 56)
	copy(r, "PK\x06\x06")
	binary.LittleEndian.PutUint64(r[32:], uint64(binary.LittleEndian.Uint16(end[10:])))
	binary.LittleEndian.PutUint64(r[40:], uint64(binary.LittleEndian.Uint32(end[12:])))
	binary.LittleEndian.PutUint64(r[48:], uint64(binary.LittleEndian.Uint32(end[16:])))
	l := append([]byte("PK\x06\x07"), make([]byte, 16)...)
	copy(end[8:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	return slices.Concat(b[:at], r, l, end)
}

// oleOf is an OLE file whose directory has entries, in one sector each three after the root.
func oleOf(class string, names ...string) []byte {
	b := make([]byte, 512)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1) // the directory begins in sector 1
	entry := func(name string, kind byte, class string) []byte {
		e := make([]byte, 128)
		for i, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(e[2*i:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66] = kind
		copy(e[80:], class)
		return e
	}
	directory := entry("Root Entry", 5, class)
	for _, name := range names {
		directory = append(directory, entry(name, 1, "")...)
	}
	for len(directory)%512 != 0 {
		directory = append(directory, 0)
	}
	table := make([]byte, 512)
	last := len(directory) / 512
	for i := 1; i <= last; i++ {
		binary.LittleEndian.PutUint32(table[4*i:], uint32(i+1))
	}
	binary.LittleEndian.PutUint32(table[4*last:], 0xfffffffe)
	return slices.Concat(b, table, directory)
}

const msiClass = "\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"

func TestFilesThatMayHarmAreNamed(t *testing.T) {
	s := seeds(t)
	pe := "MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 60) + "PE\x00\x00"
	iso := append(make([]byte, 32769), "CD001\x01"...)
	dmg := append(append(make([]byte, 4096), "koly"...), make([]byte, 508)...)
	tar := append(append(make([]byte, 257), "ustar\x0000"...), make([]byte, 300)...)
	tar[0] = 'a'
	word := []string{"[Content_Types].xml", "word/document.xml"}
	for _, c := range []struct {
		name, claimed string
		data          []byte
		want          []Warning
	}{
		{"photo.jpg", "image/jpeg", s["exif.jpg"], nil},
		{"PHOTO.JPEG", "", s["progressive.jpg"], nil},
		{"picture.png", "image/png", s["text.png"], nil},
		{"anim.gif", "image/gif", s["animated.gif"], nil},
		{"a.webp", "image/webp", s["alpha.webp"], nil},
		{"report.pdf", mediaPDF, []byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj"), nil},
		{"report.v2.final.pdf", "", []byte("%PDF-1.4\n/Title (JavaScript for beginners)"), nil},
		{"notes.txt", "text/plain", []byte("Just a text.\n"), nil},
		{"latin.txt", "", []byte("Gr\xfc\xdfe"), nil},
		{"table.csv", "", []byte("a,b\n1,2\n"), nil},
		{"a.md", "", []byte("# Title\n"), nil},
		{"noextension", "", []byte("text"), nil},
		{"empty.jpg", "image/jpeg", nil, nil},
		{"letter.docx", "", zipOf(t, word...), nil},
		{"letter.docx", "", zipOf(t, append([]string{"docProps/app.xml"}, word...)...), nil},
		{"sheet.xlsx", "", zipOf(t, "[Content_Types].xml", "xl/workbook.xml"), nil},
		{"letter.odt", "", odfOf(t, mediaODF+"text", "content.xml"), nil},
		{"book.epub", "", odfOf(t, mediaEPUB, "OEBPS/a.xhtml"), nil},
		{"old.doc", "", oleOf("", "WordDocument"), nil},
		{"song.mp3", "audio/mpeg", []byte("ID3\x03\x00...."), nil},
		{"film.mp4", "video/mp4", []byte("\x00\x00\x00\x18ftypisom...."), nil},
		{"family emoji 👩\u200d👩\u200d👧.jpg", "", s["gray.jpg"], nil},

		{"setup.exe", "", []byte(pe), []Warning{WarnExecutable}},
		{"tool", "", []byte("\x7fELF\x02\x01\x01"), []Warning{WarnExecutable}},
		{"app", "", []byte("\xcf\xfa\xed\xfe\x07\x00"), []Warning{WarnExecutable}},
		{"a.class", "", []byte("\xca\xfe\xba\xbe\x00\x00\x00\x41"), []Warning{WarnExecutable}},
		{"a.jar", "", zipOf(t, "META-INF/MANIFEST.MF", "A.class"), []Warning{WarnExecutable}},
		{"run", "", []byte("#!/bin/sh\nrm -rf ~"), []Warning{WarnScript}},
		{"run.bat", "", []byte("del *"), []Warning{WarnScript}},
		{"macro.vbs", "", []byte("MsgBox 1"), []Warning{WarnScript}},
		{"registry.reg", "", []byte("\xff\xfeW\x00i\x00n\x00d\x00o\x00w\x00s\x00 \x00R\x00e\x00g\x00i\x00s\x00t\x00r\x00y\x00 \x00E\x00d\x00i\x00t\x00o\x00r\x00 \x00V\x00e\x00r\x00s\x00i\x00o\x00n\x00"), []Warning{WarnScript}},
		{"setup.msi", "", oleOf(msiClass), []Warning{WarnInstaller}},
		{"setup.dat", "", oleOf(msiClass), []Warning{WarnInstaller}},
		{"a.deb", "", []byte("!<arch>\ndebian-binary   "), []Warning{WarnInstaller}},
		{"a.apk", "", zipOf(t, "AndroidManifest.xml", "classes.dex"), []Warning{WarnInstaller}},
		{"a.lnk", "", []byte("L\x00\x00\x00\x01\x14\x02\x00"), []Warning{WarnShortcut}},
		{"a.desktop", "", []byte("[Desktop Entry]\nExec=sh"), []Warning{WarnShortcut}},
		{"a.url", "", []byte("[InternetShortcut]\r\nURL=file://x"), []Warning{WarnShortcut}},
		{"page.html", "", []byte("<!DOCTYPE html><p>"), []Warning{WarnActive}},
		{"logo.svg", "", []byte("<?xml version='1.0'?>\n<!-- x -->\n<svg onload='x'/>"), []Warning{WarnActive}},
		{"form.pdf", "", []byte("%PDF-1.7\n<</S/JavaScript/JS(app.alert(1))>>"), []Warning{WarnActive}},
		{"start.pdf", "", append(append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), scanWindow-15)...), "/Launch <<"...), []Warning{WarnActive}},
		{"disk.iso", "", iso, []Warning{WarnDiskImage}},
		{"disk.dmg", "", dmg, []Warning{WarnDiskImage}},
		{"letter.docm", "", zipOf(t, append(word, "word/vbaProject.bin")...), []Warning{WarnMacro}},
		{"letter.docx", "", zipOf(t, append(word, "word/vbaProject.bin")...), []Warning{WarnMacro}},
		{"letter.odt", "", odfOf(t, mediaODF+"text", "content.xml", "Basic/Standard/Module1.xml"), []Warning{WarnMacro}},
		{"old.doc", "", oleOf("", "WordDocument", "Data", "1Table", "Macros", "VBA"), []Warning{WarnMacro}},
		{"old.xls", "", oleOf("", "Workbook"), []Warning{WarnMacro}},
		{"broken.doc", "", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...."), []Warning{WarnMacro}},
		{"holiday.zip", "", zipOf(t, "a.jpg", "b/c.txt"), []Warning{WarnArchive}},
		{"holiday.zip", "", zipOf(t, "a.jpg", "b/photo.jpg.exe"), []Warning{WarnArchiveExecutable, WarnArchive}},
		{"holiday.zip", "", zipOf(t, "b.lnk"), []Warning{WarnArchiveExecutable, WarnArchive}},
		{"large form.zip", "", zip64(zipOf(t, "a.jpg")), []Warning{WarnArchive}},
		{"large form.zip", "", zip64(zipOf(t, "a.exe")), []Warning{WarnArchiveExecutable, WarnArchive}},
		{"before.zip", "", append([]byte("PK\x03\x04"), zipOf(t, "a.exe")...), []Warning{WarnArchiveExecutable, WarnArchive}},
		{"secret.zip", "", withZIP(zipOf(t, "a.jpg"), func(e []byte) { e[8] |= 1 }), []Warning{WarnEncrypted, WarnArchive}},
		{"many.zip", "", zipOf(t, slices.Repeat([]string{"a"}, maxEntries+1)...), []Warning{WarnEncrypted, WarnArchive}},
		{"broken.zip", "", withZIP(zipOf(t, "a", "b.exe"), func(e []byte) { e[28] = 40 }), []Warning{WarnEncrypted, WarnArchive}},
		{"bomb.zip", "", withZIP(zipOf(t, "a", "b"), func(e []byte) { copy(e[24:], "\x00\x00\x00\xf0") }), []Warning{WarnBomb, WarnArchive}},
		{"cut.zip", "", zipOf(t, "a.jpg")[:60], []Warning{WarnEncrypted, WarnArchive}},
		{"a.7z", "", []byte("7z\xbc\xaf\x27\x1c\x00\x04"), []Warning{WarnArchive}},
		{"a.tar", "", tar, []Warning{WarnArchive}},
		{"a.tar.gz", "", []byte("\x1f\x8b\x08\x00"), []Warning{WarnArchive}},
		{"a.rar", "", []byte("Rar!\x1a\x07\x01\x00"), []Warning{WarnArchive}},

		{"invoice.pdf.exe", "", []byte(pe), []Warning{WarnExecutable, WarnDoubleExtension}},
		{"photo.jpg          .scr", "", []byte(pe), []Warning{WarnExecutable, WarnDoubleExtension}},
		{"photo.jpg.exe. . ", "", []byte(pe), []Warning{WarnExecutable, WarnDoubleExtension}},
		{"photo\u202egpj.exe", "", []byte(pe), []Warning{WarnExecutable, WarnHiddenCharacters}},
		{"zero\u200bwidth.txt", "", []byte("text"), []Warning{WarnHiddenCharacters}},
		{"photo.jpg", "", []byte(pe), []Warning{WarnExecutable, WarnTypeDiffers}},
		{"photo.jpg", "", []byte("<html><script>"), []Warning{WarnActive, WarnTypeDiffers}},
		{"photo.jpg", "", []byte("only a text"), []Warning{WarnTypeDiffers}},
		{"photo.jpg", "", s["palette.png"], []Warning{WarnTypeDiffers}},
		{"photo.jpg", "", []byte{1, 2, 3}, []Warning{WarnTypeDiffers}},
		{"notes.txt", "", []byte(pe), []Warning{WarnExecutable, WarnTypeDiffers}},
		{"report.pdf", "", zipOf(t, "a.exe"), []Warning{WarnArchiveExecutable, WarnArchive, WarnTypeDiffers}},
		{"file", "image/png", s["gray.jpg"], []Warning{WarnTypeDiffers}},
		{"file", "text/plain; charset=utf-8", []byte(pe), []Warning{WarnExecutable, WarnTypeDiffers}},
	} {
		got, err := Warnings(c.name, c.claimed, bytes.NewReader(c.data), int64(len(c.data)))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q %q: %v, want %v, %v", c.name, c.claimed, got, c.want, err)
		}
	}
}

func TestANameAloneWarnsBeforeTheContentIsHere(t *testing.T) {
	for name, want := range map[string][]Warning{
		"photo.jpg": nil, "a.zip": nil, "invoice.pdf.exe": {WarnExecutable, WarnDoubleExtension}, "x.PS1": {WarnScript},
		"a\u2066b.docm": {WarnMacro, WarnHiddenCharacters}, "": nil, ".exe": {WarnExecutable},
	} {
		if got, err := Warnings(name, "", nil, 1000); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v, %v", name, got, want, err)
		}
	}
}

func TestWarningsTellWhatTheSourceCannot(t *testing.T) {
	broken := errors.New("a disk's mistake")
	got, err := Warnings("a.exe", "", io.NewSectionReader(failing{err: broken}, 400, 1000), 1000)
	if !errors.Is(err, broken) || !slices.Equal(got, []Warning{WarnExecutable}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTypesAreKnownByContent(t *testing.T) {
	for content, want := range map[string]Type{
		"\xff\xd8\xff\xe0":             {mediaJPEG, ClassPicture, true},
		pngSignature:                   {mediaPNG, ClassPicture, true},
		"GIF89a":                       {mediaGIF, ClassPicture, true},
		"RIFF\x00\x00\x00\x00WEBPVP8 ": {mediaWebP, ClassPicture, true},
		"RIFF\x00\x00\x00\x00WAVEfmt ": {"audio/wav", ClassAudio, false},
		"\x00\x00\x00\x18ftypheic":     {"image/heic", ClassPicture, false},
		"\x00\x00\x00\x18ftypavif":     {"image/avif", ClassPicture, false},
		"\x00\x00\x00\x18ftypqt  ":     {"video/quicktime", ClassVideo, false},
		"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00": {"image/bmp", ClassPicture, false},
		"#![allow(dead_code)] // Rust":                                       {mediaText, ClassText, false},
		"BM is short for benchmark":                                          {mediaText, ClassText, false},
		"MZ is how this text begins":                                         {mediaText, ClassText, false},
		"\xca\xfe\xba\xbe\x00\x00\x00\x02":                                   {"application/x-mach-binary", ClassExecutable, false},
		"\xca\xfe\xba\xbe\x00\x00\x00\x34":                                   {"application/java-vm", ClassExecutable, false},
		"\xff\xfb\x90\x00":                                                   {"audio/mpeg", ClassAudio, false},
		"\xff\xf1\x50\x80":                                                   {"audio/aac", ClassAudio, false},
		"\x0a junk %PDF-1.4 1 0 obj":                                         {mediaPDF, ClassDocument, false},
		"This text mentions %PDF-1.4 in words":                               {mediaText, ClassText, false},
		"  \n<!-- a comment --><HTML>":                                       {mediaHTML, ClassActive, false},
		"\xef\xbb\xbf<svg xmlns=''>":                                         {mediaSVG, ClassActive, false},
		"<?xml version='1.0'?><note/>":                                       {mediaXML, ClassText, false},
		"<?xml version='1.0'?><x><svg/></x>":                                 {mediaSVG, ClassActive, false},
		"\xff\xfeh\x00i\x00":                                                 {mediaText, ClassText, false},
		"caf\xc3\xa9 \xe2\x82":                                               {mediaText, ClassText, false},
		"\x00\x01\x02\x03":                                                   {mediaUnknown, "", false},
		"":                                                                   {mediaUnknown, "", false},
	} {
		if got := Sniff([]byte(content)); got != want {
			t.Errorf("%q is %+v, want %+v", content, got, want)
		}
	}
}

// TestRarerKindsThatSystemsActOnAreNamed: settings that start programs, links to servers, databases and queries with macros.
func TestRarerKindsThatSystemsActOnAreNamed(t *testing.T) {
	for name, want := range map[string]Warning{
		"plan.terminal": WarnScript, "plan.wsb": WarnScript, "plan.pyz": WarnScript, "plan.vsmacros": WarnScript, "plan.shs": WarnScript,
		"plan.accde": WarnMacro, "plan.mdb": WarnMacro, "plan.oqy": WarnMacro, "plan.wll": WarnMacro, "plan.xla": WarnMacro, "plan.vsdm": WarnMacro,
		"plan.msu": WarnInstaller, "plan.crt": WarnInstaller, "plan.vsto": WarnInstaller, "plan.afploc": WarnShortcut, "plan.ica": WarnShortcut,
		"plan.saver": WarnExecutable, "plan.so": WarnExecutable, "plan.xslt": WarnActive,
	} {
		got, err := Warnings(name, "", nil, 0)
		if err != nil || !slices.Contains(got, want) {
			t.Errorf("%s: %v, %v; want %s", name, got, err, want)
		}
	}
}
