package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a buffer for two goroutines; seen is called with all that was written so far.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	seen func(text string)
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	n, err := o.b.Write(p)
	text := o.b.String()
	o.mu.Unlock()
	if o.seen != nil {
		o.seen(text)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var pageAddress = regexp.MustCompile(`http://\S+`)

// page gets the page at an address, "" if nobody answers.
func page(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A run with --live is on its page while it goes on, comes to the same bits, and takes the page with it when it ends.
func TestTrainLive(t *testing.T) {
	plain, watched := filepath.Join(t.TempDir(), "plain"), filepath.Join(t.TempDir(), "watched")
	if code, _, stderr := command(t, tiny("--out", plain)...); code != exitOK {
		t.Fatal(stderr)
	}
	stderr, during := &output{}, ""
	stdout := &output{seen: func(text string) {
		if during == "" && strings.Contains(text, "\n    1  ") {
			during = page(t, pageAddress.FindString(stderr.String()))
		}
	}}
	if code := run(t.Context(), tiny("--out", watched, "--live"), stdout, stderr); code != exitOK {
		t.Fatal(stderr.String())
	}
	address := pageAddress.FindString(stderr.String())
	if !strings.HasPrefix(address, "http://127.0.0.1:") || !strings.Contains(during, "<h1>watched</h1>") || !strings.Contains(during, "of 2") {
		t.Errorf("at %s while it trains: %.300q", address, during)
	}
	if after := page(t, address); after != "" {
		t.Error("the page outlives the run")
	}
	a, b := lastWeights(t, plain), lastWeights(t, watched)
	for name, want := range a {
		if !bytes.Equal(b[name], want) {
			t.Errorf("%s differs when somebody watches", name)
		}
	}
}

// "train live" shows the runs of a folder until it is ended; at another address only to who has the token.
func TestLive(t *testing.T) {
	for _, listen := range []string{"", "127.0.0.1"} {
		args := []string{"live", filepath.Join("testdata", "sweep")}
		if listen != "" {
			args = append(args, "--listen", listen)
		}
		ctx, cancel := context.WithCancel(t.Context())
		address := make(chan string, 1)
		stdout := &output{seen: func(text string) { address <- strings.TrimSpace(text) }}
		code := make(chan int, 1)
		var stderr output
		go func() { code <- run(ctx, args, stdout, &stderr) }()
		select {
		case url := <-address:
			open, token, _ := strings.Cut(url, "?")
			if strings.HasPrefix(token, "token=") != (listen != "") {
				t.Errorf("listening at %q: address %s", listen, url)
			}
			text := page(t, open)
			if shown := strings.Contains(text, "trial-0002"); shown != (listen == "") {
				t.Errorf("listening at %q: without a token the trials are shown: %v", listen, shown)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no address was printed")
		}
		cancel()
		if got := <-code; got != exitOK {
			t.Errorf("exit code %d: %s", got, stderr.String())
		}
	}
}

func TestLiveUsage(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, test := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"live"}, exitUsage, "wants the folders"},
		{[]string{"live", ".", "--port", "70000"}, exitUsage, "--port: got 70000, want 0 to 65535"},
		{[]string{"live", ".", "--port", "-1"}, exitUsage, "--port: got -1"},
		{[]string{"live", ".", "--port", port}, exitOther, "choose another --port"},
		{[]string{"live", ".", "--listen", "no such address"}, exitOther, "choose another --port or --listen"},
		{tiny("--port", "80"), exitUsage, "add --live"},
		{tiny("--listen", "0.0.0.0"), exitUsage, "add --live"},
	} {
		if code, _, stderr := command(t, test.args...); code != test.code || !strings.Contains(stderr, test.said) {
			t.Errorf("%q: exit code %d, %s", test.args, code, stderr)
		}
	}
}
