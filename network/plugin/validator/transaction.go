package main

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
	"github.com/hyperledger/fabric/protoutil"
)

// transaction is what there is to know of an endorsed transaction.
type transaction struct {
	// chaincode is whom the proposal was sent to.
	chaincode string
	// name is the first argument of the proposal; empty when there is none.
	name string
	sets []*rwsetutil.NsRwSet
	// endorsements say who signed what; nobody has verified them yet.
	endorsements []*protoutil.SignedData
}

// readTransaction fails for everything that the peer would have refused before it asks a plugin, and for nothing else.
func readTransaction(block *common.Block, position int, actionPosition int) (*transaction, error) {
	if position < 0 || position >= len(block.GetData().GetData()) {
		return nil, fmt.Errorf("expected a transaction at %d, got a block of %d", position, len(block.GetData().GetData()))
	}
	envelope, err := protoutil.UnmarshalEnvelope(block.Data.Data[position])
	if err != nil {
		return nil, err
	}
	payload, err := protoutil.UnmarshalPayload(envelope.Payload)
	if err != nil {
		return nil, err
	}
	channelHeader, err := protoutil.UnmarshalChannelHeader(payload.GetHeader().GetChannelHeader())
	if err != nil {
		return nil, err
	}
	if common.HeaderType(channelHeader.Type) != common.HeaderType_ENDORSER_TRANSACTION {
		return nil, fmt.Errorf("expected an endorsed transaction, got type %d", channelHeader.Type)
	}
	extension, err := protoutil.UnmarshalChaincodeHeaderExtension(channelHeader.Extension)
	if err != nil {
		return nil, err
	}
	result, err := readAction(payload.Data, actionPosition)
	if err != nil {
		return nil, err
	}
	result.chaincode = extension.GetChaincodeId().GetName()
	return result, nil
}

func readAction(data []byte, actionPosition int) (*transaction, error) {
	actions, err := protoutil.UnmarshalTransaction(data)
	if err != nil {
		return nil, err
	}
	if actionPosition < 0 || actionPosition >= len(actions.Actions) {
		return nil, fmt.Errorf("expected an action at %d, got %d", actionPosition, len(actions.Actions))
	}
	payload, err := protoutil.UnmarshalChaincodeActionPayload(actions.Actions[actionPosition].GetPayload())
	if err != nil {
		return nil, err
	}
	signed := payload.GetAction().GetProposalResponsePayload()
	response, err := protoutil.UnmarshalProposalResponsePayload(signed)
	if err != nil {
		return nil, err
	}
	action, err := protoutil.UnmarshalChaincodeAction(response.Extension)
	if err != nil {
		return nil, err
	}
	set := &rwsetutil.TxRwSet{}
	if err := set.FromProtoBytes(action.Results); err != nil {
		return nil, err
	}
	return &transaction{
		name:         firstArgument(payload.ChaincodeProposalPayload),
		sets:         set.NsRwSets,
		endorsements: signedData(signed, payload.GetAction().GetEndorsements()),
	}, nil
}

// firstArgument is empty for a proposal that nobody can read: endorsers sign its digest, whatever it is.
func firstArgument(proposal []byte) string {
	payload, err := protoutil.UnmarshalChaincodeProposalPayload(proposal)
	if err != nil {
		return ""
	}
	invocation, err := protoutil.UnmarshalChaincodeInvocationSpec(payload.Input)
	if err != nil {
		return ""
	}
	arguments := invocation.GetChaincodeSpec().GetInput().GetArgs()
	if len(arguments) == 0 {
		return ""
	}
	return string(arguments[0])
}

// signedData: endorsers sign the response followed by their identity.
func signedData(response []byte, endorsements []*peer.Endorsement) []*protoutil.SignedData {
	result := make([]*protoutil.SignedData, 0, len(endorsements))
	for _, endorsement := range endorsements {
		data := make([]byte, 0, len(response)+len(endorsement.GetEndorser()))
		data = append(append(data, response...), endorsement.GetEndorser()...)
		result = append(result, &protoutil.SignedData{
			Data: data, Identity: endorsement.GetEndorser(), Signature: endorsement.GetSignature(),
		})
	}
	return result
}

// nameIn is the transaction's name, where it was proposed to the chaincode of this namespace.
func (t *transaction) nameIn(namespace string) string {
	if t.chaincode != namespace {
		return ""
	}
	return t.name
}

// writesIn has all public keys written in a namespace, metadata writes included, and whether there are writes anywhere else: in other
// namespaces, or in collections, whose keys are not to be seen.
func (t *transaction) writesIn(namespace string) (keys []string, elsewhere bool) {
	for _, set := range t.sets {
		public := len(set.KvRwSet.GetWrites())+len(set.KvRwSet.GetMetadataWrites()) > 0
		elsewhere = elsewhere || hasPrivateWrites(set) || (public && set.NameSpace != namespace)
		if set.NameSpace != namespace {
			continue
		}
		for _, write := range set.KvRwSet.GetWrites() {
			keys = append(keys, write.GetKey())
		}
		for _, write := range set.KvRwSet.GetMetadataWrites() {
			keys = append(keys, write.GetKey())
		}
	}
	return keys, elsewhere
}

func hasPrivateWrites(set *rwsetutil.NsRwSet) bool {
	for _, collection := range set.CollHashedRwSets {
		if len(collection.HashedRwSet.GetHashedWrites())+len(collection.HashedRwSet.GetMetadataWrites()) > 0 {
			return true
		}
	}
	return false
}
