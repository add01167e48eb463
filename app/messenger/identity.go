package messenger

import "sotto/crypto/identity"

// Identity returns the secret identity, for what is signed outside the messenger (exports). It is erased by Close.
func (m *Messenger) Identity() *identity.Identity { return m.keys.identity }
