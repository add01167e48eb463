package main

import "slices"

// figures are what was measured, by name, one value for each round.
type figures map[string][]float64

func (f figures) add(round map[string]float64) {
	for name, v := range round {
		f[name] = append(f[name], v)
	}
}

// median returns the middle value of a figure; false when it was not measured.
func (f figures) median(name string) (float64, bool) {
	v := slices.Sorted(slices.Values(f[name]))
	switch n := len(v); {
	case n == 0:
		return 0, false
	case n%2 == 1:
		return v[n/2], true
	default:
		return (v[n/2-1] + v[n/2]) / 2, true
	}
}
