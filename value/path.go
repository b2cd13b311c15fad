package value

import (
	"strings"
	"unicode/utf8"
)

// Cut splits the first encoding off s, which holds encodings one after
// another, as a key path does. Errors are those of Decode.
func Cut(s string) (first, rest string, err error) {
	if n := plainText(s); n > 0 {
		return s[:n], s[n:], nil
	}
	_, rest, err = decode(s)
	if err != nil {
		return "", "", err
	}
	return s[:len(s)-len(rest)], rest, nil
}

// plainText returns the size of the string or symbol that s begins with, 0 if
// it begins with another value, a text with escapes or no value. Nearly all
// keys are such texts, and to pass one by nothing need be made of it.
func plainText(s string) int {
	if len(s) < 2 || s[0] != tagString && s[0] != tagSymbol {
		return 0
	}
	end := strings.IndexByte(s[:min(len(s), SizeMax)], tagEnd)
	if end < 0 || strings.IndexByte(s[:end], escape) >= 0 || !utf8.ValidString(s[1:end]) {
		return 0
	}
	return end + 1
}

// CheckPath reports whether s holds encodings one after another, none of more
// than depthMax values inside one another. Errors are those of Decode.
func CheckPath(s string, depthMax int) error {
	if len(s) > SizeMax {
		return ErrSize
	}
	for s != "" {
		if n := plainText(s); n > 0 && depthMax > 0 {
			s = s[n:]
			continue
		}
		_, rest, err := decodeOne(s, depthMax)
		if err != nil {
			return err
		}
		s = rest
	}
	return nil
}

// EncodePair returns the encoding of the tuple of two values, given theirs. It
// decodes nothing and checks no limit.
func EncodePair(first, second string) string {
	b := make([]byte, 0, len(first)+len(second)+2)
	b = append(b, tagTuple)
	b = append(append(b, first...), second...)
	return string(append(b, tagEnd))
}

// CutPair is the inverse of EncodePair. It is false where s is no encoding of
// a tuple of two values.
func CutPair(s string) (first, second string, ok bool) {
	if len(s) < 2 || s[0] != tagTuple || s[len(s)-1] != tagEnd {
		return "", "", false
	}
	first, second, err := Cut(s[1 : len(s)-1])
	return first, second, err == nil && Valid(second)
}
