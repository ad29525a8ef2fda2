package main

import (
	"fmt"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// name of a key; the collection is empty for a public one.
type name struct{ namespace, collection, key string }

// changes are the transactions of a block that change policies of keys.
type changes struct {
	once         sync.Once
	block        *common.Block
	transactions map[int]*transaction
	// byKey has positions in ascending order.
	byKey map[name][]int
	// verdicts of the judge, by position and namespace: a block may be full of changes.
	verdicts sync.Map
}

type verdictOf struct {
	position  int
	namespace string
}

type latestBlock struct {
	mutex sync.Mutex
	known *changes
}

// of reads a block once, however many of its transactions are validated side by side.
func (l *latestBlock) of(block *common.Block) *changes {
	l.mutex.Lock()
	if l.known == nil || l.known.block != block {
		l.known = &changes{block: block, transactions: map[int]*transaction{}, byKey: map[name][]int{}}
	}
	known := l.known
	l.mutex.Unlock()
	known.once.Do(known.read)
	return known
}

func (c *changes) read() {
	for position := range c.block.GetData().GetData() {
		transaction, err := readTransaction(c.block, position, 0)
		if err != nil {
			continue
		}
		for _, key := range transaction.policyChanges() {
			c.transactions[position] = transaction
			c.byKey[key] = append(c.byKey[key], position)
		}
	}
}

// assertUnchanged refuses a write to a key whose policy an earlier transaction of the block changes, as Fabric does. One that the judge
// refuses changes nothing.
func (c *changes) assertUnchanged(judge *judge, t *transaction, position int) error {
	if len(c.byKey) == 0 {
		return nil
	}
	for _, key := range t.writtenKeys() {
		if key.namespace != judge.namespace {
			continue
		}
		for _, earlier := range c.byKey[key] {
			if earlier < position && c.passes(judge, earlier) {
				return fmt.Errorf("the policy of key %q was changed earlier in this block", key.key)
			}
		}
	}
	return nil
}

func (c *changes) passes(judge *judge, position int) bool {
	key := verdictOf{position, judge.namespace}
	if known, ok := c.verdicts.Load(key); ok {
		return known.(bool)
	}
	verdict := judge.decide(c.transactions[position]) == nil
	c.verdicts.Store(key, verdict)
	return verdict
}

func (t *transaction) policyChanges() []name {
	var result []name
	for _, set := range t.sets {
		for _, write := range set.KvRwSet.GetMetadataWrites() {
			result = append(result, name{set.NameSpace, "", write.GetKey()})
		}
		for _, collection := range set.CollHashedRwSets {
			for _, write := range collection.HashedRwSet.GetMetadataWrites() {
				result = append(result, name{set.NameSpace, collection.CollectionName, string(write.GetKeyHash())})
			}
		}
	}
	return result
}

func (t *transaction) writtenKeys() []name {
	result := t.policyChanges()
	for _, set := range t.sets {
		for _, write := range set.KvRwSet.GetWrites() {
			result = append(result, name{set.NameSpace, "", write.GetKey()})
		}
		for _, collection := range set.CollHashedRwSets {
			for _, write := range collection.HashedRwSet.GetHashedWrites() {
				result = append(result, name{set.NameSpace, collection.CollectionName, string(write.GetKeyHash())})
			}
		}
	}
	return result
}
