package moved

import (
	"context"
	"errors"
	"time"

	"sotto/chat"
	"sotto/crypto/identity"
	"sotto/storage"
)

// ToNewDevice replaces the device of the profile in dir by one that the next device list names. now is later than the
// making of the last list by a second or more.
func ToNewDevice(ctx context.Context, dir string, o storage.Options, secret storage.Secret, now time.Time) error {
	return move(ctx, dir, o, secret, now, false)
}

// Restored replaces the device by one on a list that follows none, as restoring from a backup does.
func Restored(ctx context.Context, dir string, o storage.Options, secret storage.Secret, now time.Time) error {
	return move(ctx, dir, o, secret, now, true)
}

func move(ctx context.Context, dir string, o storage.Options, secret storage.Secret, now time.Time, anew bool) error {
	store, err := storage.Open(ctx, dir, secret, o)
	if err != nil {
		return err
	}
	err = store.Update(ctx, func(tx chat.Tx) error {
		if err := replaceDevice(tx, now, anew); err != nil {
			return err
		}
		return dropSessions(tx)
	})
	return errors.Join(err, store.Close())
}

func replaceDevice(tx chat.Tx, now time.Time, anew bool) error {
	secret, err := tx.Settings().Get("messenger/identity")
	if err != nil {
		return err
	}
	id, err := identity.Parse(secret)
	if err != nil {
		return err
	}
	stored, err := tx.Settings().Get("messenger/device-list")
	if err != nil {
		return err
	}
	before, err := identity.LoadDeviceList(stored, id.Certificate())
	if err != nil {
		return err
	}
	if anew {
		before = nil
	}
	device, err := identity.NewDevice(now)
	if err != nil {
		return err
	}
	list, err := identity.SignDeviceList(id, before, [][]byte{device.Statement(id.Fingerprint())}, now)
	if err != nil {
		return err
	}
	if err := tx.Settings().Put("messenger/device", device.Marshal()); err != nil {
		return err
	}
	return tx.Settings().Put("messenger/device-list", list.Bytes())
}

func dropSessions(tx chat.Tx) error {
	contacts, err := tx.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		sessions, err := tx.Sessions().ForPeer(c.ID)
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if err := tx.Sessions().Delete(s.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
