package native

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// orderedNames makes names durable in the order that Pebble counts on.
//
// Pebble names its newest manifest, and its format, by an empty file, a marker.
// It makes the marker after the manifest, removes the one before, and syncs
// the directory once for all three. A disk that keeps the marker and not the
// manifest leaves a store that does not open; one that keeps the removal alone
// leaves a store that looks new, whose tables are then deleted. So the
// directory is synced before each of these steps. That costs two syncs when a
// store is opened and for each new manifest.
type orderedNames struct{ vfs.FS }

const markerPrefix = "marker."

// Create makes a file; before a marker, all names in its directory are made durable.
func (o orderedNames) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := o.beforeMarker(name); err != nil {
		return nil, err
	}
	return o.FS.Create(name, c)
}

// Remove removes a file; before a marker goes, the one that replaces it is made durable.
func (o orderedNames) Remove(name string) error {
	if err := o.beforeMarker(name); err != nil {
		return err
	}
	return o.FS.Remove(name)
}

func (o orderedNames) beforeMarker(name string) error {
	if !strings.HasPrefix(o.PathBase(name), markerPrefix) {
		return nil
	}
	return syncNames(o.FS, o.PathDir(name))
}

// Unwrap returns the file system below.
func (o orderedNames) Unwrap() vfs.FS { return o.FS }
