package relay

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are totals of the whole relay: no label ever holds an address, mailbox or key.
type metrics struct {
	registry    *prometheus.Registry
	connections prometheus.Gauge
	refused     *prometheus.CounterVec
	requests    *prometheus.CounterVec
	errors      *prometheus.CounterVec
	stored      prometheus.Counter
	pushed      prometheus.Counter
	transfers   *prometheus.CounterVec
	commit      prometheus.Histogram
}

func newMetrics() *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "sotto_relay_connections", Help: "Open connections."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sotto_relay_refused_total", Help: "Connections refused, by reason.",
		}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sotto_relay_requests_total", Help: "Requests, by frame kind.",
		}, []string{"kind"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sotto_relay_errors_total", Help: "Requests answered with an error, by code.",
		}, []string{"code"}),
		stored: prometheus.NewCounter(prometheus.CounterOpts{Name: "sotto_relay_stored_total", Help: "Envelopes stored."}),
		pushed: prometheus.NewCounter(prometheus.CounterOpts{Name: "sotto_relay_pushed_total", Help: "Envelopes pushed."}),
		transfers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sotto_relay_transfers_total", Help: "Requests about blobs, by method and status.",
		}, []string{"request", "status"}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sotto_relay_store_seconds", Help: "Time from accepting an envelope to its being on disk.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	m.registry.MustRegister(m.connections, m.refused, m.requests, m.errors, m.stored, m.pushed, m.transfers, m.commit)
	return m
}

// Operations serves /livez, /readyz and /metrics. Bind it to loopback.
func (r *Relay) Operations() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		if r.draining.Load() || r.opts.Store.Ready(req.Context()) != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}
