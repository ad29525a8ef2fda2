/**
 * The records as classes, for the contract metadata only (`org.hyperledger.fabric:GetMetadata`): names and types of what
 * queries answer. `implements` keeps them equal to records.ts.
 */
import { Object as DataType, Property } from 'fabric-contract-api';
import type * as records from './records.ts';

/* Classes of this file are never constructed: the decorators read them. */

@DataType()
export class FirmwareIdentity implements records.FirmwareIdentity {
  @Property() readonly gen!: number;
  @Property() readonly sequence!: number;
  @Property() readonly version!: string;
  @Property() readonly size!: number;
  @Property() readonly sha256!: string;
}

@DataType()
export class VendorRecord implements records.VendorRecord {
  @Property('docType', 'string') readonly docType!: 'vendor';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly mspId!: string;
  @Property() readonly url!: string;
  @Property() readonly signingKey!: string;
  @Property('peerCertificates', 'string[]') readonly peerCertificates!: readonly string[];
  @Property() readonly time!: string;
}

@DataType()
export class ModelRecord implements records.ModelRecord {
  @Property('docType', 'string') readonly docType!: 'model';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly vendor!: string;
  @Property('kind', 'string') readonly kind!: records.DeviceKind;
  @Property() readonly slotBytes!: number;
  @Property() readonly approvals!: number;
  @Property() readonly time!: string;
}

@DataType()
export class ManagementNodeRecord implements records.ManagementNodeRecord {
  @Property('docType', 'string') readonly docType!: 'managementNode';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly mspId!: string;
  @Property() readonly certificate!: string;
  @Property() readonly signatureKey!: string;
  @Property() readonly sealingKey!: string;
  @Property() readonly treeKey!: string;
  @Property('endpoints', 'string[]') readonly endpoints!: readonly string[];
  @Property() readonly url!: string;
  @Property() readonly time!: string;
}

@DataType()
export class AssignmentReference implements records.AssignmentReference {
  @Property() readonly manager!: string;
  @Property() readonly serial!: number;
  @Property() readonly epoch!: number;
  @Property() readonly suite!: number;
  @Property('managerProof', 'number') readonly managerProof!: 1 | 2 | 3;
  @Property() readonly digest!: string;
  @Property() readonly time!: string;
  @Property() readonly dueWithin!: number;
}

@DataType()
export class DeviceRecord implements records.DeviceRecord {
  @Property('docType', 'string') readonly docType!: 'device';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly model!: string;
  @Property() readonly vendor!: string;
  @Property('kind', 'string') readonly kind!: records.DeviceKind;
  @Property('suites', 'number[]') readonly suites!: readonly number[];
  @Property() readonly legacy!: boolean;
  @Property('state', 'string') readonly state!: records.DeviceLifeCycle;
  @Property('firmware', 'FirmwareIdentity') readonly firmware!: FirmwareIdentity;
  @Property('assignment', 'AssignmentReference') readonly assignment!: AssignmentReference | null;
  @Property() readonly reason!: string;
  @Property() readonly time!: string;
}

@DataType()
export class StatusRecord implements records.StatusRecord {
  @Property('docType', 'string') readonly docType!: 'status';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly device!: string;
  @Property() readonly n!: number;
  @Property('status', 'string') readonly status!: records.DeviceStatus;
  @Property('reasons', 'string[]') readonly reasons!: readonly records.AbnormalReason[];
  @Property() readonly sequence!: number;
  @Property() readonly version!: string;
  @Property() readonly sha256!: string;
  @Property() readonly observed!: string;
  @Property() readonly dueWithin!: number;
  @Property() readonly manager!: string;
  @Property() readonly time!: string;
}

@DataType()
export class ReleaseRecord implements records.ReleaseRecord {
  @Property('docType', 'string') readonly docType!: 'release';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly vendor!: string;
  @Property() readonly model!: string;
  @Property('firmware', 'FirmwareIdentity') readonly firmware!: FirmwareIdentity;
  @Property() readonly envelope!: string;
  @Property() readonly url!: string;
  @Property() readonly propagate!: boolean;
  @Property('state', 'string') readonly state!: 'published' | 'approved' | 'withdrawn';
  @Property('approvals', 'string[]') readonly approvals!: readonly string[];
  @Property() readonly reason!: string;
  @Property() readonly time!: string;
}

@DataType()
export class ReleaseProofStatement implements records.ReleaseProofStatement {
  @Property('docType', 'string') readonly docType!: 'releaseProof';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly channel!: string;
  @Property() readonly model!: string;
  @Property() readonly challenge!: string;
  @Property() readonly gen!: number;
  @Property() readonly seq!: number;
  @Property() readonly manifest!: string;
  @Property() readonly epoch!: number;
  @Property() readonly validators!: string;
  @Property() readonly time!: number;
}

@DataType()
export class TransmissionRecord implements records.TransmissionRecord {
  @Property('docType', 'string') readonly docType!: 'transmission';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly id!: string;
  @Property() readonly release!: string;
  @Property() readonly manager!: string;
  @Property() readonly bytes!: number;
  @Property() readonly observed!: string;
  @Property() readonly vendor!: string;
  @Property() readonly time!: string;
}

@DataType()
export class UpdateRecord implements records.UpdateRecord {
  @Property('docType', 'string') readonly docType!: 'update';
  @Property('schema', 'number') readonly schema!: 1;
  @Property() readonly device!: string;
  @Property() readonly attempt!: number;
  @Property() readonly release!: string;
  @Property('from', 'FirmwareIdentity') readonly from!: FirmwareIdentity;
  @Property('to', 'FirmwareIdentity') readonly to!: FirmwareIdentity;
  @Property() readonly code!: number;
  @Property('cause', 'string') readonly cause!: 'request' | 'propagation';
  @Property() readonly observed!: string;
  @Property() readonly manager!: string;
  @Property() readonly serial!: number;
  @Property() readonly time!: string;
}

@DataType()
export class WeakDevice implements records.WeakDevice {
  @Property() readonly device!: string;
  @Property() readonly vendor!: string;
  @Property() readonly manager!: string;
  @Property() readonly suite!: number;
  @Property('managerProof', 'number') readonly managerProof!: 1 | 2 | 3;
  @Property() readonly legacy!: boolean;
  @Property() readonly strength!: number;
  @Property() readonly aead!: number;
  @Property() readonly hashCollision!: number;
  @Property() readonly keyAgreement!: number;
  @Property() readonly managerProofStrength!: number;
}

@DataType()
export class HierarchyManager implements records.HierarchyManager {
  @Property('manager', 'string') readonly manager!: string | null;
  @Property() readonly count!: number;
  @Property('devices', 'string[]') readonly devices!: readonly string[];
}

@DataType()
export class HierarchyModel implements records.HierarchyModel {
  @Property() readonly model!: string;
  @Property() readonly count!: number;
  @Property('managers', 'HierarchyManager[]') readonly managers!: readonly HierarchyManager[];
}

@DataType()
export class HierarchyVendor implements records.HierarchyVendor {
  @Property() readonly vendor!: string;
  @Property() readonly count!: number;
  @Property('models', 'HierarchyModel[]') readonly models!: readonly HierarchyModel[];
}

/* Pages and history entries: one class for each kind of item, since the metadata knows no type parameters. */

@DataType()
export class DevicePage implements records.Page<DeviceRecord> {
  @Property('items', 'DeviceRecord[]') readonly items!: readonly DeviceRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class StatusPage implements records.Page<StatusRecord> {
  @Property('items', 'StatusRecord[]') readonly items!: readonly StatusRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class OverdueDevice implements records.OverdueDevice {
  @Property() readonly device!: string;
  @Property() readonly vendor!: string;
  @Property() readonly manager!: string;
  @Property() readonly due!: string;
  @Property('reported', 'string') readonly reported!: string | null;
}

@DataType()
export class OverduePage implements records.Page<OverdueDevice> {
  @Property('items', 'OverdueDevice[]') readonly items!: readonly OverdueDevice[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class ReleasePage implements records.Page<ReleaseRecord> {
  @Property('items', 'ReleaseRecord[]') readonly items!: readonly ReleaseRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class TransmissionPage implements records.Page<TransmissionRecord> {
  @Property('items', 'TransmissionRecord[]') readonly items!: readonly TransmissionRecord[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class WeakDevicePage implements records.Page<WeakDevice> {
  @Property('items', 'WeakDevice[]') readonly items!: readonly WeakDevice[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class HierarchyPage implements records.Page<HierarchyVendor> {
  @Property('items', 'HierarchyVendor[]') readonly items!: readonly HierarchyVendor[];
  @Property() readonly bookmark!: string;
}

@DataType()
export class DeviceHistoryEntry implements records.HistoryEntry<DeviceRecord> {
  @Property() readonly txId!: string;
  @Property() readonly time!: string;
  @Property() readonly deleted!: boolean;
  @Property('value', 'DeviceRecord') readonly value!: DeviceRecord | null;
}

@DataType()
export class StatusHistoryEntry implements records.HistoryEntry<StatusRecord> {
  @Property() readonly txId!: string;
  @Property() readonly time!: string;
  @Property() readonly deleted!: boolean;
  @Property('value', 'StatusRecord') readonly value!: StatusRecord | null;
}

@DataType()
export class UpdateHistoryEntry implements records.HistoryEntry<UpdateRecord> {
  @Property() readonly txId!: string;
  @Property() readonly time!: string;
  @Property() readonly deleted!: boolean;
  @Property('value', 'UpdateRecord') readonly value!: UpdateRecord | null;
}
