/** A management node with all its keys stolen, in short; `npm run attacks -- gateway` tries each attack 1,000 times. */
import { HONEST, runGatewayAttacks, type GatewayRow } from './gateway.ts';

const TRIES = 6;

describe('a device whose management node is stolen', () => {
  let rows: readonly GatewayRow[];

  beforeAll(async () => {
    rows = await runGatewayAttacks({ tries: TRIES, seed: 8 });
  }, 300_000);

  it('installs nothing, believes nothing, and tells of every try', () => {
    const attacks = rows.filter(({ attack }) => attack !== HONEST);
    expect(attacks.length).toBeGreaterThanOrEqual(19);
    for (const row of attacks) {
      expect(row).toMatchObject({ tries: TRIES, installed: 0, fooled: 0, moved: 0, untold: 0 });
    }
  });

  it.each([
    ['a forged release', /^(?:2|10|RELEASE_NOT_APPROVED)$/],
    ['a release for another model', /WRONG_(?:QUESTION|STATEMENT)/],
    ['an older approved release', /RELEASE_NOT_APPROVED|^10$|PROOF_NOT_WON/],
    ['a hidden release', /RELEASE_HIDDEN|PROOF_NOT_WON|PROOF_MISSING/],
    ['no proof at all', /PROOF_MISSING/],
    ['a replayed proof', /WRONG_QUESTION|PROOF_MALFORMED/],
    ['a proof for another challenge', /WRONG_QUESTION/],
    ['another channel', /WRONG_CHANNEL|WRONG_STATEMENT/],
    ['another chaincode', /WRONG_CHAINCODE/],
    ['an organisation counted twice', /^PROOF_NOT_WON$/],
    ['a barred organisation', /ENDORSER_UNKNOWN/],
    ['signatures with a high s', /SIGNATURE_FALSE/],
    ['a proposal cut in another way', /PROPOSAL_NOT_SIGNED/],
    ['a function that echoes', /WRONG_QUESTION/],
    ['a set that is too old', /^10$|PROOF_NOT_WON/],
  ])('stops %s where it should', (attack, where) => {
    const told = Object.keys(rows.find((row) => row.attack === attack)?.told ?? {});
    expect(told).not.toEqual([]);
    expect(told.filter((words) => !where.test(words))).toEqual([]);
  });

  it('would have installed what an honest one offers', () => {
    const honest = rows.find(({ attack }) => attack === HONEST);
    expect(honest?.installed).toBe(TRIES);
  });
});
