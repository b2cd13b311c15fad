package lens

import (
	"strings"

	"github.com/martinelli-lang/martinelli/lang/resolve"
	"github.com/martinelli-lang/martinelli/lang/syntax"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// Item is a declaration in the outline of a file.
type Item struct {
	Kind   Kind
	Name   string
	Detail string
	Span   token.Span // all of it
	Head   token.Span // its name, or its first word
	Items  []Item     // those that stand in it
}

// Outline lists the declarations of a file.
func (l *Lens) Outline(file string) []Item {
	p := l.pages[file]
	if p == nil {
		return nil
	}
	if l.insight.Roles != nil && p.source == l.insight.Roles.Source {
		var items []Item
		for _, r := range l.insight.Roles.Roles {
			items = append(items, Item{Kind: Role, Name: r.Name.Text, Detail: "role", Span: r.Span, Head: named(r.Name)})
		}
		return items
	}
	return l.items(p.decls)
}

func (l *Lens) items(decls []syntax.Decl) []Item {
	var items []Item
	for _, d := range decls {
		if item, ok := l.item(d); ok {
			items = append(items, item)
		}
	}
	return items
}

func (l *Lens) item(d syntax.Decl) (Item, bool) {
	span := d.Where()
	word, _, _ := strings.Cut(span.Text(), " ")
	item := Item{Detail: word, Span: span, Head: token.Span{File: span.File, Start: span.Start, End: min(span.Start+len(word), span.End)}}
	name := syntax.Name{}
	switch d := d.(type) {
	case *syntax.Database:
		name, item.Kind = d.Name, Database
	case *syntax.View:
		name, item.Kind = d.Name, View
	case *syntax.Handler:
		name, item.Kind, item.Detail = d.Event, Event, "event"
	case *syntax.Invariant:
		name, item.Kind = d.Name, Invariant
	case *syntax.Def:
		name, item.Kind = d.Name, Def
	case *syntax.TypeDecl:
		name, item.Kind = d.Name, Record
		for _, f := range d.Type.Fields {
			item.Items = append(item.Items, Item{Kind: Field, Name: f.Name.Text, Span: f.Span, Head: f.Name.Span})
		}
	case *syntax.Import:
		name, item.Kind = d.Name, Import
		if d.Path != nil {
			item.Name = d.Path.Value
		}
	case *syntax.At:
		item.Kind, item.Items = Role, l.items(d.Decls)
		names := make([]string, len(d.Roles))
		for i, r := range d.Roles {
			names[i] = r.Text
		}
		item.Name = "at " + resolve.Quoted(names)
	case *syntax.Test:
		item.Kind, item.Name = Word, d.Title.Value
	case *syntax.Process:
		item.Kind, item.Name = Word, "process"
	case *syntax.Allow:
		item.Kind, item.Name = Word, "allow :"+d.Verb.Text+", "+d.Target.Text
	}
	if name.Text != "" {
		item.Name, item.Head = name.Text, named(name)
	}
	item.Head.Start, item.Head.End = max(item.Head.Start, span.Start), min(item.Head.End, span.End)
	return item, item.Name != ""
}
