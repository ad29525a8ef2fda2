import { upgradeRefusal } from '../../../network/src/management/upgrade-rules.ts';

const good = { 'sec-websocket-protocol': 'lamplighter.v1' };
const request = (url: string, headers: Record<string, string>, fields = 8) => ({
  url,
  headers,
  rawHeaders: Array<string>(2 * fields).fill('x'),
});

describe('an upgrade', () => {
  it.each([
    ['of a device', '/v1/device', good],
    ['with a query', '/v1/device?x=1', good],
    ['that offers more', '/v1/device', { 'sec-websocket-protocol': 'chat, lamplighter.v1' }],
    ['of a page that is let in', '/v1/device', { ...good, origin: 'https://good.example' }],
  ])('%s is taken', (_name, url, headers) => {
    expect(upgradeRefusal(request(url, headers), ['https://good.example'])).toBeNull();
  });

  it.each([
    [404, 'UPGRADE_WRONG_PATH', '/v1/device/', good],
    [404, 'UPGRADE_WRONG_PATH', '/', good],
    [403, 'UPGRADE_FOREIGN_ORIGIN', '/v1/device', { ...good, origin: 'https://evil.example' }],
    [403, 'UPGRADE_FOREIGN_ORIGIN', '/v1/device', { ...good, origin: 'null' }],
    [403, 'UPGRADE_FOREIGN_ORIGIN', '/v1/device', { ...good, origin: '' }],
    [400, 'UPGRADE_WRONG_SUBPROTOCOL', '/v1/device', {}],
    [400, 'UPGRADE_WRONG_SUBPROTOCOL', '/v1/device', { 'sec-websocket-protocol': 'lamplighter' }],
    [
      400,
      'UPGRADE_WRONG_SUBPROTOCOL',
      '/v1/device',
      { 'sec-websocket-protocol': 'LAMPLIGHTER.V1' },
    ],
  ])('is refused with %i %s', (status, reason, url, headers) => {
    const refusal = upgradeRefusal(request(url, headers), ['https://good.example']);
    expect(refusal).toMatchObject({ status, reason });
  });

  it('is refused with 431 when Node may have left header fields out', () => {
    expect(upgradeRefusal(request('/v1/device', good, 63), [])).toBeNull();
    expect(upgradeRefusal(request('/v1/device', good, 64), [])).toMatchObject({
      status: 431,
      reason: 'UPGRADE_TOO_MANY_HEADERS',
    });
  });
});
