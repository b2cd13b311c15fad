package native

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// orderedNames makes names durable in the order that Pebble counts on.
//
// Pebble names its newest manifest, and its format, by an empty file, a marker.
// It makes the marker after the manifest and then syncs the directory, once
// for both: a disk that keeps the later name and not the earlier one leaves a
// store that does not open. So the directory is synced before a marker too.
// That costs a sync when a store is opened and for each new manifest.
type orderedNames struct{ vfs.FS }

const markerPrefix = "marker."

// Create makes a file; before a marker, all names in its directory are made durable.
func (o orderedNames) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(o.PathBase(name), markerPrefix) {
		if err := syncNames(o.FS, o.PathDir(name)); err != nil {
			return nil, err
		}
	}
	return o.FS.Create(name, c)
}

// Unwrap returns the file system below.
func (o orderedNames) Unwrap() vfs.FS { return o.FS }
