// Package stake holds Lamplighter's rule of stake: who has to endorse a transaction of the chaincode.
//
// It is the twin of chaincode/src/stake/rule.ts and table.ts; test/vectors/stake-policy.json holds both to the same verdicts. It
// has no dependencies, so that it can be compiled within the module graph of any peer.
package stake
