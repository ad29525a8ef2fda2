// Package main is Lamplighter's validation plugin for peers of Hyperledger Fabric: a chaincode whose definition names it is judged by
// the stake table in its own state, as of the block before, in the place of its endorsement policy. The policies of single keys and of
// collections are asked besides, by Fabric's own validator. README.md says how it is compiled.
package main

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	commonerrors "github.com/hyperledger/fabric/common/errors"
	"github.com/hyperledger/fabric/core/common/validation/statebased"
	validation "github.com/hyperledger/fabric/core/handlers/validation/api"
	capabilities "github.com/hyperledger/fabric/core/handlers/validation/api/capabilities"
	identities "github.com/hyperledger/fabric/core/handlers/validation/api/identities"
	policies "github.com/hyperledger/fabric/core/handlers/validation/api/policies"
	state "github.com/hyperledger/fabric/core/handlers/validation/api/state"
	v20 "github.com/hyperledger/fabric/core/handlers/validation/builtin/v20"
)

// NewPluginFactory is what a peer looks for in a validation plugin.
func NewPluginFactory() validation.PluginFactory { return factory{} }

type factory struct{}

// New makes the plugin of one channel.
func (factory) New() validation.Plugin { return &plugin{} }

// main is never run: a plugin is a package main.
func main() {}

// plugin keeps nothing between transactions but what the latest block changes of its keys' policies: peers validate the transactions
// of one block side by side.
type plugin struct {
	capabilities capabilities.Capabilities
	identities   identities.IdentityDeserializer
	policies     policies.PolicyEvaluator
	collections  statebased.CollectionResources
	state        state.StateFetcher
	latest       latestBlock
}

// Init takes what the peer gives; one dependency may serve as several.
func (p *plugin) Init(dependencies ...validation.Dependency) error {
	for _, dependency := range dependencies {
		if given, ok := dependency.(capabilities.Capabilities); ok {
			p.capabilities = given
		}
		if given, ok := dependency.(identities.IdentityDeserializer); ok {
			p.identities = given
		}
		if given, ok := dependency.(policies.PolicyEvaluator); ok {
			p.policies = given
		}
		if given, ok := dependency.(statebased.CollectionResources); ok {
			p.collections = given
		}
		if given, ok := dependency.(state.StateFetcher); ok {
			p.state = given
		}
	}
	if p.capabilities == nil || p.identities == nil || p.policies == nil || p.collections == nil || p.state == nil {
		return fmt.Errorf("expected capabilities, identities, policies, collections and state, got %d dependencies", len(dependencies))
	}
	if !p.capabilities.V2_0Validation() {
		return fmt.Errorf("expected a channel with application capability V2_0 or later")
	}
	return nil
}

// Validate returns nil for a valid transaction, ExecutionFailureError where the peer cannot read its own state, upon which it has to
// halt, and any other error for an invalid transaction. Nothing that lies in the data halts.
func (p *plugin) Validate(
	block *common.Block, namespace string, position int, actionPosition int, context ...validation.ContextDatum,
) error {
	base, err := basePolicy(context)
	if err != nil {
		return err
	}
	transaction, err := readTransaction(block, position, actionPosition)
	if err != nil {
		return err
	}
	table, err := p.readTable(namespace)
	if err != nil {
		return &validation.ExecutionFailureError{Reason: err.Error()}
	}
	judge := &judge{plugin: p, namespace: namespace, table: table, base: base}
	if err := judge.decide(transaction); err != nil {
		return err
	}
	if err := p.latest.of(block).assertUnchanged(judge, transaction, position); err != nil {
		return err
	}
	return p.validateKeys(block, namespace, position, actionPosition)
}

// validateKeys has Fabric's validator look at the policies of single keys and collections. It is shown one transaction at a time: in a
// block it would wait for the verdict on others that are never judged, since they fail elsewhere.
func (p *plugin) validateKeys(block *common.Block, namespace string, position int, actionPosition int) error {
	alone := &common.Block{
		Header:   block.Header,
		Data:     &common.BlockData{Data: [][]byte{block.Data.Data[position]}},
		Metadata: block.Metadata,
	}
	evaluator := keyPolicies{p.policies}
	inner := v20.New(p.capabilities, readableState{p.state}, p.identities, evaluator, p.collections)
	refusal := inner.Validate(alone, namespace, 0, actionPosition, decided)
	if refusal == nil {
		return nil
	}
	if failure, ok := refusal.(*commonerrors.VSCCExecutionFailureError); ok {
		return &validation.ExecutionFailureError{Reason: failure.Error()}
	}
	return refusal
}

func basePolicy(context []validation.ContextDatum) ([]byte, error) {
	if len(context) > 0 {
		if policy, ok := context[0].(policies.SerializedPolicy); ok {
			return policy.Bytes(), nil
		}
	}
	return nil, &validation.ExecutionFailureError{Reason: "expected the chaincode's policy, got none"}
}
