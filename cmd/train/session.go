package main

import (
	"context"
	"errors"
	"image"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/maxgain/maxgain/trainer/tensorboard"
)

// session is one run in its folder.
type session struct {
	*app
	config  configs.Config
	spec    models.Spec
	data    *datasets.Dataset
	dir     *rundir.Dir
	started time.Time
	screen  *screen
	prune   bool
}

// run trains and says how it went. There is a result as soon as the run began or was taken up, with an error or not.
func (s *session) run(ctx context.Context, resume bool) (*result, error) {
	judge, err := thresholds(s.config)
	if err != nil {
		return nil, err
	}
	net, err := models.New(s.spec, netOptions(s.config))
	if err != nil {
		return nil, err
	}
	t, err := s.trainer(net, judge, resume)
	if err != nil {
		return nil, errors.Join(err, net.Close())
	}
	s.log.Info("training", "model", s.spec.Name, "data", s.data.Name, "images", s.data.Train.Len(), "run", s.dir.Path())
	status, err := t.Run(ctx)
	s.screen.bar.clear()
	if status.State == trainer.StateFailed && len(t.History().Rows) == 0 {
		return nil, errors.Join(err, net.Close())
	}
	r := newResult(s.dir.Path(), status, t.History(), judge)
	r.Seconds = diagnostics.Number(time.Since(s.started).Seconds())
	return r, errors.Join(err, net.Close(), s.report(r))
}

// report writes the run's page, if it is wanted.
func (s *session) report(r *result) error {
	if !s.config.Output.Report {
		return nil
	}
	runs, err := loadRuns(s.dir.Path())
	if err != nil {
		return err
	}
	r.report = s.dir.Path(reportFile)
	return writeReport(r.report, runs...)
}

// trainer connects the net with what watches and keeps the run.
func (s *session) trainer(net *models.Net, judge diagnostics.Thresholds, resume bool) (*trainer.Trainer, error) {
	keep := keeper{verdict: s.verdict}
	if s.config.Gain.SaveSpectra {
		keep.spectrum = s.saveSpectrum
	}
	watching, err := hooks(s.config, s.spec.Input, s.data, judge, keep)
	if err != nil {
		return nil, err
	}
	if s.prune {
		watching = append(watching, &diagnostics.Prune{Thresholds: judge})
	}
	kept := recorders{lastVerdict{s, judge}, s.dir}
	if s.config.Output.TensorBoard {
		events, err := tensorboard.New(s.dir.Path("tb"), tensorboard.Options{Start: s.started, Image: s.spectrumImage})
		if err != nil {
			return nil, err
		}
		kept = append(kept, events)
	}
	o := trainerOptions(s.config)
	o.Hooks = watching
	o.Checkpoints = checkpointOptions(s.config, s.dir.Path(rundir.CheckpointsDir), resume)
	o.Recorder = kept
	o.Observer = s.screen
	o.Warn = func(message string) { s.log.Warn(message) }
	return trainer.New(net, s.data, o)
}

// saveSpectrum keeps a response and the derivative that it is of, a file a channel.
func (s *session) saveSpectrum(epoch int, r diagnostics.Reading) error {
	h, w, channels, db := r.Spectrum.H, r.Spectrum.W, r.Spectrum.C, r.Spectrum.DB()
	derivative := make([]float64, h*w)
	for c := range channels {
		for i := range derivative {
			derivative[i] = r.Derivative[i*channels+c]
		}
		err := errors.Join(s.dir.SavePlane(epoch, report.SpectrumName(c), h, w, db[c*h*w:][:h*w]),
			s.dir.SavePlane(epoch, report.DerivativeName(c), h, w, derivative))
		if err != nil {
			return err
		}
	}
	return nil
}

// spectrumPixels is the side of a frequency in a picture of a response.
const spectrumPixels = 8

// spectrumImage is the picture of an epoch's response, nil if there is none.
func (s *session) spectrumImage(epoch int) (image.Image, error) {
	p, err := report.ReadSpectrum(s.dir.Path(rundir.SpectraDir), epoch)
	if p == nil || err != nil {
		return nil, err
	}
	return report.SpectrumImage(*p, spectrumPixels), nil
}

// verdictFlag is a line of flags.jsonl: a report, told after an epoch.
type verdictFlag struct {
	Epoch      int                    `json:"epoch"` // after which it was told
	Verdict    diagnostics.Verdict    `json:"verdict"`
	Kind       diagnostics.Kind       `json:"kind,omitempty"`
	Onset      int                    `json:"onset"` // the epoch that the verdict dates from
	Confidence float64                `json:"confidence"`
	Evidence   []diagnostics.Evidence `json:"evidence"`
	Advice     string                 `json:"advice"`
	BestEpoch  int                    `json:"best_epoch"`
}

// verdict keeps and shows a verdict that appeared or changed.
func (s *session) verdict(epoch int, r diagnostics.Report) error {
	s.screen.verdict(r)
	return s.keepVerdict(epoch, r)
}

// keepVerdict adds a verdict to the run's flags.
func (s *session) keepVerdict(epoch int, r diagnostics.Report) error {
	return s.dir.AddFlag(verdictFlag{Epoch: epoch, Verdict: r.Verdict, Kind: r.Kind, Onset: r.Epoch,
		Confidence: r.Confidence, Evidence: r.Evidence, Advice: r.Advice, BestEpoch: r.BestEpoch})
}

// lastVerdict is the recorder before the run folder's: of a run that ends as diverged it adds the verdict to the flags,
// as no hook sees that epoch.
type lastVerdict struct {
	session *session
	judge   diagnostics.Thresholds
}

// Record implements trainer.Recorder.
func (l lastVerdict) Record(h *trainer.History, s trainer.Status) error {
	if s.State != trainer.StateDiverged {
		return nil
	}
	report, told := diagnostics.FlagEnd(diagnostics.FromHistory(h), s, l.judge)
	if !told {
		return nil
	}
	return l.session.keepVerdict(h.Rows[len(h.Rows)-1].Epoch, report)
}
