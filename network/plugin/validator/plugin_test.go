package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	mspproto "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	validation "github.com/hyperledger/fabric/core/handlers/validation/api"
	"github.com/hyperledger/fabric/lamplighter/stake"
	"github.com/hyperledger/fabric/protoutil"
)

const namespace = "lamplighter"

const table = `{"cap":{"den":"2","num":"1"},"docType":"stakeTable","epoch":1,"epochSeconds":60,"issued":"100","organisations":[` +
	`{"absent":false,"barred":false,"coinAge":"0","mspId":"A","shares":"45","skips":0},` +
	`{"absent":false,"barred":false,"coinAge":"0","mspId":"B","shares":"30","skips":0},` +
	`{"absent":false,"barred":false,"coinAge":"0","mspId":"C","shares":"25","skips":0}],` +
	`"previous":"","schema":1,"threshold":{"den":"2","num":"1"},"validator":"A"}`

var marshal = protoutil.MarshalOrPanic

// proposed is a transaction as a client would send it.
type proposed struct {
	name      string
	keys      []string
	metadata  []string
	private   bool
	endorsers []string
}

func (p proposed) envelope() []byte {
	set := &kvrwset.KVRWSet{}
	for _, key := range p.keys {
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: key, Value: []byte("value")})
	}
	for _, key := range p.metadata {
		set.MetadataWrites = append(set.MetadataWrites, &kvrwset.KVMetadataWrite{Key: key})
	}
	written := &rwset.NsReadWriteSet{Namespace: namespace, Rwset: marshal(set)}
	if p.private {
		hashed := &kvrwset.HashedRWSet{HashedWrites: []*kvrwset.KVWriteHash{{KeyHash: []byte("hash")}}}
		written.CollectionHashedRwset = []*rwset.CollectionHashedReadWriteSet{{CollectionName: "secrets", HashedRwset: marshal(hashed)}}
	}
	results := marshal(&rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{written}})
	chaincode := &peer.ChaincodeID{Name: namespace}
	action := marshal(&peer.ChaincodeAction{Results: results, ChaincodeId: chaincode})
	endorsed := &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: marshal(&peer.ProposalResponsePayload{Extension: action}),
	}
	for _, endorser := range p.endorsers {
		endorsement := &peer.Endorsement{Endorser: []byte(endorser), Signature: []byte("good")}
		endorsed.Endorsements = append(endorsed.Endorsements, endorsement)
	}
	input := &peer.ChaincodeInput{Args: [][]byte{[]byte(p.name)}}
	invocation := &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{Input: input}}
	payload := marshal(&peer.ChaincodeActionPayload{
		ChaincodeProposalPayload: marshal(&peer.ChaincodeProposalPayload{Input: marshal(invocation)}),
		Action:                   endorsed,
	})
	header := &common.ChannelHeader{
		Type:      int32(common.HeaderType_ENDORSER_TRANSACTION),
		Extension: marshal(&peer.ChaincodeHeaderExtension{ChaincodeId: chaincode}),
	}
	return marshal(&common.Envelope{Payload: marshal(&common.Payload{
		Header: &common.Header{ChannelHeader: marshal(header)},
		Data:   marshal(&peer.Transaction{Actions: []*peer.TransactionAction{{Payload: payload}}}),
	})})
}

func peers(names string) []string {
	var result []string
	for _, name := range strings.Split(names, "") {
		result = append(result, name+"/peer/valid")
	}
	return result
}

func write(endorsers ...string) proposed {
	return proposed{name: "StatusLog:ReportStatuses", keys: []string{"key"}, endorsers: endorsers}
}

func keyPolicy(organisations ...string) []byte {
	envelope := &common.SignaturePolicyEnvelope{}
	for _, organisation := range organisations {
		envelope.Identities = append(envelope.Identities, &mspproto.MSPPrincipal{Principal: []byte(organisation)})
	}
	return marshal(envelope)
}

type basePolicyBytes []byte

func (b basePolicyBytes) Bytes() []byte { return b }

// base is met by C alone, whom the stake table would not let decide.
var base = basePolicyBytes(marshal(&peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_SignaturePolicy{
	SignaturePolicy: &common.SignaturePolicyEnvelope{Identities: []*mspproto.MSPPrincipal{{Principal: []byte("C")}}},
}}))

func newPlugin(t *testing.T, state *testState) validation.Plugin {
	t.Helper()
	created := NewPluginFactory().New()
	if err := created.Init(testIdentities{}, testPolicies{}, state, testCapabilities{v20: true}, testCollections{}); err != nil {
		t.Fatal(err)
	}
	return created
}

func withTable(document string) *testState {
	return &testState{values: map[string][]byte{stake.TableKey: []byte(document)}}
}

// expect compares what the plugin says to part of its reason; empty for a valid transaction.
func expect(t *testing.T, got error, reason string) {
	t.Helper()
	if _, halts := got.(*validation.ExecutionFailureError); halts {
		t.Errorf("expected a verdict, got a halt: %v", got)
	}
	if reason == "" && got != nil {
		t.Errorf("expected a valid transaction, got %v", got)
	}
	if reason != "" && (got == nil || !strings.Contains(got.Error(), reason)) {
		t.Errorf("expected %q, got %v", reason, got)
	}
}

func TestStakeDecides(t *testing.T) {
	skip := proposed{name: "Stake:SkipValidator", keys: []string{"stake:skip"}, endorsers: peers("BC")}
	skipAndMore := skip
	skipAndMore.keys = []string{"stake:skip", "device:1"}
	skipAndHide := skip
	skipAndHide.private = true
	for _, c := range []struct {
		what   string
		sent   proposed
		reason string
	}{
		{"nobody", write(), "STAKE_TOO_SMALL"},
		{"one", write(peers("A")...), "STAKE_TOO_SMALL"},
		{"one, twice", write(peers("AA")...), "STAKE_TOO_SMALL"},
		{"two without the validator", write(peers("BC")...), "VALIDATOR_MISSING"},
		{"two with the validator", write(peers("AC")...), ""},
		{"a client of B", write("A/peer/valid", "B/client/valid"), "STAKE_TOO_SMALL"},
		{"an administrator of B", write("A/peer/valid", "B/admin/valid"), "STAKE_TOO_SMALL"},
		{"a peer of B that its CA disowns", write("A/peer/valid", "B/peer/revoked"), "STAKE_TOO_SMALL"},
		{"nobody's identity", write("A/peer/valid", "B"), "STAKE_TOO_SMALL"},
		{"an organisation without stake", write(peers("AD")...), "STAKE_TOO_SMALL"},
		{"a query", proposed{name: "StatusLog:AbnormalDevices", endorsers: peers("C")}, "STAKE_TOO_SMALL"},
		{"a skip without the validator", skip, ""},
		{"a skip that writes more", skipAndMore, "VALIDATOR_MISSING"},
		{"a skip that writes what nobody sees", skipAndHide, "VALIDATOR_MISSING"},
	} {
		t.Run(c.what, func(t *testing.T) {
			expect(t, newPlugin(t, withTable(table)).Validate(blockOf(c.sent.envelope()), namespace, 0, 0, base), c.reason)
		})
	}
}

func TestForgedSignature(t *testing.T) {
	envelope := []byte(strings.Replace(string(write(peers("AC")...).envelope()), "good", "evil", 1))
	expect(t, newPlugin(t, withTable(table)).Validate(blockOf(envelope), namespace, 0, 0, base), "STAKE_TOO_SMALL")
}

func TestBasePolicyWithoutTable(t *testing.T) {
	for _, state := range []*testState{{}, withTable(""), withTable("{}"), withTable(table + " ")} {
		tested := newPlugin(t, state)
		expect(t, tested.Validate(blockOf(write(peers("C")...).envelope()), namespace, 0, 0, base), "")
		expect(t, tested.Validate(blockOf(write(peers("AB")...).envelope()), namespace, 0, 0, base), "endorsement policy is not met")
	}
}

func TestOwnFailureHalts(t *testing.T) {
	state := withTable(table)
	state.failure = errors.New("disk")
	err := newPlugin(t, state).Validate(blockOf(write(peers("AC")...).envelope()), namespace, 0, 0, base)
	if _, halts := err.(*validation.ExecutionFailureError); !halts {
		t.Errorf("expected a halt, got %v", err)
	}
}

func TestPolicyOfKeyBesides(t *testing.T) {
	state := withTable(table)
	state.policies = map[string][]byte{"key": keyPolicy("B", "C"), "broken": {0xff}}
	tested := newPlugin(t, state)
	expect(t, tested.Validate(blockOf(write(peers("AC")...).envelope()), namespace, 0, 0, base), "policy not met")
	expect(t, tested.Validate(blockOf(write(peers("BC")...).envelope()), namespace, 0, 0, base), "VALIDATOR_MISSING")
	expect(t, tested.Validate(blockOf(write(peers("ABC")...).envelope()), namespace, 0, 0, base), "")
	broken := proposed{name: "x", keys: []string{"broken"}, endorsers: peers("ABC")}
	expect(t, tested.Validate(blockOf(broken.envelope()), namespace, 0, 0, base), "broken")
}

func TestPolicyChangedInTheBlock(t *testing.T) {
	change := proposed{name: "x", metadata: []string{"key"}, endorsers: peers("AB")}
	refused := proposed{name: "x", metadata: []string{"key"}, endorsers: peers("B")}
	for _, c := range []struct {
		first  proposed
		reason string
	}{{change, "changed earlier in this block"}, {refused, ""}} {
		block := blockOf(c.first.envelope(), write(peers("AC")...).envelope())
		// The second first: peers keep to no order.
		tested := newPlugin(t, withTable(table))
		expect(t, tested.Validate(block, namespace, 1, 0, base), c.reason)
		expect(t, tested.Validate(block, namespace, 1, 0, base), c.reason)
	}
}

func TestNeighboursOfAnyForm(t *testing.T) {
	noAction := marshal(&common.Envelope{Payload: marshal(&common.Payload{
		Header: &common.Header{ChannelHeader: marshal(&common.ChannelHeader{Type: int32(common.HeaderType_ENDORSER_TRANSACTION)})},
	})})
	tested := newPlugin(t, withTable(table))
	block := blockOf(nil, []byte{0xff}, noAction, write(peers("AC")...).envelope())
	expect(t, tested.Validate(block, namespace, 3, 0, base), "")
	for position := range 3 {
		if tested.Validate(block, namespace, position, 0, base) == nil {
			t.Errorf("expected transaction %d to be refused", position)
		}
	}
}

func TestInit(t *testing.T) {
	state := &testState{}
	if NewPluginFactory().New().Init(testIdentities{}, testPolicies{}, state, testCollections{}) == nil {
		t.Error("expected a plugin without capabilities to be refused")
	}
	old := testCapabilities{v20: false}
	if NewPluginFactory().New().Init(testIdentities{}, testPolicies{}, state, old, testCollections{}) == nil {
		t.Error("expected a channel of old capabilities to be refused")
	}
}
