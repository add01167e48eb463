package sqlite

import (
	"context"
)

// filesExaminedAtOnce is how many attachments, with their previews, one unit of work of Examine reads.
const filesExaminedAtOnce = 64

func (s *Store) examineFiles(ctx context.Context, out *Examined) error {
	for last, more := int64(0), true; more; {
		err := s.view(ctx, func(t *tx) error {
			rows, err := t.c.rows(selectAttachment+" WHERE id > ? ORDER BY id LIMIT ?", last, int64(filesExaminedAtOnce))
			if err != nil {
				return err
			}
			more = len(rows) == filesExaminedAtOnce
			for _, row := range rows {
				last = integer(row[0])
				if err := t.examineFile(row, out); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) examineFile(row []value, out *Examined) error {
	r := attachmentsRepo{t}
	f, err := r.read(row)
	if err != nil || f.preview == (mark{}) {
		return out.note(attachments.name, err)
	}
	_, err = r.preview(f)
	return out.note(previews.name, err)
}
