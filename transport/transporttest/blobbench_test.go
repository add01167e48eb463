//go:build unix

package transporttest_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sotto/transport/relay"
	"sotto/transport/wire"
)

// BenchmarkBlob moves the largest blob up and down, over loopback under TLS with a file and its sync at the end, beside
// plain net/http that does the same: PUT and GET of the same bytes under the same TLS, to a file that is synced once. Both
// have client and server in this process.
func BenchmarkBlob(b *testing.B) {
	body := make([]byte, wire.MaxBlob)
	_, _ = rand.Read(body)
	for _, part := range []int64{wire.MaxBlob, 8 << 20, 1 << 20} {
		b.Run(fmt.Sprintf("parts of %d KiB", part>>10), func(b *testing.B) {
			ours, plain := newBlobRun(b, part, body), newPlainRun(b, body)
			var up, down, plainUp, plainDown spent
			for range b.N {
				plainUp.measure(plain.up)
				up.measure(ours.up)
				plainDown.measure(plain.down)
				down.measure(ours.down)
			}
			report := func(name string, s, anchor spent) {
				size := float64(len(body)) * float64(b.N) / (1 << 20)
				b.ReportMetric(size/s.wall.Seconds(), name+"-MiB/s")
				b.ReportMetric(size/s.cpu.Seconds(), name+"-MiB/cpu-s")
				b.ReportMetric(size/anchor.wall.Seconds(), "plain-"+name+"-MiB/s")
				b.ReportMetric(size/anchor.cpu.Seconds(), "plain-"+name+"-MiB/cpu-s")
			}
			report("up", up, plainUp)
			report("down", down, plainDown)
		})
	}
}

// spent is time of the clock and of the processor.
type spent struct{ wall, cpu time.Duration }

func (s *spent) measure(do func()) {
	wall, cpu := time.Now(), processor()
	do()
	s.wall, s.cpu = s.wall+time.Since(wall), s.cpu+processor()-cpu
}

func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type run struct{ up, down func() }

func newBlobRun(b *testing.B, part int64, body []byte) run {
	d := openDisk(b, b.TempDir())
	r := startTCP(b, func(o *relay.Options) {
		o.Store, o.Blobs = d.rows, d.blobs
		o.Limits.TokenBlobs, o.Limits.TokenBlobBytes, o.Limits.MaxBlobBytes = 1<<20, 1<<40, 1<<40
	})
	c := connect(b, r.pass.Address, nil)
	box, token := mailbox(b, c, r.pass.Secret)
	var p parcel
	sum := sha256.Sum256(body) // which a sender knows from sealing the file
	return run{
		up: func() {
			p = parcel{read: wire.NewReadKey(), upload: wire.NewUploadKey(), bytes: body}
			ok(b, p.grant(b, c, box.Mailbox, token))
			for at := int64(0); at < p.size(); {
				next, err := p.put(b, c, at, min(part, p.size()-at))
				ok(b, err)
				at = next
			}
			ok(b, c.CommitBlob(b.Context(), p.upload, sum))
		},
		down: func() {
			n, err := c.Fetch(b.Context(), p.read, 0, p.size(), io.Discard)
			ok(b, err)
			if n != p.size() {
				b.Fatal(n)
			}
			ok(b, c.DeleteBlob(b.Context(), p.read))
		},
	}
}

func newPlainRun(b *testing.B, body []byte) run {
	path := filepath.Join(b.TempDir(), "file")
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /file", func(w http.ResponseWriter, req *http.Request) {
		f, err := os.Create(path)
		if err == nil {
			_, err = io.Copy(f, req.Body)
		}
		if err == nil {
			err = f.Sync()
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, req *http.Request) { http.ServeFile(w, req, path) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(b, err)
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(tls.NewListener(l, relay.NewIdentity().TLSConfig(time.Now))) }()
	b.Cleanup(func() { _ = server.Close() })
	c := &http.Client{Transport: &http.Transport{
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
	}}
	url := "https://" + l.Addr().String() + "/file"
	return run{
		up: func() {
			req, err := http.NewRequest(http.MethodPut, url, bytes.NewReader(body))
			ok(b, err)
			resp, err := c.Do(req)
			ok(b, err)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Fatal(resp.Status)
			}
		},
		down: func() {
			resp, err := c.Get(url)
			ok(b, err)
			n, err := io.Copy(io.Discard, resp.Body)
			ok(b, err)
			if n != int64(len(body)) {
				b.Fatal(n)
			}
			ok(b, resp.Body.Close())
		},
	}
}
