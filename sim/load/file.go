package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/martinelli-lang/martinelli/internal/jsonvalue"
	"github.com/martinelli-lang/martinelli/plan"
)

// eventsMax bounds a file: an imagined world keeps its load in memory.
const eventsMax = 1 << 20

// Parse reads a load: one JSON object a line, either
//
//	{"event": "shown", "args": {"ad_id": "a1"}}
//
// or the arguments alone, where one event of the program has exactly these
// parameters. Blank lines are skipped. The error names the line.
func Parse(p *plan.Program, data []byte) ([]Event, error) {
	var events []Event
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(events) == eventsMax {
			return nil, fmt.Errorf("line %d: a load has at most %d events", number, eventsMax)
		}
		e, err := parseLine(p, line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		events = append(events, e)
	}
	return events, nil
}

func parseLine(p *plan.Program, line []byte) (Event, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return Event{}, fmt.Errorf("not a JSON object: %w", err)
	}
	h, body, err := find(p, members, line)
	if err != nil {
		return Event{}, err
	}
	args, err := jsonvalue.Args(h.Params, body)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", h.Event, err)
	}
	return Event{Name: h.Event, Args: args}, nil
}

// find returns the handler a line means, and the JSON object of its arguments.
func find(p *plan.Program, members map[string]json.RawMessage, line []byte) (*plan.Handler, []byte, error) {
	var name string
	if json.Unmarshal(members["event"], &name) == nil && len(members) <= 2 {
		args, given := members["args"]
		if given || len(members) == 1 {
			h, err := named(p, strings.TrimPrefix(name, "on_"))
			if !given {
				args = []byte("{}")
			}
			return h, args, err
		}
	}
	h, err := fitting(p, members)
	return h, line, err
}

func named(p *plan.Program, event string) (*plan.Handler, error) {
	for i := range p.Handlers {
		if p.Handlers[i].Event == event {
			return &p.Handlers[i], nil
		}
	}
	return nil, fmt.Errorf("the program has no event %q; it has %s", event, strings.Join(events(p), ", "))
}

// fitting returns the only event whose parameters are the members.
func fitting(p *plan.Program, members map[string]json.RawMessage) (*plan.Handler, error) {
	var found *plan.Handler
	for i := range p.Handlers {
		h := &p.Handlers[i]
		if !fits(h, members) || found != nil && found.Event == h.Event {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("both %s and %s have these parameters: write {\"event\": ..., \"args\": {...}}", found.Event, h.Event)
		}
		found = h
	}
	if found == nil {
		return nil, errors.New("no event has exactly these parameters: write {\"event\": ..., \"args\": {...}}")
	}
	return found, nil
}

func fits(h *plan.Handler, members map[string]json.RawMessage) bool {
	return len(h.Params) == len(members) && !slices.ContainsFunc(h.Params, func(p plan.Param) bool {
		_, ok := members[p.Name]
		return !ok
	})
}

func events(p *plan.Program) (names []string) {
	for i := range p.Handlers {
		if !slices.Contains(names, p.Handlers[i].Event) {
			names = append(names, p.Handlers[i].Event)
		}
	}
	slices.Sort(names)
	return names
}
