package main

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric/lamplighter/stake"
	"github.com/hyperledger/fabric/protoutil"
)

// judge decides on the transactions of one block in one namespace.
type judge struct {
	plugin    *plugin
	namespace string
	// table is nil for none, and for one that does not parse.
	table []byte
	// base decides while there is no table.
	base []byte
}

func (j *judge) decide(t *transaction) error {
	if j.table == nil {
		if err := j.plugin.policies.Evaluate(j.base, t.endorsements); err != nil {
			return fmt.Errorf("there is no stake table, and the chaincode's endorsement policy is not met: %w", err)
		}
		return nil
	}
	keys, elsewhere := t.writesIn(j.namespace)
	endorsers := j.plugin.endorsers(t.endorsements)
	verdict := stake.Judge(&stake.Transaction{
		Table:           j.table,
		Name:            t.nameIn(j.namespace),
		Writes:          keys,
		WritesElsewhere: elsewhere,
		Endorsers:       endorsers,
	})
	if verdict != stake.Valid {
		return fmt.Errorf("%s: endorsed by %s", verdict, strings.Join(endorsers, ", "))
	}
	return nil
}

// readTable reads the state after the block before. An error is the peer's own, never the table's.
func (p *plugin) readTable(namespace string) ([]byte, error) {
	current, err := p.state.FetchState()
	if err != nil {
		return nil, err
	}
	defer current.Done()
	values, err := current.GetStateMultipleKeys(namespace, []string{stake.TableKey})
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("expected the value of one key, got %d", len(values))
	}
	if values[0] == nil || stake.Decode(values[0]) == nil {
		return nil, nil
	}
	return values[0], nil
}

// endorsers has the MSP ids of the peers among those whose endorsements are valid.
func (p *plugin) endorsers(endorsements []*protoutil.SignedData) []string {
	var result []string
	for _, endorsement := range endorsements {
		if mspID, ok := p.endorsingPeer(endorsement); ok {
			result = append(result, mspID)
		}
	}
	return result
}

// endorsingPeer: clients and administrators have no say, as in the policies that Fabric proposes.
func (p *plugin) endorsingPeer(endorsement *protoutil.SignedData) (string, bool) {
	identity, err := p.identities.DeserializeIdentity(endorsement.Identity)
	if err != nil {
		return "", false
	}
	mspID := identity.GetMSPIdentifier()
	role := &msp.MSPRole{MspIdentifier: mspID, Role: msp.MSPRole_PEER}
	principal := &msp.MSPPrincipal{
		PrincipalClassification: msp.MSPPrincipal_ROLE,
		Principal:               protoutil.MarshalOrPanic(role),
	}
	if identity.Validate() != nil || identity.SatisfiesPrincipal(principal) != nil {
		return "", false
	}
	return mspID, identity.Verify(endorsement.Data, endorsement.Signature) == nil
}
