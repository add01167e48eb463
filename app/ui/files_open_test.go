package ui

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"testing"

	"sotto/app/ui/theme"
)

func TestAnArchiveThatWouldFillTheDiskIsRefusedAndNotHandedOver(t *testing.T) {
	v := newWorld(t, theme.Light)
	var opened []string
	v.w.o.OpenFile = func(path string) error { opened = append(opened, path); return nil }
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if _, err := z.Create("photos.bin"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bomb := out.Bytes()
	directory := bytes.Index(bomb, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(bomb[directory+24:], 0xf0000000) // the size that it says to have unpacked
	v.sends(ada, diskFile(t, "photos.zip", bomb), "")
	v.until("it is offered", func() bool { return v.offers("photos.zip", "Download") })
	v.tap("Download")
	v.until("it is here", func() bool { return v.offers("photos.zip", "Open") })
	v.tap("Open")
	v.until("it is refused", func() bool { return v.text("photos.zip is not opened from here") })
	for _, s := range []string{"may fill the disk", "save it and unpack it where there is room"} {
		if !v.text(s) {
			t.Errorf("%q is not said", s)
		}
	}
	v.tapTop("Cancel")
	if len(opened) > 0 || v.me.Copies() > 0 {
		t.Errorf("%v was opened, and there are %d copies", opened, v.me.Copies())
	}
}
