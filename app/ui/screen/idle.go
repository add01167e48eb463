package screen

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sotto/app/profile"
	"sotto/chat"
)

// IdleDefault is the idle time of a profile that was never asked.
const IdleDefault = 10 * time.Minute

const idleSetting = "ui/idle-minutes"

// Idle reads after how much idle time a profile locks itself; 0: never.
func Idle(ctx context.Context, p *profile.Profile) (time.Duration, error) {
	raw, err := p.Setting(ctx, idleSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return IdleDefault, nil
	}
	if err != nil {
		return 0, err
	}
	minutes, err := strconv.ParseUint(string(raw), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%w: idle minutes", chat.ErrDamaged)
	}
	return time.Duration(minutes) * time.Minute, nil
}

// KeepIdle keeps the idle time, in whole minutes. The caller tells the window with [Navigator].IdleAfter.
func KeepIdle(ctx context.Context, p *profile.Profile, after time.Duration) error {
	return p.PutSetting(ctx, idleSetting, []byte(strconv.Itoa(int(after/time.Minute))))
}
