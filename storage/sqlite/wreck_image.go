package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
)

// wreckPage is the size of the pages of every history, in bytes: SQLite's default since 2016. It is not read from the
// header, which may be what is damaged.
const wreckPage = 4096

// image is a database file with its write-ahead log, read without SQLite (https://sqlite.org/fileformat2.html, sections
// 1 and 4). Nothing is ever written, no lock is taken.
type image struct {
	db, log *os.File
	pages   uint32           // of the database as the last commit left it
	held    uint32           // pages that the file itself has whole
	frames  map[uint32]int64 // place in the log of the newest sound frame of a page
	stray   []int64          // frames that fail their checksum
	total   int              // frames of the log's present generation
	lost    bool             // there is a log of which nothing can be used
	broken  bool             // a commit in the log that was synced before another one is not whole
}

// openImage opens the files of the database at path. Errors: chat.ErrNoProfile, ErrReadOnly.
func openImage(path string) (*image, error) {
	db, err := os.Open(path)
	if err != nil {
		return nil, fileError(err)
	}
	im := &image{db: db, frames: map[uint32]int64{}}
	info, err := db.Stat()
	if err != nil {
		return nil, errors.Join(fileError(err), db.Close())
	}
	im.held = uint32(min(info.Size()/wreckPage, 1<<31))
	im.pages = im.held
	header := make([]byte, 100)
	if _, err := db.ReadAt(header, 0); err == nil {
		// The header may claim more than a cut file holds; what it claims is bounded by what could ever have been there.
		if n := binary.BigEndian.Uint32(header[28:]); n > im.pages && n < 2*im.pages+1024 {
			im.pages = n
		}
	}
	if im.log, err = os.Open(path + "-wal"); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return im, nil
		}
		return nil, errors.Join(fileError(err), db.Close())
	}
	if err := im.readLog(); err != nil {
		im.close()
		return nil, err
	}
	return im, nil
}

func (im *image) close() {
	im.db.Close() //nolint:errcheck // read only
	if im.log != nil {
		im.log.Close() //nolint:errcheck // read only
	}
}

const (
	logHeader   = 32
	frameHeader = 24
)

// readLog finds the newest frame of every page. Where SQLite stops at the first frame that fails its checksum, this goes
// on: each row proves itself later. Frames after the last commit were never acknowledged and do not count.
func (im *image) readLog() error {
	info, err := im.log.Stat()
	if err != nil {
		return fileError(err)
	}
	header := make([]byte, logHeader)
	if info.Size() < logHeader+frameHeader {
		return nil // reset, or begun and never committed
	}
	if _, err := im.log.ReadAt(header, 0); err != nil {
		return fileError(err)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if header[3]&1 == 1 {
		order = binary.BigEndian
	}
	sum := [2]uint32{binary.BigEndian.Uint32(header[24:]), binary.BigEndian.Uint32(header[28:])}
	salt := header[16:24]
	type frame struct {
		page   uint32
		at     int64
		sound  bool
		commit bool
	}
	var frames []frame
	committed, size := 0, uint32(0)
	b := make([]byte, frameHeader+wreckPage)
	for at := int64(logHeader); at+int64(len(b)) <= info.Size(); at += int64(len(b)) {
		if _, err := im.log.ReadAt(b, at); err != nil {
			return fileError(err)
		}
		got := logSum(logSum(sum, order, b[:8]), order, b[frameHeader:])
		sum = [2]uint32{binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])}
		sound := got == sum
		if !bytes.Equal(b[8:16], salt) {
			if sound && len(frames) == 0 { // the header is what is damaged
				salt = bytes.Clone(b[8:16])
			} else if sound || at == logHeader {
				break // of an earlier generation
			}
		}
		n := binary.BigEndian.Uint32(b[4:])
		frames = append(frames, frame{binary.BigEndian.Uint32(b), at + frameHeader, sound, n != 0})
		if sound && n != 0 {
			committed, size = len(frames), n
		}
	}
	sum = logSum([2]uint32{}, order, header[:24])
	sound := sum == [2]uint32{binary.BigEndian.Uint32(header[24:]), binary.BigEndian.Uint32(header[28:])}
	im.lost = committed == 0 && (!sound || header[0] != 0x37) // else it is of an interrupted first commit
	im.total = committed
	torn, ends := false, 0 // a bad frame, and sound commits since
	for _, f := range frames[:committed] {
		if !f.sound {
			torn = true
		} else if f.commit && torn {
			ends++
		}
	}
	// The first commit after it may be its own, torn when the power failed. One behind that was begun after a sync.
	im.broken = ends > 1
	for _, f := range frames[:committed] {
		switch {
		case !f.sound:
			im.stray = append(im.stray, f.at)
		case f.page > 0:
			im.frames[f.page] = f.at
		}
	}
	if committed > 0 {
		im.pages = size
	}
	return nil
}

// logSum is the checksum of the log's format: order is that of the machine that wrote it.
func logSum(s [2]uint32, order binary.ByteOrder, b []byte) [2]uint32 {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}

// page reads a page by its number, from 1, as the last commit left it; false when it cannot be read.
func (im *image) page(n uint32, b []byte) bool {
	if at, ok := im.frames[n]; ok {
		_, err := im.log.ReadAt(b, at)
		return err == nil
	}
	if n == 0 || n > im.held {
		return false
	}
	_, err := im.db.ReadAt(b, int64(n-1)*wreckPage)
	return err == nil
}

// each calls f with every page, those of the file first: what is newer comes later. A page of number 0 is a frame that
// fails its checksum.
func (im *image) each(f func(n uint32, page []byte, readable bool) error) error {
	b := make([]byte, wreckPage)
	for n := uint32(1); n <= im.pages; n++ {
		ok := im.page(n, b)
		if err := f(n, b, ok); err != nil {
			return err
		}
	}
	for _, at := range im.stray {
		_, err := im.log.ReadAt(b, at)
		if err := f(0, b, err == nil); err != nil {
			return err
		}
	}
	return nil
}
