package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// What a file is doing while a request waits for it.
const (
	doingReading  = "reading"  // it is read and encrypted
	doingSending  = "sending"  // to the relay
	doingFetching = "fetching" // from the relay
	doingSaving   = "saving"   // decrypted and written
)

// progressObject is how far the file of a request is, in bytes.
type progressObject struct {
	V       v1              `json:"v"`
	Call    json.RawMessage `json:"call,omitempty"` // id of the request
	Message string          `json:"message"`        // empty while its file is read: there is no message yet
	Doing   string          `json:"doing"`
	Done    int64           `json:"done"`
	Total   int64           `json:"total"`
}

// progressEvery is how often the same progress is told again.
const progressEvery = 100 * time.Millisecond

// progress returns what tells how far a file is: notifications over rpc, one line on a terminal, else nothing. clear takes
// the line away.
func (d *desk) progress(ctx context.Context, message, doing string) (tell func(done, total int64), clear func()) {
	words, ok := d.words.(*os.File)
	switch {
	case d.notify != nil && requestOf(ctx) != nil:
		o := progressObject{Call: requestOf(ctx), Message: message, Doing: doing}
		return rarely(func(done, total int64) {
			o.Done, o.Total = done, total
			d.notify("progress", o)
		}), func() {}
	case d.notify == nil && ok && !d.flags.JSON && isTerminal(words):
		width := 0
		show := func(text string) {
			blank := strings.Repeat(" ", max(0, width-len(text)))
			width = len(text)
			fmt.Fprintf(words, "\r%s%s\r%s", text, blank, text)
		}
		return rarely(func(done, total int64) {
				show(fmt.Sprintf("%s: %d %%, %s of %s", doing, percent(done, total), amount(done), amount(total)))
			}), func() {
				if width > 0 {
					show("")
				}
			}
	}
	return func(int64, int64) {}, func() {}
}

// rarely passes on the first, the last, and else one in a while.
func rarely(tell func(done, total int64)) func(done, total int64) {
	var last time.Time
	ended := false
	return func(done, total int64) {
		now := time.Now()
		if ended || done < total && now.Sub(last) < progressEvery {
			return
		}
		last, ended = now, done >= total
		tell(done, total)
	}
}

func percent(done, total int64) int64 {
	if total <= 0 {
		return 100
	}
	return done * 100 / total
}
