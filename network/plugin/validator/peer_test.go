package main

import (
	"errors"
	"strings"

	mspproto "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	capabilities "github.com/hyperledger/fabric/core/handlers/validation/api/capabilities"
	identities "github.com/hyperledger/fabric/core/handlers/validation/api/identities"
	state "github.com/hyperledger/fabric/core/handlers/validation/api/state"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"
)

// What a peer gives to its plugins, as far as the tests need it.

type testCapabilities struct {
	capabilities.Capabilities
	v20 bool
}

func (c testCapabilities) V2_0Validation() bool { return c.v20 }

// testIdentity is written "MSP ID/role/verdict of its CA"; a signature of its is "good".
type testIdentity struct{ mspID, role, valid string }

type testIdentities struct{}

func (testIdentities) DeserializeIdentity(serialised []byte) (identities.Identity, error) {
	parts := strings.Split(string(serialised), "/")
	if len(parts) != 3 {
		return nil, errors.New("no identity")
	}
	return testIdentity{parts[0], parts[1], parts[2]}, nil
}

func refusedUnless(holds bool) error {
	if holds {
		return nil
	}
	return errors.New("no")
}

func (i testIdentity) Validate() error { return refusedUnless(i.valid == "valid") }

func (i testIdentity) SatisfiesPrincipal(principal *mspproto.MSPPrincipal) error {
	role := &mspproto.MSPRole{}
	if err := proto.Unmarshal(principal.Principal, role); err != nil {
		return err
	}
	return refusedUnless(role.MspIdentifier == i.mspID && strings.EqualFold(role.Role.String(), i.role))
}

func (i testIdentity) Verify(message, signature []byte) error {
	return refusedUnless(string(signature) == "good" && strings.HasSuffix(string(message), i.role+"/"+i.valid))
}

func (i testIdentity) GetIdentityIdentifier() *identities.IdentityIdentifier { return nil }
func (i testIdentity) GetMSPIdentifier() string                              { return i.mspID }

// testPolicies: a policy is met by endorsements of all the organisations that it names as principals.
type testPolicies struct{}

func (testPolicies) Evaluate(policy []byte, endorsements []*protoutil.SignedData) error {
	application := &peer.ApplicationPolicy{}
	if err := proto.Unmarshal(policy, application); err != nil {
		return err
	}
	named := application.GetSignaturePolicy().GetIdentities()
	for _, principal := range named {
		found := false
		for _, endorsement := range endorsements {
			found = found || strings.HasPrefix(string(endorsement.Identity), string(principal.Principal)+"/")
		}
		if !found {
			return errors.New("policy not met")
		}
	}
	return refusedUnless(len(named) > 0)
}

type testCollections struct{}

func (testCollections) CollectionValidationInfo(string, string, state.State) ([]byte, error, error) {
	return nil, nil, nil
}

// testState has values and the policies of keys.
type testState struct {
	state.State
	values   map[string][]byte
	policies map[string][]byte
	failure  error
}

func (s *testState) FetchState() (state.State, error) { return s, nil }
func (s *testState) Done()                            {}

func (s *testState) GetStateMultipleKeys(_ string, keys []string) ([][]byte, error) {
	result := make([][]byte, 0, len(keys))
	for _, key := range keys {
		result = append(result, s.values[key])
	}
	return result, s.failure
}

func (s *testState) GetStateMetadata(_, key string) (map[string][]byte, error) {
	if policy, ok := s.policies[key]; ok {
		return map[string][]byte{validationParameter: policy}, nil
	}
	return nil, nil
}
