package journal

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/martinelli-lang/martinelli/store"
)

// ErrDamaged says that the files are not what was written; test with errors.Is.
var ErrDamaged = errors.New("store/journal: the journal is damaged")

type damagedError struct{ what string }

func (e *damagedError) Unwrap() error { return ErrDamaged }

// Error says what is damaged and what can be done.
func (e *damagedError) Error() string {
	return "store/journal: the journal is damaged: " + e.what + ". Nothing of it was changed." +
		" Put an undamaged copy of all its files back and open it with `newReplica`; or take the files away and join anew: what peers have comes back from them"
}

type versionError struct{ got byte }

func (e versionError) Unwrap() error { return store.ErrVersion }

func (e versionError) Error() string {
	return "store/journal: this journal was written in version " + strconv.Itoa(int(e.got)) + " and this program writes version " +
		strconv.Itoa(version) + ": load the release of martinelli that wrote it"
}

type behindError struct{ what string }

func (e *behindError) Unwrap() error { return store.ErrBehind }

// Error says what is lost and what can be done.
func (e *behindError) Error() string {
	return "store/journal: the journal is shorter than its head mark: " + e.what + "." +
		" Going on under the same identity would give old names to new writes." +
		" Open it with `newReplica`: it keeps the data, takes a new replica id and re-issues what only this store has"
}

// Open reads what the files hold, by number; a file that is not there is
// empty. It keeps none of the bytes. Errors: a journal of another version
// (store.ErrVersion), one that lost what was acknowledged (store.ErrBehind),
// one whose bytes are not what was written (ErrDamaged). Where the last writes
// were never flushed and the power failed, they are cut off.
//
// Cost: the bytes of the files read once, and an allocation a record.
func Open(files [FileCount][]byte, o Options) (*Journal, error) {
	j := &Journal{salt: o.Salt, compactMin: cmp.Or(o.CompactMin, compactMin)}
	j.log.number, j.records.chunk = fileLog, make([]byte, 0)
	logs, err := readLogs(files)
	if err != nil {
		return nil, err
	}
	through, err := j.readBase(files, logs)
	if err != nil {
		return nil, err
	}
	mark := j.openHead(files[fileHead], o)
	if err := j.replayLogs(files, logs, mark); err != nil {
		return nil, err
	}
	if err := j.judge(mark, through, o); err != nil {
		return nil, err
	}
	j.records.chunk = nil
	j.clean(files)
	return j, nil
}

// found is a log whose header could be read.
type found struct {
	header
	number int
}

// readLogs returns the logs in their order. A log's header is durable before
// anything stands behind it.
func readLogs(files [FileCount][]byte) (logs []found, err error) {
	for number := fileLog; number < fileSnap; number++ {
		h, ok, err := readHeader(files[number], kindLog)
		switch {
		case err != nil:
			return nil, err
		case !ok && len(files[number]) > headerSize:
			return nil, &damagedError{"the beginning of a log can't be read"}
		case ok:
			logs = append(logs, found{h, number})
		}
	}
	if len(logs) == 2 && logs[0].first > logs[1].first {
		logs[0], logs[1] = logs[1], logs[0]
	}
	return logs, nil
}

// readBase loads the newest snapshot that is whole and has its log, and says
// how far that log must go. Without one the log begins with the first batch.
func (j *Journal) readBase(files [FileCount][]byte, logs []found) (through uint64, err error) {
	why := errors.New("the log does not begin with the first batch")
	for _, number := range newestFirst(files) {
		h, ok, err := readHeader(files[number], kindSnapshot)
		if err != nil {
			return 0, err
		}
		if !ok || !hasLog(logs, h.first) {
			continue
		}
		m, through, err := readSnapshot(files[number], h)
		if err == nil {
			j.records, j.base, j.number = m, number, h.first-1
			return through, nil
		}
		why = err
	}
	hasSnapshot := len(files[fileSnap])+len(files[fileSnap+1]) > 0
	if len(logs) > 0 && logs[0].first != 1 || len(logs) == 0 && hasSnapshot {
		return 0, &damagedError{why.Error()}
	}
	return 0, nil
}

func newestFirst(files [FileCount][]byte) [2]int {
	a, _, _ := readHeader(files[fileSnap], kindSnapshot)
	b, _, _ := readHeader(files[fileSnap+1], kindSnapshot)
	if b.first > a.first {
		return [2]int{fileSnap + 1, fileSnap}
	}
	return [2]int{fileSnap, fileSnap + 1}
}

func hasLog(logs []found, first uint64) bool {
	for _, l := range logs {
		if l.first == first {
			return true
		}
	}
	return false
}

// replayLogs applies the logs that stand on the base. A log that another one
// follows is whole.
func (j *Journal) replayLogs(files [FileCount][]byte, logs []found, mark headMark) error {
	for _, l := range logs {
		if l.first <= j.number {
			continue // the base has all of it
		}
		if l.first != j.number+1 {
			return &damagedError{"write " + strconv.FormatUint(j.number+1, 10) + " can't be read"}
		}
		if j.log.size > 0 {
			j.sealed, j.before = j.log.number, j.log.size
		}
		j.log = file{number: l.number, first: l.first, size: headerSize, salt: l.salt, sum: l.sum}
		if err := j.replayLog(files[l.number], mark); err != nil {
			return err
		}
	}
	return nil
}

// replayLog applies the frames of a log up to the first that is not whole.
func (j *Journal) replayLog(b []byte, mark headMark) error {
	for {
		f, ok := readFrame(b[j.log.size:], j.log.salt)
		if !ok || f.number != j.number+1 || f.before != j.log.sum {
			return j.judgeTail(b[j.log.size:])
		}
		if f.number == mark.number && f.sum != mark.sum {
			return &behindError{"they are of different histories, and part at write " + strconv.FormatUint(f.number, 10)}
		}
		if err := j.records.replay(f.body); err != nil {
			return &damagedError{"write " + strconv.FormatUint(f.number, 10) + ": " + err.Error()}
		}
		j.log.size += uint64(f.size)
		j.log.sum, j.number = f.sum, f.number
	}
}

// judgeTail decides whether bytes that are no frame were torn by a power cut
// or damaged. Writes that were never flushed may be there or not, in any order;
// but where a later frame knows that this one was flushed, it was.
func (j *Journal) judgeTail(b []byte) error {
	for at := 1; at+frameSize <= len(b); at++ {
		if f, ok := readFrame(b[at:], j.log.salt); ok && f.flushed > j.number {
			return &damagedError{"write " + strconv.FormatUint(j.number+1, 10) + " can't be read, and " +
				strconv.FormatUint(f.number, 10) + " behind it can"}
		}
	}
	return nil
}

// judge compares the end of the log with what is known of it.
func (j *Journal) judge(mark headMark, through uint64, o Options) error {
	if j.number < through {
		return &damagedError{"its snapshot has seen write " + strconv.FormatUint(through, 10) + ", and the log ends at " + strconv.FormatUint(j.number, 10)}
	}
	switch isEmpty := j.number == 0; {
	case o.NewReplica:
		return nil
	case isEmpty && (o.Written || mark.number > 0):
		return &behindError{"there is nothing in it, and something was acknowledged"}
	case j.number < mark.number:
		return &behindError{"it ends at write " + strconv.FormatUint(j.number, 10) + ", and write " + strconv.FormatUint(mark.number, 10) + " was flushed"}
	}
	return nil
}

// clean cuts off what was torn, and empties the files that count no more: what
// a power cut left of a snapshot under way, or of files about to go.
func (j *Journal) clean(files [FileCount][]byte) {
	for number := fileLog; number < FileCount; number++ {
		end := uint64(0)
		switch number {
		case j.log.number:
			end = j.log.size
		case j.sealed, j.base:
			continue
		}
		if uint64(len(files[number])) > end {
			j.cutFile(number, end)
		}
	}
	if j.number > 0 {
		j.flush(j.log.number)
		j.writeHead(headMark{j.number, j.log.sum})
	}
	j.flushed = j.number
}
