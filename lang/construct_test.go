package lang

import (
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// declared stands before every construct below.
const declared = `
type :Ad, { id: id, image: string }
database :ads, set<Ad>, :replicated => true
database :numbers, gset<int>, :replicated => true
database :counters, gcounter, :by => :ad_id, :replicated => true
database :stock, counter, :by => :sku
database :latest, lww<string>, :by => :name, :replicated => true
database :top, max<int>, :replicated => true
database :done, once, :replicated => true
database :mine, set<string>, :by => :user_id, :replicated => true
`

// constructs is a walk through the language, section by section. Each one
// either compiles ("") or is refused by its name.
var constructs = []struct{ text, refused string }{
	// The heads and their options.
	{"database :x", ""},
	{"database :x, set<Ad>", ""},
	{"database :x, gcounter, :by => :d", ""},
	{"database :x, gcounter, :by => [:d, :e], :replicated => :d", ""},
	{"database :x, gset<int>, :replicated => true", ""},
	{"database :x, gset<int>, :at => :server", ""},
	{"database :x, gset<int>, :by => :u, :is => :user_id", ""},
	{"database :x, gset<int>, :by => [:room, :member], :is => { member: :user_id }, :replicated => :room\non_x do |room: id| x[room, user_id].add(1) end", ""},
	{`database :x, gset<int>, :expires => "30d"`, ""},
	{`database :x, map<id, gcounter>, :by => :d, :replicated => true, :expires => "1s"`, ""},
	{"type :R, { a: once }\ndatabase :x, R, :by => :d, :expires => \"1s\"", ""},
	{"database :x, map<id, { a: gset<int>, m: map<int, { c: counter }> }>, :by => :k, :replicated => true, :expires => \"1s\"", ""},
	{"database :x, set<int>, :was => :numbers, :replicated => true", ""},
	{"database :x, counter, :by => :ad_id, :was => :counters, :replicated => true", ""},
	{"view :x do numbers end", ""},
	{"view :x do |k in numbers| k end", ""},
	{"view :x do |a, b in numbers.product(numbers)| a * b end\nview :y do x[1, 2].or(0) end\nview :z do x[1] end\nview :w do x.keys end", ""},
	{"view :x do |ad_id in counters.keys| ads.filter do |a| a.id == ad_id end end\nview :y do ads.filter do |a| a in x[a.id] end end\nview :z do x.count end", ""},
	{"on_x do |a: int| numbers.add(a) end", ""},
	{"process do render(numbers) end", ""},
	{"process do |k in numbers| render(k) end", ""},
	{"process do |ad_id in counters.keys| render(counters[:ad_id]) end", ""},
	{"process do |user_id in users| render(mine) end", ""},
	{"invariant :x do |a in ads| counters[a.id] <= 5 else ads.remove(a) end", ""},
	{"invariant :x, :keep => :escrow do |s in left.keys| left[s] >= 0 end\ndatabase :left, counter, :by => :sku, :replicated => true\non_x do |s: id| left[s].dec(1) end", ""},
	{"invariant :x, :keep => :serial do |s in stock.keys| stock[s] >= 0 end", ""},
	{`import :f, (int) -> int, :from => "go:f"`, ""},
	{`import :f, (int, out set<int>), :from => "go:f"`, ""},
	{`import :f, (int, out flag), :from => "go:f"`, ""},
	{"import :f, (gset<int>, out { a: set<int>, b: map<id, { c: flag }>, d: lww<int> }), :from => \"go:f\"\ndatabase :x, { a: set<int>, b: map<id, { c: flag }>, d: lww<int> }, :by => :k, :replicated => true\nprocess do |k in counters.keys| f(numbers, x[:k]) end\non_x do |k: id| x[:k].a.remove(3) end\nview :y do x.filter do |k, r| r.b.count > r.a.count end end\nview :z do x[\"a\"].b.keys end", ""},
	{`import :f, (gset<int>) -> int, :from => "go:f"`, ""},
	{"import :f, (gset<int>, out set<int>), :from => \"go:f\"\ndatabase :x, set<int>, :by => :k, :replicated => true\nprocess do |k in counters.keys| f(numbers, x[:k]) end\nview :y do x.filter do |k, n| n > 1 end end\non_x do |k: id| x[:k].remove(3)\nx[:k].add(4) end", ""},
	{"import :f, (gset<int>, out lww<string>), :from => \"go:f\"\ndatabase :x, lww<string>, :replicated => true\nprocess do f(numbers, x) end\nview :y do x.or(\"\") end", ""},
	{"import :f, (gset<int>, out set<int>), :from => \"go:f\"\nimport :f, (set<Ad>, out set<string>), :from => \"go:g\"\ndatabase :x\ndatabase :y\nprocess do f(numbers, x) end\nprocess do f(ads, y) end", ""},
	{`import :f, (int) -> int, :from => "wasm:f.wasm"`, ""},
	{`import :f, (int) -> int, :from => "go:f", :monotone => true`, ""},
	{`import :f, (int) -> int, :from => "go:f", :mergeable => true`, ""},
	{`import :f, (int) -> int, :from => "go:f", :idempotent => true`, ""},
	{"import :f, (int) -> int, :from => \"go:f\"\nimport :f, (id) -> int, :from => \"go:g\"", ""},
	{"def :f do |x: int| x + 1 end", ""},
	{"def :limit do 50_000 end", ""},
	{"type :T, { a: int, b: list<string> }", ""},
	{"type :T, { a: gset<int>, b: once }", ""},
	{"type :T, { a: gset<int>, b: U }\ntype :U, { c: lww<string>, d: { e: counter } }\ndatabase :x, T, :by => :k\non_x do |k: id| x[:k].b.d.e.inc(1) end\nview :y do x.b.c end", ""},
	{"database :x, { a: gset<int>, b: once }, :by => :k\nview :y do x end\nview :z do x.filter do |k, r| r.b and 1 in r.a end.map do |k, r| k end end", ""},
	{"database :x, map<id, { a: gset<int>, m: map<int, { c: counter }> }>, :by => :k, :replicated => true\nview :y do x end\nview :z do x[\"a\"].map do |id, r| r.a.count + r.m.count end end", ""},
	{"database :x, { a: gset<int>, b: once }, :by => :k\nview :y do x.keys.filter do |k| x[k].b and 1 in x[k].a end end", ""},
	{"at :server do\ndatabase :x, gset<int>\nend", ""},
	{"at :server\ndatabase :x, gset<int>", ""},
	{"at :client do\ndatabase :x, gset<int>\nend", "a home at `client`"},
	{"at :server, :client do\nview :x do numbers end\nend", ""},
	{"at :server, :client do\ndatabase :x, gset<int>, :replicated => true\nend\non_x do x.add(1) end\nview :y do x.count end", ""},
	{"at :client do\ndatabase :x\nview :y do x end\nend\nat :server do\ndatabase :x\nend\nat :client do\nprocess do\nrefresh(user_id)\nrender(x)\nend\nend", ""},
	{"allow :write, numbers do |me| true end", ""},
	{"allow :read, numbers do |me| true end", ""},
	{"allow :append, x do |me| true end\ndatabase :x, gset<int>, :replicated => true", ""},
	{"allow :append, x do |me, m| m.from == me end\ndatabase :x, log<{ from: id, text: string }>, :replicated => true", ""},
	{"allow :append, x do |me| true end\ndatabase :x, gset<int>", "`allow :append` on a home database"},
	{"allow :write, numbers do |me| me == \"ann\" end", ""},
	{"allow :write, x do |me| me == user_id or me in f[:user_id] end\ndatabase :x, set<int>, :replicated => :user_id\ndatabase :f, set<id>, :by => :user_id, :replicated => true", ""},
	{"allow :read, x, :revoke => :future do |me| me in f[:user_id] end\ndatabase :x, set<int>, :replicated => :user_id\ndatabase :f, set<id>, :replicated => :user_id", ""},
	{"allow :write, numbers, :revoke => :future do |me| true end", ""},
	{"allow :read, v do |me| true end\nview :v do numbers end", ""},
	{"allow :write, stock do |me| me == \"ann\" end", ""},

	// Statements.
	{"on_x do |a: int|\nlet b = a + 1\nnumbers.add(b)\nend", ""},
	{"on_x do |a: int|\nif a > 1\nnumbers.add(a)\nelsif a > 0\nabort :low\nelse\nabort :lower\nend\nend", ""},
	{"on_x do |xs: list<int>| xs.each do |x| numbers.add(x) end end", ""},
	{"on_x do |a: id| atomic :serial do stock[a].dec(1) else |why| end end", ""},
	{"on_x do |a: id| atomic :saga, :key => a do step do stock[a].dec(1) end end end", ""},
	{"on_x do tentatively do numbers.add(1) end end", ""},

	// Lattices.
	{"database :x, mv<int>", ""},
	{"database :x, min<int>", ""},
	{"database :x, rset<int>", ""},
	{"database :x, flag", ""},
	{"database :x, log<int>", ""},
	{"database :x, text\non_x do |s: string| x.insert(x.count, s)\nx.delete(0, 1) end\nview :y do x[0].or(\"\") end", "the lattice `text`"},
	{"database :x, seq<int>\non_x do |n: int| x.insert(0, n)\nx.append(n)\nx.delete(x.count - 1) end\nview :y do x.map do |n| n + 1 end.count end", "the lattice `seq`"},
	{"view :x do [\"ab\".count, \"ab\"[1].or(\"\").count] end", ""},
	{"database :x, map<id, gcounter>", ""},
	{"database :x, map<id, map<int, { a: set<int>, b: counter }>>, :by => :k, :replicated => true\non_x do |k: id, n: int| x[:k][k][n].a.add(n)\nx[:k][k].remove(n)\nx[:k].remove(k) end\nview :y do x.keys end\nview :z do x[\"a\"].keys end\nview :w do x[\"a\"][\"b\"].keys end", ""},
	{"database :x, map<id, gcounter>\nview :y do x end\nview :z do x.keys end\nview :w do x[\"a\"] > 5 end", ""},
	{"database :x, map<id, set<int>>, :by => :k\nview :y do x[\"a\"].map do |id, n| n end end\nview :z do x[\"a\"][\"b\"] end\non_x do |k: id| x[:k].each do |id, n| numbers.add(n) end end", ""},
	{"database :x, { a: gset<int> }", ""},
	{"database :x\non_x do |a: int| x.set(a) end", ""},
	{"database :x\non_x do x.on() end\non_y do x.off() end", ""},
	{"database :x\non_x do |a: int| x.append(a) end", ""},
	{"on_x do\nnumbers.add(1)\nads.add({ id: \"\", image: \"\" })\nstock[\"a\"].inc(1)\nstock[\"a\"].dec(1)\nlatest[\"a\"].set(\"b\")\ntop.set(3)\ndone.on()\nend", ""},

	// Readers.
	{"view :x do numbers.map do |n| n * 2 end end", ""},
	{"view :x do numbers.filter do |n| n > 2 end end", ""},
	{"view :x do numbers.flat_map do |n| [n, n] end end", ""},
	{"view :x do numbers.product(ads) end", ""},
	{"view :x do numbers.join(numbers) do |a, b| a == b end end", ""},
	{"view :x do numbers.union(numbers) end", ""},
	{"view :x do numbers.intersection(numbers) end", ""},
	{"view :x do numbers.minus(numbers) end", ""},
	{"view :x do numbers.count end", ""},
	{"view :x do counters.keys end", ""},
	{"view :x do counters end", ""},
	{"view :x do 3 in numbers end", ""},
	{"view :x do latest[\"a\"].or(\"\") end", ""},
	{"view :x do numbers.count do |n| n > 2 end end", ""},
	{"view :x do numbers.sum do |n| n end end", ""},
	{"view :x do numbers.avg do |n| n end end", ""},
	{"view :x do numbers.max end", ""},
	{"view :x do numbers.min end", ""},
	{"view :x do numbers.any do |n| n > 2 end end", ""},
	{"view :x do numbers.group do |n| n end end", ""},
	{"view :x do numbers.sort_by do |n| n end end", ""},
	{"view :x do numbers.top(3) do |n| n end end", ""},
	{"view :x do numbers.first end", ""},
	{"view :x do numbers.last end", ""},
	{"view :x do numbers.product(numbers).closure end", ""},
	{"view :x do [2.5, 1.0].sum + [1, 2].avg.or(0.5) + numbers.avg.or(0.0) end", ""},
	{"view :x do [3, 1].sort_by do |n| -n end.first.or(0) + [3, 1].top(1) do |n| n end.last.or(0) + [1, 2].max.or(0) + [1, 2].min.or(0) end", ""},
	{"def :x do |xs: list<Ad>| xs.any do |a| a.id == \"x\" end or xs.count do |a| a.image == \"\" end > 1 end", ""},
	{"on_x do |xs: list<int>| xs.group do |n| n % 3 end.each do |k, g| numbers.add(k * g.sum) end end", ""},
	{"view :x do numbers.filter do |n| numbers.sum do |m| m * n end > 5 end end", ""},
	{"invariant :x do |a in ads| numbers.sum do |n| 1 end <= 5 else ads.remove(a) end", ""},
	{"database :two, gcounter, :by => [:a, :b]\nview :x do two[\"a\"] end\nview :y do two[\"a\"].keys end\nview :z do two[\"a\"].map do |b, n| n end end", ""},
	{"view :x do mine end", ""},
	{"at :client do\nview :x do mine.map do |m| m + user_id end end\nend", ""},

	// The prelude.
	{"on_x do |a: int| if now > days(a) + hours(1) + minutes(1) + seconds(1)\nabort :late\nend\nend", ""},
	{"on_x do latest[new_id()].set(user_id) end", ""},
	{"at :client do\non_x do |a: int| upload(a, \"b\") end\nend\nat :server do\non_x do |a: int, b: string| numbers.add(a) end\nend", ""},
	{"on_x do notify(user_id, :done) end", ""},
	{"at :server do\ndatabase :x, gset<int>, :by => :room\nend\nat :client do\ndatabase :x\nprocess do |room in x.keys|\nrefresh(room)\nrender(x[:room])\nend\nend", ""},
	{"at :server do\ndatabase :x, gset<int>\nview :v do x.count end\nend\nat :client do\nview :w do v + 1 end\nprocess do render(x) end\non_x do if v > 2\nnumbers.add(1)\nend end\nend", ""},
	{"process do notify(1, numbers.count) end\nprocess do |ad_id in counters.keys| notify(ad_id, counters[:ad_id]) end", ""},
	{"database :x\nprocess do recommend(numbers, ads, x) end", ""},
	{"import :f, (gset<int>, out max<int>), :from => \"go:f\"\ndatabase :x, max<int>, :by => :k, :replicated => true\nprocess do |k in counters.keys| f(numbers, x[:k]) end\nview :y do x.filter do |k, n| n > 1 end end", ""},
	{"view :x do users end", ""},
	{"view :x do clock > 5 end", ""},
	{"at :server do\non_x do |n: int|\nif clock - n >= hours(1)\nnumbers.add(n)\nend\nend\nend", ""},
	{"at :server do\ninvariant :x do |n in numbers| clock < n else done.on() end\nend", ""},
	{"at :client do\nprocess do render(mine[:user_id]) end\nend", ""},

	// Values and operators.
	{"view :x do { a: 1, b: 2.5, c: \"s\", d: :sym, e: [1, 2], f: true } end", ""},
	{"view :x do 1 + 2 - 3 * 4 / 5 % 6 end", ""},
	{"view :x do not (1 < 2 and 2 <= 3 or 3 > 4 and 4 >= 5 or 1 == 1 and 1 != 2) end", ""},
	{"view :x do -1 + 2.5 end", ""},
	{"view :x do [1, 2][0].or(0) end", ""},
	{"view :x do top == nil end", ""},
	{"view :x do\nlet a = 1\nif a > 0\n\"x\"\nelse\n\"y\"\nend\nend", ""},

	{"view :x do [\"b\" in [\"a\"], not true, (1 + 2) * 3 == 9] end", ""},
	{"view :x do counters.keys.map do |k| counters[k] + counters[\"a\"] end end", ""},
	{"on_x do |a: Ad|\nif a in ads\nabort :twice\nend\ntentatively do\nif not (a in ads)\nads.add(a)\nend\nend\nend", ""},
	{"on_x do |user_id, a: int| if user_id == \"\"\nabort :nobody\nend\nnumbers.add(a)\nend", ""},

	// Serial blocks and sagas.
	{"on_x do |a: id|\nnumbers.add(1)\natomic :serial do\nif stock[a] < 1\nabort :out\nend\nstock[a].dec(1)\nelse |why|\nnumbers.add(2)\nend\nend", ""},
	{"view :own do mine[:user_id] end\non_x do\natomic :serial do\nif own.count > 3\nabort :full\nend\nstock[\"a\"].inc(1)\nelse |why|\nend\nend", "the view `own`, which is a user's, in a block that runs at its home"},
	{"view :own do mine[:user_id] end\nview :few do own.filter do |n| n < \"c\" end end\non_x do |a: id|\natomic :saga, :key => a do\nstep do\nstock[a].inc(1)\nundo\nfew.each do |n| stock[a].dec(1) end\nend\nend\nend", "the view `few`, which is a user's, in a block that runs at its home"},
	{"on_x do |a: id| atomic :serial do stock[a].seal() else |why| end end", ""},
	{"import :pay, (id) -> bool, :from => \"go:pay\", :idempotent => true\non_x do |a: id|\natomic :saga, :key => a do\nstep do\nstock[a].dec(1)\nundo\nstock[a].inc(1)\nend\nstep do\nif not pay(a)\nabort :declined\nend\nend\nelse |why|\nnumbers.add(1)\nend\nend", ""},

	// Tests.
	{"on_x do |a: int| numbers.add(a) end\ntest \"all\" do\ngiven do\nnodes(:server, 2)\nnodes(:client, 3)\nserver.on_x(1)\nfaults(drop: 0.1, duplicate: true, reorder: true, corrupt: true, cuts: 1, crashes: 1, skew: true)\nend\nwhen do\nclient(\"ann\").on_x(2)\ntogether do\nclient.on_x(3, times: 4)\nserver(1).on_x(5)\nend\ncut(server(1), server(2))\nheal()\ncrash(server(2))\nsettle()\nexpect(5 in numbers)\nend\nalways do\nexpect(numbers.count >= 1)\nend\nthen do\nlet n = numbers.count\nexpect(n == truth(numbers.count))\nend\nend", ""},
	{"test \"nothing\" do\nthen do expect(numbers.count == 0) end\nend", ""},

	// The shapes of invariants, and repairs.
	{"invariant :x do |s in stock.keys| stock[s] >= 0 end\non_y do |s: id| stock[s].inc(1) end", ""},
	{"invariant :x do |s in stock.keys| stock[s] <= 0 end\non_y do |s: id| stock[s].dec(1) end", ""},
	{"database :a, counter, :by => :k\ndatabase :b, counter, :by => :k\ninvariant :x do |k in a.keys| a[:k] + b[:k] == 0 end\non_y do |k: id, n: nat|\na[:k].inc(n)\nb[:k].dec(n)\nend", ""},
	{"database :a, gcounter, :replicated => true\ndatabase :b, gcounter, :replicated => true\ninvariant :x do a <= b end\ninvariant :y do a == 0 and a != 5 end\non_y do b.inc(1) end", ""},
	{"invariant :x do |a in ads| a.image != \"\" end\non_y do |a: Ad| ads.add(a) end", ""},
	{"invariant :x do latest[\"a\"] == latest[\"b\"] end\non_y do |s: string|\nlatest[\"a\"].set(s)\nlatest[\"b\"].set(s)\nend", ""},
	{"database :ids, gset<id>, :replicated => true\ninvariant :x do |a in ads| a.id in ids end\non_y do |a: Ad| ads.add(a) end\non_z do |i: id| ids.add(i) end", ""},
	{"invariant :x do |a, b in ads.product(ads)| a.id != b.id or a == b end\non_y do ads.add({ id: new_id(), image: \"\" }) end", ""},
	{"invariant :x do |a in ads, b in ads| a.id != b.id or a == b end\non_y do ads.add({ id: new_id(), image: \"\" }) end", ""},
	{"invariant :x do ads.count <= 5 end\non_y do |a: Ad| ads.remove(a) end", ""},
	{"invariant :x do not (3 in numbers) or done end\non_y do\nnumbers.add(3)\ndone.on()\nend", ""},
	{"invariant :x do not (3 in numbers and done) end\non_y do done.on() end", ""},
	{"database :total, counter, :replicated => true\ninvariant :x do total == numbers.count end", ""},
	{"invariant :x do numbers.count <= 5 else done.on() end", ""},
	{"invariant :x do |n in numbers| n <= 5 else latest[\"a\"].set(\"much\") end", ""},
	{"database :x, map<id, gset<int>>, :replicated => true\ninvariant :y do numbers.count <= 5 else x.remove(\"a\") end", ""},
}

func TestEveryConstructCompilesOrIsRefusedByName(t *testing.T) {
	for _, c := range constructs {
		program, letters := Compile([]Source{{Name: "test.mrt", Text: declared + c.text}}, nil)
		if c.refused == "" {
			if program == nil {
				t.Errorf("%s\nis refused:\n%s", c.text, letter(letters))
			}
			continue
		}
		if program != nil {
			t.Errorf("%s\ncompiles, and should be refused: not yet %s", c.text, c.refused)
			continue
		}
		if d := letters[0]; d.Code != "E190" || !strings.Contains(d.Title, "not yet: ") || !strings.Contains(d.Title, c.refused) {
			t.Errorf("%s\nshould be refused by the name %q; got\n%s", c.text, c.refused, letter(letters))
		}
	}
}

// letter writes letters for a failed test.
func letter(ds []diag.Diagnostic) string {
	var b strings.Builder
	if err := (diag.Renderer{}).Render(&b, ds); err != nil {
		return err.Error()
	}
	return b.String()
}
