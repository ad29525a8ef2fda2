/**
 * What the demonstration city consists of, as data: three rival vendors, six hub models with real firmware, two
 * management nodes that each serve devices of every vendor, and how devices are spread over them.
 */
import type { DeviceKind } from '@lamplighter/chaincode';
import type { Intervals } from '@lamplighter/sdk/wire';
import type { OrganisationDescription } from '../../membership/index.ts';
import { OperatorError } from '../errors.ts';

export const CHANNEL = 'city';
export const CHAINCODE = 'lamplighter';
/** Of the contracts and of what operates them. */
export const VERSION = '0.1.0';
/** Fewer would leave a model without a device. */
export const FEWEST_DEVICES = 6;
export const MOST_DEVICES = 2_000;
/** How long a validator's turn is. */
export const EPOCH_SECONDS = 60;

/** Seconds; short, so that a visitor sees several rounds (protocol §8 has the defaults for real cities). */
export const DEMO_INTERVALS: Intervals = { fti: 10, rti: 2, uti: 15 };

export interface ModelPlan {
  readonly id: string;
  readonly kind: DeviceKind;
  /** Name of the hub's archive in @pybricks/firmware. */
  readonly archive: string;
  readonly slotBytes: number;
}

export interface VendorPlan {
  readonly id: string;
  readonly mspId: string;
  readonly domain: string;
  /** Of the hundred that stake starts with. */
  readonly shares: number;
  readonly models: readonly ModelPlan[];
}

export interface ManagerPlan {
  readonly id: string;
  readonly mspId: string;
}

export interface DevicePlan {
  readonly id: string;
  readonly vendor: string;
  readonly model: ModelPlan;
  readonly manager: string;
  /** The suite it carries (protocol §4). */
  readonly suite: number;
  /** Whether the device runs an image with one flipped bit, which monitoring has to find. */
  readonly tampered: boolean;
}

const KIB = 1_024;
const model = (id: string, kind: DeviceKind, archive: string, slotKib: number): ModelPlan => ({
  id,
  kind,
  archive,
  slotBytes: slotKib * KIB,
});

export const VENDORS: readonly [VendorPlan, ...VendorPlan[]] = [
  {
    id: 'northlight',
    mspId: 'NorthlightMSP',
    domain: 'northlight.example',
    shares: 45,
    models: [
      model('prime-hub', 'end', 'primehub', 512),
      model('move-hub', 'lightweight', 'movehub', 128),
    ],
  },
  {
    id: 'helios',
    mspId: 'HeliosMSP',
    domain: 'helios.example',
    shares: 30,
    models: [
      model('technic-hub', 'end', 'technichub', 256),
      model('city-hub', 'lightweight', 'cityhub', 256),
    ],
  },
  {
    id: 'meridian',
    mspId: 'MeridianMSP',
    domain: 'meridian.example',
    shares: 25,
    models: [
      model('essential-hub', 'end', 'essentialhub', 512),
      model('ev3-brick', 'end', 'ev3', 1_024),
    ],
  },
];

/** The vendors as a network knows them. */
export const ORGANISATIONS: readonly OrganisationDescription[] = VENDORS.map(
  ({ id, mspId, domain }) => ({ name: id, mspId, domain }),
);

/** What people call an organisation. */
export function nameOf(mspId: string): string {
  return VENDORS.find((vendor) => vendor.mspId === mspId)?.id ?? mspId;
}

export const MANAGERS: readonly ManagerPlan[] = [
  { id: 'gateway-north', mspId: 'NorthlightMSP' },
  { id: 'gateway-south', mspId: 'HeliosMSP' },
];

/** Suites of the demonstration's devices (protocol §4), the default of each kind first; none is legacy. */
const SUITES_OF: Readonly<Record<DeviceKind, readonly number[]>> = {
  end: [0x0103, 0x0101, 0x0105, 0x0102, 0x0104, 0x0201],
  lightweight: [0x0201, 0x0303, 0x0304, 0x0203, 0x0301, 0x0202, 0x0302],
};

/** One end node and one lightweight node run tampered firmware: the second of its model, or the only one. */
const TAMPERED_MODELS = new Set(['essential-hub', 'move-hub']);
const TAMPERED_TURN = 2;

/** The sale of the demonstration: from the largest organisation to the smallest. */
export const SALE = {
  id: 'opening-sale',
  shares: '5',
  price: '500 EUR, by bank transfer',
} as const;

/** Models in use by the demonstration's four protocols. */
export const SHOWCASE = {
  /** Its release waits until a device asks (protocol 2). */
  onRequest: 'prime-hub',
  /** Their releases are propagated (protocol 4). */
  propagated: ['technic-hub', 'city-hub'],
  /** A thief publishes for it with a key that is not the vendor's. */
  forged: 'ev3-brick',
  /** Its release comes by a mirror that alters every device's envelope. */
  tamperedMirror: 'move-hub',
} as const;

/**
 * Spreads `count` devices: models in turn, and every full round of models goes to the next manager, so that each
 * manager has devices of all vendors and a third of all devices are lightweight. Suites go round within a kind.
 *
 * @throws {OperatorError} OPTION_INVALID when `count` is not a whole number in FEWEST_DEVICES..MOST_DEVICES
 */
export function planDevices(count: number): readonly DevicePlan[] {
  if (!Number.isInteger(count) || count < FEWEST_DEVICES || count > MOST_DEVICES) {
    throw new OperatorError(
      'OPTION_INVALID',
      `--devices takes a whole number from ${FEWEST_DEVICES} to ${MOST_DEVICES}, got ${count}`,
    );
  }
  const models = VENDORS.flatMap((vendor) => vendor.models.map((each) => ({ vendor, each })));
  const suited: Record<DeviceKind, number> = { end: 0, lightweight: 0 };
  const digits = Math.max(2, String(Math.ceil(count / models.length)).length);
  return Array.from({ length: count }, (_, index): DevicePlan => {
    const round = Math.floor(index / models.length);
    const { vendor, each } = at(models, index);
    const id = `${each.id}-${String(round + 1).padStart(digits, '0')}`;
    const manager = at(MANAGERS, round).id;
    const turns = Math.ceil((count - (index % models.length)) / models.length);
    const tampered = TAMPERED_MODELS.has(each.id) && round + 1 === Math.min(TAMPERED_TURN, turns);
    const suite = at(SUITES_OF[each.kind], suited[each.kind]);
    suited[each.kind] += 1;
    return { id, vendor: vendor.id, model: each, manager, suite, tampered };
  });
}

/** The element at `index`, counting round and round. */
function at<T>(list: readonly T[], index: number): T {
  const element = list[index % list.length];
  if (element === undefined) throw new RangeError('the list is empty');
  return element;
}
