package syntax

import "github.com/martinelli-lang/martinelli/lang/token"

// The lines of a topology and their options.
var (
	topologyHeads = []string{"role", "link"}
	roleOptions   = []string{"nodes", "quorum", "offline", "ambient"}
	linkOptions   = []string{"every", "late_after"}
)

// topology reads lines to the end of the file.
func (p *parser) topology(t *Topology) {
	for p.list.Tokens[p.at].Kind != token.EOF {
		start := p.at
		p.topologyLine(t)
		if !p.broken && !p.newline() {
			p.fail(p.noNewline())
		}
		if p.broken {
			p.resume(start)
			p.toLine(start)
		}
	}
}

func (p *parser) topologyLine(t *Topology) {
	head := p.now()
	word := head.Text
	if head.Kind != token.Ident || nearest(word, topologyHeads) == "" {
		p.fail(p.noTopologyLine())
		return
	}
	if near := nearest(word, topologyHeads); near != word {
		p.report(unknownHead(head.Span, near))
		word = near
	}
	p.skip()
	if word == "role" {
		t.Roles = append(t.Roles, p.role(head))
		return
	}
	t.Links = append(t.Links, p.link(head))
}

func (p *parser) role(head token.Token) Role {
	r := Role{Name: p.symbol("the name of the role")}
	p.args(&r.Options, roleOptions, nil)
	r.Span = p.since(head.Start)
	return r
}

func (p *parser) link(head token.Token) Link {
	l := Link{From: p.symbol("the name of a role")}
	p.expect(token.Comma, "`,` and the role at the other end")
	l.To = p.symbol("the role at the other end")
	p.args(&l.Options, linkOptions, nil)
	l.Span = p.since(head.Start)
	return l
}

// toLine goes on to the next line, past words that would end a body: a topology has none.
func (p *parser) toLine(start int) {
	for p.at == start || !p.newline() {
		if p.kind() == token.EOF {
			return
		}
		p.skip()
	}
}
