package native

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the node's figures for Prometheus. What happens on the way is
// counted here; the rest is asked of the node when somebody looks.
type metrics struct {
	registry    *prometheus.Registry
	records     prometheus.Counter
	syncs       prometheus.Histogram
	refusedFull prometheus.Counter
	requests    *prometheus.CounterVec
	turnedAway  *prometheus.CounterVec
	outputs     atomic.Int64 // waiting for the disk
	outputsSize atomic.Int64 // their bytes
}

func newMetrics(h *Host) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "martinelli_store_records_total", Help: "Records written to the store."}),
		syncs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "martinelli_store_group_seconds", Help: "Time to write and sync one group of commits.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 2, 16)}),
		refusedFull: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "martinelli_full_disk_refused_total", Help: "Messages of peers refused because the disk is full."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "martinelli_http_requests_total", Help: "HTTP requests by verb and status."}, []string{"verb", "code"}),
		turnedAway: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "martinelli_door_refused_total", Help: "Connections of pages that were refused, by why."}, []string{"why"}),
	}
	m.registry.MustRegister(m.records, m.syncs, m.refusedFull, m.requests, m.turnedAway, &statusCollector{h})
	return m
}

// wrote counts one group commit.
func (m *metrics) wrote(records int, took time.Duration) {
	m.records.Add(float64(records))
	m.syncs.Observe(took.Seconds())
}

// turnedAwayBy counts that a guest's link ended by what it did.
func (m *metrics) turnedAwayBy(l *link, why string) {
	if l.guest != nil {
		m.turnedAway.WithLabelValues(why).Inc()
	}
}

// pending notes how much waits for the disk.
func (m *metrics) pending(outputs, size int) {
	m.outputs.Store(int64(outputs))
	m.outputsSize.Store(int64(size))
}

// statusCollector turns a Status into figures.
type statusCollector struct{ host *Host }

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("martinelli_"+name, help, labels, nil)
}

var (
	descCommits  = figure("commits_total", "Commits made here.")
	descAborts   = figure("aborts_total", "Events that aborted here.")
	descParts    = figure("parts_total", "Parts of others, received and applied.", "what")
	descRefused  = figure("refused_total", "Malformed or refused messages.")
	descForks    = figure("forked_chains", "Chains whose author is proven to have written two histories.")
	descDoubted  = figure("doubted_total", "Runs of parts whose seal does not fit what is here.")
	descShunned  = figure("shunned_total", "Peers that were hung up on for their bad seals.")
	descBarred   = figure("barred", "1 while this node may not write any more: it was cut, retired or copied.")
	descRepairs  = figure("repair_exchanges_total", "Repair exchanges begun here.")
	descEntries  = figure("entries", "Live entries, over all spaces.")
	descLog      = figure("log_parts", "Parts above the checkpoints, over all spaces.")
	descPoints   = figure("checkpoints_total", "Checkpoints: of what was here, those taken from others, and those that did not agree with what was here.", "what")
	descUntrue   = figure("checkpoint_untrue_total", "Pages of checkpoints that are not what the steward has signed.")
	descPending  = figure("parts_pending", "Parts that wait for their past.")
	descLate     = figure("late_total", "Groups of parts shown without a piece that nobody reachable had.")
	descMissing  = figure("parts_missing", "Pieces that late parts were shown without, and that have not come since.")
	descMerges   = figure("merge_parts_total", "Merge parts made here.")
	descOutbox   = figure("outbox_length", "Events of this node that wait in the outbox for the home.")
	descSagas    = figure("sagas", "Sagas under way at this home: all, those whose last try failed, those to be undone, and those that the program lacks.", "what")
	descDue      = figure("violations", "Violations of invariants that are not repaired yet.")
	descDiskFull = figure("disk_full", "1 while the disk is full.")
	descDiskSize = figure("disk_bytes", "Bytes the store takes.")
	descQueue    = figure("queue_length", "What waits in the owner's queues.", "queue")
	descMembers  = figure("members", "Members by state.", "state")
	descLag      = figure("peer_lag_seconds", "Age of the last repair exchange with a peer that ended well.", "peer")
	descRTT      = figure("peer_rtt_seconds", "Round trip of the last ping.", "peer")
	descBytes    = figure("link_bytes_total", "Bytes on a link.", "peer", "channel", "direction")
	descWaiting  = figure("link_queue_bytes", "Bytes that wait to be sent.", "peer", "channel")
	descDropped  = figure("link_dropped_total", "Messages that found their send queue full.", "peer", "channel")
)

// Describe sends nothing: the figures depend on who is there.
func (c *statusCollector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the node.
func (c *statusCollector) Collect(to chan<- prometheus.Metric) {
	s, err := c.host.askStatus(context.Background())
	if err != nil {
		return
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count(descCommits, s.Counts.Commits)
	count(descAborts, s.Counts.Aborts)
	count(descParts, s.Counts.Received, "received")
	count(descParts, s.Counts.Applied, "applied")
	count(descRefused, s.Counts.Refused)
	gauge(descForks, float64(s.Forks))
	count(descDoubted, s.Counts.Doubted)
	count(descShunned, s.Counts.Shunned)
	gauge(descBarred, truth(s.Barred != ""))
	count(descRepairs, s.Repairs)
	gauge(descEntries, float64(s.Entries))
	gauge(descLog, float64(s.Log))
	count(descPoints, s.Counts.Checkpoints, "agreed")
	count(descPoints, s.Counts.Installs, "taken")
	count(descPoints, s.Counts.Differing+s.Counts.Unweighed, "differed")
	count(descUntrue, s.Counts.Untrue)
	gauge(descPending, float64(s.Pending))
	count(descLate, s.Counts.Late)
	gauge(descMissing, float64(s.Missing))
	count(descMerges, s.Counts.Merges)
	gauge(descOutbox, float64(s.Outbox))
	if g := s.Sagas; g != nil {
		gauge(descSagas, float64(g.UnderWay), "under_way")
		gauge(descSagas, float64(g.Retrying), "retrying")
		gauge(descSagas, float64(g.Undoing), "undoing")
		gauge(descSagas, float64(g.Resting), "resting")
	}
	gauge(descDue, float64(s.Due))
	gauge(descDiskFull, truth(s.Disk.Full))
	gauge(descDiskSize, float64(s.Disk.Size))
	gauge(descQueue, float64(s.Queues.Urgent), "urgent")
	gauge(descQueue, float64(s.Queues.Inputs), "inputs")
	gauge(descQueue, float64(s.Queues.Outputs), "outputs")
	states := map[string]int{}
	for _, m := range s.Members {
		states[m.State]++
		if m.Lag >= 0 {
			gauge(descLag, float64(m.Lag)/1e3, m.ID)
		}
		gauge(descRTT, float64(m.RTT)/1e6, m.ID)
		for name, ch := range m.Channels {
			count(descBytes, ch.Sent, m.ID, name, "out")
			count(descBytes, ch.Received, m.ID, name, "in")
			gauge(descWaiting, float64(ch.Size), m.ID, name)
			count(descDropped, ch.Dropped, m.ID, name)
		}
	}
	for state, n := range states {
		gauge(descMembers, float64(n), state)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
