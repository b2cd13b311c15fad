package lower

import "github.com/martinelli-lang/martinelli/plan"

// rules sorts what the allow rules say about writing: what is true for all or
// looks at the key alone stands, and every replica decides it by itself; the
// rest is asked of the steward or of the key's owner. A rule stands in place of
// the default.
func (l *lowerer) rules() {
	ruled := map[int]bool{}
	for i, a := range l.p.Allows {
		if a.Verb != "write" {
			continue
		}
		db := &l.p.Databases[a.Database]
		if !ruled[a.Database] {
			ruled[a.Database], db.WriteByKey = true, -1
		}
		stands := true
		for _, cond := range alternatives(a.Cond) {
			stands = l.stand(db, &a, cond) && stands
		}
		if !stands {
			db.Rules = append(db.Rules, i)
		}
	}
}

// alternatives returns the conditions of which one is enough.
func alternatives(cond *plan.Expr) []*plan.Expr {
	if cond.Op == plan.OpEither {
		return append(alternatives(cond.Args[0]), alternatives(cond.Args[1])...)
	}
	return []*plan.Expr{cond}
}

// stand makes a condition a standing rule of the database, if it is one.
func (l *lowerer) stand(db *plan.Database, a *plan.Allow, cond *plan.Expr) bool {
	if cond.Op == plan.OpConst {
		db.WriteByAll = db.WriteByAll || cond.Const.AsBool()
		return true
	}
	if db.Placement == plan.Home || cond.Op != plan.OpEq {
		return false
	}
	for dim, slot := range a.Keys {
		isMine := isLocal(cond.Args[0], a.Me) && isLocal(cond.Args[1], slot) || isLocal(cond.Args[1], a.Me) && isLocal(cond.Args[0], slot)
		if isMine && (db.WriteByKey < 0 || db.WriteByKey == dim) {
			db.WriteByKey = dim
			return true
		}
	}
	return false
}

func isLocal(e *plan.Expr, slot int) bool { return e.Op == plan.OpLocal && e.Index == slot }
