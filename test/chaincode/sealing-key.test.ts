/** A manager may register an RSA key in place of X25519, and no small one. */
import { generateKeyPairSync } from 'node:crypto';

import { parse } from '../../chaincode/src/arguments.ts';
import { aManager, thePeople } from './city.ts';

function rsaKey(modulusLength: number): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return publicKey.export({ type: 'spki', format: 'der' }).toString('hex');
}

async function registration(sealingKey: string): Promise<string> {
  const { northlight } = await thePeople();
  return JSON.stringify(aManager('gateway', northlight.administrator, { sealingKey }));
}

it('takes RSA of 3072 bits and up', async () => {
  for (const bits of [3072, 4096]) {
    const sealingKey = rsaKey(bits);
    expect(parse.managementNode(await registration(sealingKey)).sealingKey).toBe(sealingKey);
  }
}, 60_000);

it('refuses smaller ones, and what is no RSA key', async () => {
  const rsa = rsaKey(3072);
  const wrong = [rsaKey(2048), rsa.slice(2), rsa.toUpperCase(), `${rsa}00`, rsa.slice(0, -2)];
  for (const sealingKey of wrong) {
    const json = await registration(sealingKey);
    expect(() => parse.managementNode(json)).toThrow(/^ARGUMENT_INVALID: json\.sealingKey must be/);
  }
}, 60_000);
