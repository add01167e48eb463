package privacypage

import "testing"

func TestAJobThatEndsLateLeavesTheNextOneStoppable(t *testing.T) {
	p, stopped := &Screen{}, 0
	first := p.begin()
	first.stop = func() {}
	p.stop() // its view was left
	second := p.begin()
	second.stop = func() { stopped++ }
	p.ended(first)
	if p.job != second {
		t.Fatal("the end of the first job forgot the second")
	}
	p.stop()
	if stopped != 1 || p.job != nil {
		t.Errorf("the second job was stopped %d times; under way: %v", stopped, p.job)
	}
}
