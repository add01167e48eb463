package messenger

import (
	"errors"
	"fmt"

	"sotto/chat"
	"sotto/crypto/identity"
)

// Identity returns the secret identity, for what is signed outside the messenger (exports). It is erased by Close.
func (m *Messenger) Identity() *identity.Identity { return m.keys.identity }

// StoredIdentity reads the identity and name of a store that no messenger is open on, as after a salvage; the name is
// empty when it is missing. The caller erases the identity. Errors: chat.ErrNotFound, chat.ErrDamaged.
func StoredIdentity(tx chat.Tx) (*identity.Identity, string, error) {
	secret, err := tx.Settings().Get(settingIdentity)
	if err != nil {
		return nil, "", err
	}
	defer clear(secret)
	id, err := identity.Parse(secret)
	if err != nil {
		return nil, "", fmt.Errorf("%w: identity", chat.ErrDamaged)
	}
	name, err := tx.Settings().Get(settingName)
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		id.Erase()
		return nil, "", err
	}
	return id, string(name), nil
}
