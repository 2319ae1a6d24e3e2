package datasets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// maxDownload is how many bytes a file may have whose size is not known.
const maxDownload int64 = 1 << 30

// downloadClient gives up on servers that do not answer; how long the body may take is for fetch to judge.
func downloadClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.ResponseHeaderTimeout = 20 * time.Second
	return &http.Client{Transport: transport}
}

// download brings the set's missing files into the user's cache.
func (l *locator) download(ctx context.Context, set fileSet) (location, error) {
	if l.cache == "" {
		return location{}, errors.New("there is no cache folder to download to")
	}
	dir := filepath.Join(l.cache, set.folders[0])
	if err := makeCache(dir); err != nil {
		return location{}, err
	}
	_, missing := set.in(dir)
	if set.archive.name != "" {
		if err := l.downloadArchive(ctx, set, dir); err != nil {
			return location{}, err
		}
		missing = nil
	}
	for _, f := range set.files {
		for _, name := range missing {
			if f.name != name {
				continue
			}
			if set.zipped {
				f.name += ".gz"
			}
			if err := l.fetchAny(ctx, set.mirrors, f, filepath.Join(dir, f.name)); err != nil {
				return location{}, err
			}
		}
	}
	at, missing := set.in(dir)
	if len(missing) > 0 {
		return location{}, fmt.Errorf("downloaded files vanished from %s: %v", dir, missing)
	}
	l.options.log("%s: downloaded to %s", set.dataset, dir)
	return at, nil
}

// downloadArchive fetches the archive, and unless it is kept unpacks the set's files into dir and drops it.
func (l *locator) downloadArchive(ctx context.Context, set fileSet, dir string) error {
	path := filepath.Join(dir, set.archive.name)
	if err := l.fetchAny(ctx, set.mirrors, set.archive, path); err != nil {
		return err
	}
	if set.keep {
		return nil
	}
	if err := unpack(path, dir, set.files); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return os.Remove(path)
}

// fetchAny tries one mirror after the other; its error tells what was wrong with each.
func (l *locator) fetchAny(ctx context.Context, mirrors []string, f file, path string) error {
	var faults []error
	for _, mirror := range mirrors {
		err := l.fetch(ctx, mirror+f.name, f, path)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		faults = append(faults, err)
		l.options.log("download: %v", err)
	}
	return errors.Join(faults...)
}

// fetch downloads url to path; path exists only once all of it is there with the right SHA-256.
func (l *locator) fetch(ctx context.Context, url string, f file, path string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := l.client.Do(request)
	if err != nil {
		return err // names the address
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: status %s", url, response.Status)
	}
	limit := cmp.Or(f.size, maxDownload)
	if response.ContentLength > limit {
		return fmt.Errorf("get %s: the server announces %d bytes, want at most %d", url, response.ContentLength, limit)
	}
	body := &watched{
		Reader:   io.LimitReader(response.Body, limit+1),
		timer:    time.AfterFunc(l.stall, func() { cancel(fmt.Errorf("no data for %v", l.stall)) }),
		stall:    l.stall,
		progress: func(done int64) { l.options.progress("download "+f.name, done, max(response.ContentLength, 0)) },
	}
	defer body.timer.Stop()
	err = atomicfile.Write(path, func(w io.Writer) error {
		hash := sha256.New()
		if n, err := io.Copy(io.MultiWriter(w, hash), body); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return fmt.Errorf("broke off after %d bytes of %d: %w", n, response.ContentLength, err)
		} else if n > limit {
			return fmt.Errorf("the server sends more than %d bytes", limit)
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != f.sum {
			return fmt.Errorf("the file's SHA-256 is %s, want %s", got, f.sum)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("get %s: %w", url, err)
	}
	return nil
}

// watched is a body that reports what has been read and sets back a timer whenever some is.
type watched struct {
	io.Reader
	timer    *time.Timer
	stall    time.Duration
	done     int64
	progress func(done int64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.timer.Reset(w.stall)
		w.done += int64(n)
		w.progress(w.done)
	}
	return n, err
}
