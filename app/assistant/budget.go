package assistant

import (
	"time"

	"sotto/chat"
)

// A contact gets 12 answers at once and one more every five seconds: plenty for a person, and an end to a loop with a
// program that does not say that it is one.
const (
	burst  = 12
	refill = 5 * time.Second
)

// budget is a bucket of answers.
type budget struct {
	left int
	at   time.Time
}

func (g *Guide) budget(id chat.ContactID) *budget {
	b, ok := g.budgets[id]
	if !ok {
		b = &budget{left: burst, at: g.now()}
		g.budgets[id] = b
	}
	return b
}

// take reports whether another answer may leave, and counts it.
func (b *budget) take(now time.Time) bool {
	if gained := int(now.Sub(b.at) / refill); gained > 0 {
		b.left = min(b.left+gained, burst)
		b.at = b.at.Add(time.Duration(gained) * refill)
	}
	if b.left <= 0 {
		return false
	}
	b.left--
	return true
}
