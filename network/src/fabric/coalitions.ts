/**
 * The rule of stake as an ordinary endorsement policy, for peers without the validation plugin: any smallest set of organisations that
 * decides, each by a peer (design §5, "Who enforces it"). The validator's clause is left out; whenever the table changes, the policy has
 * to follow.
 */
import { common, msp } from '@hyperledger/fabric-protos';
import { coalitions, counts, type StakeTable } from '@lamplighter/chaincode/stake';

import { FabricError } from './errors.ts';

/** Ten organisations of equal shares have 210 coalitions; every transaction is held to each in turn. */
export const MAX_VOICES = 10;
/** Ten organisations have no more sets of which none lies in another: all of five. */
const MAX_COALITIONS = 252;

/** MSP ids of a set of organisations. */
export type Coalition = readonly string[];

/**
 * @throws {@link FabricError} NO_COALITION when nobody decides by the table, TOO_MANY_ORGANISATIONS when more than
 * {@link MAX_VOICES} have a voice
 */
export function coalitionsOf(table: StakeTable): readonly Coalition[] {
  const voices = table.organisations.filter(counts).length;
  if (voices > MAX_VOICES) {
    throw new FabricError(
      'TOO_MANY_ORGANISATIONS',
      `expected at most ${MAX_VOICES} organisations with stake for a policy without the plugin, got ${voices}`,
    );
  }
  const found = coalitions(table, MAX_COALITIONS);
  if (found.length === 0) {
    throw new FabricError(
      'NO_COALITION',
      `expected organisations that can decide together, got ${voices} with a voice, who hold too little of ${table.issued} shares`,
    );
  }
  return found;
}

/** Policy text as `peer lifecycle chaincode approveformyorg --signature-policy` takes it. */
export function policyText(sets: readonly Coalition[]): string {
  const all = sets.map((set) => `AND(${set.map((mspId) => `'${mspId}.peer'`).join(',')})`);
  return `OR(${all.join(',')})`;
}

function peerOf(mspId: string): msp.MSPPrincipal {
  const role = new msp.MSPRole();
  role.setMspIdentifier(mspId);
  role.setRole(msp.MSPRole.MSPRoleType.PEER);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(role.serializeBinary());
  return principal;
}

function signedBy(index: number): common.SignaturePolicy {
  const rule = new common.SignaturePolicy();
  rule.setSignedBy(index);
  return rule;
}

function outOf(n: number, rules: common.SignaturePolicy[]): common.SignaturePolicy {
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(n);
  nOutOf.setRulesList(rules);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  return rule;
}

/** The same policy as {@link policyText}; each organisation is named once. */
export function signaturePolicyOf(sets: readonly Coalition[]): common.SignaturePolicyEnvelope {
  const mspIds = [...new Set(sets.flat())].sort();
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setIdentitiesList(mspIds.map(peerOf));
  const all = sets.map((set) =>
    outOf(
      set.length,
      set.map((mspId) => signedBy(mspIds.indexOf(mspId))),
    ),
  );
  envelope.setRule(outOf(1, all));
  return envelope;
}

/** @returns the coalitions of a policy that {@link policyText} or {@link signaturePolicyOf} wrote; undefined for any other policy. */
export function readCoalitions(
  policy: common.SignaturePolicyEnvelope,
): readonly Coalition[] | undefined {
  const peers = policy.getIdentitiesList().map(readPeer);
  const any = policy.getRule()?.getNOutOf();
  if (any?.getN() !== 1) return undefined;
  const sets = any.getRulesList().map((rule) => readSet(rule, peers));
  return sets.every((set) => set !== undefined) ? sets : undefined;
}

function readPeer(principal: msp.MSPPrincipal): string | undefined {
  if (principal.getPrincipalClassification() !== msp.MSPPrincipal.Classification.ROLE) {
    return undefined;
  }
  const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
  return role.getRole() === msp.MSPRole.MSPRoleType.PEER ? role.getMspIdentifier() : undefined;
}

function readSet(
  rule: common.SignaturePolicy,
  peers: readonly (string | undefined)[],
): Coalition | undefined {
  const all = rule.getNOutOf();
  const mspIds = (all?.getRulesList() ?? []).map((signed) =>
    signed.hasSignedBy() ? peers[signed.getSignedBy()] : undefined,
  );
  const complete = mspIds.every((mspId) => mspId !== undefined);
  return complete && mspIds.length > 0 && all?.getN() === mspIds.length ? mspIds : undefined;
}

/** Whether two policies say the same, in whichever order. */
export function sameCoalitions(left: readonly Coalition[], right: readonly Coalition[]): boolean {
  const canonical = (sets: readonly Coalition[]): string =>
    JSON.stringify(sets.map((set) => [...new Set(set)].sort().join()).sort());
  return canonical(left) === canonical(right);
}
