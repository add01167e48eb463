package media

import "encoding/binary"

// Tags of Exif 2.32 section 4.6.
const (
	tagOrientation = 0x0112
	tagGPS         = 0x8825
)

// exifOrientation reads the TIFF structure of Exif metadata as far as it tells the orientation, 1 to 8, and whether
// there is a place. The orientation is 0 when there is none or the structure is damaged.
func exifOrientation(tiff []byte) (turn int, place bool) {
	order, ok := tiffOrder(tiff)
	if !ok {
		return 0, false
	}
	at := int64(order.Uint32(tiff[4:8]))
	if at < 8 || at+2 > int64(len(tiff)) {
		return 0, false
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(tiff)) {
			return turn, place
		}
		e := tiff[entry : entry+12]
		switch order.Uint16(e) {
		case tagOrientation:
			if v := int(order.Uint16(e[8:])); turn == 0 && order.Uint16(e[2:]) == 3 && order.Uint32(e[4:]) == 1 && v >= 1 && v <= 8 {
				turn = v
			}
		case tagGPS:
			place = true
		}
	}
	return turn, place
}

func tiffOrder(tiff []byte) (binary.ByteOrder, bool) {
	if len(tiff) < 8 {
		return nil, false
	}
	switch string(tiff[:4]) {
	case "II*\x00":
		return binary.LittleEndian, true
	case "MM\x00*":
		return binary.BigEndian, true
	}
	return nil, false
}

// minimalExif is a TIFF structure of 26 bytes with the orientation alone.
func minimalExif(turn int) []byte {
	return []byte{
		'M', 'M', 0, '*', 0, 0, 0, 8, // the first directory follows
		0, 1, // of one entry
		tagOrientation >> 8, tagOrientation & 0xff, 0, 3, 0, 0, 0, 1, 0, byte(turn), 0, 0,
		0, 0, 0, 0, // and no further directory
	}
}

// turned reports whether an orientation changes a picture.
func turned(turn int) bool { return turn >= 2 && turn <= 8 }
