package main

import (
	"strconv"
	"strings"
)

// units of sizes, in bytes; those of a thousand as amount prints them.
var units = []struct {
	name string
	size int64
}{{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}

// parseSize returns a size in bytes, 0 to most: a whole number with a unit behind it, or with none. Case and a space before
// the unit do not matter.
func parseSize(text string, most int64) (int64, bool) {
	text = strings.ToUpper(text)
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		if unit.name != "" {
			digits = strings.TrimSuffix(digits, " ")
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || n > uint64(most/unit.size) {
			return 0, false
		}
		return int64(n) * unit.size, true
	}
	return 0, false
}
