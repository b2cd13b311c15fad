package value

// Cut splits the first encoding off s, which holds encodings one after
// another, as a key path does. Errors are those of Decode.
func Cut(s string) (first, rest string, err error) {
	_, rest, err = decode(s)
	if err != nil {
		return "", "", err
	}
	return s[:len(s)-len(rest)], rest, nil
}

// CheckPath reports whether s holds encodings one after another, none of more
// than depthMax values inside one another. Errors are those of Decode.
func CheckPath(s string, depthMax int) error {
	if len(s) > SizeMax {
		return ErrSize
	}
	for s != "" {
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
