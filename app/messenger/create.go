package messenger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/transport/wire"
)

// Names of the settings that hold who this messenger is. Values are bytes; storage seals them.
const (
	settingIdentity = "messenger/identity" // identity.Identity.Marshal
	settingDevice   = "messenger/device"   // identity.Device.Marshal
	settingList     = "messenger/device-list"
	settingName     = "messenger/name"
	settingBot      = "messenger/bot"  // present: a bot
	settingHome     = "messenger/home" // relay pass of the home relay
)

// Create makes a new identity with one device and writes it into an empty store. It answers chat.ErrExists when the
// store holds one already, chat.ErrMalformed for a name or relay that is none.
func Create(ctx context.Context, store chat.Store, p Profile, now time.Time) (Self, error) {
	name := content.CleanName(p.Name)
	if name == "" {
		return Self{}, fmt.Errorf("%w: empty name", chat.ErrMalformed)
	}
	id, err := identity.New(now)
	if err != nil {
		return Self{}, fmt.Errorf("create identity: %w", err)
	}
	defer id.Erase()
	device, err := identity.NewDevice(now)
	if err != nil {
		return Self{}, fmt.Errorf("create device: %w", err)
	}
	defer device.Erase()
	list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, now)
	if err != nil {
		return Self{}, fmt.Errorf("sign device list: %w", err)
	}
	values := map[string][]byte{
		settingIdentity: id.Marshal(), settingDevice: device.Marshal(), settingList: list.Bytes(), settingName: []byte(name),
	}
	if p.Bot {
		values[settingBot] = []byte{1}
	}
	if p.Relay != "" {
		pass, err := wire.ParsePass(p.Relay)
		if err != nil {
			return Self{}, fmt.Errorf("%w: home relay", chat.ErrMalformed)
		}
		values[settingHome] = []byte(pass.Text())
		values[settingRelay+pass.Address.HostPort()] = []byte(pass.Address.String()) // it was named here, so it is known
	}
	err = store.Update(ctx, func(tx chat.Tx) error {
		if _, err := tx.Settings().Get(settingIdentity); !errors.Is(err, chat.ErrNotFound) {
			if err == nil {
				err = chat.ErrExists
			}
			return err
		}
		for key, value := range values {
			if err := tx.Settings().Put(key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Self{}, fmt.Errorf("create profile: %w", err)
	}
	return Self{ID: chat.ContactID(id.Fingerprint()), Device: chat.DeviceID(device.ID()), Name: name, Bot: p.Bot}, nil
}

// keys are the secrets of this messenger and what they published.
type keys struct {
	identity *identity.Identity
	own      handshake.Own
}

// loadKeys reads the identity and device, and signs the device list anew when it runs out (docs/PROTOCOL.md section 3.4).
func loadKeys(ctx context.Context, store chat.Store, now time.Time) (keys, Self, error) {
	var k keys
	var self Self
	var list []byte
	err := store.View(ctx, func(tx chat.Tx) error {
		secret, err := tx.Settings().Get(settingIdentity)
		if err != nil {
			return err
		}
		if k.identity, err = identity.Parse(secret); err != nil {
			return fmt.Errorf("%w: identity", chat.ErrDamaged)
		}
		if secret, err = tx.Settings().Get(settingDevice); err != nil {
			return err
		}
		if k.own.Device, err = identity.ParseDevice(secret); err != nil {
			return fmt.Errorf("%w: device", chat.ErrDamaged)
		}
		if list, err = tx.Settings().Get(settingList); err != nil {
			return err
		}
		name, err := tx.Settings().Get(settingName)
		if err != nil {
			return err
		}
		_, bot, err := setting(tx, settingBot)
		self = Self{
			ID: chat.ContactID(k.identity.Fingerprint()), Device: chat.DeviceID(k.own.Device.ID()), Name: string(name), Bot: bot,
		}
		return err
	})
	if errors.Is(err, chat.ErrNotFound) {
		return keys{}, Self{}, fmt.Errorf("open identity: %w", chat.ErrNoProfile)
	}
	if err != nil {
		return keys{}, Self{}, fmt.Errorf("open identity: %w", err)
	}
	k.own.Certificate = k.identity.Certificate()
	// An own list that ran out is still the predecessor of the next, or contacts would take it for a restored identity.
	k.own.List, err = identity.LoadDeviceList(list, k.own.Certificate)
	if err != nil {
		return keys{}, Self{}, fmt.Errorf("open device list: %w", chat.ErrDamaged)
	}
	if !k.own.List.NeedsRenewal(now) {
		return k, self, nil
	}
	k.own.List, err = identity.SignDeviceList(k.identity, k.own.List, [][]byte{k.own.Device.Statement(k.identity.Fingerprint())}, now)
	if err != nil {
		return keys{}, Self{}, fmt.Errorf("renew device list: %w", err)
	}
	err = store.Update(ctx, func(tx chat.Tx) error { return tx.Settings().Put(settingList, k.own.List.Bytes()) })
	return k, self, err
}

// setting reads a setting that may be absent.
func setting(tx chat.Tx, name string) ([]byte, bool, error) {
	value, err := tx.Settings().Get(name)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, false, nil
	}
	return value, err == nil, err
}
