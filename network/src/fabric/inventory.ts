/**
 * The inventory of a network on several hosts: which organisation has which orderer, peer and chaincode server, who runs it, and at
 * which address all others reach it. Pure.
 */
import { isIP } from 'node:net';

import { messageOf } from '../errors.ts';
import { FabricError, type FabricErrorCode } from './errors.ts';

const FORMAT = 'lamplighter.inventory.v1';
/** With fewer, BFT orderers stand still when one is lost. */
const FEWEST_ORDERERS = 4;
/** With fewer, none is left to decide when two disagree. */
const FEWEST_ORGANISATIONS = 3;

/** Where a node runs. */
export interface Seat {
  /** The host's name: that of its folder. */
  readonly host: string;
  /** Host name or IP address by which the others reach it. */
  readonly address: string;
  readonly port: number;
}

export interface OrdererEntry extends Seat {
  readonly mspId: string;
  readonly domain: string;
}

export interface OrganisationEntry {
  /** Short name, such as `northlight`. */
  readonly name: string;
  readonly mspId: string;
  readonly domain: string;
  readonly peer: Seat;
  readonly chaincode: Seat;
}

export interface Inventory {
  readonly channel: string;
  readonly chaincode: {
    readonly name: string;
    readonly version: string;
    readonly sequence: number;
  };
  /** Who judges whether stake suffices: the same on all hosts. */
  readonly validation: 'plugin' | 'coalitions';
  readonly organisations: readonly OrganisationEntry[];
  /** In the order of their consenter ids. */
  readonly orderers: readonly OrdererEntry[];
}

type Json = Readonly<Record<string, unknown>>;

function refuse(code: FabricErrorCode, where: string, message: string): FabricError {
  return new FabricError(code, `the inventory's ${where}: ${message}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 80);
}

/** An object with exactly these fields. */
function objectOf(where: string, value: unknown, fields: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('INVENTORY_MALFORMED', where, `expected an object, got ${shown(value)}`);
  }
  const strange = Object.keys(value).find((name) => !fields.includes(name));
  if (strange !== undefined) {
    throw refuse(
      'INVENTORY_MALFORMED',
      where,
      `expected ${fields.join(', ')} only, got ${shown(strange)}`,
    );
  }
  const missing = fields.find((name) => !(name in value));
  if (missing !== undefined) {
    throw refuse('INVENTORY_MALFORMED', where, `expected ${missing}, got none`);
  }
  return value as Json;
}

function listOf(where: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refuse('INVENTORY_MALFORMED', where, `expected a list, got ${shown(value)}`);
}

function textOf(where: string, value: unknown, form: RegExp, what: string): string {
  if (typeof value !== 'string') {
    throw refuse('INVENTORY_MALFORMED', where, `expected a text, got ${shown(value)}`);
  }
  if (form.test(value)) return value;
  throw refuse('INVENTORY_NAME_INVALID', where, `expected ${what}, got ${shown(value)}`);
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MSP_ID = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const DOMAIN =
  /^(?=.{1,100}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;
const CHANNEL = /^[a-z][a-z0-9.-]{0,248}$/;
const CHAINCODE = /^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]{1,64}$/;
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

const nameOf = (where: string, value: unknown): string =>
  textOf(where, value, NAME, 'small letters, digits and dashes');
const mspIdOf = (where: string, value: unknown): string =>
  textOf(where, value, MSP_ID, 'letters and digits');
const domainOf = (where: string, value: unknown): string =>
  textOf(where, value, DOMAIN, 'a domain of small letters, such as northlight.example');

/** Others have to reach it: neither "all addresses" nor, of what stands in several folders, one's own. */
function isDialable(host: string): boolean {
  if (isIP(host) === 4) return host !== '0.0.0.0';
  return isIP(host) === 0 && HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

function addressOf(where: string, value: unknown): { address: string; port: number } {
  const [, address = '', digits = ''] = /^([^:]+):(\d{1,5})$/.exec(String(value)) ?? [];
  const port = Number(digits);
  if (typeof value === 'string' && isDialable(address) && port >= 1 && port <= 65_535) {
    return { address, port };
  }
  throw refuse(
    'INVENTORY_ADDRESS_INVALID',
    where,
    `expected a host name or IPv4 address, a colon and a port, got ${shown(value)}`,
  );
}

function seatOf(where: string, { host, address }: Json): Seat {
  return { host: nameOf(`${where}.host`, host), ...addressOf(`${where}.address`, address) };
}

function readSeat(where: string, value: unknown): Seat {
  return seatOf(where, objectOf(where, value, ['host', 'address']));
}

function readOrganisation(value: unknown, index: number): OrganisationEntry {
  const where = `organisations[${index}]`;
  const fields = ['name', 'mspId', 'domain', 'peer', 'chaincode'];
  const { name, mspId, domain, peer, chaincode } = objectOf(where, value, fields);
  return {
    name: nameOf(`${where}.name`, name),
    mspId: mspIdOf(`${where}.mspId`, mspId),
    domain: domainOf(`${where}.domain`, domain),
    peer: readSeat(`${where}.peer`, peer),
    chaincode: readSeat(`${where}.chaincode`, chaincode),
  };
}

function readOrderer(value: unknown, index: number): OrdererEntry {
  const where = `orderers[${index}]`;
  const entry = objectOf(where, value, ['mspId', 'domain', 'host', 'address']);
  return {
    mspId: mspIdOf(`${where}.mspId`, entry['mspId']),
    domain: domainOf(`${where}.domain`, entry['domain']),
    ...seatOf(where, entry),
  };
}

function readChaincode(value: unknown): Inventory['chaincode'] {
  const fields = ['name', 'version', 'sequence'];
  const { name, version, sequence } = objectOf('chaincode', value, fields);
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) {
    throw refuse(
      'INVENTORY_MALFORMED',
      'chaincode.sequence',
      `expected an integer from 1, got ${shown(sequence)}`,
    );
  }
  return {
    name: textOf('chaincode.name', name, CHAINCODE, 'letters and digits'),
    version: textOf('chaincode.version', version, VERSION, 'letters, digits and . _ + -'),
    sequence,
  };
}

function readValidation(value: unknown): Inventory['validation'] {
  if (value === 'plugin' || value === 'coalitions') return value;
  throw refuse(
    'INVENTORY_MALFORMED',
    'validation',
    `expected "plugin" or "coalitions", got ${shown(value)}`,
  );
}

function assertDifferent(what: string, values: readonly string[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) {
    throw refuse('INVENTORY_DUPLICATE', what, `expected each once, got ${twice} twice`);
  }
}

/** Orderers of one organisation share its MSP id and domain; none of them with another organisation. */
function assertOrdererOrganisations({ organisations, orderers }: Inventory): void {
  const pairs = [...new Set(orderers.map(({ mspId, domain }) => `${mspId} ${domain}`))];
  const owners = [...pairs.map((pair) => pair.split(' ')), ...organisations.map(pairOf)];
  assertDifferent(
    'MSP ids',
    owners.map(([mspId]) => mspId ?? ''),
  );
  assertDifferent(
    'domains',
    owners.map(([, domain]) => domain ?? ''),
  );
}

function pairOf({ mspId, domain }: OrganisationEntry): readonly string[] {
  return [mspId, domain];
}

function assertWhole(inventory: Inventory): void {
  const { organisations, orderers } = inventory;
  if (organisations.length < FEWEST_ORGANISATIONS) {
    throw refuse(
      'INVENTORY_TOO_FEW',
      'organisations',
      `expected at least ${FEWEST_ORGANISATIONS}, got ${organisations.length}`,
    );
  }
  if (orderers.length < FEWEST_ORDERERS) {
    throw refuse(
      'INVENTORY_TOO_FEW',
      'orderers',
      `expected at least ${FEWEST_ORDERERS}, of which one may be lost, got ${orderers.length}`,
    );
  }
  assertDifferent(
    'organisations',
    organisations.map(({ name }) => name),
  );
  assertOrdererOrganisations(inventory);
  const seats = [...orderers, ...organisations.flatMap(({ peer, chaincode }) => [peer, chaincode])];
  assertDifferent(
    'addresses',
    seats.map(({ address, port }) => `${address}:${port}`),
  );
}

const FIELDS = ['format', 'channel', 'chaincode', 'validation', 'organisations', 'orderers'];

/**
 * Reads an inventory: JSON of the format `lamplighter.inventory.v1`.
 *
 * @throws {@link FabricError} INVENTORY_MALFORMED, INVENTORY_NAME_INVALID, INVENTORY_ADDRESS_INVALID, INVENTORY_DUPLICATE,
 * INVENTORY_TOO_FEW
 */
export function readInventory(text: string): Inventory {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('INVENTORY_MALFORMED', 'text', `expected JSON: ${messageOf(cause)}`);
  }
  const fields = objectOf('top', value, FIELDS);
  if (fields['format'] !== FORMAT) {
    throw refuse(
      'INVENTORY_MALFORMED',
      'format',
      `expected ${FORMAT}, got ${shown(fields['format'])}`,
    );
  }
  const inventory: Inventory = {
    channel: textOf(
      'channel',
      fields['channel'],
      CHANNEL,
      'small letters, digits, dots and dashes',
    ),
    chaincode: readChaincode(fields['chaincode']),
    validation: readValidation(fields['validation']),
    organisations: listOf('organisations', fields['organisations']).map(readOrganisation),
    orderers: listOf('orderers', fields['orderers']).map(readOrderer),
  };
  assertWhole(inventory);
  return inventory;
}

/** Names of all hosts, each once. */
export function hostsOf({ organisations, orderers }: Inventory): readonly string[] {
  const seats = [...orderers, ...organisations.flatMap(({ peer, chaincode }) => [peer, chaincode])];
  return [...new Set(seats.map(({ host }) => host))];
}
