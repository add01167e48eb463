package sqlite

import (
	"fmt"

	"sotto/chat"
)

// migration is one step of the schema and its way back, in the file migration_N.go. Numbers are positions in migrations,
// from 1; PRAGMA user_version holds the number reached. A step runs in one transaction, so that whatever ends it before
// it commits leaves the older schema as it was.
type migration struct{ up, down stage }

// stage is one direction of a migration: statements, then code that reads and writes rows where both shapes stand beside
// each other, then statements. A history that is being created has no rows, and move is not called.
type stage struct {
	before string
	move   func(*tx) error
	after  string
}

// applicationID marks the file as Sotto's ("Soto").
const applicationID = 0x536f746f

var migrations = []migration{
	{up: stage{before: schema1}, down: stage{before: schema1Down}},
	{up: stage{before: journalSchema}, down: stage{before: journalSchemaDown}},
	{
		up:   stage{before: schema3, move: listEverything, after: schema3After},
		down: stage{before: schema3Down, move: unlistEverything, after: schema3DownAfter},
	},
	{up: stage{before: schema4}, down: stage{move: forgetEnds, after: schema4Down}},
	{up: stage{before: schema5}, down: stage{move: forgetFiles, after: schema5Down}},
}

// digestsIn is how many digests the cover of a schema holds: the first of digested.
var digestsIn = []int{0, 12, 12, 16, 17, 18}

// version returns the number of the newest migration that the file has.
func version(c *conn) (int, error) {
	row, err := c.row("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	if row == nil {
		return 0, damaged("schema")
	}
	return int(integer(row[0])), nil
}

// migrate brings the schema to the wanted number, up or down, one transaction for each step. A file from a newer version
// is refused before anything is written. The caller has the lock.
func (s *Store) migrate(want int) error {
	have, err := version(s.writer)
	if err != nil {
		return err
	}
	if have > len(migrations) {
		return fmt.Errorf("%w: schema %d", chat.ErrNewerFormat, have)
	}
	for have != want {
		next, step := have+1, stage{}
		if have < want {
			step = migrations[have].up
		} else {
			next, step = have-1, migrations[have-1].down
		}
		if err := s.step(step, have, next); err != nil {
			s.schema = have
			return err
		}
		have = next
	}
	return nil
}

func (s *Store) step(step stage, have, next int) error {
	s.forget()
	return s.transact(func(t *tx) error {
		if err := t.c.script(step.before); err != nil {
			return err
		}
		s.reach("shaped")
		kept := s.loaded && next > 0 // a history with rows before and after
		if kept && step.move != nil {
			if err := step.move(t); err != nil {
				return err
			}
		}
		s.reach("moved")
		if err := t.c.script(step.after); err != nil {
			return err
		}
		s.schema = next
		if kept {
			if err := t.updateState(); err != nil {
				return err
			}
		}
		s.reach("settled")
		return t.c.script(fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d;", next, applicationID))
	})
}
