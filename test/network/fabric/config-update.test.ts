import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { newGenesisBlock } from '../../../network/src/embedded/genesis.ts';
import { signaturePolicyOf } from '../../../network/src/fabric/coalitions.ts';
import {
  lifecyclePolicyOf,
  lifecyclePolicyUpdate,
  organisationsOf,
  readConfigBlock,
  updateEnvelope,
  type ChannelConfig,
} from '../../../network/src/fabric/config-update.ts';
import { newDefinition } from '../embedded/channels.ts';
import { NOW } from '../membership/certificates.ts';

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
const first = signaturePolicyOf([
  ['HeliosMSP', 'MeridianMSP'],
  ['HeliosMSP', 'NorthlightMSP'],
]);
const second = signaturePolicyOf([['HeliosMSP', 'MeridianMSP']]);
let current: ChannelConfig;

const application = ({ config }: ChannelConfig): common.ConfigGroup =>
  config.getChannelGroup()!.getGroupsMap().get('Application')!;

/** What an orderer makes of an update, as far as this one goes. */
function apply(before: ChannelConfig, update: common.ConfigUpdate): ChannelConfig {
  const config = before.config.cloneMessage();
  const written = update.getWriteSet()!.getGroupsMap().get('Application')!;
  const after = { ...before, config };
  for (const [name, policy] of written.getPoliciesMap().entries()) {
    application(after).getPoliciesMap().set(name, policy.cloneMessage());
  }
  return after;
}

beforeAll(async () => {
  const block = newGenesisBlock(await newDefinition(), { createdAt: NOW });
  current = readConfigBlock(block.serializeBinary());
});

describe('a configuration block', () => {
  it('names channel and organisations', () => {
    expect(current.channel).toBe('city');
    expect(organisationsOf(current)).toEqual(['HeliosMSP', 'MeridianMSP', 'NorthlightMSP']);
    expect(lifecyclePolicyOf(current)).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['garbage', Uint8Array.of(0xff)],
    ['another block', new common.Block().serializeBinary()],
  ])('is not %s', (_what, bytes) => {
    expect(() => readConfigBlock(bytes)).toThrow(coded('ANSWER_MALFORMED'));
  });
});

describe('an update of the life-cycle policy', () => {
  it('says what it rests on, and changes one policy', () => {
    const update = lifecyclePolicyUpdate(current, first);
    const after = apply(current, update);
    expect(lifecyclePolicyOf(after)!.toObject()).toEqual(first.toObject());
    const entry = application(after).getPoliciesMap().get('LifecycleEndorsement')!;
    expect([entry.getVersion(), entry.getModPolicy()]).toEqual([1, 'Admins']);
    const again = lifecyclePolicyUpdate(after, second);
    expect(
      application(apply(after, again)).getPoliciesMap().get('LifecycleEndorsement')!.getVersion(),
    ).toBe(2);
    expect(
      update.getReadSet()!.getGroupsMap().get('Application')!.getPoliciesMap().getLength(),
    ).toBe(0);
  });

  it('is refused where there is no such policy', () => {
    const without = { ...current, config: current.config.cloneMessage() };
    application(without).getPoliciesMap().del('LifecycleEndorsement');
    expect(() => lifecyclePolicyUpdate(without, first)).toThrow(coded('NOT_FOUND'));
  });

  it('goes into an envelope without signatures', () => {
    const update = lifecyclePolicyUpdate(current, first);
    const envelope = common.Envelope.deserializeBinary(updateEnvelope(update));
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.ChannelHeader.deserializeBinary(
      payload.getHeader()!.getChannelHeader_asU8(),
    );
    expect([header.getType(), header.getChannelId()]).toEqual([2, 'city']);
    const content = common.ConfigUpdateEnvelope.deserializeBinary(payload.getData_asU8());
    expect(content.getSignaturesList()).toEqual([]);
    expect(content.getConfigUpdate_asU8()).toEqual(update.serializeBinary());
  });
});

/** Comes with Fabric's other programs, and is needed for nothing else. */
const configtxlator = [process.env['FABRIC_BIN'] ?? '', ...process.env['PATH']!.split(delimiter)]
  .map((folder) => join(folder, 'configtxlator'))
  .find((file) => file !== 'configtxlator' && existsSync(file));

(configtxlator === undefined ? describe.skip : describe)('an update by configtxlator', () => {
  it('is the same', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamplighter-update-'));
    try {
      const once = apply(current, lifecyclePolicyUpdate(current, first));
      for (const [before, policy] of [
        [current, first],
        [once, second],
      ] as const) {
        const ours = lifecyclePolicyUpdate(before, policy);
        const updated = apply(before, ours).config;
        const [original, wanted, computed] = ['original', 'updated', 'update'].map((name) =>
          join(folder, `${name}.pb`),
        ) as [string, string, string];
        // It finds the new versions itself.
        const entry = updated.getChannelGroup()!.getGroupsMap().get('Application')!;
        entry
          .getPoliciesMap()
          .get('LifecycleEndorsement')!
          .setVersion(
            application(before).getPoliciesMap().get('LifecycleEndorsement')!.getVersion(),
          );
        writeFileSync(original, before.config.serializeBinary());
        writeFileSync(wanted, updated.serializeBinary());
        const files = ['--original', original, '--updated', wanted, '--output', computed];
        execFileSync(configtxlator!, ['compute_update', '--channel_id', 'city', ...files]);
        const theirs = common.ConfigUpdate.deserializeBinary(readFileSync(computed));
        expect(ours.toObject()).toEqual(theirs.toObject());
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
