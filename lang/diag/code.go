package diag

import (
	"slices"
	"strings"
)

// Code is the stable name of a kind of letter: "E" or "W" and three digits.
// The first digit is the family: E0 syntax; E1 names and dimensions; E2 settled
// and tentative; E3 invariants and repairs; E4 transactions and topology; E5
// schema and types; E6 imports; E7 access; E8 tests. W-codes are warnings.
type Code string

// Entry describes a code.
type Entry struct {
	Code  Code
	Title string // one line, for lists and for explain
}

// Lookup returns what is known of a code.
func Lookup(code Code) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(registry, code, func(e Entry, c Code) int {
		return strings.Compare(string(e.Code), string(c))
	})
	if !ok {
		return Entry{}, false
	}
	return registry[i], true
}

// Codes lists every code, ascending.
func Codes() []Entry { return slices.Clone(registry) }

// registry holds every code the compiler writes, ascending. Codes are never
// reused: programs' documentation and search engines remember them.
var registry = []Entry{
	{"E001", "the file is not UTF-8"},
	{"E002", "the file holds a zero byte"},
	{"E003", "the file is too large"},
	{"E004", "the program is nested too deep"},
	{"E010", "a character that the language does not have"},
	{"E011", "a string without its closing quote"},
	{"E012", "an unknown escape in a string"},
	{"E013", "a malformed number"},
	{"E014", "a string in single quotes"},
	{"E015", "an operator of another language"},
	{"E016", "a comment of another language"},
	{"E017", "a number that is too large"},
	{"E020", "something else was expected"},
	{"E021", "a block without its end"},
	{"E022", "an end that closes nothing"},
	{"E023", "a bracket that is never closed"},
	{"E024", "a missing comma"},
	{"E025", "more than one statement on a line"},
	{"E026", "a block without its do"},
	{"E030", "an unknown head of a declaration"},
	{"E031", "a statement outside of any declaration"},
	{"E032", "a name that is not written as it must be"},
	{"E033", "an unknown option"},
	{"E034", "an option without its arrow"},
	{"E035", "a field or an option that is given twice"},
	{"E036", "a type where it cannot be"},
	{"E037", "an import from nowhere"},
	{"E038", "an unknown permission"},
	{"E039", "a process with a name"},
	{"E040", "an at inside another"},
	{"E041", "a test inside an at"},
	{"E042", "a clause that its block cannot have"},
	{"E043", "something in a test that is not one of its parts"},
	{"E044", "the parts of a test out of order"},
	{"E045", "an unknown line of a topology"},
	{"E050", "a colon glued to the word behind it"},
	{"E051", "an equals sign where values are compared"},
	{"E052", "an assignment"},
	{"E053", "a chain of comparisons"},
	{"E054", "a not that needs parentheses"},
	{"E055", "a bracket that is not glued to what it follows"},
	{"E056", "a call of something without a name"},
	{"E057", "brackets without a key"},
	{"E058", "parentheses around none or several values"},
	{"E059", "a reserved word as a name"},
	{"E060", "an abort whose reason is no symbol"},
	{"E061", "an if behind its statement"},
	{"E062", "a word behind a condition"},
	{"E063", "a malformed type"},
	{"E064", "a word of another language"},
	{"E101", "a name that nothing has"},
	{"E102", "a name that is given twice"},
	{"E103", "a dimension that the database does not have, or that has no value here"},
	{"E104", "keys where there are none, or another number of them"},
	{"E105", "an option with a value it cannot have"},
	{"E106", "a role that the topology does not have"},
	{"E107", "a call with other arguments than it takes"},
	{"E108", "a verb or reader that the type does not have"},
	{"E109", "a function that calls itself"},
	{"E110", "a block whose parameters do not fit the elements"},
	{"E111", "an event raised where nothing handles it"},
	{"E112", "what some roles share, where these are not all that need it"},
	{"E190", "a construct that this version does not run yet"},
	{"E191", "something larger than a node would load"},
	{"E201", "an act on a value that may still change"},
	{"E202", "a view that reads itself"},
	{"E203", "an effect in a place that only computes"},
	{"E204", "processes that feed each other"},
	{"E205", "a process that does more than show"},
	{"E206", "a user's write to a register that a process fills"},
	{"E207", "two calls that fill one cell"},
	{"E208", "the clock, read otherwise than to compare it"},
	{"E209", "a database that no function can fill"},
	{"E301", "an invariant that nothing keeps"},
	{"E302", "an invariant that is broken from the start"},
	{"E303", "a repair that might run on a guess"},
	{"E304", "a repair that does harm when it runs twice"},
	{"E305", "a change outside of a serial block"},
	{"E306", "escrow where there are no rights to hand out"},
	{"E307", "an invariant across spaces"},
	{"E308", "a serial invariant of what every replica may change"},
	{"E309", "an invariant of a form that the catalogue does not have"},
	{"E401", "a serial block or saga that is not the end of its handler"},
	{"E402", "an atomic block that does not say how"},
	{"E403", "a step outside of a saga, or a saga of something else"},
	{"E404", "an abort where nothing is left to abort"},
	{"E405", "a home database changed away from its home"},
	{"E406", "a seal where there is no home to keep it"},
	{"E407", "a saga without its key"},
	{"E408", "a serial block that touches nothing with a home"},
	{"E409", "a serial block without else where its home may be out of reach"},
	{"E410", "a home that the topology does not have, or that may be away"},
	{"E411", "a serial block whose home has no link"},
	{"E501", "a database that is not what the lock says"},
	{"E502", "a migration from nothing that is known"},
	{"E503", "an invariant that programs before do not keep"},
	{"E504", "a migration between forms that are not read as each other"},
	{"E505", "a lock that cannot be read"},
	{"E506", "a write to the old form of a database"},
	{"E510", "a value of another type than its place asks for"},
	{"E511", "an unknown type"},
	{"E512", "a lattice where a plain value stands, or the other way round"},
	{"E513", "a record with other fields than its type"},
	{"E514", "an operand that the operator does not take"},
	{"E515", "a type that cannot be known"},
	{"E516", "a type that contains itself"},
	{"E517", "verbs that no lattice has together"},
	{"E518", "a value that is missing"},
	{"E519", "a key that no key can be"},
	{"E520", "a value with which nothing is done"},
	{"E601", "an import without its signature"},
	{"E602", "an import from an unknown place"},
	{"E603", "a function of the host called where only pure ones may be"},
	{"E604", "an import of a file that is not there"},
	{"E605", "a call that does not say which import of its name is meant"},
	{"E606", "a module that is not there"},
	{"E607", "a module that is no WebAssembly which this version runs"},
	{"E608", "a module that imports what nobody answers"},
	{"E609", "a module that takes more than it may"},
	{"E610", "a function that its module does not offer"},
	{"E611", "a function of a module that has another type"},
	{"E612", "a function of a module that breaks a promise"},
	{"E701", "a right to read that may end without saying so"},
	{"E702", "a rule of access that reads what its judge may not hold"},
	{"E703", "a right to read what everybody holds"},
	{"E704", "a right taken back otherwise than for the future"},
	{"E705", "a right to append to what is not appended to"},
	{"E706", "a rule of access about more than its verb can have"},
	{"E801", "something in a test that is no step of one, or stands in the wrong part"},
	{"E802", "a node that the test does not have"},
	{"E803", "an event that its node does not handle"},
	{"E804", "a test that is more than the simulator runs"},
	{"E805", "a truth where it cannot be known"},
	{"E806", "an expectation that no replica can answer"},
	{"E810", "an expectation that does not hold"},
	{"E811", "a test that does not come to rest"},
	{"E812", "a promise of the runtime that is broken"},
	{"W012", "a string that seems to hold a value"},
	{"W191", "a construct that is judged, and not run by this version"},
	{"W206", "a sum that takes equal values once"},
	{"W401", "an invariant that may be overshot without a bound"},
	{"W402", "rights that may never come back"},
	{"W403", "a step that nothing undoes"},
	{"W501", "a database of the lock that the program no longer names"},
	{"W502", "databases that the lock does not have yet"},
	{"W601", "a function of the host whose name is nearly another"},
	{"W602", "a function that the host links by its name"},
	{"W701", "a handler that may never write"},
	{"W801", "a test that expects something of nobody"},
}
