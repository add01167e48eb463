package privacypage

// job is an export, backup or import under way. A view that was left stops its own; the next may begin before that one
// has ended.
type job struct {
	stop func() // may be called more than once, and after the end
}

// begin makes a new job the one under way.
func (p *Screen) begin() *job {
	p.job = &job{}
	return p.job
}

// stop stops the job under way, if there is one.
func (p *Screen) stop() {
	if p.job != nil {
		p.job.stop()
		p.job = nil
	}
}

// ended forgets a job that has ended, unless another is under way meanwhile.
func (p *Screen) ended(own *job) {
	if p.job == own {
		p.job = nil
	}
}
