package theme

import "image/color"

// hues are the grounds of avatars: twelve steps around the circle, each dark
// enough for white text at AA.
var hues = [12]color.NRGBA{
	rgb(0x0F6E6E), // teal
	rgb(0x2B6CB0), // blue
	rgb(0x4C5FBF), // indigo
	rgb(0x7650B8), // violet
	rgb(0x96429F), // plum
	rgb(0xA83A73), // rose
	rgb(0xB03A48), // crimson
	rgb(0xA84B1F), // rust
	rgb(0x8A5A00), // ochre
	rgb(0x646B14), // olive
	rgb(0x3E7433), // leaf
	rgb(0x1F7552), // pine
}

// Hue answers the colour of an avatar from the first byte of the contact's
// fingerprint (docs/PROTOCOL.md, identity). The same identity has the same
// colour everywhere; an empty fingerprint has the first.
func Hue(fingerprint []byte) color.NRGBA {
	if len(fingerprint) == 0 {
		return hues[0]
	}
	return hues[int(fingerprint[0])%len(hues)]
}
