/** The nodes of a city: a vendor node for each organisation, the management nodes, and what they register. */
import { join } from 'node:path';
import { ed25519PublicKey, x25519PublicKey } from '@lamplighter/sdk/crypto';
import { loadMasterKey } from '../../at-rest/master-key.ts';
import type { Closers } from '../../closers.ts';
import { Contracts } from '../../ledger/contracts.ts';
import {
  loadManagementKeys,
  ManagementNode,
  type ManagementEvent,
} from '../../management/index.ts';
import { VendorNode } from '../../vendor/index.ts';
import { certificateDigest, type LedgerSide } from './ledger-side.ts';
import { onceThere, unlessThere } from './registrations.ts';
import { TamperingMirror } from './tampering-mirror.ts';
import {
  DEMO_INTERVALS,
  MANAGERS,
  MOST_DEVICES,
  VENDORS,
  type ManagerPlan,
  type VendorPlan,
} from './plan.ts';

/** Vendor of the model whose release is altered on its way. */
const MIRRORED = 'northlight';
const TAKEN: ReadonlySet<string> = new Set(['ADDRESS_IN_USE', 'EADDRINUSE']);

export type Vendors = ReadonlyMap<string, VendorNode>;
export type Managers = ReadonlyMap<string, ManagementNode>;

export interface NodesOptions {
  readonly directory: string;
  readonly ledger: LedgerSide;
  readonly closers: Closers;
  /** Ports of an earlier run by node id; devices of other makes dial the same address again. */
  readonly ports: Readonly<Record<string, number>>;
  readonly onEvent: (event: ManagementEvent) => void;
  /** Hears what failed in the background. */
  readonly onFault: (error: unknown) => void;
  /** Hears, from a vendor, of a management node whose devices are overdue on the ledger. */
  readonly onManagerGone: (vendor: string, manager: string) => void;
}

/** Starts the vendor nodes and registers vendors and models. */
export async function startVendors(options: NodesOptions): Promise<Vendors> {
  const nodes = await Promise.all(VENDORS.map((plan) => startVendor(plan, options)));
  return new Map(nodes.map((node) => [node.id, node]));
}

async function startVendor(plan: VendorPlan, options: NodesOptions): Promise<VendorNode> {
  const { ledger } = await options.ledger.connect(plan.mspId, 'Admin', 'admin');
  const node = await onPort(options.ports[plan.id], (port) =>
    VendorNode.start({
      id: plan.id,
      directory: join(options.directory, 'vendors', plan.id),
      port,
      ledger,
      managers: MANAGERS.map((manager) => manager.id),
      keepsTurns: true,
      onManagerGone: (standing) => {
        options.onManagerGone(plan.id, standing.manager);
      },
    }),
  );
  options.closers.add(() => node.close());
  await node.register([options.ledger.network.peerCertificate(plan.mspId)]);
  await Promise.all(plan.models.map((model) => registerModel(node, model)));
  return node;
}

async function registerModel(node: VendorNode, model: VendorPlan['models'][number]): Promise<void> {
  const { id, kind, slotBytes } = model;
  await unlessThere('MODEL_EXISTS', () =>
    // A registration is waited for at the own peer; the others may be a block behind.
    onceThere('VENDOR_NOT_FOUND', () =>
      node.contracts.registerModel({ id, vendor: node.id, kind, slotBytes, approvals: 1 }),
    ),
  );
}

/** The mirror that the showcase's altered release comes by. */
export async function startMirror(
  options: NodesOptions,
  vendors: Vendors,
): Promise<TamperingMirror> {
  const { url } = vendors.get(MIRRORED) ?? raise(MIRRORED);
  const mirror = await onPort(options.ports[TamperingMirror.id], (port) =>
    TamperingMirror.start(url, port),
  );
  options.closers.add(() => mirror.close());
  return mirror;
}

/** Starts the management nodes; their organisations' administrators register them. */
export async function startManagers(options: NodesOptions): Promise<Managers> {
  const nodes = await Promise.all(MANAGERS.map((plan) => startManager(plan, options)));
  return new Map(nodes.map((node) => [node.id, node]));
}

async function startManager(plan: ManagerPlan, options: NodesOptions): Promise<ManagementNode> {
  const { id, mspId } = plan;
  const directory = join(options.directory, 'gateways', id);
  const masterKey = await loadMasterKey(directory);
  const keys = await loadManagementKeys(directory, id, masterKey);
  const member = await options.ledger.connect(mspId, id, 'client');
  const node = await onPort(options.ports[id], (port) =>
    ManagementNode.start({
      id,
      mspId,
      directory,
      port,
      ledger: member.ledger,
      keys,
      storage: { kind: 'disk', masterKey },
      intervals: { base: DEMO_INTERVALS },
      // All devices of the demonstration share one address.
      halfOpen: { perAddress: MOST_DEVICES },
      onEvent: options.onEvent,
    }),
  );
  options.closers.add(() => node.close());
  const administrator = await options.ledger.connect(mspId, 'Admin', 'admin');
  const register = (treeKey: string): Promise<unknown> =>
    new Contracts(administrator.ledger).registerManagementNode({
      id,
      certificate: certificateDigest(member.certificate),
      signatureKey: hex(ed25519PublicKey(keys.signature)),
      sealingKey: hex(x25519PublicKey(keys.sealing)),
      treeKey,
      endpoints: [`ws://127.0.0.1:${node.port}/v1/device`],
      url: `http://127.0.0.1:${node.port}`,
    });
  await register(hex(node.treeKey ?? new Uint8Array(0)));
  node.on((event) => {
    // A failure is told by the next start, which registers again; devices have leaves for weeks.
    if (event.type === 'tree-renewed') register(event.treeKey).catch(options.onFault);
  });
  return node;
}

/**
 * Devices that a manager has in its database, and finds it by the address of the last run: they need no new assignment.
 *
 * @param ports of that run
 */
export function settledDevices(
  managers: Managers,
  ports: NodesOptions['ports'],
): ReadonlySet<string> {
  return new Set(
    [...managers.values()]
      .filter(({ id, port }) => ports[id] === port)
      .flatMap(({ devices }) => devices),
  );
}

function raise(vendor: string): never {
  throw new RangeError(`no vendor node ${vendor}`);
}

/** Listens on the port of the last run, or on a free one when somebody else has it by now. */
async function onPort<T>(
  last: number | undefined,
  listen: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await listen(last ?? 0);
  } catch (error) {
    if (last === undefined || !TAKEN.has(String((error as { code?: unknown }).code))) throw error;
    return listen(0);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
