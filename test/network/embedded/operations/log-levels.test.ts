import { LogLevels, LogSpecError } from '../../../../network/src/embedded/operations/log-levels.ts';

describe('a logging specification', () => {
  it.each([
    ['', 'info'],
    ['debug', 'debug'],
    ['WARNING', 'warn'],
    ['info:peer=debug', 'peer=debug:info'],
    [
      'peer,chaincode=debug:orderer.=fatal:error',
      'chaincode=debug:orderer.=error:peer=debug:error',
    ],
    ['peer=debug:peer=warn', 'peer=warn:info'],
    ['debug:info', 'info'],
  ])('%j is %j in its normal form', (spec, normal) => {
    expect(new LogLevels(spec).spec).toBe(normal);
  });

  it.each([
    ['loud', "invalid logging specification 'loud': bad segment 'loud'"],
    ['Debug', "bad segment 'Debug'"],
    ['peer=loud', "bad segment 'peer=loud'"],
    ['peer=', "bad segment 'peer='"],
    ['=debug', "no logger specified in segment '=debug'"],
    ['a=b=c', "bad segment 'a=b=c'"],
    ['.peer=debug', "bad logger name '.peer'"],
    ['a..b=debug', "bad logger name 'a..b'"],
    ['pe er=debug', "bad logger name 'pe er'"],
    ['toString', "bad segment 'toString'"],
    ['x'.repeat(1_025), 'expected up to 1024 characters'],
  ])('%j is refused', (spec, reason) => {
    const levels = new LogLevels('warn');
    expect(() => {
      levels.activate(spec);
    }).toThrow(LogSpecError);
    expect(() => {
      levels.activate(spec);
    }).toThrow(reason);
    expect(levels.spec).toBe('warn');
  });

  it('is for a logger and all below it, unless it ends with a dot', () => {
    const levels = new LogLevels('peer=debug:peer.a=error:orderer.=debug:warn');
    const enabled = (logger: string): boolean => levels.isEnabled(logger, 'debug');
    expect(['peer', 'peer.b', 'peer.b.c', 'peer.a', 'peer.a.b', 'peers'].map(enabled)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(['orderer', 'orderer.a', 'chaincode'].map(enabled)).toEqual([true, false, false]);
    expect(levels.isEnabled('orderer.a', 'warn')).toBe(true);
    expect(levels.isEnabled('peer.a', 'warn')).toBe(false);
  });
});
