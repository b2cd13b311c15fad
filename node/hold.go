package node

import (
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/martinelli-lang/martinelli/algebra/causal"
	"github.com/martinelli-lang/martinelli/algebra/order"
	"github.com/martinelli-lang/martinelli/flow"
	"github.com/martinelli-lang/martinelli/plan"
	"github.com/martinelli-lang/martinelli/replica"
	"github.com/martinelli-lang/martinelli/value"
	"github.com/martinelli-lang/martinelli/wire"
)

// Where the program's rules say which spaces a user's node keeps beyond his
// own, whoever holds a space judges whether a neighbour may have it, as it
// holds what the rules read too. It tells the neighbour by name, for a handle
// says nothing to who has never seen the space; and it offers what was told and
// heard, as long as the rules hold. The neighbour keeps what a trusted node has
// told it, and of the word of a user's node what it can check.

// holdAgain is when a word is said again that was not heard.
const holdAgain = causal.Second

// metaHeld is where a store keeps the list, for a start without neighbours, and
// metaNamed, with the handle behind it, a key that was seen of a space: one of
// which all is gone has no entry that says what it is called.
const (
	metaHeld  = "held"
	metaNamed = "named "
)

// keeping is what a node knows of who may have which spaces.
type keeping struct {
	isRuled  bool                        // the program's rules say it; otherwise all of this is empty
	byValue  map[string]int              // the databases that have a space for each value, by name
	canTell  map[int]bool                // of them those of which a node can say without their spaces who may have them
	inputs   map[string][]flow.HoldInput // what the rules read
	named    map[causal.SpaceID]valued   // the spaces that something was seen of
	mine     map[causal.SpaceID]string   // at a user's node: what it may have beyond what Holding says, by name
	isUneasy bool                        // what the rules read has changed: mine is to be reckoned again
	at       causal.Instant              // when somebody is to be told something; 0: nobody
}

// valued is a space by what it is called.
type valued struct {
	database int // one of those that stand in it
	of       value.Value
	name     string
}

// offer is what a node and a neighbour that is a user's have told each other.
type offer struct {
	told  map[causal.SpaceID]bool // what the neighbour may have, and has heard so
	dirty map[causal.SpaceID]bool // what may have changed since; of these told is not enough
	isAll bool                    // everything may have
	no    uint64                  // of the last word
	open  *openWord               // said and not heard yet

	list    map[causal.SpaceID]string // what the neighbour has told
	bytes   int                       // of the names
	heard   uint64                    // its last word
	isWhole bool
}

// openWord is a word that waits to be heard.
type openWord struct {
	holdWord
	gained []causal.SpaceID
	at     causal.Instant
}

func newOffer() *offer {
	return &offer{told: map[causal.SpaceID]bool{}, dirty: map[causal.SpaceID]bool{}, isAll: true, list: map[causal.SpaceID]string{}}
}

func newKeeping(n *Node) keeping {
	p := n.cfg.Program
	k := keeping{isRuled: n.common != nil && !p.IsPrivate()}
	if !k.isRuled {
		return k
	}
	k.byValue, k.canTell, k.inputs = map[string]int{}, map[int]bool{}, n.engine.HoldInputs()
	k.named, k.mine = map[causal.SpaceID]valued{}, map[causal.SpaceID]string{}
	for i := range p.Databases {
		if d := &p.Databases[i]; d.Placement == plan.ByValue {
			k.byValue[d.Name], k.canTell[i] = i, n.engine.CanTell(i)
		}
	}
	return k
}

// loadHeld reads back what this node may have.
func (n *Node) loadHeld() error {
	stored, ok, err := n.store.Meta(metaHeld)
	if err != nil || !ok || !n.keeping.isRuled || n.holding == nil {
		return err
	}
	names, err := decodeHeld(stored)
	if err != nil {
		return errors.New("node: the store's list of the spaces it may have is malformed: " + err.Error())
	}
	for _, name := range names {
		n.keeping.mine[n.space(name)] = name
		n.learnName(name)
	}
	return nil
}

// loadNamed reads back what spaces are called.
func (n *Node) loadNamed() {
	if !n.keeping.isRuled {
		return
	}
	for _, name := range n.store.Metas(metaNamed) {
		stored, _, _ := n.store.Meta(name)
		if database, key, ok := strings.Cut(string(stored), "\x00"); ok {
			n.learnKey(database, key)
		}
	}
}

// keepName writes down what a space is called of which something was seen.
func (n *Node) keepName(database, key string) {
	id, ok := n.learnKey(database, key)
	name := metaNamed + string(id[:])
	if _, isKept, _ := n.store.Meta(name); ok && !isKept {
		n.store.PutMeta(name, []byte(database+"\x00"+key))
	}
}

// mayBeOffered reports whether the rules let a neighbour have a space, and it
// has heard so.
func (n *Node) mayBeOffered(peer causal.ReplicaID, space causal.SpaceID) bool {
	f := n.facing[peer]
	if n.cfg.Planted.OffersUnasked {
		return true
	}
	if f.offer == nil || !f.offer.told[space] {
		return false
	}
	return !f.offer.isAll && !f.offer.dirty[space] || n.permits(f.user, space)
}

// permits reports whether the rules let a user have a space, as seen from here.
func (n *Node) permits(user string, space causal.SpaceID) bool {
	v, isNamed := n.keeping.named[space]
	return isNamed && n.engine.MayHold(v.database, user, v.of)
}

// learnKey notes what the space of a key is called.
func (n *Node) learnKey(database, key string) (space causal.SpaceID, ok bool) {
	i, ok := n.keeping.byValue[database]
	if !ok {
		return space, false
	}
	d := &n.cfg.Program.Databases[i]
	values, err := value.DecodePath(key)
	if err != nil || len(values) != len(d.Dims) {
		return space, false
	}
	return n.learn(valued{i, values[d.Space], d.SpaceName(values)}), true
}

// learnName notes what a space is that is told of by name.
func (n *Node) learnName(name string) {
	for i := range n.cfg.Program.Databases {
		if of, ok := n.cfg.Program.Databases[i].SpaceValue(name); ok {
			n.learn(valued{i, of, name})
			return
		}
	}
}

func (n *Node) learn(v valued) causal.SpaceID {
	id := n.space(v.name)
	if _, isKnown := n.keeping.named[id]; !isKnown {
		n.keeping.named[id] = v
		n.doubt(id)
	}
	return id
}

// doubt notes that who may have a space may have changed.
func (n *Node) doubt(space causal.SpaceID) {
	for _, f := range n.facing {
		if f.offer != nil && !f.offer.isAll {
			f.offer.dirty[space] = true
		}
	}
	n.keeping.isUneasy = true
}

// doubtAll notes that who may have any space may have changed.
func (n *Node) doubtAll() {
	for _, f := range n.facing {
		if f.offer != nil {
			f.offer.isAll = true
		}
	}
	n.keeping.isUneasy = true
}

// watchHolds looks at what changes: the names of spaces, and what rules read.
func (n *Node) watchHolds(changes []flow.Change) {
	if !n.keeping.isRuled {
		return
	}
	for i := range changes {
		n.keepName(changes[i].Database, changes[i].Key)
		n.weighInput(changes[i].Database, changes[i].Key)
	}
}

// watchOwnHolds is watchHolds for what this node has written itself. Of what it
// has removed it sees no more than that.
func (n *Node) watchOwnHolds(now causal.Instant, g replica.Group) {
	if !n.keeping.isRuled {
		return
	}
	for _, p := range g.Parts {
		for i := range p.Entries {
			n.keepName(p.Entries[i].Database, p.Entries[i].Key)
			n.weighInput(p.Entries[i].Database, p.Entries[i].Key)
		}
		if len(p.Removed) > 0 {
			n.doubtAll()
		}
	}
	n.rouseHolds(now)
}

// weighInput notes which spaces a change may have given to others, or taken.
func (n *Node) weighInput(database, key string) {
	for _, in := range n.keeping.inputs[database] {
		values, err := value.DecodePath(key)
		if in.At < 0 || err != nil || in.At >= len(values) {
			n.doubtAll()
			return
		}
		d := &n.cfg.Program.Databases[in.About]
		path := make([]value.Value, len(d.Dims))
		path[d.Space] = values[in.At]
		n.doubt(n.space(d.SpaceName(path)))
	}
}

// rouseHolds lets Wake look after the neighbours soon.
func (n *Node) rouseHolds(now causal.Instant) {
	k := &n.keeping
	if k.isRuled && k.at == 0 && (k.isUneasy || len(n.facing) > 0) {
		k.at = now + accessAfter
	}
}

// tendHolds tells the neighbours what has changed, and says again what was not heard.
func (n *Node) tendHolds(now causal.Instant) {
	k := &n.keeping
	if k.at == 0 || now < k.at {
		return
	}
	k.at = 0
	if k.isUneasy {
		k.isUneasy = false
		n.reckon(now)
	}
	for _, peer := range order.Sorted(maps.Keys(n.facing), causal.ReplicaID.Compare) {
		if o := n.facing[peer].offer; o != nil && n.facing[peer].holding != nil {
			n.tellHolds(now, peer, o)
		}
	}
}

// tellHolds says the next word to a neighbour, or the last one again.
func (n *Node) tellHolds(now causal.Instant, peer causal.ReplicaID, o *offer) {
	switch {
	case o.open != nil && now < o.open.at+holdAgain:
	case o.open != nil:
		o.open.at = now
		n.send(peer, wire.Commits, KindHold, o.open.appendTo(nil))
	default:
		n.sayHolds(now, peer, o)
	}
	if o.open != nil {
		n.keeping.at = earlier(n.keeping.at, o.open.at+holdAgain)
	}
}

// sayHolds says what has changed, as much as one word takes.
func (n *Node) sayHolds(now causal.Instant, peer causal.ReplicaID, o *offer) {
	if !o.isAll && len(o.dirty) == 0 {
		return
	}
	spaces := sortedSpaces(o.dirty)
	if o.isAll {
		spaces = sortedSpaces(n.keeping.named)
	}
	f, w, bytes := n.facing[peer], openWord{at: now, holdWord: holdWord{Whole: true}}, 0
	for _, space := range spaces {
		may := n.keeps(space) && !f.holding(space) && n.permits(f.user, space)
		name := n.keeping.named[space].name
		if may == o.told[space] {
			delete(o.dirty, space)
			continue
		}
		if bytes += len(name); bytes > holdBytesMax && len(w.Gained)+len(w.Lost) > 0 || max(len(w.Gained), len(w.Lost)) == holdNamesMax {
			w.Whole = false
			break
		}
		delete(o.dirty, space)
		if may {
			w.Gained, w.gained = append(w.Gained, name), append(w.gained, space)
			continue
		}
		delete(o.told, space)
		w.Lost = append(w.Lost, name)
		n.event(EventAccess, peer, "the user "+f.user+" may not read "+name+" any more: nothing that comes is offered, what is there stays")
	}
	if w.Whole {
		o.isAll = false
	}
	if isFirst := o.no == 0; !isFirst && len(w.Gained)+len(w.Lost) == 0 {
		return
	}
	o.no++
	w.No, o.open = o.no, &w
	n.send(peer, wire.Commits, KindHold, w.appendTo(nil))
}

// heedHold takes a frame of either side.
func (n *Node) heedHold(now causal.Instant, peer causal.ReplicaID, body []byte) error {
	o := n.facing[peer].offer
	if len(body) > 0 && body[0] == holdHeard {
		no, err := decodeHeard(body)
		if err == nil && o != nil && o.open != nil && o.open.No == no {
			n.heard(now, peer, o)
		}
		return err
	}
	w, err := decodeHoldWord(body)
	if err != nil || o == nil || n.holding == nil || w.No > o.heard+1 {
		return err // it is for nobody here, or comes before its time
	}
	n.send(peer, wire.Commits, KindHold, appendHeard(nil, w.No))
	if w.No == o.heard+1 {
		o.heard = w.No
		n.takeWord(now, peer, o, w)
	}
	return nil
}

// heard goes on with what else there is to say.
func (n *Node) heard(now causal.Instant, peer causal.ReplicaID, o *offer) {
	for _, space := range o.open.gained {
		o.told[space] = true
	}
	o.open = nil
	n.tellHolds(now, peer, o)
}

// takeWord notes what a neighbour tells. At the bound the rest is not kept.
func (n *Node) takeWord(now causal.Instant, peer causal.ReplicaID, o *offer, w holdWord) {
	for _, name := range w.Gained {
		if len(o.list) >= holdListMax || o.bytes+len(name) > holdListBytes {
			n.event(EventDropped, peer, "more spaces than a node keeps on one list, "+strconv.Itoa(holdListMax)+": what is beyond is not kept here")
			break
		}
		if id := n.space(name); o.list[id] == "" {
			o.list[id], o.bytes = name, o.bytes+len(name)
		}
	}
	for _, name := range w.Lost {
		if id := n.space(name); o.list[id] != "" {
			o.bytes -= len(name)
			delete(o.list, id)
		}
	}
	o.isWhole = o.isWhole || w.Whole
	n.reckon(now)
}

// reckon works out which spaces this node may have from what its neighbours
// have told: where a trusted one is among them, what these say, otherwise what
// was so before; and what users' nodes tell, if it can be checked here.
func (n *Node) reckon(now causal.Instant) {
	if n.holding == nil {
		return
	}
	mine, isTold := map[causal.SpaceID]string{}, false
	for _, peer := range order.Sorted(maps.Keys(n.facing), causal.ReplicaID.Compare) {
		f := n.facing[peer]
		if f.offer == nil {
			continue
		}
		isTold = isTold || f.holding == nil && f.offer.isWhole
		for id, name := range f.offer.list {
			if f.holding == nil || f.holding(id) || n.canCheck(name) {
				mine[id] = name
			}
		}
	}
	for id, name := range n.keeping.mine {
		if !isTold || n.isOwnToHold(name) {
			mine[id] = name
		}
	}
	if !maps.Equal(mine, n.keeping.mine) {
		n.keepMine(mine)
		n.rouseHolds(now)
		for _, peer := range n.member.Neighbors() {
			n.repair.Begin(now, peer)
		}
	}
}

// canCheck reports whether the rules give this node's user a space, of which
// that can be said without holding it.
func (n *Node) canCheck(name string) bool {
	n.learnName(name)
	v, isNamed := n.keeping.named[n.space(name)]
	return isNamed && n.keeping.canTell[v.database] && n.engine.MayHold(v.database, n.cfg.User, v.of)
}

// isOwnToHold reports whether this node may have a space of which nobody needs to
// tell it: that can be checked here, or the space is for a value that new_id()
// gave here.
func (n *Node) isOwnToHold(name string) bool {
	if !n.keeping.isRuled {
		return false
	}
	const sameMin = 25 // letters of a new id that are the replica's alone
	own := newID(n.self, 0)[:sameMin]
	if n.canCheck(name) {
		return true
	}
	v := n.keeping.named[n.space(name)]
	return v.name != "" && v.of.Kind() == value.KindString && strings.HasPrefix(v.of.AsString(), own)
}

// beginHold keeps a space from now on that this node may have of itself.
func (n *Node) beginHold(name string) bool {
	if !n.isOwnToHold(name) {
		return false
	}
	mine := maps.Clone(n.keeping.mine)
	mine[n.space(name)] = name
	n.keepMine(mine)
	return true
}

// keepMine keeps a list in place of the one before. What is here of a space
// that is not on it any more stays.
func (n *Node) keepMine(mine map[causal.SpaceID]string) {
	was := n.keeping.mine
	n.keeping.mine = mine
	var names []string
	for _, id := range sortedSpaces(mine) {
		if len(names) < holdListMax {
			names = append(names, mine[id])
		}
		if was[id] == "" {
			n.learnName(mine[id])
			n.doubt(id)
		}
	}
	for _, id := range sortedSpaces(was) {
		if mine[id] == "" {
			n.doubt(id)
			n.event(EventAccess, n.self, "the user "+n.cfg.User+" may not read "+was[id]+" any more: nothing that comes reaches this node, what is here stays")
		}
	}
	n.store.PutMeta(metaHeld, appendNames(nil, names))
}
