package stake

import (
	"math/big"
	"strings"
)

// Verdict on a transaction.
type Verdict string

// The verdicts; all but Valid are reasons.
const (
	Valid            Verdict = "VALID"
	NoMajority       Verdict = "NO_MAJORITY"
	StakeTooSmall    Verdict = "STAKE_TOO_SMALL"
	OneOrganisation  Verdict = "ONE_ORGANISATION"
	ValidatorMissing Verdict = "VALIDATOR_MISSING"
)

// Transactions that may leave the validator out: what elects, skips or accuses it must not need it.
var stakeOnly = map[string]bool{
	"Stake:ElectValidator":   true,
	"Stake:SkipValidator":    true,
	"Stake:ReportMisconduct": true,
}

// Transaction is what the rule judges.
type Transaction struct {
	// Table is what stands under TableKey as of the previous block; nil for nothing.
	Table []byte
	// Channel has the MSP ids of all organisations of the channel: their majority decides while there is no table.
	Channel []string
	// Name is the first argument of the proposal.
	Name string
	// Writes has all keys written in the chaincode's namespace, metadata writes included.
	Writes []string
	// WritesElsewhere says whether other namespaces are written besides.
	WritesElsewhere bool
	// Endorsers has the MSP ids of the peers whose endorsements are valid, in any order, with any repetition.
	Endorsers []string
}

// Judge gives the verdict. What lies in the data is never an error.
func Judge(transaction *Transaction) Verdict {
	endorsers := make(map[string]bool, len(transaction.Endorsers))
	for _, endorser := range transaction.Endorsers {
		endorsers[endorser] = true
	}
	var table *Table
	if transaction.Table != nil {
		table = Decode(transaction.Table)
	}
	if table == nil {
		return judgeByMajority(transaction.Channel, endorsers)
	}
	voices := table.voices(endorsers)
	switch {
	case !table.passesThreshold(voices):
		return StakeTooSmall
	case len(voices) < 2:
		return OneOrganisation
	case transaction.isStakeOnly() || table.hasValidator(voices):
		return Valid
	default:
		return ValidatorMissing
	}
}

func judgeByMajority(channel []string, endorsers map[string]bool) Verdict {
	members := make(map[string]bool, len(channel))
	endorsing := 0
	for _, member := range channel {
		if !members[member] && endorsers[member] {
			endorsing++
		}
		members[member] = true
	}
	if endorsing*2 > len(members) {
		return Valid
	}
	return NoMajority
}

// voices are the endorsing organisations whose endorsement has any weight.
func (table *Table) voices(endorsers map[string]bool) []Holder {
	var voices []Holder
	for _, holder := range table.Organisations {
		if endorsers[holder.MSPID] && !holder.Barred && holder.Shares.Sign() > 0 {
			voices = append(voices, holder)
		}
	}
	return voices
}

func (table *Table) passesThreshold(voices []Holder) bool {
	sum := new(big.Int)
	for _, voice := range voices {
		sum.Add(sum, voice.Shares)
	}
	needed := new(big.Int).Mul(table.Threshold.Num, table.Issued)
	return sum.Mul(sum, table.Threshold.Den).Cmp(needed) > 0
}

func (table *Table) hasValidator(voices []Holder) bool {
	for _, voice := range voices {
		if voice.MSPID == table.Validator || voice.MSPID == table.Previous {
			return true
		}
	}
	return false
}

// isStakeOnly: the name alone is the client's word, so all writes must be the contract's own too.
func (transaction *Transaction) isStakeOnly() bool {
	if !stakeOnly[transaction.Name] || transaction.WritesElsewhere {
		return false
	}
	for _, key := range transaction.Writes {
		if !strings.HasPrefix(key, Prefix) {
			return false
		}
	}
	return true
}
