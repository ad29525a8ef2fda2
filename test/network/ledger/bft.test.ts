/** The ledger client on four SmartBFT orderers and three peers of Fabric's own programs: skipped without them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { FabricNetwork } from '../../../network/src/fabric/index.ts';
import { connectLedger, type ConnectedLedger } from '../../../network/src/ledger/index.ts';
import { Organisation } from '../../../network/src/membership/organisation.ts';
import { codeOf } from '../code-of.ts';
import { describeWithFabric } from '../fabric/binaries.ts';
import { featuresOptions } from '../fabric/features-network.ts';
import { ORGANISATIONS } from '../fabric/topologies.ts';

jest.setTimeout(300_000);

const OWN = 'NorthlightMSP';

describeWithFabric('a ledger client on SmartBFT', () => {
  let directory: string;
  let network: FabricNetwork;
  let ledger: ConnectedLedger;
  let count = 0;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ledger-bft-'));
    network = await FabricNetwork.start(featuresOptions(directory));
    ledger = await connectLedger({
      profile: network.connectionProfile(OWN),
      identity: await network.enrol(OWN, 'User1', 'client'),
      channel: 'city',
      chaincode: 'features',
    });
  });

  afterAll(async () => {
    await ledger.close();
    await network.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function put(): Promise<string> {
    const key = `key-${(count += 1)}`;
    const { transactionId } = await ledger.submit('Features:Put', [key, 'v']);
    return transactionId;
  }

  /** Kills a node; resolves when it is started again and all are healthy. */
  async function restart(name: string): Promise<void> {
    const pidOf = (): number | undefined =>
      network.nodes.find((node) => node.name === name)?.processId;
    const before = pidOf()!;
    process.kill(before, 'SIGKILL');
    while (pidOf() === before || pidOf() === undefined) await delay(20);
    while ((await network.failedChecks()).length > 0) await delay(20);
  }

  it('commits what it sends, and tells the status of what it does not know', async () => {
    expect(await ledger.status(await put())).toBe('VALID');
    expect(await ledger.status('00'.repeat(32))).toBeUndefined();
  });

  it('learns what became of a transaction that orderers refuse, since they had it before', async () => {
    const prepared = await ledger.prepare('Features:Put', ['twice', 'v']);
    const outcome = await ledger.send(prepared);
    expect(outcome.code).toBe('VALID');
    expect(await ledger.send(prepared)).toEqual(outcome);
  });

  it('tells the loser of two that conflict', async () => {
    // Endorsed at one height, whatever comes between.
    const prepare = () => ledger.prepare('Features:Increment', ['counted']);
    const prepared = await Promise.all([prepare(), prepare()]);
    const outcomes = await Promise.all(prepared.map((one) => ledger.send(one)));
    expect(outcomes.map(({ code }) => code).sort()).toEqual(['MVCC_READ_CONFLICT', 'VALID']);
  });

  it('goes on while a peer that was killed comes back with other certificates', async () => {
    const [{ domain, mspId, name }] = ORGANISATIONS.slice(1) as [(typeof ORGANISATIONS)[0]];
    const peers = path.join(directory, 'organizations/peerOrganizations', domain, 'peers');
    const node = `peer0.${domain}`;
    const files = ['tls/server.crt', `msp/signcerts/${node}-cert.pem`];
    const read = (): Promise<readonly string[]> =>
      Promise.all(files.map((file) => readFile(path.join(peers, node, file), 'utf8')));
    const before = await read();
    await rm(path.join(peers, node), { recursive: true });
    await Organisation.open({ directory, kind: 'peer', mspId, domain, nodes: ['peer0'] });
    const after = await read();
    expect(after.every((certificate, index) => certificate !== before[index])).toBe(true);
    const restarting = restart(node);
    await put();
    await restarting;
    await put();
    // It endorses and tells again what it knows, under its new certificates.
    const key = `key-${count}`;
    const answer = (): Promise<string> =>
      codeOf(async () => {
        const value = await ledger.evaluate('Features:Get', [key], { organisation: mspId });
        if (Buffer.from(value).toString() !== 'v') throw new Error(`${name} is behind`);
      });
    while ((await answer()) !== 'none') await delay(20);
  });

  it('hears every event once while its own peer is killed', async () => {
    const { height } = await ledger.chain();
    const controller = new AbortController();
    const heard: string[] = [];
    await ledger.submit('Features:Emit', ['Lit', 'first']);
    for await (const event of ledger.events({ startBlock: height, signal: controller.signal })) {
      heard.push(Buffer.from(event.payload).toString());
      if (heard.length === 1) {
        await restart(`peer0.${ORGANISATIONS[0]!.domain}`);
        await ledger.submit('Features:Emit', ['Lit', 'second']);
      } else controller.abort();
    }
    expect(heard).toEqual(['first', 'second']);
  });

  it('signs under a renewed identity', async () => {
    ledger.renew(await network.enrol(OWN, 'User2', 'client'));
    expect(await ledger.status(await put())).toBe('VALID');
  });
});
