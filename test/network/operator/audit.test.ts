import type { WeakDevice } from '@lamplighter/chaincode';
import { adviceFor, auditLines } from '../../../network/src/operator/commands/audit.ts';

const aDevice = (change: Partial<WeakDevice> = {}): WeakDevice => ({
  device: 'lamp-1',
  vendor: 'northlight',
  manager: 'gateway-north',
  suite: 0x0201,
  managerProof: 3,
  legacy: false,
  strength: 128,
  aead: 128,
  hashCollision: 128,
  keyAgreement: 256,
  managerProofStrength: 192,
  ...change,
});

describe('audit weakest', () => {
  it('shows a line a device, as wide as the widest', () => {
    const lines = auditLines([
      aDevice({ device: 'zoo', suite: 0x8001, legacy: true, strength: 64, aead: 64 }),
      aDevice({ device: 'lamp-0002', suite: 0x0304, strength: 64, aead: 64 }),
      aDevice(),
    ]);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^device +strength +suite +cipher +manager +what to do$/);
    expect(lines[1]).toMatch(/^zoo +64 bits +0x8001 +present-80-eax +gateway-north +legacy: /);
    expect(lines[2]).toMatch(/^lamp-0002 +64 bits +0x0304 +present-128-eax +.*short key or tags/);
    expect(lines[3]).toMatch(/^lamp-1 +128 bits +0x0201 +ascon-aead128 +gateway-north +nothing$/);
    expect(new Set(lines.map((line) => line.search(/strength|\d+ bits/))).size).toBe(1);
  });

  it('says so when there is no device', () => {
    expect(auditLines([])).toEqual(['no device is assigned']);
  });

  it.each([
    [{ strength: 64, aead: 64 }, /^short key or tags/],
    [{ strength: 80, hashCollision: 80 }, /^short hash/],
    [{ strength: 100, keyAgreement: 100 }, /^weak key agreement/],
    [{ strength: 100, managerProofStrength: 100 }, /^weak proof of the manager/],
    [{ strength: 64, aead: 64, legacy: true }, /^legacy: takes no firmware/],
    [{}, /^nothing$/],
  ] as const)('has advice for %j', (change, expected) => {
    expect(adviceFor(aDevice(change))).toMatch(expected);
  });
});
