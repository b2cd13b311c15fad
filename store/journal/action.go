package journal

// The files of a journal, by number. The environment makes them all, empty,
// before the first Open, and never takes one away: so no name of a file is made
// or lost where something was acknowledged.
const (
	fileHead = 0 // how far the log was flushed, in two slots
	fileLog  = 1 // and the one behind it: two logs, in turn
	fileSnap = 3 // likewise two snapshots

	// FileCount is how many files a journal has.
	FileCount = 5
)

// ActionKind says what is done with a file.
type ActionKind uint8

// The kinds of actions.
const (
	Write    ActionKind = 0 // bytes go to offset At, which is the file's end, or lies before it in file 0
	Flush    ActionKind = 1 // what was written survives a power cut
	Truncate ActionKind = 2 // the file ends at At
)

// Action is one thing to do with a file. An action done twice does what it does once.
type Action struct {
	Kind  ActionKind
	File  int
	At    uint64
	Bytes []byte // of a Write; its executor's from Take on
}

// file is a log or a snapshot that is being written.
type file struct {
	number int
	first  uint64 // of its header
	size   uint64
	salt   uint64
	sum    uint32 // of the last frame, or the header's
}

// write asks for bytes at an offset of a file. Writes that follow each other
// in one file become one.
func (j *Journal) write(number int, at uint64, b []byte) {
	if n := len(j.actions); n > 0 {
		last := &j.actions[n-1]
		if last.Kind == Write && last.File == number && last.At+uint64(len(last.Bytes)) == at {
			last.Bytes = append(last.Bytes, b...)
			return
		}
	}
	j.actions = append(j.actions, Action{Kind: Write, File: number, At: at, Bytes: b})
}

func (j *Journal) flush(number int) {
	j.actions = append(j.actions, Action{Kind: Flush, File: number})
}

// cutFile ends a file where it is no good any more, durably: its old bytes are
// never met behind new ones.
func (j *Journal) cutFile(number int, at uint64) {
	j.actions = append(j.actions, Action{Kind: Truncate, File: number, At: at}, Action{Kind: Flush, File: number})
}

// begin starts a file that is empty with its header, durably: who meets frames
// behind a header that can't be read knows that it was damaged.
func (j *Journal) begin(number int, h header) file {
	j.salt++
	h.salt = j.salt
	j.write(number, 0, appendHeader(nil, &h))
	j.flush(number)
	return file{number: number, first: h.first, size: headerSize, salt: h.salt, sum: h.sum}
}

// add appends a frame whose body put appends. It returns the frame's size.
func (j *Journal) add(f *file, number, flushed uint64, put func([]byte) []byte) uint64 {
	b := put(make([]byte, frameSize, frameSize+256))
	f.sum = closeFrame(b, 0, f.salt, number, flushed, f.sum)
	j.write(f.number, f.size, b)
	f.size += uint64(len(b))
	return uint64(len(b))
}
