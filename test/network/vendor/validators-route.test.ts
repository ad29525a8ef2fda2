import { validatorsRoute } from '../../../network/src/vendor/validators-route.ts';
import { codeOf } from '../code-of.ts';

const ledger = { channel: 'city', chaincode: 'lamplighter', validators: 'a1b2' };
const body = Uint8Array.of(0xa1, 0xb2);

describe('the route to the validator set', () => {
  it('serves the signed set, and has it signed once a minute', async () => {
    let time = 1_000_000;
    let signed = 0;
    const route = validatorsRoute({
      now: () => time,
      ledger: () => {
        signed += 1;
        return Promise.resolve(ledger);
      },
    });
    expect(route).toMatchObject({ method: 'GET' });
    expect(route.pattern.test('/v1/validators')).toBe(true);
    expect(await route.handle({} as never)).toMatchObject({ type: 'application/cbor', body });
    time += 59_999;
    await route.handle({} as never);
    expect(signed).toBe(1);
    time += 1;
    await route.handle({} as never);
    expect(signed).toBe(2);
  });

  it('has nothing while too few peers are registered', async () => {
    const route = validatorsRoute({ now: () => 0, ledger: () => Promise.resolve(null) });
    expect(await codeOf(async () => route.handle({} as never))).toBe('VALIDATORS_NOT_FOUND');
  });

  it('remembers no failure', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve(ledger)];
    const route = validatorsRoute({ now: () => 0, ledger: () => answers.shift()! });
    await expect((async () => route.handle({} as never))()).rejects.toThrow('away');
    expect(await route.handle({} as never)).toMatchObject({ body });
  });
});
