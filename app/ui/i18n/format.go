package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Format writes times as people of a locale do, in a zone. It is a value and
// has no clock: now is always given.
type Format struct {
	zone       *time.Location
	twelve     bool // 2:03 PM
	monthFirst bool // November 22
}

// twelveHour are the regions that write hours to twelve, of those whose
// language Sotto speaks or may fall back to English in (CLDR timeData).
var twelveHour = map[string]bool{"US": true, "CA": true, "AU": true, "NZ": true, "IN": true, "PH": true, "PK": true, "SG": true, "ZA": false}

// NewFormat answers the format for a tag such as "en-US" and a zone.
func NewFormat(locale string, zone *time.Location) Format {
	_, region, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	if i := strings.LastIndexByte(region, '-'); i >= 0 {
		region = region[i+1:]
	}
	region = strings.ToUpper(region)
	return Format{zone: zone, twelve: twelveHour[region], monthFirst: region == "US"}
}

// Clock answers the time of day: "14:03" or "2:03 PM".
func (f Format) Clock(t time.Time) string {
	t = t.In(f.zone)
	if !f.twelve {
		return t.Format("15:04")
	}
	half := T("time.am")
	if t.Hour() >= 12 {
		half = T("time.pm")
	}
	return t.Format("3:04") + " " + half
}

// daysBetween answers how many midnights lie between t and now.
func (f Format) daysBetween(now, t time.Time) int {
	a, b := now.In(f.zone), t.In(f.zone)
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(a).Sub(midnight(b)).Hours() / 24)
}

// Day answers the label of a day between messages: "Today", "Yesterday",
// "Monday", "22 November", "22 November 2025".
func (f Format) Day(now, t time.Time) string {
	switch d := f.daysBetween(now, t); {
	case d == 0:
		return T("day.today")
	case d == 1:
		return T("day.yesterday")
	case d > 1 && d < 7:
		return weekday(t.In(f.zone).Weekday())
	}
	return f.date(now, t, month(t.In(f.zone).Month()))
}

// ListTime answers the short time of a row: "14:03", "Yesterday", "Mon",
// "22 Nov", "22 Nov 2025".
func (f Format) ListTime(now, t time.Time) string {
	switch d := f.daysBetween(now, t); {
	case d == 0:
		return f.Clock(t)
	case d == 1:
		return T("day.yesterday")
	case d > 1 && d < 7:
		return weekdayShort(t.In(f.zone).Weekday())
	}
	return f.date(now, t, monthShort(t.In(f.zone).Month()))
}

// Full answers day and time for details: "22 November 2026, 14:03".
func (f Format) Full(t time.Time) string {
	t = t.In(f.zone)
	return f.dayMonth(t, month(t.Month())) + " " + strconv.Itoa(t.Year()) + ", " + f.Clock(t)
}

// DayKey answers a key that is equal for times of one day: "2026-11-22".
func (f Format) DayKey(t time.Time) string { return t.In(f.zone).Format(time.DateOnly) }

func (f Format) date(now, t time.Time, month string) string {
	t = t.In(f.zone)
	s := f.dayMonth(t, month)
	if t.Year() != now.In(f.zone).Year() {
		s += " " + strconv.Itoa(t.Year())
	}
	return s
}

func (f Format) dayMonth(t time.Time, month string) string {
	if f.monthFirst {
		return fmt.Sprintf("%s %d", month, t.Day())
	}
	return fmt.Sprintf("%d %s", t.Day(), month)
}

func weekday(d time.Weekday) string {
	return [...]string{
		T("weekday.sunday"), T("weekday.monday"), T("weekday.tuesday"), T("weekday.wednesday"),
		T("weekday.thursday"), T("weekday.friday"), T("weekday.saturday"),
	}[d]
}

func weekdayShort(d time.Weekday) string {
	return [...]string{
		T("weekday.sun"), T("weekday.mon"), T("weekday.tue"), T("weekday.wed"),
		T("weekday.thu"), T("weekday.fri"), T("weekday.sat"),
	}[d]
}

func month(m time.Month) string {
	return [...]string{
		T("month.january"), T("month.february"), T("month.march"), T("month.april"),
		T("month.may"), T("month.june"), T("month.july"), T("month.august"),
		T("month.september"), T("month.october"), T("month.november"), T("month.december"),
	}[m-1]
}

func monthShort(m time.Month) string {
	return [...]string{
		T("month.jan"), T("month.feb"), T("month.mar"), T("month.apr"),
		T("month.may.short"), T("month.jun"), T("month.jul"), T("month.aug"),
		T("month.sep"), T("month.oct"), T("month.nov"), T("month.dec"),
	}[m-1]
}

// Number answers n with its thousands apart: "1,204".
func Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + T("number.group") + s[i:]
	}
	return sign + s
}

// Bytes answers a size in decimal units: "4 kB", "1.4 MB".
func Bytes(n int64) string {
	units := []string{T("bytes.b"), T("bytes.kb"), T("bytes.mb"), T("bytes.gb"), T("bytes.tb")}
	v, u := float64(n), 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1000
		u++
	}
	if u == 0 || v >= 9.95 {
		return fmt.Sprintf("%.0f %s", v, units[u])
	}
	s := strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	return strings.Replace(s, ".", T("number.point"), 1) + " " + units[u]
}

// Duration answers the largest whole unit of d in words: "1 day", "90 seconds".
// A duration that is no whole number of a unit is written in the next smaller.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 7*day && d%(7*day) == 0:
		return N("duration.weeks", int(d/(7*day)))
	case d >= day && d%day == 0:
		return N("duration.days", int(d/day))
	case d >= time.Hour && d%time.Hour == 0:
		return N("duration.hours", int(d/time.Hour))
	case d >= time.Minute && d%time.Minute == 0:
		return N("duration.minutes", int(d/time.Minute))
	}
	return N("duration.seconds", int((d+time.Second-1)/time.Second))
}
