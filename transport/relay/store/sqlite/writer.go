package sqlite

import (
	"context"
	"errors"
	"fmt"

	"sotto/transport/wire"
)

// maxGroup bounds how many jobs share one commit, and how many wait.
const maxGroup = 512

// job is one change. Its result is told only after the commit of its group.
type job struct {
	do   func() error
	done func(error)
}

// refusal marks an outcome of the protocol, reached before anything was written: the group goes on.
func refusal(err error) bool {
	for _, e := range []error{
		wire.ErrNoMailbox, wire.ErrUnauthorized, wire.ErrExpired, wire.ErrQuota, wire.ErrNotFound, wire.ErrConflict,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// write runs a change on the writer goroutine and returns after its commit. It does not give up when
// ctx ends after the change was handed over: the outcome would be unknown.
func (s *Store) write(ctx context.Context, do func() error) error {
	result := make(chan error, 1)
	j := job{do: do, done: func(err error) { result <- err }}
	select {
	case s.jobs <- j:
	case <-s.quit:
		return wire.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-result:
		return err
	case <-s.ended:
		select {
		case err := <-result:
			return err
		default:
			return wire.ErrUnavailable
		}
	}
}

func (s *Store) run() {
	defer close(s.ended)
	group := make([]job, 0, maxGroup)
	for {
		select {
		case j := <-s.jobs:
			group = append(group[:0], j)
		case <-s.quit:
			s.drain()
			return
		}
		s.group(s.gather(group))
	}
}

// gather adds what already waits; it does not wait for more.
func (s *Store) gather(group []job) []job {
	for len(group) < maxGroup {
		select {
		case j := <-s.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

func (s *Store) drain() {
	for {
		group := s.gather(nil)
		if len(group) == 0 {
			return
		}
		s.group(group)
	}
}

// group runs jobs in one transaction. A failure of the storage fails them all: none of it happened.
func (s *Store) group(jobs []job) {
	results := make([]error, len(jobs))
	if err := s.transaction(jobs, results); err != nil {
		clear(s.boxes) // they count what was rolled back
		for i := range results {
			results[i] = fmt.Errorf("%w: %w", wire.ErrUnavailable, err)
		}
	}
	clear(s.touch)
	if len(s.boxes) > maxBoxes {
		clear(s.boxes)
	}
	for i, j := range jobs {
		j.done(results[i])
	}
}

func (s *Store) transaction(jobs []job, results []error) error {
	if _, err := s.stmt.begin.Exec(); err != nil {
		return err
	}
	if err := s.fill(jobs, results); err != nil {
		_, _ = s.stmt.rollback.Exec()
		return err
	}
	if _, err := s.stmt.commit.Exec(); err != nil {
		_, _ = s.stmt.rollback.Exec()
		return err
	}
	return nil
}

func (s *Store) fill(jobs []job, results []error) error {
	for i, j := range jobs {
		if err := j.do(); err != nil {
			if !refusal(err) {
				return err
			}
			results[i] = err
		}
	}
	for b := range s.touch {
		if _, err := s.stmt.setSeq.Exec(int64(b.lastSeq), b.id); err != nil {
			return err
		}
	}
	return nil
}
