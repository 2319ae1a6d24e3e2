// Package live shows runs in a browser while they go on: a page on this machine whose curves grow after each epoch. It
// reads the folders of the runs, so that runs of other processes can be watched too, draws the sections of package
// report, and changes nothing.
package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/report"
)

//go:embed live.html
var shellText string

//go:embed live.css
var styleText string

//go:embed live.js
var scriptText string

var shell = template.Must(template.New("live").Parse(shellText))

// Limits of the server.
const (
	maxViewers   = 64
	writeTimeout = 10 * time.Second // of one message to a viewer: one that does not read is dropped
	leastPause   = time.Second      // between two looks at the folders
	mostPause    = 15 * time.Second
	restShare    = 100 // a look is followed by a pause of so many times its duration, so that training is not slowed
)

// Options say what is watched.
type Options struct {
	Dirs       []string // folders of runs, or of sweeps, or folders that hold runs
	Thresholds func(dir string) (diagnostics.Thresholds, error)
	Token      string // that a viewer must show; empty for none
}

// Server shows runs. It keeps no more of a viewer than a wish to be told, so that one that is slow or gone costs nothing.
type Server struct {
	token string

	look   sync.Mutex // one look at the folders at a time; held while watch is used
	watch  *watcher
	looked time.Time     // when it was last looked
	cost   time.Duration // of the last look that found something

	mu       sync.Mutex
	state    state
	viewers  map[chan struct{}]bool
	closing  bool
	finished chan struct{}
}

// state is what viewers are shown.
type state struct {
	sections []report.Section
	progress []Progress
	trouble  string
	ended    bool
}

// New makes a server for runs; Serve serves it.
func New(o Options) *Server {
	return &Server{token: o.Token, watch: &watcher{dirs: o.Dirs, thresholds: o.Thresholds, now: time.Now},
		viewers: map[chan struct{}]bool{}, finished: make(chan struct{})}
}

// NewToken makes a token that cannot be guessed.
func NewToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Add adds a folder to those that are watched.
func (s *Server) Add(dir string) {
	s.look.Lock()
	defer s.look.Unlock()
	s.watch.dirs = append(s.watch.dirs, dir)
}

// Step notes that a run of this process has done so many images of an epoch's total. It may be called at every step.
func (s *Server) Step(dir string, epoch, done, total int) {
	s.watch.step(dir, within{epoch, done, total})
}

// URL is where the page is found on a listener.
func (s *Server) URL(l net.Listener) string {
	url := "http://" + l.Addr().String() + "/"
	if s.token != "" {
		url += "?token=" + s.token
	}
	return url
}

// Serve serves the page on a listener until the context ends; then viewers get the last state, and are let go.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(discard{}, "", 0)} // what a stranger sends is not to appear on the terminal
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.poll(ctx)
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-done:
	}
	s.end()
	end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if server.Shutdown(end) != nil {
		server.Close()
	}
	if err == nil {
		err = <-done
	}
	<-watching
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("live page: %w", err)
	}
	return nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// poll looks at the folders while there are viewers.
func (s *Server) poll(ctx context.Context) {
	for {
		pause := leastPause
		if s.watched() {
			s.refresh()
			pause = min(max(pause, restShare*s.lastCost()), mostPause)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.finished:
			return
		case <-time.After(pause):
		}
	}
}

func (s *Server) watched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.viewers) > 0
}

func (s *Server) lastCost() time.Duration {
	s.look.Lock()
	defer s.look.Unlock()
	return s.cost
}

// refresh looks at the folders and tells the viewers. Requests cannot make it look more often than twice in the least
// pause.
func (s *Server) refresh() {
	s.look.Lock()
	defer s.look.Unlock()
	began := time.Now()
	if began.Sub(s.looked) < leastPause/2 {
		return
	}
	first := s.looked.IsZero()
	s.looked = began
	next := s.now()
	if s.watch.refresh() || first {
		sections, err := s.watch.sections()
		next.sections, next.trouble = sections, ""
		if err != nil {
			next.trouble = err.Error()
		}
		s.cost = time.Since(began)
	}
	next.progress = s.watch.progress()
	s.mu.Lock()
	defer s.mu.Unlock()
	next.ended = s.state.ended
	s.state = next
	s.tell()
}

// tell wakes all viewers; mu is held.
func (s *Server) tell() {
	for v := range s.viewers {
		select {
		case v <- struct{}{}:
		default: // it is to be woken already
		}
	}
}

// end shows viewers the last state and lets them go.
func (s *Server) end() {
	if s.watched() {
		s.look.Lock()
		s.looked = time.Time{} // whatever was seen just now, the last state is shown
		s.look.Unlock()
		s.refresh()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.closing, s.state.ended = true, true
	close(s.finished)
	s.tell()
}

// enter adds a viewer; not ok if there are too many or the server ends.
func (s *Server) enter() (v chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.viewers) >= maxViewers {
		return nil, false
	}
	v = make(chan struct{}, 1)
	s.viewers[v] = true
	return v, true
}

func (s *Server) leave(v chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, v)
}

// now is the state as it is.
func (s *Server) now() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// policy is what the page may load: nothing but itself.
const policy = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP implements http.Handler. Only reading is allowed, only under a name of this machine, and only the few paths
// that the page needs.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case !s.knownHost(r.Host):
		http.Error(w, "this page is not served under that name", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this page can only be read", http.StatusMethodNotAllowed)
	case !s.admitted(w, r):
	default:
		s.serve(w, r)
	}
}

// knownHost tells whether a request means this server and not a name that a stranger's page has pointed here: a number or
// localhost; without a token, only a loopback address.
func (s *Server) knownHost(host string) bool {
	if name, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || s.token != "")
}

// cookie holds the token once it has been shown in the address.
const cookie = "maxgain-live"

// admitted tells whether a request shows the token, and answers it if it does not. A token in the address is kept in a
// cookie, and taken out of the address.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request) bool {
	if s.token == "" {
		return true
	}
	same := func(token string) bool { return subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1 }
	if c, err := r.Cookie(cookie); err == nil && same(c.Value) && !r.URL.Query().Has("token") {
		return true
	}
	if r.URL.Path == "/" && same(r.URL.Query().Get("token")) {
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: s.token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return false
	}
	http.Error(w, "open the address with the token that was printed", http.StatusForbidden)
	return false
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		s.page(w)
	case "/events":
		s.events(w, r)
	case "/page.css":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		fmt.Fprint(w, report.Style, styleText)
	case "/page.js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprint(w, report.Script, scriptText)
	default:
		http.Error(w, "there is no such page", http.StatusNotFound)
	}
}

// page serves the page as it is now; events make it grow.
func (s *Server) page(w http.ResponseWriter) {
	s.refresh()
	var b bytes.Buffer
	if err := shell.Execute(&b, shellView(s.now())); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// shellData is what the template of the page shows.
type shellData struct {
	Progress []Progress
	Sections []report.Section
	Trouble  string
}

func shellView(s state) shellData { return shellData{s.progress, s.sections, s.trouble} }

// events sends a viewer what has changed since it was last told, as server-sent events, until it leaves or the server
// ends.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	v, ok := s.enter()
	if !ok {
		http.Error(w, "too many viewers", http.StatusServiceUnavailable)
		return
	}
	defer s.leave(v)
	w.Header().Set("Content-Type", "text/event-stream")
	to := http.NewResponseController(w)
	send := func(event string, data any) error {
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if err := to.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text); err != nil {
			return err
		}
		return to.Flush()
	}
	if _, err := fmt.Fprint(w, "retry: 2000\n\n"); err != nil {
		return
	}
	s.refresh()
	sent := map[string]template.HTML{}
	for {
		now := s.now()
		if change := changed(now, sent); change != nil && send("sections", change) != nil {
			return
		}
		if send("progress", now.progress) != nil {
			return
		}
		if now.ended {
			send("end", struct{}{})
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-v:
		}
	}
}

// change is what is new on the page: the identifiers of all sections in their order, and those that differ.
type change struct {
	Order   []string                 `json:"order"`
	Changed map[string]template.HTML `json:"changed"`
	Trouble string                   `json:"trouble"`
}

// changed is what differs from what was sent, which it notes as sent; nil if nothing does.
func changed(now state, sent map[string]template.HTML) *change {
	c := &change{Changed: map[string]template.HTML{}, Trouble: now.trouble}
	present := map[string]bool{}
	for _, section := range now.sections {
		c.Order = append(c.Order, section.ID)
		present[section.ID] = true
		if was, ok := sent[section.ID]; !ok || was != section.HTML {
			c.Changed[section.ID] = section.HTML
			sent[section.ID] = section.HTML
		}
	}
	gone := false
	for id := range sent {
		if !present[id] {
			delete(sent, id)
			gone = true
		}
	}
	if len(c.Changed) == 0 && !gone && c.Trouble == "" {
		return nil
	}
	return c
}
