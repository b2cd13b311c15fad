package resolve

import "testing"

func TestFileBeside(t *testing.T) {
	for _, c := range []struct{ importer, path, want string }{
		{"shop.mrt", "room.mrt", "room.mrt"},
		{"shop.mrt", "rooms/room.mrt", "rooms/room.mrt"},
		{"a/b/shop.mrt", "room.mrt", "a/b/room.mrt"},
		{"a/b/shop.mrt", "../room.mrt", "a/room.mrt"},
		{"a/b/shop.mrt", "../../c/room.mrt", "c/room.mrt"},
		{"a/shop.mrt", "../../room.mrt", "../room.mrt"},
		{"../shop.mrt", "../room.mrt", "../../room.mrt"},
		{"/shop.mrt", "../room.mrt", "/room.mrt"},
		{`a\b\shop.mrt`, "../room.mrt", `a\room.mrt`},
		{"shop.mrt", "/room.mrt", ""},
		{"shop.mrt", "rooms/../room.mrt", ""},
		{"shop.mrt", "./room.mrt", ""},
		{"shop.mrt", "", ""},
		{"shop.mrt", "../", ""},
		{"shop.mrt", ".mrt", ""},
		{"shop.mrt", "rooms/.mrt", ""},
		{"shop.mrt", "room.txt", ""},
		{"shop.mrt", `rooms\room.mrt`, ""},
		{"shop.mrt", "c:room.mrt", ""},
	} {
		name, ok := FileBeside(c.importer, c.path)
		if !ok {
			name = ""
		}
		if name != c.want {
			t.Errorf("%s imports %q: got %q, want %q", c.importer, c.path, name, c.want)
		}
	}
}
