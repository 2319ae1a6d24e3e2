package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/sample"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
)

func defaults(string) (diagnostics.Thresholds, error) { return diagnostics.DefaultThresholds(), nil }

// writeRun puts a run of so many epochs, 20 planned, into a folder, or in the place of the run that is there.
func writeRun(t *testing.T, dir string, epochs int, state trainer.RunState) {
	t.Helper()
	s := sample.Short
	s.Epochs = epochs
	made := filepath.Join(t.TempDir(), "made")
	s.Write(t, made)
	put := func(name string, text []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"*", "spectra/*"} {
		names, err := fs.Glob(os.DirFS(made), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if text, err := os.ReadFile(filepath.Join(made, name)); err == nil && name != "status.json" {
				put(name, text)
			}
		}
	}
	put("status.json", fmt.Appendf(nil, `{"state":%q,"epoch":%d,"epochs":20,"best_epoch":-1}`, state, epochs))
}

// serving starts a server on a free port and returns its address; the end of the test ends it.
func serving(t *testing.T, s *Server) (address string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
	}
	t.Cleanup(end)
	return "http://" + l.Addr().String(), end
}

// viewer reads events of a server.
type viewer struct {
	t     *testing.T
	body  io.ReadCloser
	lines *bufio.Reader
}

func view(t *testing.T, address string) *viewer {
	t.Helper()
	response, err := http.Get(address + "/events")
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, content %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	t.Cleanup(func() { response.Body.Close() })
	return &viewer{t, response.Body, bufio.NewReader(response.Body)}
}

// next is the next event and its data; "" when there are no more.
func (v *viewer) next() (event, data string) {
	for {
		line, err := v.lines.ReadString('\n')
		if err != nil {
			return "", ""
		}
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(name)
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			return event, text
		}
	}
}

// sections waits for a change of the page in which a word appears.
func (v *viewer) sections(word string) change {
	v.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		event, data := v.next()
		if event == "" {
			break
		}
		var c change
		if event != "sections" {
			continue
		}
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			v.t.Fatal(err)
		}
		for _, html := range c.Changed {
			if strings.Contains(string(html), word) {
				return c
			}
		}
	}
	v.t.Fatalf("no section with %q came", word)
	return change{}
}

func get(t *testing.T, address string) (status int, body string, header http.Header) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// Two viewers see a run's curves grow, without a reload; what has not changed is not sent again.
func TestCurvesGrow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, 5, trainer.StateRunning)
	address, _ := serving(t, New(Options{Dirs: []string{dir}, Thresholds: defaults}))
	a, b := view(t, address), view(t, address)
	for _, v := range []*viewer{a, b} {
		c := v.sections("epoch 5")
		if len(c.Order) < 5 || len(c.Changed) != len(c.Order) {
			t.Errorf("%d of %d sections at first", len(c.Changed), len(c.Order))
		}
	}
	writeRun(t, dir, 6, trainer.StateRunning)
	for _, v := range []*viewer{a, b} {
		c := v.sections("running after 6 of 20 epochs")
		if _, again := c.Changed["charts"]; !again {
			t.Error("the charts did not change")
		}
		for id := range c.Changed {
			if id == "settings" || id == "epochs" {
				t.Errorf("section %s is no part of a live page", id)
			}
		}
	}
}

// A run that begins while the page is open appears on it; so do the trials of a sweep.
func TestRunsAppear(t *testing.T) {
	root := t.TempDir()
	server := New(Options{Dirs: []string{root}, Thresholds: defaults})
	address, _ := serving(t, server)
	v := view(t, address)
	writeRun(t, filepath.Join(root, "trial-0000"), 3, trainer.StateFinished)
	v.sections("finished after 3 of 20 epochs")
	writeRun(t, filepath.Join(root, "trial-0001"), 4, trainer.StateRunning)
	if err := os.MkdirAll(filepath.Join(root, "no-run"), 0o755); err != nil {
		t.Fatal(err)
	}
	v.sections("2 runs compared")
	elsewhere := filepath.Join(t.TempDir(), "other", "trial-0001")
	writeRun(t, elsewhere, 2, trainer.StateRunning)
	server.Add(elsewhere)
	v.sections("other/trial-0001")
}

// When the folder is removed the last state stays, and the page says so; when it is back, the run goes on.
func TestFolderRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, 5, trainer.StateRunning)
	w := &watcher{dirs: []string{dir}, thresholds: defaults, now: time.Now}
	if !w.refresh() || w.refresh() {
		t.Fatal("want news at the first look, and none at the second")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if !w.refresh() || w.refresh() {
		t.Fatal("want news of the removal, once")
	}
	if p := w.progress(); len(p) != 1 || p[0].Text != "epoch 5 of 20, running; the folder is gone; this is its last state" || p[0].Share != 0.25 {
		t.Errorf("%+v", p)
	}
	if got := w.shown(); len(got) != 1 || len(got[0].History.Rows) != 6 {
		t.Errorf("%d runs are still shown", len(got))
	}
	writeRun(t, dir, 7, trainer.StateRunning)
	if !w.refresh() || len(w.shown()[0].History.Rows) != 8 || strings.Contains(w.progress()[0].Text, "gone") {
		t.Errorf("the run is not taken up again: %+v", w.progress())
	}
	if err := os.WriteFile(filepath.Join(dir, "metrics.csv"), []byte("epoch,train_loss\n1,x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if !w.refresh() || len(w.shown()[0].History.Rows) != 8 || !strings.Contains(w.progress()[0].Text, "metrics.csv") {
		t.Errorf("a damaged file: %+v", w.progress())
	}
}

// Only reading, only the known paths, only under a name of this machine; nothing else is told.
func TestRefusals(t *testing.T) {
	secret := t.TempDir()
	dir := filepath.Join(secret, "run")
	writeRun(t, dir, 3, trainer.StateRunning)
	if err := os.WriteFile(filepath.Join(secret, "secret.txt"), []byte("a secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := New(Options{Dirs: []string{dir}, Thresholds: defaults})
	for _, test := range []struct {
		method, target, host string
		want                 int
	}{
		{"GET", "/", "127.0.0.1:4000", 200}, {"HEAD", "/", "localhost:1", 200}, {"GET", "/page.css", "[::1]:80", 200}, {"GET", "/page.js", "LOCALHOST", 200},
		{"GET", "/?token=x", "127.5.5.5", 200},
		{"GET", "/", "evil.example", 403}, {"GET", "/events", "evil.example:80", 403}, {"GET", "/", "", 403}, {"GET", "/", "192.168.1.2:80", 403},
		{"GET", "/", "127.0.0.1.evil.example", 403}, {"GET", "/", "localhost.evil.example:80", 403}, {"GET", "/", "127.0.0.1:99999", 403}, {"GET", "/", "127.0.0.1:x", 403},
		{"POST", "/", "127.0.0.1", 405}, {"PUT", "/events", "127.0.0.1", 405}, {"DELETE", "/run", "127.0.0.1", 405}, {"OPTIONS", "/", "127.0.0.1", 405}, {"TRACE", "/", "127.0.0.1", 405},
		{"GET", "/../secret.txt", "127.0.0.1", 404}, {"GET", "/%2e%2e/secret.txt", "127.0.0.1", 404}, {"GET", "/..%2fsecret.txt", "127.0.0.1", 404},
		{"GET", "/run/metrics.csv", "127.0.0.1", 404}, {"GET", "//etc/passwd", "127.0.0.1", 404}, {"GET", "/page.css/", "127.0.0.1", 404}, {"GET", "/Page.css", "127.0.0.1", 404},
	} {
		r := httptest.NewRequest(test.method, test.target, nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s %s of %q: status %d, want %d", test.method, test.target, test.host, w.Code, test.want)
		}
		if strings.Contains(w.Body.String(), "secret") || w.Code != 200 && w.Body.Len() > 80 {
			t.Errorf("%s %s of %q tells %q", test.method, test.target, test.host, w.Body)
		}
		if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; ") || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: policy %q", test.method, test.target, got)
		}
		if w.Code == 405 && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s is refused without saying what is allowed", test.method)
		}
	}
}

// With a token nothing is served without it; shown once in the address, it is kept in a cookie of this server alone.
func TestToken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, 3, trainer.StateRunning)
	server := New(Options{Dirs: []string{dir}, Thresholds: defaults, Token: "right"})
	ask := func(target, kept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", target, nil)
		r.Host = "192.168.1.2:80"
		if kept != "" {
			r.AddCookie(&http.Cookie{Name: "maxgain-live", Value: kept})
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w
	}
	for _, test := range []struct {
		target, kept string
		want         int
	}{{"/", "", 403}, {"/?token=wrong", "", 403}, {"/?token=", "", 403}, {"/events", "", 403}, {"/page.js", "wrong", 403}, {"/events?token=right", "", 403},
		{"/?token=right", "", 303}, {"/", "right", 200}, {"/page.css", "right", 200}, {"/?token=wrong", "right", 403}} {
		if got := ask(test.target, test.kept).Code; got != test.want {
			t.Errorf("%s with cookie %q: status %d, want %d", test.target, test.kept, got, test.want)
		}
	}
	w := ask("/?token=right", "")
	if c := w.Result().Cookies(); w.Header().Get("Location") != "/" || len(c) != 1 || c[0].Value != "right" || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("to %q with cookies %v", w.Header().Get("Location"), c)
	}
	if a, b := NewToken(), NewToken(); a == b || len(a) != 32 {
		t.Errorf("tokens %s and %s", a, b)
	}
	l := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 80}
	if got, want := server.URL(listenerAt{addr: l}), "http://10.0.0.1:80/?token=right"; got != want {
		t.Errorf("address %s, want %s", got, want)
	}
}

type listenerAt struct {
	net.Listener
	addr net.Addr
}

func (l listenerAt) Addr() net.Addr { return l.addr }

// The page loads nothing from elsewhere and runs no script but its own file's.
func TestPageIsSelfContained(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `<img src=x onerror=alert(1)>`)
	writeRun(t, dir, 3, trainer.StateRunning)
	address, _ := serving(t, New(Options{Dirs: []string{dir}, Thresholds: defaults}))
	status, text, header := get(t, address+"/")
	if status != 200 || header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, content %s", status, header.Get("Content-Type"))
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if m[1] != "/page.css" && m[1] != "/page.js" && !strings.HasPrefix(m[1], "data:") {
			t.Errorf("link to %.60q", m[1])
		}
	}
	if m := regexp.MustCompile(`https?:|<img src=x|<script>|<style|style="| on\w+=`).FindString(strings.ReplaceAll(text, "&lt;img src=x onerror=alert(1)&gt;", "")); m != "" {
		t.Errorf("the page holds %q", m)
	}
	for path, kind := range map[string]string{"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"} {
		if status, text, header := get(t, address+path); status != 200 || header.Get("Content-Type") != kind || regexp.MustCompile(`https?:`).MatchString(text) {
			t.Errorf("%s: status %d, content %s", path, status, header.Get("Content-Type"))
		}
	}
}

// Viewers that leave, and a server that ends, leave nothing behind; a viewer is told that the server ends.
func TestNothingIsLeft(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, 3, trainer.StateRunning)
	before := runtime.NumGoroutine()
	server := New(Options{Dirs: []string{dir}, Thresholds: defaults})
	address, end := serving(t, server)
	var viewers []*viewer
	for range 10 {
		v := view(t, address)
		v.sections("epoch")
		viewers = append(viewers, v)
	}
	for _, v := range viewers[1:] {
		v.body.Close()
	}
	wait(t, "viewers that left are forgotten", func() bool {
		server.mu.Lock()
		defer server.mu.Unlock()
		return len(server.viewers) == 1
	})
	writeRun(t, dir, 4, trainer.StateFinished)
	end()
	last := ""
	seen := false
	for {
		event, data := viewers[0].next()
		if event == "" {
			break
		}
		last = event
		seen = seen || strings.Contains(data, "finished after 4 of 20")
	}
	if last != "end" || !seen {
		t.Errorf("the last event is %q, the last state was seen: %v", last, seen)
	}
	viewers[0].body.Close()
	http.DefaultClient.CloseIdleConnections()
	wait(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	if _, err := http.Get(address); err == nil {
		t.Error("the server still answers")
	}
}

// wait waits until something holds.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 200 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("%s: not within 5 seconds", what)
}

// More viewers than the limit are refused, and those that are there stay.
func TestTooManyViewers(t *testing.T) {
	server := New(Options{Thresholds: defaults})
	address, _ := serving(t, server)
	for range maxViewers {
		view(t, address)
	}
	if status, _, _ := get(t, address+"/events"); status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want %d", status, http.StatusServiceUnavailable)
	}
}

// A listener that fails ends the server with an error.
func TestListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := New(Options{Thresholds: defaults}).Serve(context.Background(), l); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("got %v", err)
	}
}

func TestProgress(t *testing.T) {
	history := &trainer.History{}
	for e, seconds := range []float64{100, 9, 10, 11, 12, 13} { // epoch 0 does not count; of the last five the median is 11
		history.Rows = append(history.Rows, trainer.Row{Epoch: e, Seconds: seconds})
	}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := &watched{name: "run", known: true, changed: start}
	r.run.History = history
	r.run.Status = trainer.Status{State: trainer.StateRunning, Epoch: 5, Epochs: 10}
	for _, test := range []struct {
		since time.Duration
		in    within
		want  Progress
	}{
		{0, within{}, Progress{"run", 0.5, "epoch 5 of 10; about 55 s left", "running"}},
		{5500 * time.Millisecond, within{}, Progress{"run", 0.5, "epoch 5 of 10; about 50 s left", "running"}}, // half an epoch has passed: 4.5·11
		{time.Minute, within{}, Progress{"run", 0.5, "epoch 5 of 10; about 44 s left", "running"}},             // an epoch that takes longer
		{time.Hour, within{}, Progress{"run", 0.5, "epoch 5 of 10; nothing new for 60.0 min: paused or killed?", "running"}},
		{time.Hour, within{6, 25, 100}, Progress{"run", 0.525, "epoch 6 of 10, 25 % of it; about 53 s left", "running"}}, // 4.75·11 = 52.25
		{0, within{5, 25, 100}, Progress{"run", 0.5, "epoch 5 of 10; about 55 s left", "running"}},                       // of an epoch that has ended
	} {
		if got := r.progress(start.Add(test.since), test.in); got != test.want {
			t.Errorf("after %v: got %+v, want %+v", test.since, got, test.want)
		}
	}
	r.run.Status.State = trainer.StateDiverged
	if got, want := r.progress(start, within{}), (Progress{"run", 0.5, "epoch 5 of 10, diverged", "diverged"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := (&watched{name: "new", trouble: "no epoch has ended yet"}).progress(start, within{}), (Progress{"new", 0, "no epoch has ended yet", "waiting"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for seconds, want := range map[float64]string{0.2: "1 s", 89: "89 s", 100: "2 min", 5399: "90 min", 9000: "2.5 h"} {
		if got := roundTime(seconds); got != want {
			t.Errorf("%v s: got %q, want %q", seconds, got, want)
		}
	}
}

// A page shows so many runs and counts the others.
func TestTooManyRuns(t *testing.T) {
	root := t.TempDir()
	for i := range maxRuns + 5 {
		dir := filepath.Join(root, fmt.Sprintf("run-%03d", i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte("name: x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := &watcher{dirs: []string{root}, thresholds: defaults, now: time.Now}
	w.refresh()
	p := w.progress()
	if len(p) != maxRuns+1 || p[maxRuns].Name != "and 5 more" || p[0].Text != "no epoch has ended yet" || p[0].State != "waiting" {
		t.Errorf("%d lines of progress, the first %+v, the last %+v", len(p), p[0], p[len(p)-1])
	}
}

// What a viewer is sent: at first all, then what differs alone, and the order of what is there; a section that was taken
// away is sent anew when it is back.
func TestChanged(t *testing.T) {
	sent := map[string]template.HTML{}
	at := func(ids ...string) state {
		var s state
		for _, id := range ids {
			name, html, _ := strings.Cut(id, "=")
			s.sections = append(s.sections, report.Section{ID: name, HTML: template.HTML(html)})
		}
		return s
	}
	for i, test := range []struct {
		now   state
		order string
		sent  []string
	}{
		{at("a=1", "b=1"), "a b", []string{"a", "b"}},
		{at("a=1", "b=1"), "", nil},
		{at("a=1", "b=2"), "a b", []string{"b"}},
		{at("a=1"), "a", nil},
		{at("b=2", "a=1"), "b a", []string{"b"}},
		{state{trouble: "it burns"}, "", nil},
	} {
		c := changed(test.now, sent)
		if test.order == "" && test.now.trouble == "" {
			if c != nil {
				t.Errorf("step %d: %+v, want nothing", i, c)
			}
			continue
		}
		if c == nil || strings.Join(c.Order, " ") != test.order || c.Trouble != test.now.trouble || len(c.Changed) != len(test.sent) {
			t.Errorf("step %d: %+v, want the order %q and %q sent", i, c, test.order, test.sent)
			continue
		}
		for _, id := range test.sent {
			if _, ok := c.Changed[id]; !ok {
				t.Errorf("step %d: section %s is not sent", i, id)
			}
		}
	}
}

// The progress of trials names them by what varies; runs in other folders go by their folders.
func TestTrialNames(t *testing.T) {
	root := t.TempDir()
	for i, rate := range []string{"0.1", "0.2"} {
		dir := filepath.Join(root, fmt.Sprintf("trial-%04d", i))
		writeRun(t, dir, 3, trainer.StateRunning)
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte("train:\n  learning_rate: "+rate+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "trial-0002"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "trial-0002", "config.yaml"), []byte("train:\n  learning_rate: 0.3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := &watcher{dirs: []string{root}, thresholds: defaults, now: time.Now}
	w.refresh()
	var names []string
	for _, p := range w.progress() {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "learning_rate=0.1 learning_rate=0.2 trial-0002" {
		t.Errorf("names %s", got)
	}
}
