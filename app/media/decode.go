package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"golang.org/x/image/webp"

	"sotto/chat"
)

// Bounds of decoding.
const (
	MaxPixels = 100 << 20        // of a picture as stored
	MaxMemory = 128 << 20        // bytes that decoding one may need
	MaxTime   = 10 * time.Second // that decoding one may take
	MaxShown  = 4096             // pixels of a side of what Decode returns
	maxSide   = 1 << 16          // pixels of a side as stored

	smallSide   = 1280    // pixels of a side of a small picture
	smallMemory = 8 << 20 // bytes that decoding one may need
)

// Why a picture is not shown.
var (
	// ErrNotPicture: its content is none of the formats that are decoded here: JPEG, PNG, GIF, WebP. Of an animation the
	// first frame is shown.
	ErrNotPicture = errors.New("not a picture that can be shown")
	// ErrBudget: showing it would take more memory or time than a picture is given.
	ErrBudget = errors.New("picture exceeds the bounds")
	// ErrBroken: it is damaged.
	ErrBroken = errors.New("picture damaged")
)

// worker is held by the one picture of the process that is being decoded.
var worker = make(chan struct{}, 1)

// Decode decodes a picture that anyone may have made, scaled down to fit width x height pixels (at most MaxShown each; 0:
// MaxShown), never up, with its orientation applied. Size and cost are judged by its header before anything is decoded;
// one picture is decoded at a time, within MaxMemory and MaxTime; a decoder that panics is an error. Errors: [ErrNotPicture], [ErrBudget], [ErrBroken], ctx, those of src.
func Decode(ctx context.Context, src io.ReaderAt, size int64, width, height int) (*image.RGBA, error) {
	h, err := readHeader(src, size)
	if err != nil {
		return nil, err
	}
	if !h.affordable() {
		return nil, ErrBudget
	}
	select {
	case worker <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-worker }()
	limited, cancel := context.WithTimeout(ctx, MaxTime)
	defer cancel()
	m, err := h.decode(limited, src, size, width, height)
	if h.cost > MaxMemory/8 {
		debug.FreeOSMemory()
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, ErrBudget
	}
	return m, err
}

// DecodeSmall decodes what [Small] made, here or at a peer who may have made something else: JPEG without progression, at
// most [chat.MaxPreview] bytes and 1280 pixels a side, scaled like [Decode]. That is cheap enough to be shown unasked, and
// it does not wait for other pictures. Errors: [ErrBudget], [ErrBroken], ctx.
func DecodeSmall(ctx context.Context, data []byte, width, height int) (*image.RGBA, error) {
	if len(data) > chat.MaxPreview {
		return nil, ErrBudget
	}
	src := bytes.NewReader(data)
	h, err := readHeader(src, src.Size())
	switch {
	case err != nil || h.media != mediaJPEG:
		return nil, ErrBroken
	case h.width > smallSide || h.height > smallSide || h.progressive || h.cost > smallMemory:
		return nil, ErrBudget
	}
	h.small = true
	return h.decode(ctx, src, src.Size(), width, height)
}

func (h header) affordable() bool {
	return h.width <= maxSide && h.height <= maxSide && int64(h.width)*int64(h.height) <= MaxPixels && h.cost <= MaxMemory
}

// decode decodes and scales; a panic of a decoder is a damaged picture.
func (h header) decode(ctx context.Context, src io.ReaderAt, size int64, width, height int) (m *image.RGBA, err error) {
	var whole io.Reader = io.NewSectionReader(src, 0, size)
	room := int64(MaxMemory)
	if h.small {
		room = smallMemory
	}
	if h.late > 0 && h.cost+h.late > room {
		whole = &lateReader{src: whole, from: h.pixels}
	}
	if h.first != nil {
		whole = &planReader{src: src, pieces: h.first}
	}
	r := &budgetReader{ctx: ctx, src: whole, limit: h.cost + MaxMemory/2}
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("%w: the decoder failed", ErrBroken)
		}
	}()
	big, err := h.decoder()(r)
	switch {
	case r.err != nil:
		return nil, r.err
	case err != nil:
		return nil, ErrBroken
	}
	canvas := image.Rect(0, 0, h.width, h.height).Sub(h.place)
	if !big.Bounds().In(canvas) {
		return nil, ErrBroken
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return turn(scale(big, canvas, h.fit(width, height)), h.turn), nil
}

func (h header) decoder() func(io.Reader) (image.Image, error) {
	switch h.media {
	case mediaJPEG:
		return jpeg.Decode
	case mediaPNG:
		return png.Decode
	case mediaGIF:
		return gif.Decode
	}
	return webp.Decode
}

// fit is the size, before the orientation is applied, that fits width x height after it.
func (h header) fit(width, height int) image.Point {
	bound := func(n int) int {
		if n <= 0 || n > MaxShown {
			return MaxShown
		}
		return n
	}
	width, height = bound(width), bound(height)
	if h.turn >= 5 {
		width, height = height, width
	}
	w, t := h.width, h.height
	if w > width {
		w, t = width, max(1, (h.height*width+h.width/2)/h.width)
	}
	if t > height {
		w, t = max(1, (h.width*height+h.height/2)/h.height), height
	}
	return image.Pt(min(w, width), t)
}

// readStep bounds one read, so that a decoder that does much with few bytes meets its bounds often.
const readStep = 4 << 10

// budgetReader reads until the time is over or the heap has grown too much. Its first error but the end stays.
type budgetReader struct {
	ctx      context.Context
	src      io.Reader
	limit    int64 // bytes the heap may grow
	began    int64
	measured bool
	swept    int
	unseen   int // bytes until the heap is looked at again
	heap     [2]metrics.Sample
	err      error
}

func (r *budgetReader) Read(b []byte) (int, error) {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	if r.err == nil && r.unseen <= 0 {
		r.unseen = readStep
		if r.grown() {
			r.err = ErrBudget
		}
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(b[:min(len(b), readStep)])
	r.unseen -= n
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// grown reports whether the heap grew beyond the limit since the first read, garbage not counted: neither what was there
// before, which is why it is measured from what a collection left, nor what came since. Others allocate as well: it is
// the second line behind the header's estimate, and generous.
func (r *budgetReader) grown() bool {
	live, inUse := r.inHeap()
	if !r.measured || live < r.began {
		r.began, r.measured = live, true
	}
	if inUse-r.began <= r.limit {
		return false
	}
	if r.swept++; r.swept > maxSweeps {
		return true
	}
	runtime.GC()
	_, inUse = r.inHeap()
	return inUse-r.began > r.limit
}

// maxSweeps is how often a heap that seems to have grown is swept to know it, for one picture.
const maxSweeps = 8

// inHeap returns the bytes of what the last collection left, and of all that is there now.
func (r *budgetReader) inHeap() (live, inUse int64) {
	r.heap[0].Name, r.heap[1].Name = "/gc/heap/live:bytes", "/memory/classes/heap/objects:bytes"
	metrics.Read(r.heap[:])
	return int64(r.heap[0].Value.Uint64()), int64(r.heap[1].Value.Uint64())
}
