package profile

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// tendEvery is how often consents and questions that ran out are recorded as such. The gates do not wait for it.
const tendEvery = time.Hour

// tend records what has run out, now and every hour until the profile ends, makes previews of what is fetched, and looks
// after what the run before left.
func (p *Profile) tend(ctx context.Context) error {
	if err := p.expire(ctx); err != nil {
		return err
	}
	ctx, p.untend = context.WithCancel(context.WithoutCancel(ctx))
	p.tending.Go(func() {
		tick := time.NewTicker(tendEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = p.expire(ctx) // a full disk now is tried again in an hour
			}
		}
	})
	p.makePreviews(ctx)
	p.wakeWithTheComputer(ctx)
	p.checkAfterUncleanStop(ctx)
	return nil
}

func (p *Profile) expire(ctx context.Context) error {
	_, consents := p.Ledger.Expire(ctx)
	_, questions := p.Eraser.ExpireQuestions(ctx)
	if err := errors.Join(consents, questions); err != nil {
		return fmt.Errorf("expire consents and questions: %w", err)
	}
	return nil
}
