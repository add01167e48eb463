package backup

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"sotto/chat"
)

// fill sets every field of a value to something that is not zero, so that a field forgotten on the way shows.
func fill(t *testing.T, v reflect.Value, n *uint8) {
	t.Helper()
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, int(*n), 123456789, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(*n))
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range 2 {
			fill(t, s.Index(i), n)
		}
		v.Set(s)
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)) + " <&>\u2028")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64, reflect.Uint8:
		v.SetUint(uint64(*n))
	default:
		t.Fatalf("a field of kind %s", v.Kind())
	}
}

// carried is a value and what comes back of it.
func carried[V, L any](t *testing.T, skip []string, line func(V) L, value func(L) V) {
	t.Helper()
	var v V
	var n uint8
	fill(t, reflect.ValueOf(&v).Elem(), &n)
	for _, name := range skip {
		f := reflect.ValueOf(&v).Elem().FieldByName(name)
		f.SetZero()
	}
	b, err := json.Marshal(line(v))
	if err != nil {
		t.Fatal(err)
	}
	var l L
	if err := strictly(b, &l); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if back := value(l); !reflect.DeepEqual(back, v) {
		t.Errorf("%T changed on the way:\n got %+v\nwant %+v", v, back, v)
	}
}

// TestEveryFieldIsCarried fails when an entity gets a field that a backup does not know.
func TestEveryFieldIsCarried(t *testing.T) {
	carried(t, nil, newContact, contactLine.value)
	carried(t, nil, newRoute, routeLine.value)
	carried(t, nil, newConsent, consentLine.value)
	carried(t, nil, newConversation, conversationLine.value)
	// The conversation is named by its own line before.
	carried(t, []string{"Revision", "Conversation"}, newMessage, func(l messageLine) chat.Message { return l.value(chat.ConversationID{}) })
	carried(t, []string{"Conversation"}, newAnnotation, func(l annotationLine) chat.Annotation { return l.value(chat.ConversationID{}) })
	carried(t, nil, newAudit, func(l auditLine) chat.AuditEntry {
		e, ok := l.value()
		if !ok {
			t.Error("an audit entry is refused")
		}
		return e
	})
}
