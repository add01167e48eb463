//go:build unix

package filecrypt

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"
)

const benchSize = 32 << 20

// measure reports the content that is worked on in a CPU-second, which other programs on the machine do not change.
func measure(b *testing.B, work func()) {
	b.SetBytes(benchSize)
	b.ReportAllocs()
	began := cpuTime(b)
	for b.Loop() {
		work()
	}
	took := cpuTime(b) - began
	b.ReportMetric(float64(b.N)*benchSize/1e6/took.Seconds(), "MB/CPU-s")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSeal(b *testing.B) {
	plain := content(benchSize)
	measure(b, func() {
		w := NewWriter(io.Discard, NewKey(), benchSize)
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	key := NewKey()
	sealed := seal(b, key, content(benchSize))
	measure(b, func() {
		if _, err := Verify(bytes.NewReader(sealed), key, benchSize); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	key := NewKey()
	sealed := seal(b, key, content(benchSize))
	buffer := make([]byte, ChunkSize)
	measure(b, func() {
		r, err := NewReader(bytes.NewReader(sealed), key, int64(len(sealed)), benchSize)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buffer); err != nil {
			b.Fatal(err)
		}
	})
}
