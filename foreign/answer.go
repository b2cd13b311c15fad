package foreign

import "strings"

// What a language's runtime asks of its host when it starts is answered by
// bodies inside the module, so that an engine has nothing to answer: the time
// stands still, what is random is the same bytes each time, there are no
// files, arguments or environment.

// answered are the functions of WASI preview 1 that may be imported, with what
// they answer. Others of them do not appear in a runtime that has no files.
var answered = strings.Fields(`
	args_get args_sizes_get environ_get environ_sizes_get clock_res_get clock_time_get random_get
	proc_exit proc_raise sched_yield poll_oneoff
	fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights
	fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get
	fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write
	path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink
	path_remove_directory path_rename path_symlink path_unlink_file
	sock_accept sock_recv sock_send sock_shutdown`)

// Answers of WASI.
const (
	errnoNone = 0
	errnoBadf = 8
	errnoNosy = 52 // not supported

	clockStands = 1_000_000_000 // nanoseconds: where the time stands
	randomByte  = 0x5a
)

// answer is the body of an imported function, or nil where nobody answers it.
// A body that does not fit the type that the import has is refused by the engine.
func answer(module, name string, t signature) []byte {
	if module != "wasi_snapshot_preview1" || !isAnswered(name) {
		return nil
	}
	switch name {
	case "args_sizes_get", "environ_sizes_get":
		return answerBody(store32(0, 0), store32(1, 0), number(errnoNone))
	case "args_get", "environ_get", "sched_yield":
		return answerBody(number(errnoNone))
	case "clock_time_get", "clock_res_get":
		pointer := byte(len(t.params) - 1)
		at := []byte{opLocalGet, pointer, opI64Const}
		return answerBody(append(appendS64(at, clockStands), opI64Store, 0, 0), number(errnoNone))
	case "random_get":
		fill := append(appendS64([]byte{opLocalGet, 0, opI32Const}, randomByte), opLocalGet, 1, opMore, moreFill, 0)
		return answerBody(fill, number(errnoNone))
	case "proc_exit", "proc_raise":
		return answerBody([]byte{opUnreachable})
	case "poll_oneoff":
		return answerBody(number(errnoNosy))
	}
	return answerBody(number(errnoBadf))
}

func isAnswered(name string) bool {
	for _, a := range answered {
		if a == name {
			return true
		}
	}
	return false
}

// answerBody is a body without locals.
func answerBody(pieces ...[]byte) []byte {
	b := []byte{0}
	for _, p := range pieces {
		b = append(b, p...)
	}
	return append(b, opEnd)
}

func number(n int64) []byte { return appendS64([]byte{opI32Const}, n) }

// store32 stores a number where a parameter points.
func store32(param byte, n int64) []byte {
	b := appendS64([]byte{opLocalGet, param, opI32Const}, n)
	return append(b, opI32Store, 0, 0)
}
