package memstore_test

import (
	"testing"

	"sotto/app/apptest/memstore"
	"sotto/chat"
	"sotto/storage/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) chat.Store { return memstore.New() })
}
