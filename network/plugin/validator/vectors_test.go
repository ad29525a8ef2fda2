package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// vectorsFile is the environment variable that names test/vectors/stake-facts.json.
const vectorsFile = "STAKE_FACTS"

type vector struct {
	Name            string   `json:"name"`
	Envelope        string   `json:"envelope"`
	Namespace       string   `json:"namespace"`
	Transaction     string   `json:"transaction"`
	Writes          []string `json:"writes"`
	WritesElsewhere bool     `json:"writesElsewhere"`
}

func blockOf(envelopes ...[]byte) *common.Block {
	return &common.Block{
		Header: &common.BlockHeader{Number: 7}, Data: &common.BlockData{Data: envelopes}, Metadata: &common.BlockMetadata{},
	}
}

func TestFacts(t *testing.T) {
	document, err := os.ReadFile(os.Getenv(vectorsFile))
	if err != nil {
		t.Skipf("%s names no file: %v", vectorsFile, err)
	}
	var vectors struct {
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(document, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors.Cases {
		envelope, err := hex.DecodeString(v.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		read, err := readTransaction(blockOf(envelope), 0, 0)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		keys, elsewhere := read.writesIn(v.Namespace)
		got := vector{v.Name, v.Envelope, v.Namespace, read.nameIn(v.Namespace), append([]string{}, keys...), elsewhere}
		if !reflect.DeepEqual(got, v) {
			t.Errorf("expected %+v, got %+v", v, got)
		}
	}
	t.Logf("%d cases", len(vectors.Cases))
}
