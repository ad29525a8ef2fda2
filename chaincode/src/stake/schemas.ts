/** The records of the contract Stake as classes, for the contract metadata only; see ../schemas.ts. */
import { Object as DataType, Property } from 'fabric-contract-api';
import type * as records from './records.ts';

@DataType()
export class FractionText implements records.FractionText {
  @Property() readonly num!: string;
  @Property() readonly den!: string;
}

@DataType()
export class StakeHolder {
  @Property() readonly mspId!: string;
  @Property() readonly shares!: string;
  @Property() readonly coinAge!: string;
  @Property() readonly barred!: boolean;
  @Property() readonly absent!: boolean;
  @Property() readonly skips!: number;
}

@DataType()
export class StakeTable {
  @Property() readonly docType!: string;
  @Property() readonly schema!: number;
  @Property() readonly issued!: string;
  @Property('threshold', 'FractionText') readonly threshold!: FractionText;
  @Property('cap', 'FractionText') readonly cap!: FractionText;
  @Property() readonly epochSeconds!: number;
  @Property() readonly epoch!: number;
  @Property() readonly validator!: string;
  @Property() readonly previous!: string;
  @Property('organisations', 'StakeHolder[]') readonly organisations!: readonly StakeHolder[];
}

@DataType()
export class CoinAge implements records.CoinAge {
  @Property() readonly mspId!: string;
  @Property() readonly shares!: string;
  @Property() readonly coinAge!: string;
  @Property('standing', 'string') readonly standing!: records.CoinAge['standing'];
}

@DataType()
export class ElectionEntry implements records.ElectionEntry {
  @Property() readonly epoch!: number;
  @Property() readonly validator!: string;
  @Property() readonly time!: string;
}

@DataType()
export class StakeCaseRecord implements records.StakeCaseRecord {
  @Property('docType', 'string') readonly docType!: 'stakeCase';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property('kind', 'string') readonly kind!: records.StakeCaseRecord['kind'];
  @Property() readonly accused!: string;
  @Property() readonly certificate!: string;
  @Property('witnesses', 'string[]') readonly witnesses!: readonly string[];
  @Property() readonly transaction!: string;
  @Property() readonly transactionId!: string;
  @Property() readonly burned!: string;
  @Property('state', 'string') readonly state!: records.StakeCaseRecord['state'];
  @Property() readonly reporter!: string;
  @Property() readonly time!: string;
}

@DataType()
export class StakeCasePage {
  @Property('items', 'StakeCaseRecord[]') readonly items!: readonly StakeCaseRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class StakeOfferRecord implements records.StakeOfferRecord {
  @Property('docType', 'string') readonly docType!: 'stakeOffer';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly seller!: string;
  @Property() readonly buyer!: string;
  @Property() readonly shares!: string;
  @Property() readonly price!: string;
  @Property('state', 'string') readonly state!: records.StakeOfferRecord['state'];
  @Property() readonly time!: string;
}

@DataType()
export class StakeOfferPage {
  @Property('items', 'StakeOfferRecord[]') readonly items!: readonly StakeOfferRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class StakeHistoryEntry {
  @Property() readonly txId!: string;
  @Property() readonly time!: string;
  @Property() readonly deleted!: boolean;
  @Property('value', 'StakeTable') readonly value!: StakeTable | null;
}

@DataType()
export class ValidatorHeadRecord implements records.ValidatorHeadRecord {
  @Property('docType', 'string') readonly docType!: 'validatorHead';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly epoch!: number;
  @Property() readonly digest!: string;
  @Property() readonly time!: string;
}

@DataType()
export class ValidatorSetRecord implements records.ValidatorSetRecord {
  @Property('docType', 'string') readonly docType!: 'validatorSet';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly epoch!: number;
  @Property() readonly digest!: string;
  @Property() readonly set!: string;
  @Property() readonly time!: string;
}

@DataType()
export class ValidatorLinkStatement implements records.ValidatorLinkStatement {
  @Property('docType', 'string') readonly docType!: 'validatorLink';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly channel!: string;
  @Property() readonly epoch!: number;
  @Property() readonly from!: string;
  @Property() readonly to!: string;
}
