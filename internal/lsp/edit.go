package lsp

// What the client tells of its files.

func (s *Server) didOpen(p struct {
	TextDocument document `json:"textDocument"`
}) (any, *failure) {
	path := pathOf(p.TextDocument.URI)
	s.world.open[path] = opened{p.TextDocument.URI, p.TextDocument.Version, p.TextDocument.Text}
	s.world.home(path)
	s.world.changed(path)
	return nil, nil
}

func (s *Server) didChange(p didChangeParams) (any, *failure) {
	path := pathOf(p.TextDocument.URI)
	d, ok := s.world.open[path]
	if !ok {
		return nil, failed(invalidParams, "%s is not open", p.TextDocument.URI)
	}
	for _, c := range p.ContentChanges {
		if c.Range == nil {
			d.text = c.Text
			continue
		}
		d.text = s.encoding.replaced(d.text, *c.Range, c.Text)
	}
	d.version = p.TextDocument.Version
	s.world.open[path] = d
	s.world.changed(path)
	return nil, nil
}

func (s *Server) didSave(p struct {
	TextDocument document `json:"textDocument"`
}) (any, *failure) {
	s.world.changed(pathOf(p.TextDocument.URI))
	return nil, nil
}

// didClose lets go of a document; with the last of a folder its program goes.
func (s *Server) didClose(p struct {
	TextDocument document `json:"textDocument"`
}) (any, *failure) {
	path := pathOf(p.TextDocument.URI)
	delete(s.world.open, path)
	s.world.changed(path)
	for dir, f := range s.world.folders {
		if s.world.isNeeded(f) {
			continue
		}
		delete(s.world.folders, dir)
		for uri := range f.published {
			s.publishOne(f, publishParams{URI: uri, Diagnostics: []diagnostic{}})
		}
	}
	return nil, nil
}

// isNeeded reports whether a document of the program is open.
func (w *world) isNeeded(f *folder) bool {
	for path := range w.open {
		if f.has(path) || dirOf(path) == f.dir {
			return true
		}
	}
	return false
}

func (s *Server) didChangeWatchedFiles(p watchedParams) (any, *failure) {
	for _, c := range p.Changes {
		s.world.changed(pathOf(c.URI))
	}
	return nil, nil
}
