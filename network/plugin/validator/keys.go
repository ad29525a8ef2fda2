package main

import (
	"bytes"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	policies "github.com/hyperledger/fabric/core/handlers/validation/api/policies"
	state "github.com/hyperledger/fabric/core/handlers/validation/api/state"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"
)

// decided stands for the chaincode's policy, upon which the judge has decided already. It is no policy that anybody could write: an
// ApplicationPolicy does not start so.
var decided = []byte("\x00decided")

// keyPolicies are the policies of keys and collections.
type keyPolicies struct{ policies.PolicyEvaluator }

func (k keyPolicies) Evaluate(policy []byte, endorsements []*protoutil.SignedData) error {
	if bytes.Equal(policy, decided) {
		return nil
	}
	return k.PolicyEvaluator.Evaluate(policy, endorsements)
}

var validationParameter = peer.MetaDataKeys_VALIDATION_PARAMETER.String()

// nobody is a policy that no endorsement meets.
var nobody = protoutil.MarshalOrPanic(&common.SignaturePolicyEnvelope{
	Rule: &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{NOutOf: &common.SignaturePolicy_NOutOf{N: 1}}},
})

// readableState shows a key's policy that does not parse as one that nobody meets, where Fabric's validator would halt the channel.
type readableState struct{ state.StateFetcher }

func (r readableState) FetchState() (state.State, error) {
	current, err := r.StateFetcher.FetchState()
	if err != nil {
		return nil, err
	}
	return readableMetadata{current}, nil
}

type readableMetadata struct{ state.State }

func (r readableMetadata) GetStateMetadata(namespace, key string) (map[string][]byte, error) {
	metadata, err := r.State.GetStateMetadata(namespace, key)
	return readable(metadata), err
}

func (r readableMetadata) GetPrivateDataMetadataByHash(namespace, collection string, hash []byte) (map[string][]byte, error) {
	metadata, err := r.State.GetPrivateDataMetadataByHash(namespace, collection, hash)
	return readable(metadata), err
}

func readable(metadata map[string][]byte) map[string][]byte {
	if proto.Unmarshal(metadata[validationParameter], &common.SignaturePolicyEnvelope{}) == nil {
		return metadata
	}
	result := make(map[string][]byte, len(metadata))
	for name, value := range metadata {
		result[name] = value
	}
	result[validationParameter] = nobody
	return result
}
