/** One host of an inventory as a process of its own, with a client of its organisation. Told what to do over IPC. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Gateway } from 'fabric-network';

import {
  startHost,
  type FabricBinaries,
  type FabricHost,
} from '../../../../network/src/fabric/index.ts';

/** In the environment, as JSON. */
export interface HostSettings {
  readonly folder: string;
  readonly binaries: FabricBinaries;
  readonly modulePath: string;
  /** Whose administrator is the client; none: no client. */
  readonly organisation?: {
    readonly name: string;
    readonly mspId: string;
    readonly domain: string;
  };
}

export type HostRequest =
  | { readonly put: string; readonly value: string; readonly endorsers: readonly string[] }
  | { readonly get: string };

export interface HostAnswer {
  readonly value?: string;
  readonly failure?: string;
  /** Heights by node, once it is ready. */
  readonly heights?: Readonly<Record<string, number>>;
}

const leaving = new AbortController();
const settings = JSON.parse(process.env['HOST'] ?? '{}') as HostSettings;

async function credentials(domain: string) {
  const folder = join(
    settings.folder,
    `organizations/peerOrganizations/${domain}/users/Admin@${domain}/msp`,
  );
  const [certificate, privateKey] = await Promise.all(
    [`signcerts/Admin@${domain}-cert.pem`, 'keystore/priv_sk'].map((path) =>
      readFile(join(folder, path), 'utf8'),
    ),
  );
  return { certificate: certificate!, privateKey: privateKey! };
}

async function answer(request: HostRequest): Promise<string> {
  const { name, mspId, domain } = settings.organisation!;
  const gateway = new Gateway();
  const text = await readFile(join(settings.folder, `connection-${name}.json`), 'utf8');
  const member = await credentials(domain);
  await gateway.connect(JSON.parse(text) as Record<string, unknown>, {
    identity: { type: 'X.509', mspId, credentials: member } as never,
    discovery: { enabled: false, asLocalhost: false },
    tlsInfo: { certificate: member.certificate, key: member.privateKey },
  });
  try {
    const contract = (await gateway.getNetwork('city')).getContract('features', 'Features');
    if ('get' in request)
      return (await contract.evaluateTransaction('Get', request.get)).toString();
    const transaction = contract.createTransaction('Put');
    transaction.setEndorsingOrganizations(...request.endorsers);
    await transaction.submit(request.put, request.value);
    return request.value;
  } finally {
    gateway.disconnect();
  }
}

function say(message: HostAnswer): void {
  process.send?.(message);
}

async function main(): Promise<FabricHost> {
  const host = await startHost({ ...settings, signal: leaving.signal });
  process.on('message', (request: HostRequest) => {
    answer(request).then(
      (value) => {
        say({ value });
      },
      (error: unknown) => {
        say({ failure: String(error) });
      },
    );
  });
  say({ heights: Object.fromEntries(await host.heights()) });
  return host;
}

const running = main();
running.catch((error: unknown) => {
  say({ failure: String(error) });
  process.exitCode = 1;
});
process.on('disconnect', () => {
  leaving.abort();
  running
    .then((host) => host.close())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
