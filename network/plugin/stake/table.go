package stake

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
)

const (
	// TableKey is the key of the stake table in the namespace of the chaincode.
	TableKey = "stake:table"
	// Prefix starts all keys of the contract Stake.
	Prefix = "stake:"

	maximumBytes         = 32768
	maximumOrganisations = 64
	maximumSafeInteger   = 1<<53 - 1
)

var (
	mspID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	natural = regexp.MustCompile(`^(0|[1-9][0-9]{0,19})$`)
	integer = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,26})$`)
	count   = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

	maximumShares = new(big.Int).SetUint64(1<<64 - 1)
)

// Fraction of the issued shares.
type Fraction struct{ Num, Den *big.Int }

// Holder is an organisation with stake.
type Holder struct {
	MSPID  string
	Shares *big.Int
	Barred bool
}

// Table is what the rule needs of the stake table.
type Table struct {
	Issued        *big.Int
	Threshold     Fraction
	Validator     string
	Previous      string
	Organisations []Holder
}

// The document as it stands on the ledger, its fields in the order of the canonical JSON.
type fractionText struct {
	Den string `json:"den"`
	Num string `json:"num"`
}

type holderText struct {
	Absent  bool        `json:"absent"`
	Barred  bool        `json:"barred"`
	CoinAge string      `json:"coinAge"`
	MSPID   string      `json:"mspId"`
	Shares  string      `json:"shares"`
	Skips   json.Number `json:"skips"`
}

type tableText struct {
	Cap           fractionText `json:"cap"`
	DocType       string       `json:"docType"`
	Epoch         json.Number  `json:"epoch"`
	EpochSeconds  json.Number  `json:"epochSeconds"`
	Issued        string       `json:"issued"`
	Organisations []holderText `json:"organisations"`
	Previous      string       `json:"previous"`
	Schema        json.Number  `json:"schema"`
	Threshold     fractionText `json:"threshold"`
	Validator     string       `json:"validator"`
}

// Decode reads a stake table. It returns nil for anything that the contract does not write, byte for byte: encoding/json alone
// would take fields in capitals, fields twice and fields too many.
func Decode(document []byte) *Table {
	if len(document) > maximumBytes {
		return nil
	}
	var text tableText
	if json.Unmarshal(document, &text) != nil {
		return nil
	}
	table := text.table()
	if table == nil {
		return nil
	}
	canonical, err := json.Marshal(text)
	if err != nil || !bytes.Equal(canonical, document) {
		return nil
	}
	return table
}

func (text *tableText) table() *Table {
	if text.DocType != "stakeTable" || text.Schema != "1" || !isCount(text.Epoch) || !isCount(text.EpochSeconds) {
		return nil
	}
	if text.EpochSeconds == "0" || len(text.Organisations) > maximumOrganisations {
		return nil
	}
	issued, threshold, limit := shares(text.Issued), text.Threshold.fraction(), text.Cap.fraction()
	if issued == nil || threshold == nil || limit == nil {
		return nil
	}
	if !threshold.atLeastHalf() || limit.Num.Sign() == 0 || !limit.atMostHalf() {
		return nil
	}
	holders := holders(text.Organisations, issued)
	if holders == nil || !names(holders, text.Validator) || !names(holders, text.Previous) {
		return nil
	}
	return &Table{
		Issued:        issued,
		Threshold:     *threshold,
		Validator:     text.Validator,
		Previous:      text.Previous,
		Organisations: holders,
	}
}

// holders returns nil unless they are in ascending order, each once, and hold no more than was issued.
func holders(texts []holderText, issued *big.Int) []Holder {
	result := make([]Holder, 0, len(texts))
	held := new(big.Int)
	for index, text := range texts {
		amount := shares(text.Shares)
		if amount == nil || !mspID.MatchString(text.MSPID) || !integer.MatchString(text.CoinAge) || !isCount(text.Skips) {
			return nil
		}
		if index > 0 && texts[index-1].MSPID >= text.MSPID {
			return nil
		}
		held.Add(held, amount)
		result = append(result, Holder{MSPID: text.MSPID, Shares: amount, Barred: text.Barred})
	}
	if held.Cmp(issued) > 0 {
		return nil
	}
	return result
}

// names says whether a name is empty or of one of the holders.
func names(holders []Holder, name string) bool {
	for _, holder := range holders {
		if holder.MSPID == name {
			return true
		}
	}
	return name == ""
}

func isCount(number json.Number) bool {
	if !count.MatchString(number.String()) {
		return false
	}
	value, err := strconv.ParseUint(number.String(), 10, 64)
	return err == nil && value <= maximumSafeInteger
}

func shares(text string) *big.Int {
	if !natural.MatchString(text) {
		return nil
	}
	value, ok := new(big.Int).SetString(text, 10)
	if !ok || value.Cmp(maximumShares) > 0 {
		return nil
	}
	return value
}

// fraction returns nil unless it is below one.
func (text fractionText) fraction() *Fraction {
	num, den := shares(text.Num), shares(text.Den)
	if num == nil || den == nil || num.Cmp(den) >= 0 {
		return nil
	}
	return &Fraction{Num: num, Den: den}
}

func (fraction *Fraction) atLeastHalf() bool {
	return new(big.Int).Lsh(fraction.Num, 1).Cmp(fraction.Den) >= 0
}

func (fraction *Fraction) atMostHalf() bool {
	return new(big.Int).Lsh(fraction.Num, 1).Cmp(fraction.Den) <= 0
}
