package wire

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheTwoKeysOfABlobHaveUnlikeNames(t *testing.T) {
	key := [32]byte{1, 2, 3}
	if [32]byte(ReadKey(key).Hash()) == [32]byte(UploadKey(key).Hash()) {
		t.Error("a read key and an upload key of the same bytes have one name")
	}
}

func TestKeysOfBlobsArePrintedByNoVerb(t *testing.T) {
	for _, v := range []any{ReadKey{1}, UploadKey{1}, BlobName{1}, UploadHash{1}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "1") || strings.Contains(text, "01") {
				t.Errorf("%T by %s: %s", v, verb, text)
			}
		}
	}
}
