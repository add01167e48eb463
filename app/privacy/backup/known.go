package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sotto/chat"
)

// Names of the settings about backups. Both are part of a backup.
const (
	knownSetting  = "privacy.backups"
	remindSetting = "privacy.backup-reminder"
)

// maxKnown is how many backups are remembered; older ones are forgotten first.
const maxKnown = 100

// DefaultReminder is after how long without a backup the person is reminded.
const DefaultReminder = 30 * 24 * time.Hour

// Known is a backup that was made and still holds what was deleted since, wherever the file is now.
type Known struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Path     string    `json:"path,omitempty"` // where it was written
	Size     int64     `json:"size"`
	Messages int       `json:"messages"`
	Files    int       `json:"files,omitempty"`
	Audit    uint64    `json:"audit"` // last entry of the audit log in it
	Since    int       `json:"-"`     // acts of deletion since, that it knows nothing of
}

func remember(tx chat.Tx, s Summary, path string) error {
	all, err := load(tx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(k Known) bool { return k.ID == s.ID })
	all = append(all, Known{
		ID: s.ID, Time: s.Created, Path: path, Size: s.Size, Messages: s.Counts.Messages, Files: s.Files, Audit: uint64(s.Counts.AuditEntries),
	})
	return save(tx, all[max(0, len(all)-maxKnown):])
}

// Remember keeps a backup from which the store was restored among the known ones.
func Remember(tx chat.Tx, s Summary, path string) error { return remember(tx, s, path) }

// List returns the known backups, newest first, with how much was deleted since each.
func List(tx chat.Tx) ([]Known, error) {
	all, err := load(tx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Known) int { return b.Time.Compare(a.Time) })
	oldest := slices.MinFunc(all, func(a, b Known) int { return int(int64(a.Audit) - int64(b.Audit)) }).Audit
	for after := oldest; ; {
		page, err := tx.Audit().List(after, pageOfStore)
		if err != nil || len(page) == 0 {
			return all, err
		}
		for _, e := range page {
			after = e.Seq
			if !deletes(e.Action) {
				continue
			}
			for i := range all {
				if e.Seq > all[i].Audit {
					all[i].Since++
				}
			}
		}
	}
}

// deletes reports whether an act of the audit log removed something that an earlier backup still holds.
func deletes(action string) bool {
	for _, part := range []string{".deleted", ".removed", ".erased", ".expired"} {
		if strings.Contains(action, part) && action != "consent.expired" {
			return true
		}
	}
	return false
}

// Forget takes a backup off the list, once its file is gone. Error: chat.ErrNotFound.
func Forget(tx chat.Tx, id string) error {
	all, err := load(tx)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(k Known) bool { return k.ID == id })
	if len(rest) == len(all) {
		return chat.ErrNotFound
	}
	return save(tx, rest)
}

// Standing says how old the newest backup is.
type Standing struct {
	Last   time.Time     // zero: there is none
	Remind time.Duration // after how long the person is reminded; 0: never
	First  time.Time     // when there first was something to back up: the start of the audit log
}

// Due reports whether the person is to be reminded.
func (s Standing) Due(now time.Time) bool {
	since := s.Last
	if since.IsZero() {
		since = s.First
	}
	return s.Remind > 0 && !since.IsZero() && now.Sub(since) > s.Remind
}

// State returns how old the newest backup is.
func State(tx chat.Tx) (Standing, error) {
	all, err := load(tx)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Remind: DefaultReminder}
	for _, k := range all {
		if k.Time.After(s.Last) {
			s.Last = k.Time
		}
	}
	first, err := tx.Audit().List(0, 1)
	if err != nil {
		return Standing{}, err
	}
	if len(first) > 0 {
		s.First = first[0].Time
	}
	text, err := tx.Settings().Get(remindSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return Standing{}, err
	}
	if s.Remind, err = time.ParseDuration(string(text)); err != nil || s.Remind < 0 {
		return Standing{}, fmt.Errorf("%w: reminder of backups", chat.ErrDamaged)
	}
	return s, nil
}

// SetReminder sets after how long without a backup the person is reminded; 0: never. Error: chat.ErrMalformed.
func SetReminder(tx chat.Tx, after time.Duration) error {
	if after < 0 || after > 0 && after < 24*time.Hour {
		return fmt.Errorf("%w: reminder of backups", chat.ErrMalformed)
	}
	return tx.Settings().Put(remindSetting, []byte(after.String()))
}

func load(tx chat.Tx) ([]Known, error) {
	b, err := tx.Settings().Get(knownSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Known
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%w: list of backups", chat.ErrDamaged)
	}
	return all, nil
}

func save(tx chat.Tx, all []Known) error {
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return tx.Settings().Put(knownSetting, b)
}
