package filecrypt

import "sync/atomic"

// pipelineChunks is how many chunks are under way between whoever brings them and those who work on them: half a MiB.
const pipelineChunks = 8

// pipeline brings chunks from one goroutine through others, each of which does one step with every chunk, in order: reading,
// cipher, hash and disk take about as long as each other, and a machine has several processors.
type pipeline struct {
	free   chan []byte // chunks to fill, of length 0
	first  chan []byte
	ended  chan struct{}
	failed atomic.Bool
	err    error // of the first step that failed; read when failed says so
}

// newPipeline returns a pipeline whose goroutines run until end. A step may change the bytes of its chunk.
func newPipeline(chunks int64, steps ...func(chunk []byte) error) *pipeline {
	n := int(min(chunks, pipelineChunks))
	b := &pipeline{free: make(chan []byte, n), first: make(chan []byte, n), ended: make(chan struct{})}
	all := make([]byte, n*sealedChunk)
	for i := range n {
		from, to := i*sealedChunk, (i+1)*sealedChunk
		b.free <- all[from:from:to]
	}
	in := b.first
	for i, step := range steps {
		out, last := b.free, i == len(steps)-1
		if !last {
			out = make(chan []byte, n)
		}
		go b.run(step, in, out, last)
		in = out
	}
	return b
}

// run does one step with every chunk, and none after a failure.
func (b *pipeline) run(step func(chunk []byte) error, in <-chan []byte, out chan []byte, last bool) {
	for chunk := range in {
		if !b.failed.Load() {
			if err := step(chunk); err != nil {
				b.err = err
				b.failed.Store(true)
			}
		}
		out <- chunk
	}
	if last {
		close(b.ended)
	} else {
		close(out)
	}
}

// take returns a chunk to fill, when one is free.
func (b *pipeline) take() []byte { return (<-b.free)[:0] }

// put gives a chunk to the first step.
func (b *pipeline) put(chunk []byte) { b.first <- chunk }

// failure returns why a step failed, if that is known yet. At most one step of a pipeline may fail.
func (b *pipeline) failure() error {
	if b.failed.Load() {
		return b.err
	}
	return nil
}

// end waits until every chunk that was put has gone through, and returns why a step failed.
func (b *pipeline) end() error {
	close(b.first)
	<-b.ended
	return b.failure()
}
