package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers is a pool of goroutines that sleep between jobs. A job is cut into chunks whose number and
// borders depend on the work alone, never on the number of workers, so that results do not either.
type Workers struct {
	n    int
	jobs chan *job
}

type job struct {
	f      func(chunk, worker int)
	chunks int64
	next   atomic.Int64
	done   sync.WaitGroup
}

// NewWorkers starts a pool of n workers, all cores for n < 1. The caller of Run is one of them.
func NewWorkers(n int) *Workers {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	w := &Workers{n: n, jobs: make(chan *job, n)}
	for id := 1; id < n; id++ {
		go func() {
			for j := range w.jobs {
				j.work(id)
				j.done.Done()
			}
		}()
	}
	return w
}

// Count is the number of workers; worker numbers passed to jobs are below it.
func (w *Workers) Count() int { return w.n }

// Close ends the pool's goroutines; the pool must be idle.
func (w *Workers) Close() { close(w.jobs) }

// Run calls f once for every chunk in [0,chunks) and returns when all are done. At any time a worker
// number is in use by one call only, so scratch memory can be kept per worker.
func (w *Workers) Run(chunks int, f func(chunk, worker int)) {
	helpers := min(w.n, chunks) - 1
	if helpers < 1 {
		for c := range chunks {
			f(c, 0)
		}
		return
	}
	j := &job{f: f, chunks: int64(chunks)}
	j.done.Add(helpers)
	for range helpers {
		w.jobs <- j
	}
	j.work(0)
	j.done.Wait()
}

func (j *job) work(worker int) {
	for c := j.next.Add(1) - 1; c < j.chunks; c = j.next.Add(1) - 1 {
		j.f(int(c), worker)
	}
}
