package value

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Limits of a stored value. A decoder refuses what is over them.
const (
	SizeMax  = 64 << 10 // bytes of one encoding
	DepthMax = 32       // values inside one another; a plain int has depth 1
)

// Errors of Decode and EncodeBounded.
var (
	ErrTruncated = errors.New("value: the bytes end too early")
	ErrMalformed = errors.New("value: these bytes are no canonical encoding")
	ErrTrailing  = errors.New("value: bytes are left over after the value")
	ErrSize      = errors.New("value: larger than 64 KiB")
	ErrDepth     = errors.New("value: more than 32 values inside one another")
	ErrText      = errors.New("value: a string is not UTF-8")
	ErrObject    = errors.New("value: the names of an object do not ascend")
)

// The first byte of an encoding. The tags ascend as the kinds do; an int's tag
// also says its sign and how many bytes follow, so that longer means further
// from zero, as in FoundationDB's tuple layer. No tag is zero: zero ends a
// string or a compound, and so sorts a prefix before what it begins.
const (
	tagEnd    = 0x00
	tagNil    = 0x01
	tagFalse  = 0x02
	tagTrue   = 0x03
	tagInt    = 0x18 // zero; tagInt+n: n bytes follow; tagInt-n: n bytes of a negative number
	tagFloat  = 0x21
	tagString = 0x22
	tagSymbol = 0x23
	tagList   = 0x24
	tagTuple  = 0x25
	tagRecord = 0x26
	tagObject = 0x27
)

// Inside a text the bytes 0 and 1 are written as escape and byte+1, so that
// the only zero is the one that ends it. That keeps both the order and the
// property that no encoding begins another one, which a scan of all keys
// below a key path needs.
const escape = 0x01

// Append appends the canonical encoding of v. It does not check limits;
// EncodeBounded does.
func Append(b []byte, v Value) []byte {
	switch v.kind {
	case KindNil:
		return append(b, tagNil)
	case KindBool:
		return append(b, tagFalse+byte(v.num))
	case KindInt:
		return appendInt(b, v.num)
	case KindFloat:
		return binary.BigEndian.AppendUint64(append(b, tagFloat), orderedBits(v.num))
	case KindString:
		return appendText(append(b, tagString), v.str)
	case KindSymbol:
		return appendText(append(b, tagSymbol), v.str)
	}
	b = append(b, tagList+byte(v.kind-KindList))
	for _, e := range v.elems {
		b = Append(b, e)
	}
	return append(b, tagEnd)
}

// Encode returns the canonical encoding of v.
func Encode(v Value) string {
	var room [64]byte
	return string(Append(room[:0], v))
}

// EncodeBounded returns the canonical encoding of v, or an error where Decode
// would refuse it: ErrSize, ErrDepth, ErrText or ErrObject. What a program
// computed passes here before it is stored.
func EncodeBounded(v Value) (string, error) {
	if err := check(v, DepthMax); err != nil {
		return "", err
	}
	s := Encode(v)
	if len(s) > SizeMax {
		return "", ErrSize
	}
	return s, nil
}

// check finds what an encoding cannot express, in a value of at most depth levels.
func check(v Value, depth int) error {
	if depth == 0 {
		return ErrDepth
	}
	if v.str != "" && !utf8.ValidString(v.str) {
		return ErrText
	}
	for _, e := range v.elems {
		if err := check(e, depth-1); err != nil {
			return err
		}
	}
	if v.kind == KindObject && !ascends(v.elems) {
		return ErrObject
	}
	return nil
}

// ascends reports whether pairs are names and values, the names ascending, each once.
func ascends(pairs []Value) bool {
	if len(pairs)%2 != 0 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].kind != KindString || i > 0 && pairs[i-2].str >= pairs[i].str {
			return false
		}
	}
	return true
}

// appendInt writes n as its tag and the shortest big-endian bytes. A negative
// number is written as the complement of its magnitude, so that bytes ascend.
func appendInt(b []byte, n int64) []byte {
	m, negative := uint64(n), n < 0
	if negative {
		m = -m
	}
	size := (bits.Len64(m) + 7) / 8
	tag := byte(tagInt + size)
	if negative {
		tag, m = byte(tagInt-size), ^m
	}
	b = append(b, tag)
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(m>>(8*i)))
	}
	return b
}

// orderedBits maps the bits of a float to an unsigned number in the order of floats.
func orderedBits(num int64) uint64 {
	if num < 0 {
		return ^uint64(num)
	}
	return uint64(num) | 1<<63
}

func appendText(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if j := strings.IndexByte(s, escape); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		if i < 0 {
			return append(append(b, s...), tagEnd)
		}
		b = append(append(b, s[:i]...), escape, s[i]+1)
		s = s[i+1:]
	}
}

// Decode takes one value off the front of b and returns what follows it. The
// value does not alias b. Errors are ErrTruncated, ErrMalformed, ErrSize,
// ErrDepth, ErrText and ErrObject; every value has one encoding, so what
// decodes encodes to the same bytes.
func Decode(b []byte) (v Value, rest []byte, err error) { return decode(b) }

// DecodeString is Decode for a string. The value aliases s.
func DecodeString(s string) (v Value, rest string, err error) { return decode(s) }

// DecodeAll decodes s, which must hold one value and nothing else.
func DecodeAll(s string) (Value, error) {
	v, rest, err := decode(s)
	if err == nil && rest != "" {
		return Nil, ErrTrailing
	}
	return v, err
}

// DecodePath decodes a key path: values one after another, as many as s holds.
func DecodePath(s string) ([]Value, error) {
	var path []Value
	for s != "" {
		v, rest, err := decode(s)
		if err != nil {
			return nil, err
		}
		path, s = append(path, v), rest
	}
	return path, nil
}

// AppendPath appends the key path of the given values.
func AppendPath(b []byte, path ...Value) []byte {
	for _, v := range path {
		b = Append(b, v)
	}
	return b
}

type text interface{ string | []byte }

func decode[B text](b B) (v Value, rest B, err error) {
	window := b[:min(len(b), SizeMax)]
	v, left, err := decodeOne(window, DepthMax)
	if err == ErrTruncated && len(window) < len(b) {
		err = ErrSize
	}
	if err != nil {
		return Nil, b[:0], err
	}
	return v, b[len(window)-len(left):], nil
}

func decodeOne[B text](b B, depth int) (v Value, rest B, err error) {
	if depth == 0 {
		return Nil, b, ErrDepth
	}
	if len(b) == 0 {
		return Nil, b, ErrTruncated
	}
	tag, b := b[0], b[1:]
	switch {
	case tag == tagNil:
		return Nil, b, nil
	case tag == tagFalse, tag == tagTrue:
		return Bool(tag == tagTrue), b, nil
	case tagInt-8 <= tag && tag <= tagInt+8:
		return decodeInt(int(tag)-tagInt, b)
	case tag == tagFloat:
		return decodeFloat(b)
	case tag == tagString, tag == tagSymbol:
		s, rest, err := decodeText(b)
		return Value{kind: KindString + Kind(tag-tagString), str: s}, rest, err
	case tagList <= tag && tag <= tagObject:
		return decodeCompound(KindList+Kind(tag-tagList), b, depth)
	}
	return Nil, b, ErrMalformed
}

// decodeInt reads |size| bytes of a number whose sign is size's.
func decodeInt[B text](size int, b B) (Value, B, error) {
	n := max(size, -size)
	if len(b) < n {
		return Nil, b, ErrTruncated
	}
	var m uint64
	for i := range n {
		m = m<<8 | uint64(b[i])
	}
	num := int64(m)
	if size < 0 {
		m = ^m & (math.MaxUint64 >> (64 - 8*n))
		num = int64(-m)
	}
	shortest := n == 0 || m>>(8*(n-1)) != 0
	if !shortest || (num < 0) != (size < 0) {
		return Nil, b, ErrMalformed
	}
	return Int(num), b[n:], nil
}

func decodeFloat[B text](b B) (Value, B, error) {
	if len(b) < 8 {
		return Nil, b, ErrTruncated
	}
	var m uint64
	for i := range 8 {
		m = m<<8 | uint64(b[i])
	}
	if m>>63 == 1 {
		m &^= 1 << 63
	} else {
		m = ^m
	}
	v := Float(math.Float64frombits(m))
	if uint64(v.num) != m {
		return Nil, b, ErrMalformed // NaN and -0.0 have no encoding
	}
	return v, b[8:], nil
}

// decodeText reads up to the zero that ends a text. Without escapes, the usual
// case, the text is cut out in one piece.
func decodeText[B text](b B) (string, B, error) {
	plain := 0
	for plain < len(b) && b[plain] > escape {
		plain++
	}
	if plain < len(b) && b[plain] == tagEnd {
		return checkedText(string(b[:plain]), b[plain+1:])
	}
	raw := []byte(string(b[:plain]))
	for i := plain; i < len(b); i++ {
		switch b[i] {
		case tagEnd:
			return checkedText(string(raw), b[i+1:])
		case escape:
			i++
			if i < len(b) && b[i] != escape && b[i] != escape+1 {
				return "", b, ErrMalformed
			}
			if i < len(b) {
				raw = append(raw, b[i]-1)
			}
		default:
			raw = append(raw, b[i])
		}
	}
	return "", b, ErrTruncated
}

func checkedText[B text](s string, rest B) (string, B, error) {
	if !utf8.ValidString(s) {
		return "", rest, ErrText
	}
	return s, rest, nil
}

func decodeCompound[B text](kind Kind, b B, depth int) (Value, B, error) {
	var elems []Value
	for {
		if len(b) == 0 {
			return Nil, b, ErrTruncated
		}
		if b[0] == tagEnd {
			break
		}
		e, rest, err := decodeOne(b, depth-1)
		if err != nil {
			return Nil, b, err
		}
		elems, b = append(elems, e), rest
	}
	if kind == KindObject && !ascends(elems) {
		return Nil, b, ErrObject
	}
	return Value{kind: kind, elems: elems}, b[1:], nil
}

// Valid reports whether s is the encoding of one value and nothing else.
func Valid(s string) bool {
	if n := plainText(s); n > 0 {
		return n == len(s)
	}
	_, err := DecodeAll(s)
	return err == nil
}
