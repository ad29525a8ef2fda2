package stake

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

type vector struct {
	Name            string   `json:"name"`
	Table           *string  `json:"table"`
	Channel         []string `json:"channel"`
	Transaction     string   `json:"transaction"`
	Writes          []string `json:"writes"`
	WritesElsewhere bool     `json:"writesElsewhere"`
	Endorsers       []string `json:"endorsers"`
	Verdict         Verdict  `json:"verdict"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "..", "..", "test", "vectors", "stake-policy.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(document, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors.Cases
}

func (v *vector) transaction() *Transaction {
	transaction := &Transaction{
		Channel:         v.Channel,
		Name:            v.Transaction,
		Writes:          v.Writes,
		WritesElsewhere: v.WritesElsewhere,
		Endorsers:       v.Endorsers,
	}
	if v.Table != nil {
		transaction.Table = []byte(*v.Table)
	}
	return transaction
}

func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) < 200 {
		t.Fatalf("expected 200 vectors or more, got %d", len(vectors))
	}
	for _, v := range vectors {
		if got := Judge(v.transaction()); got != v.Verdict {
			t.Errorf("%s: expected %s, got %s", v.Name, v.Verdict, got)
		}
	}
	t.Logf("%d vectors", len(vectors))
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":1}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		table := Decode(document)
		if table != nil && table.Issued == nil {
			t.Error("expected a table to have issued shares")
		}
	})
}
