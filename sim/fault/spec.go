package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Rate is a probability in millionths, so that no float decides a history.
type Rate uint32

const certain Rate = 1_000_000

// Hits rolls the die: true in a share r of the calls.
func (r Rate) Hits(die *rand.Rand) bool { return r > 0 && Rate(die.Uint32N(uint32(certain))) < r }

// String writes the rate as parseRate reads it.
func (r Rate) String() string {
	if r == certain {
		return "1"
	}
	return strings.TrimRight(fmt.Sprintf("0.%06d", uint32(r)), "0")
}

// Spec is how much of each fault a history shall have. The zero Spec is a
// world without faults.
type Spec struct {
	Drop      Rate // messages that never arrive
	Duplicate Rate // messages that arrive twice
	Reorder   Rate // messages that are overtaken by later ones
	Corrupt   Rate // frames that arrive truncated or with a bit flipped
	Cuts      int  // partitions, each healed after a while; some go one way only
	Crashes   int  // of one node each, restarted after a while
	Skew      bool // one clock is 100 years ahead, the others disagree by up to 50 ms
}

// Any reports whether anything goes wrong at all.
func (s Spec) Any() bool { return s != Spec{} }

// All is every fault at once, as "all" asks for it.
var All = Spec{
	Drop: 200_000, Duplicate: 200_000, Reorder: 200_000, Corrupt: 2_000,
	Cuts: 4, Crashes: 3, Skew: true,
}

// words is the vocabulary of Parse. A word without a value takes fallback.
var words = []struct {
	name, fallback, meaning string
	set                     func(*Spec, string) error
}{
	{"drop", "0.2", "share of messages lost", rate(func(s *Spec) *Rate { return &s.Drop })},
	{"duplicate", "0.2", "share of messages that arrive twice", rate(func(s *Spec) *Rate { return &s.Duplicate })},
	{"reorder", "0.2", "share of messages overtaken by later ones", rate(func(s *Spec) *Rate { return &s.Reorder })},
	{"corrupt", "0.002", "share of frames truncated or with a bit flipped", rate(func(s *Spec) *Rate { return &s.Corrupt })},
	{"cuts", "4", "partitions", count(func(s *Spec) *int { return &s.Cuts })},
	{"crashes", "3", "crashes with restart", count(func(s *Spec) *int { return &s.Crashes })},
	{"skew", "", "one clock 100 years ahead", flag(func(s *Spec) *bool { return &s.Skew })},
	{"all", "", "every fault at once", func(s *Spec, v string) error { *s = All; return noValue(v) }},
	{"none", "", "no fault", func(s *Spec, v string) error { *s = Spec{}; return noValue(v) }},
}

// Parse reads a list such as "drop=0.2,cuts=4,skew". A word without a value
// takes its customary one; a later word overrides an earlier one, so
// "all,crashes=0" is everything but crashes. The error names the word and
// lists the known ones.
func Parse(text string) (Spec, error) {
	var s Spec
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if err := s.set(word); err != nil {
			return Spec{}, err
		}
	}
	return s, nil
}

func (s *Spec) set(word string) error {
	name, text, _ := strings.Cut(word, "=")
	for _, w := range words {
		if w.name != name {
			continue
		}
		if text == "" {
			text = w.fallback
		}
		if err := w.set(s, text); err != nil {
			return fmt.Errorf("fault %q: %w", word, err)
		}
		return nil
	}
	return fmt.Errorf("unknown fault %q; known are %s", name, Words())
}

// Words lists the vocabulary of Parse with its customary values.
func Words() string {
	list := make([]string, 0, len(words))
	for _, w := range words {
		word := w.name
		if w.fallback != "" {
			word += "=" + w.fallback
		}
		list = append(list, word+" ("+w.meaning+")")
	}
	return strings.Join(list, ", ")
}

// String writes s as Parse reads it.
func (s Spec) String() string {
	var list []string
	for _, r := range []struct {
		name string
		rate Rate
	}{{"drop", s.Drop}, {"duplicate", s.Duplicate}, {"reorder", s.Reorder}, {"corrupt", s.Corrupt}} {
		if r.rate > 0 {
			list = append(list, r.name+"="+r.rate.String())
		}
	}
	if s.Cuts > 0 {
		list = append(list, "cuts="+strconv.Itoa(s.Cuts))
	}
	if s.Crashes > 0 {
		list = append(list, "crashes="+strconv.Itoa(s.Crashes))
	}
	if s.Skew {
		list = append(list, "skew")
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ",")
}

func rate(field func(*Spec) *Rate) func(*Spec, string) error {
	return func(s *Spec, text string) (err error) {
		*field(s), err = parseRate(text)
		return err
	}
}

func count(field func(*Spec) *int) func(*Spec, string) error {
	return func(s *Spec, text string) error {
		n, err := strconv.ParseUint(text, 10, 10)
		if err != nil {
			return errors.New("want a number from 0 to 1023")
		}
		*field(s) = int(n)
		return nil
	}
}

func flag(field func(*Spec) *bool) func(*Spec, string) error {
	return func(s *Spec, text string) error {
		*field(s) = true
		return noValue(text)
	}
}

func noValue(text string) error {
	if text != "" {
		return errors.New("takes no value")
	}
	return nil
}

// parseRate reads "0", "1" or a decimal fraction of up to six digits.
func parseRate(text string) (Rate, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 6 || whole != "0" && whole != "1" && (whole != "" || fraction == "") {
		return 0, errors.New("want a share from 0 to 1 with at most six digits")
	}
	digits := whole + fraction + strings.Repeat("0", 6-len(fraction))
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || Rate(n) > certain {
		return 0, errors.New("want a share from 0 to 1 with at most six digits")
	}
	return Rate(n), nil
}
