import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectReader, hasReader } from '../../../../network/src/operator/network/reader.ts';
import { codeOf } from '../../code-of.ts';
import { newRunning } from './running.ts';

describe('who asks a network', () => {
  let users: string;
  beforeEach(() => {
    users = mkdtempSync(join(tmpdir(), 'users-'));
  });
  afterEach(() => {
    rmSync(users, { recursive: true });
  });

  it.each(['User1@northlight.example', 'Admin@helios.example'])(
    'is whichever member has keys here: %s',
    (member) => {
      expect(hasReader(newRunning(users))).toBe(false);
      mkdirSync(join(users, member, 'msp'), { recursive: true });
      expect(hasReader(newRunning(users))).toBe(true);
    },
  );

  it('is nobody where there are no keys of a member', async () => {
    const connect = (): unknown => connectReader('/nowhere', newRunning(users), 1);
    expect(await codeOf(connect)).toBe('OPTION_INVALID');
  });
});
