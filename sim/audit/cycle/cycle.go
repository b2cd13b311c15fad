// Package cycle judges histories of transactions over lists: whether there is
// an order of them, one after another and in keeping with real time, that
// explains what each of them read.
//
// A list to which every transaction appends something of its own says itself in
// which order it was written, so what each transaction saw and missed can be
// read off: that is the idea of Elle (K. Kingsbury, P. Alvaro, "Elle: Inferring
// Isolation Anomalies from Experimental Observations", VLDB 2020, sections 3
// and 4). Transactions depend on each other by what they wrote (ww), read (wr)
// and had not yet read (rw), and by having ended before another began; a cycle
// of these is an anomaly. It knows nothing of how transactions are run.
package cycle

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Txn is a transaction of a history. What it appends to a list is its name,
// which no other has.
type Txn struct {
	Name       string
	Appends    []string            // the keys to whose lists it appends
	Reads      map[string][]string // by key what it read there, before it appended
	Began      int64
	Ended      int64 // of one without an answer the greatest number there is
	DidNothing bool  // it was answered that it had no effect
}

// Judge returns what is wrong with a history of which final is what the lists
// hold at its end; "" where nothing is. Cost: the square of the transactions.
func Judge(txns []Txn, final map[string][]string) string {
	h := history{final: final, at: map[string]int{}, edges: make([][]edge, len(txns)), txns: txns}
	for i := range txns {
		h.at[txns[i].Name] = i
	}
	if why := h.checkLists(); why != "" {
		return why
	}
	if why := h.checkReads(); why != "" {
		return why
	}
	h.realTime()
	return h.cycle()
}

type edge struct {
	to  int
	why string
}

type history struct {
	txns  []Txn
	final map[string][]string
	at    map[string]int // by name
	edges [][]edge
}

func (h *history) add(from, to int, why string) {
	if from != to {
		h.edges[from] = append(h.edges[from], edge{to, why})
	}
}

func (h *history) keys() []string {
	keys := make([]string, 0, len(h.final))
	for k := range h.final {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// checkLists requires that every list holds each that appended to it, and is
// done, once, and nothing else. It adds the ww edges.
func (h *history) checkLists() string {
	held := map[string]int{}
	for _, key := range h.keys() {
		for i, name := range h.final[key] {
			no, known := h.at[name]
			switch {
			case !known || !slices.Contains(h.txns[no].Appends, key):
				return fmt.Sprintf("%s holds %s, which nobody appended there", key, name)
			case h.txns[no].DidNothing:
				return fmt.Sprintf("%s holds %s, which was answered to have done nothing", key, name)
			}
			if held[key+"\x00"+name]++; held[key+"\x00"+name] > 1 {
				return fmt.Sprintf("%s holds %s twice", key, name)
			}
			if i > 0 {
				h.add(h.at[h.final[key][i-1]], no, "ww "+key)
			}
		}
	}
	for _, t := range h.txns {
		n := 0
		for _, key := range t.Appends {
			n += held[key+"\x00"+t.Name]
		}
		if !t.DidNothing && t.Ended < forever && n != len(t.Appends) || n != 0 && n != len(t.Appends) {
			return fmt.Sprintf("of %s %d of %d appends are there", t.Name, n, len(t.Appends))
		}
	}
	return ""
}

const forever = 1<<63 - 1

// checkReads requires that what was read is a beginning of the list, and adds
// the wr and rw edges.
func (h *history) checkReads() string {
	for no, t := range h.txns {
		for key, read := range t.Reads {
			list := h.final[key]
			if len(read) > len(list) || !slices.Equal(read, list[:len(read)]) {
				return fmt.Sprintf("%s read %v of %s, which is no beginning of %v", t.Name, read, key, list)
			}
			if n := len(read); n > 0 {
				h.add(h.at[read[n-1]], no, "wr "+key)
			}
			if n := len(read); n < len(list) {
				h.add(no, h.at[list[n]], "rw "+key)
			}
		}
	}
	return ""
}

func (h *history) realTime() {
	for i, a := range h.txns {
		for j, b := range h.txns {
			if a.Ended < b.Began && !a.DidNothing && !b.DidNothing {
				h.add(i, j, "ended before")
			}
		}
	}
}

// cycle returns a cycle of edges in words, or "".
func (h *history) cycle() string {
	state, path := make([]byte, len(h.txns)), []string(nil)
	var found string
	var visit func(no int) bool
	visit = func(no int) bool {
		state[no] = 1
		for _, e := range h.edges[no] {
			path = append(path, h.txns[no].Name+" -"+e.why+"-> "+h.txns[e.to].Name)
			if state[e.to] == 1 {
				found = strings.Join(path, ", ")
				return true
			}
			if state[e.to] == 0 && visit(e.to) {
				return true
			}
			path = path[:len(path)-1]
		}
		state[no] = 2
		return false
	}
	for no := range h.txns {
		if state[no] == 0 && visit(no) {
			return "a cycle: " + found
		}
	}
	return ""
}
