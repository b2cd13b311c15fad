package lens

// words say in a line what the words of the language are, by their kinds.
var words = map[Kind]map[string]string{
	Word: {
		"database": "declares what is stored", "view": "declares what is computed, and kept up to date", "process": "does something with what changes: renders it, or fills a database",
		"invariant": "declares what always holds", "import": "brings in a function of the host, or a file of the program", "def": "declares a pure function",
		"type": "declares a record", "at": "says at which roles declarations stand", "allow": "says who may read, write or append", "test": "the program under faults",
		"abort": "ends the run, as if it had never been, with a reason", "atomic": "`:serial`, one run after another at the home, or `:saga`, steps with their undo",
		"step": "one step of a saga, with its undo", "tentatively": "acts on what may still change, and means it",
	},
	Option: {
		"by": "the dimensions: what its keys are", "replicated": "`true`: every replica holds it; a dimension: those whose it is",
		"at": "the role where it has its home", "is": "its keys are users", "expires": "how long an entry stays", "was": "the name that it had before",
		"keep": "how replicas keep it together: `:escrow` or `:serial`", "from": "where the function is", "monotone": "a promise: more in, more out",
		"mergeable": "a promise: parts computed apart merge", "idempotent": "a promise: twice is as once", "revoke": "what becomes of what was written before",
		"key": "under which the outcome of a saga is remembered", "nodes": "how many nodes the role has", "quorum": "whether its nodes decide together",
		"offline": "how long its nodes may be away", "ambient": "the dimension that it binds to its user", "every": "how often they sync", "late_after": "when what comes counts as late",
	},
	Prelude: {
		"now": "the time of the commit", "new_id": "an id that nobody has", "users": "the directory of users: `gset<id>`", "notify": "tells the host, once the commit is durable",
		"upload": "raises the same event at the home", "render": "shows a value", "refresh": "asks for a fresh copy", "clock": "a time that moves",
		"seconds": "a span of time", "minutes": "a span of time", "hours": "a span of time", "days": "a span of time", "truth": "what it would be had nothing been lost",
	},
	Member: {
		"add": "puts an element in", "remove": "takes an element out", "inc": "counts up", "dec": "counts down", "on": "turns it on", "off": "turns it off",
		"set": "gives a register its value", "append": "puts an element at the end", "seal": "nothing is written after it", "insert": "puts it at a position", "delete": "takes it from a position",
		"keys": "the keys that have a value", "or": "this value where it is nil",
		"count": "how many there are, or for how many the block holds", "any": "whether the block holds for one", "sum": "the sum of all, or of what the block gives", "avg": "the mean, or nil of none",
		"max": "the largest, or nil of none", "min": "the smallest, or nil of none", "first": "the first in order, or nil", "last": "the last in order, or nil",
		"sort_by": "a list in the order of the block's keys", "top": "the first n by the block's key", "group": "pairs of a key and the list of those that have it", "closure": "the transitive closure of pairs",
		"map": "what the block gives for each", "filter": "those for which the block holds", "flat_map": "all that the block gives for each", "product": "every pair", "union": "what either has",
		"intersection": "what both have", "minus": "what the other has not", "join": "the pairs for which the block holds", "each": "does the block for each",
	},
	BuiltIn: {
		"gset": "a set that only grows", "set": "a set; who adds wins over who removes", "rset": "a set; who removes wins over who adds", "gcounter": "a counter that only grows",
		"counter": "a counter that goes up and down", "once": "off until it is turned on", "flag": "on or off", "lww": "a register: the latest value", "mv": "a register: all values that nobody overwrote",
		"max": "the largest value that was set", "min": "the smallest value that was set", "log": "elements in the order of their commits", "map": "a lattice at each key",
		"text": "a text that several write", "seq": "a sequence", "any": "anything", "bool": "true or false", "int": "64 bits", "nat": "0 to 2147483647", "float": "a number with a fraction",
		"string": "text", "symbol": "`:name`", "id": "a string that names something", "time": "milliseconds", "list": "a list of plain values", "out": "the cell that a function fills",
	},
}
