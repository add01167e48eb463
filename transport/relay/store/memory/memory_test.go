package memory_test

import (
	"testing"

	"sotto/transport/relay/store"
	"sotto/transport/relay/store/memory"
	"sotto/transport/relay/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

func TestConformanceOfBlobs(t *testing.T) {
	storetest.RunBlobs(t, func(*testing.T) store.Blobs { return memory.NewBlobs(0) })
	storetest.RunBlobs(t, func(*testing.T) store.Blobs { return memory.NewBlobs(1 << 20) })
}
