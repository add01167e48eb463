package sqlite

type settingsRepo struct{ t *tx }

type setting struct {
	name  string
	value []byte
}

func (r settingsRepo) records() records[setting] {
	return records[setting]{r.t, settings, decodeSetting}
}

func (r settingsRepo) Get(name string) ([]byte, error) {
	rs := r.records()
	v, err := rs.get(rs.tag("name", []byte(name)))
	return v.value, err
}

func (r settingsRepo) Put(name string, v []byte) error {
	rs := r.records()
	return rs.put(rs.tag("name", []byte(name)), nil, encodeSetting(setting{name, v}))
}

func (r settingsRepo) Delete(name string) error {
	rs := r.records()
	return rs.delete(rs.tag("name", []byte(name)))
}

func (r settingsRepo) List() (map[string][]byte, error) {
	all, err := r.records().values("")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, v := range all {
		out[v.name] = v.value
	}
	return out, nil
}

const settingV1 = 1

func encodeSetting(v setting) []byte { return layout(settingV1).text(v.name).bytes(v.value).b }

func decodeSetting(b []byte) (v setting, ok bool) {
	r := read(b, settingV1)
	v.name, v.value = r.text(), r.bytes()
	return v, r.done()
}
