import { Closers } from '../../../network/src/closers.ts';
import type { Ledger } from '../../../network/src/ledger/index.ts';
import { Members, type Member } from '../../../network/src/operator/city/members.ts';

describe('the members of a ledger', () => {
  const setting = (): {
    readonly members: Members;
    readonly closers: Closers;
    readonly log: string[];
    readonly failures: Error[];
  } => {
    const closers = new Closers();
    const log: string[] = [];
    const failures: Error[] = [];
    const members = new Members(async (mspId, name, role): Promise<Member> => {
      const id = `${mspId} ${name} ${role}`;
      log.push(`open ${id}`);
      const failure = await Promise.resolve(failures.shift());
      if (failure !== undefined) throw failure;
      const close = (): Promise<void> => Promise.resolve(void log.push(`close ${id}`));
      return { ledger: { mspId, close } as unknown as Ledger, certificate: id };
    }, closers);
    return { members, closers, log, failures };
  };

  it('have one client for each identity, which is closed once', async () => {
    const { members, closers, log } = setting();
    const [vendor, manager, other] = await Promise.all([
      members.connect('HeliosMSP', 'Admin', 'admin'),
      members.connect('HeliosMSP', 'Admin', 'admin'),
      members.connect('HeliosMSP', 'gateway-south', 'client'),
    ]);
    expect(manager).toBe(vendor);
    expect(other).not.toBe(vendor);
    expect(await members.connect('HeliosMSP', 'Admin', 'admin')).toBe(vendor);
    await closers.closeAll();
    expect(log.sort()).toEqual([
      'close HeliosMSP Admin admin',
      'close HeliosMSP gateway-south client',
      'open HeliosMSP Admin admin',
      'open HeliosMSP gateway-south client',
    ]);
  });

  it('are connected anew after a failure, of which nothing is left to close', async () => {
    const { members, closers, log, failures } = setting();
    failures.push(new Error('away'));
    const both = [1, 2].map(() => members.connect('HeliosMSP', 'Admin', 'admin'));
    for (const each of both) await expect(each).rejects.toThrow('away');
    const member = await members.connect('HeliosMSP', 'Admin', 'admin');
    expect(member.certificate).toBe('HeliosMSP Admin admin');
    await closers.closeAll();
    const open = 'open HeliosMSP Admin admin';
    expect(log).toEqual([open, open, 'close HeliosMSP Admin admin']);
  });
});
