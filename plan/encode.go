package plan

import (
	"golang.org/x/crypto/blake2b"

	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Encode returns the plan's encoding: the version byte, then every slice of
// Program in the order of its declaration. Equal plans have equal bytes.
//
// It is no method: as one it would match the interface of some message, and
// the linker would put it into nodes, which only decode.
func Encode(p *Program) []byte {
	b := []byte{Version}
	b = appendList(b, p.Types, appendTypeDecl)
	b = appendList(b, p.Databases, appendDatabase)
	b = appendList(b, p.Views, appendView)
	b = appendList(b, p.Handlers, appendHandler)
	b = appendList(b, p.Processes, appendProcess)
	b = appendList(b, p.Invariants, appendInvariant)
	b = appendList(b, p.Imports, appendImport)
	b = appendList(b, p.Funcs, appendFunc)
	b = appendList(b, p.Allows, appendAllow)
	b = appendList(b, p.Roles, appendRole)
	return appendList(b, p.Links, appendLink)
}

// Hash returns the blake2b-256 hash of the plan's encoding, by which nodes
// know whether they run the same program.
func (p *Program) Hash() [32]byte { return blake2b.Sum256(Encode(p)) }

func appendList[T any](b []byte, xs []T, appendOne func([]byte, *T) []byte) []byte {
	b = wire.AppendUvarint(b, uint64(len(xs)))
	for i := range xs {
		b = appendOne(b, &xs[i])
	}
	return b
}

func appendString(b []byte, s *string) []byte { return wire.AppendString(b, *s) }

func appendInt(b []byte, n int) []byte { return wire.AppendVarint(b, int64(n)) }

func appendSlot(b []byte, n *int) []byte { return appendInt(b, *n) }

func appendTypeDecl(b []byte, d *TypeDecl) []byte {
	return appendType(wire.AppendString(b, d.Name), &d.Type)
}

func appendType(b []byte, t *Type) []byte {
	b = append(b, byte(t.Kind))
	b = wire.AppendString(b, t.Name)
	b = appendList(b, t.Args, appendType)
	return appendList(b, t.Fields, func(b []byte, f *Field) []byte {
		return appendType(wire.AppendString(b, f.Name), &f.Type)
	})
}

func appendDatabase(b []byte, d *Database) []byte {
	b = wire.AppendString(b, d.Name)
	b = appendType(b, &d.Lattice)
	b = appendList(b, d.Dims, appendDim)
	b = wire.AppendBool(b, d.Removable)
	b = append(b, byte(d.Placement))
	b = appendInt(b, d.Space)
	b = appendList(b, d.At, appendString)
	b = appendList(b, d.Pulled, appendString)
	b = wire.AppendBool(b, d.WriteByAll)
	b = appendInt(b, d.WriteByKey)
	b = appendList(b, d.Rules, appendSlot)
	b = wire.AppendBool(b, d.Appends.Anyone)
	b = appendList(b, d.Appends.Field, appendSlot)
	b = appendInt(b, d.Users)
	b = wire.AppendString(b, d.Was)
	b = append(b, byte(d.Bound.Side))
	b = wire.AppendVarint(b, d.Bound.At)
	b = wire.AppendVarint(b, d.Expires)
	b = appendInt(b, d.Whole)
	return appendList(b, d.Roles, appendString)
}

func appendDim(b []byte, d *Dim) []byte {
	return appendType(wire.AppendString(b, d.Name), &d.Type)
}

func appendView(b []byte, v *View) []byte {
	b = wire.AppendString(b, v.Name)
	b = appendList(b, v.At, appendString)
	b = appendInt(b, v.Slots)
	b = appendExpr(b, v.Expr)
	b = wire.AppendBool(b, v.Home)
	b = appendList(b, v.Keys, appendDim)
	b = appendType(b, &v.Value)
	return appendList(b, v.Pulled, appendString)
}

func appendHandler(b []byte, h *Handler) []byte {
	b = wire.AppendString(b, h.Event)
	b = appendList(b, h.At, appendString)
	b = appendList(b, h.Params, appendParam)
	b = appendInt(b, h.User)
	b = appendInt(b, h.Slots)
	b = appendList(b, h.Body, appendStmt)
	return wire.AppendBool(b, h.Home)
}

func appendParam(b []byte, p *Param) []byte {
	return appendType(wire.AppendString(b, p.Name), &p.Type)
}

func appendProcess(b []byte, p *Process) []byte {
	b = appendList(b, p.At, appendString)
	b = appendInt(b, p.Slots)
	b = appendList(b, p.Renders, func(b []byte, r *Render) []byte {
		return wire.AppendBool(appendExpr(wire.AppendString(b, r.Name), r.Expr), r.Notice)
	})
	b = appendOptional(b, p.Source)
	b = appendList(b, p.Params, appendSlot)
	b = appendList(b, p.Runs, func(b []byte, r *Run) []byte {
		b = appendList(appendInt(b, r.Import), r.Args, appendExprIn)
		b = appendList(b, r.Cells, func(b []byte, c *Cell) []byte {
			return appendList(appendInt(b, c.Database), c.Path, func(b []byte, step *int) []byte { return wire.AppendVarint(b, int64(*step)) })
		})
		return appendList(b, r.Keys, appendExprIn)
	})
	return wire.AppendBool(b, p.Home)
}

func appendInvariant(b []byte, i *Invariant) []byte {
	b = wire.AppendString(b, i.Name)
	b = appendList(b, i.At, appendString)
	b = appendOptional(b, i.Source)
	b = appendList(b, i.Params, appendSlot)
	b = appendInt(b, i.Slots)
	b = appendExpr(b, i.Cond)
	b = appendList(b, i.Repair, appendStmt)
	return append(b, byte(i.Keep))
}

func appendImport(b []byte, i *Import) []byte {
	b = wire.AppendString(b, i.Name)
	b = appendList(b, i.Params, appendParam)
	b = appendType(b, &i.Result)
	b = wire.AppendString(b, i.From)
	return appendList(b, i.Promises, appendString)
}

func appendFunc(b []byte, f *Func) []byte {
	b = wire.AppendString(b, f.Name)
	b = appendList(b, f.Params, appendParam)
	b = appendInt(b, f.Slots)
	return appendExpr(b, f.Expr)
}

func appendAllow(b []byte, a *Allow) []byte {
	b = wire.AppendString(b, a.Verb)
	b = appendInt(b, a.Database)
	b = appendInt(b, a.Me)
	b = appendInt(b, a.Slots)
	b = appendExpr(b, a.Cond)
	b = appendList(b, a.Keys, appendSlot)
	b = wire.AppendBool(b, a.Revoke)
	return appendInt(b, a.View)
}

func appendRole(b []byte, r *Role) []byte {
	b = wire.AppendString(b, r.Name)
	b = appendInt(b, r.Nodes)
	b = wire.AppendBool(b, r.Quorum)
	b = wire.AppendVarint(b, r.OfflineMax)
	return wire.AppendString(b, r.Ambient)
}

func appendLink(b []byte, l *Link) []byte {
	b = wire.AppendString(b, l.From)
	b = wire.AppendString(b, l.To)
	return wire.AppendVarint(wire.AppendVarint(b, l.Every), l.LateAfter)
}

func appendOptional(b []byte, e *Expr) []byte {
	b = wire.AppendBool(b, e != nil)
	if e != nil {
		b = appendExpr(b, e)
	}
	return b
}

func appendExpr(b []byte, e *Expr) []byte {
	b = append(b, byte(e.Op))
	b = appendType(b, &e.Type)
	b = appendInt(b, e.Index)
	b = wire.AppendString(b, e.Name)
	b = wire.AppendString(b, value.Encode(e.Const))
	b = appendList(b, e.Args, appendExprIn)
	b = wire.AppendBool(b, e.Block != nil)
	if e.Block != nil {
		b = appendList(b, e.Block.Params, appendSlot)
		b = appendExpr(b, e.Block.Expr)
	}
	return b
}

func appendExprIn(b []byte, e **Expr) []byte { return appendExpr(b, *e) }

func appendStmt(b []byte, s **Stmt) []byte {
	st := *s
	b = append(b, byte(st.Op))
	b = appendInt(b, st.Index)
	b = wire.AppendString(b, st.Name)
	b = appendInt(b, st.Keys)
	b = appendList(b, st.Params, appendSlot)
	b = appendList(b, st.Args, appendExprIn)
	b = appendList(b, st.Body, appendStmt)
	return appendList(b, st.Else, appendStmt)
}
