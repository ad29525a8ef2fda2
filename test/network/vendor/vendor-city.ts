/** Two vendor nodes and a manager that answers for anchors, over the real contracts in memory. */
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  NonceMemory,
  newSealingKeyPair,
  readAnchorRequest,
  signAnchorAnswer,
  verifyAnchorRequest,
  type ManagerParty,
  type SealingKeyPair,
} from '../../../network/src/exchange/index.ts';
import { Contracts } from '../../../network/src/ledger/index.ts';
import { VendorNode, type VendorNodeOptions } from '../../../network/src/vendor/index.ts';
import { thePeople, type People } from '../../chaincode/city.ts';
import type { MemoryLedger } from '../../chaincode/memory-ledger.ts';
import { peerPemOf } from '../../chaincode/peer-certificates.ts';
import { foundedLedger } from '../../chaincode/stake/founded-ledger.ts';
import { contractLedger, type ContractLedger } from '../contract-ledger.ts';
import { GATEWAY } from '../exchange/parties.ts';

export const INTERVALS = { fti: 10, rti: 2, uti: 15 };

export class VendorCity implements AsyncDisposable {
  readonly memory: MemoryLedger;
  readonly people: People;
  readonly directory: string;
  readonly northlight: VendorNode;
  readonly helios: VendorNode;
  readonly ledger: ContractLedger;
  readonly sealing: SealingKeyPair;
  readonly #manager: Server;
  /** How many requests for anchors came. */
  anchorRequests: () => number;

  private constructor(parts: {
    readonly memory: MemoryLedger;
    readonly people: People;
    readonly directory: string;
    readonly nodes: readonly [VendorNode, VendorNode];
    readonly ledger: ContractLedger;
    readonly sealing: SealingKeyPair;
    readonly manager: Server;
    readonly anchorRequests: () => number;
  }) {
    this.memory = parts.memory;
    this.people = parts.people;
    this.directory = parts.directory;
    [this.northlight, this.helios] = parts.nodes;
    this.ledger = parts.ledger;
    this.sealing = parts.sealing;
    this.#manager = parts.manager;
    this.anchorRequests = parts.anchorRequests;
  }

  /** Vendors, two models of Northlight and the manager are registered; @param options of Northlight's node */
  static async start(options: Partial<VendorNodeOptions> = {}): Promise<VendorCity> {
    const people = await thePeople();
    const memory = await foundedLedger(people.northlight.administrator);
    const directory = await mkdtemp(path.join(tmpdir(), 'vendor-'));
    const ledger = contractLedger(memory, people.northlight.administrator);
    const northlight = await VendorNode.start({
      id: 'northlight',
      directory: path.join(directory, 'northlight'),
      ledger,
      managers: ['gateway-north'],
      ...options,
    });
    const helios = await VendorNode.start({
      id: 'helios',
      directory: path.join(directory, 'helios'),
      ledger: contractLedger(memory, people.helios.administrator),
    });
    const sealing = await newSealingKeyPair();
    const { manager, anchorRequests } = await startManager(northlight.contracts);
    const { port } = manager.address() as AddressInfo;
    await northlight.register([peerPemOf('northlight')]);
    await helios.register([peerPemOf('helios')]);
    const model = { vendor: 'northlight', slotBytes: 65_536, approvals: 1 };
    await northlight.contracts.registerModel({ id: 'prime', kind: 'end', ...model });
    await northlight.contracts.registerModel({ id: 'mote', kind: 'lightweight', ...model });
    await northlight.contracts.registerManagementNode({
      id: 'gateway-north',
      certificate: people.northlight.manager.digest,
      signatureKey: Buffer.from(GATEWAY.public).toString('hex'),
      sealingKey: Buffer.from(sealing.publicKey).toString('hex'),
      treeKey: '',
      endpoints: ['ws://127.0.0.1:9100/v1/device'],
      url: `http://127.0.0.1:${port}`,
    });
    const nodes = [northlight, helios] as const;
    return new VendorCity({
      memory,
      people,
      directory,
      nodes,
      ledger,
      sealing,
      manager,
      anchorRequests,
    });
  }

  /** The manager's side of a request to Northlight. */
  get party(): ManagerParty {
    return {
      manager: 'gateway-north',
      signatureKey: GATEWAY.secret,
      sealingSecretKey: this.sealing.secretKey,
      vendor: 'northlight',
      vendorKey: new Uint8Array(Buffer.from(this.northlight.signingKey, 'hex')),
      url: this.northlight.url,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.northlight.close();
    await this.helios.close();
    this.#manager.closeAllConnections();
    await new Promise((resolve) => this.#manager.close(resolve));
    await rm(this.directory, { recursive: true });
  }
}

/** Answers `POST /v1/anchors` as a management node does. */
async function startManager(
  contracts: Contracts,
): Promise<{ manager: Server; anchorRequests: () => number }> {
  const nonces = new NonceMemory();
  let requests = 0;
  const manager = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
      const message = readAnchorRequest(new Uint8Array(Buffer.concat(pieces)));
      const vendor = await contracts.readVendor(message.claim.vendor);
      const { items } = verifyAnchorRequest(message, {
        vendorKey: new Uint8Array(Buffer.from(vendor.signingKey, 'hex')),
        manager: 'gateway-north',
        freshness: { now: Math.floor(Date.now() / 1_000), nonces },
      });
      requests += 1;
      const anchors = items.map(() => ({ length: 4_096, anchor: new Uint8Array(32).fill(5) }));
      response.end(signAnchorAnswer(message, anchors, GATEWAY.secret));
    })().catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => {
    manager.listen(0, '127.0.0.1', resolve);
  });
  return { manager, anchorRequests: () => requests };
}
