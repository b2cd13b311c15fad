package lang

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/martinelli-lang/martinelli/lang/diag"
)

// mistake is one that a programmer makes in a program of the folder mistakes,
// which is right otherwise: a text of it, found once, is another.
type mistake struct {
	program  string
	from, to string
	code     diag.Code // of the error; "" where the compiler does not see it
	at       string    // the line to mend, as it is written; "" for the one that changed
}

// isAway reports whether the error stands elsewhere: it gives a name a meaning
// that others then contradict, or, of an end too many, the last is blamed.
func (m mistake) isAway() bool {
	return slices.Contains([]string{"rooms[:room].add(room)", "tasks[:list].remove(t)\n  end end"}, m.to)
}

// mistakes are a hundred and more, by hand. Those without a code are not
// caught, and say why.
var mistakes = []mistake{
	// Names that are nearly right.
	{"ads", "ads.product(contracts)", "ads.product(contract)", "E101", ""},
	{"ads", "ad.id == contract.ad end", "ad.id == contract.ads end", "E513", ""},
	{"ads", "shown[:ad_id].inc(1)", "shown[:add_id].inc(1)", "E103", ""},
	{"ads", "batch: list<Ad>|", "batch: list<Add>|", "E511", ""},
	{"ads", "render(ads_to_display)", "rendr(ads_to_display)", "E107", ""},
	{"ads", "at :client do", "at :clients do", "E106", ""},
	{"wine", "photos[:user_id].add(photo)", "photo[:user_id].add(photo)", "E104", ""},
	{"wine", "cellar[:wine_id].dec(qty)", "cellar[:wine_id].decr(qty)", "E108", ""},
	{"wine", "r.score end", "r.scor end", "E513", ""},
	{"wine", ":by => :wine_id, :at => :server", ":by => :wine_id, :at => :sever", "E106", ""},
	{"wine", "{ wine: wine_id, qty: qty, at: now }", "{ wine: wine_id, quantity: qty, at: now }", "E513", ""},
	{"orders", ".status.set(:paying)", ".state.set(:paying)", "E513", ""},
	{"orders", "prices[:sku].set(vat(cents) + shipping)", "prices[:sku].set(vta(cents) + shipping)", "E101", ""},
	{"chat", "members[:room].add(user_id)", "members[:room].add(userid)", "E101", ""},
	{"chat", "allow :append, messages", "allow :append, mesages", "E101", ""},
	{"poll", `server.on_propose("tea")`, `server.on_propse("tea")`, "E803", ""},
	{"poll", "invariant :only_choices do |c in choices|", "invariant :only_choices do |c in choises|", "E101", ""},
	{"tasks", "open_tasks.sum do |t| weight(t) end", "open_tasks.sum do |t| wieght(t) end", "E101", ""},

	// Options and heads.
	{"ads", "gcounter,      :by => :ad_id", "gcounter,      :key => :ad_id", "E033", ""},
	{"ads", "set<Ad>,       :replicated => true", "set<Ad>,       :replicate => true", "E033", ""},
	{"ads", "invariant :budget do", "invarient :budget do", "E030", ""},
	{"wine", ":keep => :serial do |wine_id in", ":keep => :serialize do |wine_id in", "E105", ""},
	{"wine", "gset<Photo>, :replicated => :user_id", "gset<Photo>, :replicated :user_id", "E020", ""},
	{"chat", "database :drafts,   lww<string>,   :replicated => :user_id", `database :drafts,   lww<string>,   :replicated => "user_id"`, "E105", ""},
	{"poll", "allow :read, result", "allow :see, result", "E038", ""},
	{"tasks", "database :finished, gset<id>,    :replicated => true", "databse :finished, gset<id>,    :replicated => true", "E030", ""},
	{"tasks", "view :load do", "view load do", "E032", ""},
	{"orders", "atomic :saga, :key => order_id do", "atomic :saga do", "E407", ""},

	// Types.
	{"ads", "shown[:ad_id].inc(1)", `shown[:ad_id].inc("1")`, "E510", ""},
	{"ads", "ads.remove(ad)", "ads.remove(ad.id)", "E510", ""},
	{"ads", "shown[ad.id] <= 50_000", "shown[ad] <= 50_000", "E510", ""},
	{"wine", "photos[:user_id].add(photo)", "photos[:user_id].add(photo.url)", "E510", ""},
	{"wine", "score: float }", "score: flaot }", "E511", ""},
	{"wine", "a.region == b.region and", "a.region == b and", "E514", ""},
	{"orders", "net * 119 / 100", `net * 119 / "100"`, "E514", ""},
	{"orders", "n * prices[sku].or(0)", "n * prices[sku]", "E514", ""},
	{"orders", "elsif cents > 1_000_000", "elsif sku > 1_000_000", "E514", ""},
	{"orders", "lines: gset<Line>, status: lww<symbol>, paid: once", "lines: gset<Line>, status: symbol, paid: once", "E512", ""},
	{"chat", "from: user_id, text: text, at: now }", "from: user_id, text: text }", "E513", ""},
	{"chat", `topics["lobby"].or("welcome") + "!"`, `topics["lobby"] + "!"`, "E514", ""},
	{"chat", "topics[:room].set(topic)", "topics[:room].set(room, topic)", "E107", ""},
	{"chat", "messages[r].count == 0", "messages[r] == 0", "E514", ""},
	{"poll", "weight: nat }", "weight: integer }", "E511", ""},
	{"poll", "{ voter: user_id, choice: choice, weight: weight }", "{ voter: user_id, choice: choice, weight: choice }", "E510", ""},
	{"poll", "n end.or(0)", `n end.or("none")`, "E510", ""},
	{"tasks", "t.hours > 8.0", "t.title > 8.0", "E514", ""},
	{"tasks", `notes[:list].append("new: " + title)`, `notes[:list].append("new: " + hours)`, "E514", ""},
	{"tasks", "title: title, hours: hours }", "title: title, hours: 1.5h }", "E013", ""},
	{"tasks", "if t.hours > 8.0\n    2\n  else\n    1\n  end", "if t.hours > 8.0\n    2\n  end", "E518", "  if t.hours > 8.0"},
	{"tasks", "if t.hours > 8.0\n    2", "if t.hours > 8.0\n    \"big\"", "E510", "    1"},

	// Numbers of arguments, of keys, of what a block takes.
	{"ads", "do |ad, contract| ad end", "do |ad, contract, n| ad end", "E110", ""},
	{"wine", "classify(photos, favorites)", "classify(photos)", "E205", ""},
	{"wine", "favorites[friend].add(wine)", "favorites.add(friend, wine)", "E104", ""},
	{"orders", "charge(order_id, qty * 12)", "charge(order_id)", "E107", ""},
	{"orders", "stock[:sku].inc(qty)", "stock.inc(qty)", "E104", ""},
	{"orders", "vat(cents) + shipping", "vat(cents, 19) + shipping", "E107", ""},
	{"chat", "typing[:room, :user_id].on()", "typing[:room].on()", "E104", ""},
	{"chat", "archived[:room].on()", "archived[:room].on(true)", "E107", ""},
	{"chat", "rooms.add(room)", "rooms[:room].add(room)", "E519", ""}, // it gives rooms a dimension, and others find it
	{"poll", "tally[:choice].inc(1)", "tally[:choice].inc()", "E107", ""},
	{"poll", `client.on_cheer("tea", times: 3)`, "client.on_cheer(times: 3)", "E107", ""},
	{"tasks", `assigned[t.id].or("")`, `assigned[t].or("")`, "E510", ""},

	// Ends, commas, words and brackets that are missing or too many.
	{"ads", "batch.each do |ad| ads.add(ad) end", "batch.each do |ad| ads.add(ad)", "E021", ""},
	{"ads", "on_shown do |ad_id: id|\n  shown[:ad_id].inc(1)\nend", "on_shown do |ad_id: id|\n  shown[:ad_id].inc(1)", "E021", "on_shown do |ad_id: id|"},
	{"wine", "on_photo do |photo: Photo|", "on_photo |photo: Photo|", "E026", ""},
	{"wine", "      abort :sold_out\n    end", "      abort :sold_out", "E021", "    if cellar[:wine_id] < qty"},
	{"wine", "database :sales,     gset<Sale>,  :by", "database :sales      gset<Sale>,  :by", "E024", ""},
	{"orders", "sku: sku, cents: cents }", "sku: sku cents: cents }", "E024", ""},
	{"orders", "sku: id, qty: nat|\n  atomic :saga", "sku: id, qty: nat\n  atomic :saga", "E020", ""},
	{"chat", "members[:room].remove(user_id)", "members[:room].remove(user_id", "E023", ""},
	{"chat", `topics["lobby"].or("welcome")`, `topics["lobby].or("welcome")`, "E011", ""},
	{"poll", "highest.set(10)\nend", "highest.set(10)\nend\nend", "E022", "end"},
	{"tasks", "on_follow do |who: id|", "on_follow do who: id", "E025", ""},
	{"tasks", "tasks[:list].remove(t)\n  end", "tasks[:list].remove(t)\n  end end", "E022", "  end end"},

	// Habits of other languages.
	{"ads", "shown[:ad_id].inc(1)", "shown[:ad_id] += 1", "E020", ""},
	{"ads", "invariant :budget do |ad in ads|", "invariant :budget do |ad| in ads", "E020", ""},
	{"wine", "if cellar[:wine_id] < qty", "unless cellar[:wine_id] >= qty", "E064", ""},
	{"wine", "a.region == b.region and a.name", "a.region == b.region && a.name", "E015", ""},
	{"wine", "photos[:user_id].add(photo)", "photos[:user_id] << photo", "E020", ""},
	{"orders", "if cents == 0", "if cents = 0", "E051", ""},
	{"orders", "elsif cents", "else if cents", "E021", ""},
	{"orders", "view :price_list do", "SELECT sku, cents FROM prices\nview :price_list do", "E031", ""},
	{"orders", "if not charge(order_id, qty * 12)", "if !charge(order_id, qty * 12)", "E015", ""},
	{"chat", `if text == ""`, "if text.empty?", "E010", ""},
	{"chat", "rooms.add(room)", "rooms.push(room)", "E108", ""},
	{"chat", "if text == \"\"\n    abort :empty\n  end", `abort :empty if text == ""`, "E061", `  abort :empty if text == ""`},
	{"poll", "if not (choice in choices)", "if not choices.include(choice)", "E108", ""},
	{"poll", "choices.map do |c| { choice: c, cheers: tally[c] } end", "choices.map { |c| { choice: c, cheers: tally[c] } }", "E026", ""},
	{"poll", "render(leading)", "puts leading", "E064", ""},
	{"tasks", "let task =", "var task =", "E064", ""},
	{"tasks", `"new: " + title`, "'new: ' + title", "E014", ""},
	{"tasks", "# Shared task lists.", "// Shared task lists.", "E016", ""},
	{"tasks", "tasks[:list].each do |t|", "for t in tasks[:list]", "E064", ""},
	{"tasks", "follows[:user_id].add(who)", "return follows[:user_id].add(who)", "E064", ""},

	// Acting on what may still change.
	{"ads", "  shown[:ad_id].inc(1)\nend", "  if ads.count < 5\n    shown[:ad_id].inc(1)\n  end\nend", "E201", "  if ads.count < 5"},
	{"wine", "friends[:user_id].add(friend)", `friends[:user_id].add(favorites[friend].first.or({ id: "", name: "", region: "" }).id)`, "E201", ""},
	{"orders", "prices[:sku].set(vat(cents) + shipping)", "prices[:sku].set(prices[:sku].or(0) + cents)", "E201", ""},
	{"chat", "  messages[:room].add({", "  if not (user_id in members[:room])\n    abort :outside\n  end\n  messages[:room].add({", "E201", "  if not (user_id in members[:room])"},
	{"chat", "archived[:room].on()", "if members[:room].count == 0\n    archived[:room].on()\n  end", "E201", ""},
	{"tasks", "finished.add(task)\nend\non_estimate", "if left[:task] <= 0\n    finished.add(task)\n  end\nend\non_estimate", "E201", "if left[:task] <= 0"},
	{"tasks", "  assigned[:task].set(to)", "  if assigned[:task].or(\"\") == \"\"\n    assigned[:task].set(to)\n  end", "E201", `  if assigned[:task].or("") == ""`},

	// Effects where values are only computed, and circles.
	{"ads", "  shown.top(10) do |ad, n| n end", `  shown["x"].inc(1)`, "E203", ""},
	{"chat", `topics["lobby"].or("welcome") + "!"`, "now", "E203", ""},
	{"chat", "render(recent)", `rooms.add("lobby")`, "E205", ""},
	{"orders", "net * 119 / 100", `net * 119 / 100 + prices["tax"].or(0)`, "E203", ""},
	{"orders", "def :shipping do 490 end", "def :shipping do shipping + 490 end", "E109", ""},
	{"poll", "  tally.max do |choice, n| n end.or(0)", "  leading + 1", "E202", ""},

	// Invariants that nothing keeps.
	{"ads", "  shown[ad.id] <= 50_000\nelse\n  ads.remove(ad)\nend", "  shown[ad.id] <= 50_000\nend", "E301", "  shown[ad.id] <= 50_000"},
	{"ads", "  shown[ad.id] <= 50_000\n", "  shown[ad.id] >= 50_000\n", "E303", ""},
	{"wine", "    atomic :serial do\n      cellar[:wine_id].inc(qty)\n    end", "    cellar[:wine_id].dec(qty)", "E305", ""},
	{"orders", "invariant :in_stock, :keep => :serial do |sku in stock.keys|\n  stock[:sku] >= 0", "invariant :in_stock do |sku in stock.keys|\n  stock[:sku] >= 0", "E301", "  stock[:sku] >= 0"},
	{"orders", "  stock[:sku] >= 0", "  stock[:sku] >= sold[sku]", "E307", ""},
	{"poll", `  c != ""`, "  tally[c] <= 100", "E301", ""},
	{"tasks", "  spent[:task] <= 100\nelse", "  left[:task] >= 0\nelse", "E303", ""},
	{"tasks", "else\n  finished.add(task)\nend", "else\n  spent[:task].inc(1)\nend", "E304", "  spent[:task].inc(1)"},

	// Transactions.
	{"wine", "    friends[:user_id].add(\"nobody\")\n  end\n", "    friends[:user_id].add(\"nobody\")\n  end\n  friends[:user_id].add(\"seller\")\n", "E401", "  atomic :serial do"},
	{"wine", "    sales[:user_id].add({ wine: wine_id, qty: qty, at: now })\n  else |why|\n    friends[:user_id].add(\"nobody\")\n  end", "    sales[:user_id].add({ wine: wine_id, qty: qty, at: now })\n  end", "E409", "  atomic :serial do"},
	{"orders", `    sold["declined"].inc(1)`, "    abort :declined", "E404", ""},
	{"orders", `    sold["refused"].inc(1)`, "    stock[:sku].inc(qty)", "E405", ""},
	{"poll", "    atomic :serial do\n      closed.on()", "    atomic do\n      closed.on()", "E402", ""},
	{"poll", "  atomic :serial do\n    if closed\n      abort :closed\n    end\n    ballots[:user_id].add({ voter: user_id, choice: choice, weight: weight })", "  atomic :serial do\n    tally[:choice].inc(weight)", "E408", "  atomic :serial do"},

	// Homes, users and access.
	{"wine", "  favorites.map do |user, wine| wine.region end", "  favorites.map do |user, wine| user_id end", "E101", ""},
	{"wine", "me in friends[:user_id] end", "me in recs[:user_id] end", "E510", ""},
	{"wine", "allow :write, photos do |me| me == user_id end", "allow :read, favorites do |me| me == user_id end", "E703", ""},
	{"chat", "allow :append, messages do |me, m| m.from == me end", "allow :append, members do |me, m| m == me end", "E705", ""},
	{"chat", "allow :write, rooms do |me| true end", "allow :write, rooms do true end", "E107", ""},
	{"poll", "allow :write, tally do |me| true end", "allow :write, tally do |me| ballots[me].count > 0 end", "E702", ""},

	// What no compiler can know was not meant.
	{"orders", "net * 119 / 100", "net * 100 / 119", "", ""},
	{"orders", "  stock[:sku] >= 0", "  stock[:sku] > 0", "", ""},
	{"chat", "members[:room].remove(user_id)", "members[user_id].remove(room)", "", ""}, // both are ids
	{"tasks", "follows[:user_id].add(who)", "follows[who].add(user_id)", "", ""},        // it aborts :forbidden, unless a rule allows it
	{"tasks", "t.hours > 8.0", "t.hours < 8.0", "", ""},
}

// TestMistakes makes each mistake alone. Of a hundred at least 95 are caught,
// and 90 on the line to mend; there a mistake is one error.
func TestMistakes(t *testing.T) {
	programs := rightPrograms(t)
	caught, onLine := 0, 0
	for _, m := range mistakes {
		text, line := m.make(t, programs[m.program])
		_, letters := Judge([]Source{{Name: m.program + ".mrt", Text: text}}, nil)
		wrong := onlyErrors(letters)
		switch {
		case len(wrong) == 0:
			t.Logf("not caught: %s: %q instead of %q", m.program, m.to, m.from)
		case wrong[0].Where().Position().Line != line:
			caught++
			t.Logf("not on line %d:\n%s", line, letter(wrong[:1]))
		default:
			caught++
			onLine++
			if len(wrong) > 1 {
				t.Errorf("%s: %q instead of %q is more than one error:\n%s", m.program, m.to, m.from, letter(wrong))
			}
		}
		if got := append(codesOf(wrong), ""); got[0] != string(m.code) {
			t.Errorf("%s: %q instead of %q is %q, and gets %q:\n%s", m.program, m.to, m.from, m.code, got, letter(wrong))
		}
	}
	t.Logf("%d mistakes: %d caught, %d of them on the line to mend", len(mistakes), caught, onLine)
	if len(mistakes) < 100 || 100*caught < 95*len(mistakes) || 100*onLine < 90*len(mistakes) {
		t.Errorf("of %d mistakes %d are caught, and %d on their line", len(mistakes), caught, onLine)
	}
}

// TestThreeMistakes makes three mistakes in declarations that have nothing to
// do with each other, of one program of many files: that is three errors, the
// same that each makes alone, whatever they are.
func TestThreeMistakes(t *testing.T) {
	const seed = 1
	triples := 100
	if os.Getenv("MARTINELLI_SOAK") != "" {
		triples = 2_000
	}
	programs := rightPrograms(t)
	die := rand.New(rand.NewPCG(seed, seed))
	for range triples {
		var sources []Source
		var want []string
		names := slices.Sorted(maps.Keys(programs))
		die.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for i, name := range names {
			text := programs[name]
			if i < 3 {
				m := oneOf(die, name)
				changed, line := m.make(t, text)
				text = changed
				want = append(want, fmt.Sprintf("%s.mrt:%d %s", name, line, m.code))
			}
			sources = append(sources, Source{Name: name + ".mrt", Text: text})
		}
		_, letters := Judge(sources, nil)
		var got []string
		for _, d := range onlyErrors(letters) {
			got = append(got, fmt.Sprintf("%s:%d %s", d.Where().File.Name, d.Where().Position().Line, d.Code))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("three mistakes %q get %q:\n%s", want, got, letter(onlyErrors(letters)))
		}
	}
}

// oneOf draws a mistake of a program that is one error on its line.
func oneOf(die *rand.Rand, program string) mistake {
	for {
		m := mistakes[die.IntN(len(mistakes))]
		if m.program == program && m.code != "" && !m.isAway() {
			return m
		}
	}
}

// rightPrograms reads the programs of the folder mistakes, by their names. All of them are one program too.
func rightPrograms(t *testing.T) map[string]string {
	files, err := filepath.Glob("mistakes/*.mrt")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	programs := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		programs[strings.TrimSuffix(filepath.Base(f), ".mrt")] = string(text)
	}
	return programs
}

// make makes the mistake in its program, and returns it with the line to mend.
func (m mistake) make(t *testing.T, text string) (wrong string, line int) {
	before, after, _ := strings.Cut(text, m.from)
	if strings.Count(text, m.from) != 1 {
		t.Fatalf("%s has %q %d times", m.program, m.from, strings.Count(text, m.from))
	}
	same := 0
	for same < min(len(m.from), len(m.to)) && m.from[same] == m.to[same] {
		same++
	}
	wrong = before + m.to + after
	if m.at == "" {
		return wrong, 1 + strings.Count(wrong[:len(before)+same], "\n")
	}
	at := strings.LastIndex(wrong[:len(before)+len(m.to)], m.at)
	if at < 0 {
		at = len(before) + strings.Index(wrong[len(before):], m.at)
	}
	return wrong, 1 + strings.Count(wrong[:at], "\n")
}

func codesOf(letters []diag.Diagnostic) []string {
	codes := make([]string, len(letters))
	for i, d := range letters {
		codes[i] = string(d.Code)
	}
	return codes
}
