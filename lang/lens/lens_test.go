package lens_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang"
	"github.com/martinelli-lang/martinelli/lang/diag"
	"github.com/martinelli-lang/martinelli/lang/lens"
	"github.com/martinelli-lang/martinelli/lang/token"
)

// program is a text with the place asked about, which is where the ¦ is.
type program struct {
	name, text string
	at         int
}

func cursor(name, text string) program {
	before, after, _ := strings.Cut(text, "¦")
	return program{name, before + after, len(before)}
}

// read reads the program, with texts in the place of what it was.
func (p program) read(texts map[string]string) *lang.Insight {
	text := p.text
	if other, ok := texts[p.name]; ok {
		text = other
	}
	return lang.Inspect([]lang.Source{{Name: p.name, Text: text}}, nil)
}

const shop = `type :Order, { sku: id, n: nat }
type :Cart,  { lines: gset<Order>, paid: once }

database :stock,  counter, :by => :sku
database :orders, Cart, :by => :order_id, :replicated => true
database :names,  lww<string>, :by => :sku, :replicated => true
database :seen,   gset<id>, :replicated => true

on_take do |sku: id, n: nat|
  let left = stock[:sku]
  if left < n
    abort :sold_out
  end
  stock[:sku].dec(n)
end
on_order do |order_id: id, o: Order|
  orders[:order_id].lines.add(o)
  seen.add(o.sku)
end
def :twice do |n: int| n * 2 end
view :popular do
  seen.filter do |s| s != "" end
end
view :empty do stock.filter do |s, n| twice(n) < 2 end end
`

// TestNote asks what stands at a place.
func TestNote(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"let left = st¦ock[:sku]", "", "database :stock, counter, :by => :sku, :at => :server"},
		{"let le¦ft", "", "left: int"},
		{"if le¦ft < n", "", "left: int"},
		{"if left ¦< n", "", "left < n: bool"},
		{"  stock[:sku].de¦c(n)", "", "counts down"},
		{"lines.a¦dd(o)", "", "puts an element in"},
		{"add(o.s¦ku)", "", "field of `Order`"},
		{"on_ta¦ke", "", "on_take(sku: id, n: nat)"},
		{"on_ta¦ke", "", "strength 3, serial, on one entity"},
		{"def :twi¦ce", "", "def :twice(n: int): int"},
		{"view :pop¦ular", "", "settled: `seen` is a gset, which only grows"},
		{"view :emp¦ty", "", "tentative: a row of `stock` is replaced"},
		{"  seen.fi¦lter", "", "those for which the block holds"},
		{"on_or¦der", "", "at `server`, `client`: strength 1, one causal commit"},
		{"database :st¦ock", "", "tentative: `stock` is a counter"},
		{"orders, Ca¦rt", "", "type :Cart,  { lines: gset<Order>, paid: once }"},
		{"lines: gs¦et<", "", "a set that only grows"},
		{"counter, :b¦y", "", "the dimensions"},
		{"data¦base :stock", "", "declares what is stored"},
		{"  let left = st¦ock[:sku]\n  if left <", "  let left = stock[:sku].\n  if left <", "database :stock"},
	} {
		text := strings.Replace(shop, strings.ReplaceAll(c.from, "¦", ""), c.from, 1)
		if !strings.Contains(text, "¦") {
			t.Fatal("no", c.from)
		}
		p := cursor("shop.mrt", text)
		if c.to != "" {
			p.text = strings.Replace(p.text, strings.ReplaceAll(c.from, "¦", ""), c.to, 1)
		}
		n, _ := lens.New(p.read(nil)).Note(p.name, p.at)
		if got := n.Code + "\n" + strings.Join(n.Lines, "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: got\n%s\nwant %s", c.from, got, c.want)
		}
	}
}

// TestFits asks what may be written at a place, while the line is being typed.
func TestFits(t *testing.T) {
	for _, c := range []struct{ from, to, want, not string }{
		{"  stock[:sku].dec(n)", "  stock[:sku].¦", "inc dec", "add set count"},
		{"  stock[:sku].dec(n)", "  stock[:sku].d¦", "inc dec", "add"},
		{"  stock[:sku].dec(n)", "  names[:sku].¦", "set or", "add inc"},
		{"  stock[:sku].dec(n)", "  stock.¦", "keys count filter", "inc"},
		{"seen.add(o.sku)", "seen.¦", "add count map", "remove keys"},
		{"  orders[:order_id].lines.add(o)", "  orders[:order_id].¦", "lines paid", "add"},
		{"  orders[:order_id].lines.add(o)", "  orders[:order_id].lines.¦", "add count", "remove"},
		{"add(o.sku)", "add(o.¦)", "sku n", "add"},
		{"  if left < n", "  if ¦", "left n sku stock popular twice now user_id", "order_id o"},
		{"  if left < n", "  if l¦", "left", ""},
		{"    abort :sold_out", "    abort :full\n    abort ¦", ":full", ""},
		{"    abort :sold_out", "    ¦", "abort atomic tentatively stock left if", "database"},
		{"  stock[:sku].dec(n)", "  atomic ¦", ":serial :saga", "stock"},
		{"  stock[:sku].dec(n)", "  stock[¦]", ":sku n left", ""},
		{"  stock[:sku].dec(n)", "  stock[:¦]", ":sku", "n left"},
		{"def :twice", "at ¦", ":server :client", "stock"},
		{"def :twice", "at :s¦", ":server", ""},
		{"def :twice", "da¦\ndef :twice", "database view def on_", "stock"},
		{"counter, :by => :sku", "¦", "counter gset :by :replicated", "string"},
		{"counter, :by => :sku", "counter, ¦", ":by :replicated", ""},
		{"counter, :by => :sku", "counter, :¦", ":by :replicated", "gset"},
		{"counter, :by => :sku", "counter, :replicated => ¦", "true :sku :user_id", "stock"},
		{"counter, :by => :sku", "counter, :at => ¦", ":server :client", ""},
		{"|sku: id, n: nat|", "|sku: ¦, n: nat|", "id int nat Order", "gset stock"},
		{"sku: id, n: nat }", "sku: ¦, n: nat }", "id int", "stock"},
		{"gset<Order>", "gset<¦>", "Order id", "stock"},
		{"s != \"\" end", "¦ end", "s stock", "left n"},
		{"def :twice", "invariant :full, ¦ do |s in stock.keys|\n  stock[s] >= 0\nend\ndef :twice", ":keep", "stock"},
		{"def :twice", "invariant :full, :keep => ¦ do |s in stock.keys|\n  stock[s] >= 0\nend\ndef :twice", ":escrow :serial", "stock"},
		{"def :twice", "allow :write, ¦\ndef :twice", "stock popular", "left"},
		{"def :twice", "test \"t\" do\n  when do\n    client.¦\n  end\nend\ndef :twice", "on_take on_order", "add"},
		{"def :twice", "test \"t\" do\n  when do\n    client(\"ann\").on_¦\n  end\nend\ndef :twice", "on_take on_order", "add"},
		{"def :twice", "# a rem¦ark\ndef :twice", "", "stock"},
	} {
		text := strings.Replace(shop, c.from, c.to, 1)
		p := cursor("shop.mrt", text)
		if p.at == len(p.text) {
			t.Fatal("no", c.from)
		}
		var got []string
		for _, s := range lens.Fits(token.NewFile(p.name, p.text), p.at, p.read) {
			got = append(got, s.Label)
		}
		for _, w := range strings.Fields(c.want) {
			if !slices.Contains(got, w) {
				t.Errorf("%s: no %s in %v", c.to, w, got)
			}
		}
		for _, w := range strings.Fields(c.not) {
			if slices.Contains(got, w) {
				t.Errorf("%s: %s in %v", c.to, w, got)
			}
		}
	}
}

// TestRenameOfWhatIsStored lets a database that nodes have entries of read them
// under its new name: the lock is answered, and no letter is new.
func TestRenameOfWhatIsStored(t *testing.T) {
	p := cursor("shop.mrt", strings.Replace(shop, "database :names", "database :na¦mes", 1))
	lock, letters := lang.Lock([]lang.Source{{Name: p.name, Text: p.text}}, nil)
	if lock == nil {
		t.Fatal(letters)
	}
	read := func(texts map[string]string) *lang.Insight {
		text := p.text
		if other, ok := texts[p.name]; ok {
			text = other
		}
		return lang.Inspect([]lang.Source{{Name: p.name, Text: text}, {Name: lang.LockName, Text: lock.String()}}, nil)
	}
	l := lens.New(read(nil))
	edits, err := l.Rename(p.name, p.at, "titles", read)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := l.File(p.name)
	const want = "database :titles,  lww<string>, :by => :sku, :replicated => true, :was => :names\n"
	if text := diag.Apply(file, edits); !strings.Contains(text, want) {
		t.Error("got", text)
	}
}

// TestRefused asks for names that cannot be given, and hears why.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ at, to, why string }{
		{"database :st¦ock", "names", "is the name of a database already (shop.mrt:6)"},
		{"database :st¦ock", "popular", "is the name of a view already"},
		{"database :st¦ock", "end", "is a reserved word"},
		{"database :st¦ock", "a b", "is no name"},
		{"database :st¦ock", "1st", "is no name"},
		{"database :st¦ock", "now", "belongs to the prelude"},
		{"database :st¦ock", "user_id", "is bound by a role"},
		{"database :st¦ock", "left", "then error shop.mrt:14 has E104"},
		{"let le¦ft", "n", "`n` at shop.mrt:11 would mean something else"},
		{"let le¦ft", "stock", "then error"},
		{"type :Or¦der", "gset", "is a type of the language"},
		{"type :Or¦der", "Cart", "already"},
		{"stock[:sku].de¦c", "minus", "belongs to the language"},
		{"data¦base :stock", "store", "belongs to the language"},
		{":by => :s¦ku\n", "thing", "is a dimension"},
		{"on_ta¦ke", "order", "already"},
	} {
		text := strings.Replace(shop, strings.ReplaceAll(c.at, "¦", ""), c.at, 1)
		p := cursor("shop.mrt", text)
		_, err := lens.New(p.read(nil)).Rename(p.name, p.at, c.to, p.read)
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s to %s: got %v, want %s", c.at, c.to, err, c.why)
		}
	}
}
