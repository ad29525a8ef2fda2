/**
 * Whom an address counts for: an IPv4 address for itself, an IPv6 address for its /64, which is the least that one
 * subscriber is given (RFC 6177), so that nobody has 2^64 shares of a limit.
 */
import { isIPv4, isIPv6 } from 'node:net';

const MAPPED = '::ffff:';
/** Groups of 16 bits in an IPv6 address, and in its /64. */
const GROUPS = 8;
const GROUPS_OF_64 = 4;

/**
 * The name under which limits count `address`.
 *
 * @param address as a socket tells it; undefined and whatever is no address count as one
 */
export function addressGroup(address: string | undefined): string {
  const [plain = ''] = (address ?? '').toLowerCase().split('%', 1);
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return 'unknown';
  // An IPv4 peer of a socket that listens on both.
  const mapped = plain.startsWith(MAPPED) ? plain.slice(MAPPED.length) : '';
  if (isIPv4(mapped)) return mapped;
  const groups = expand(plain).slice(0, GROUPS_OF_64);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left;
  const right = tail === '' ? [] : tail.split(':');
  // A dotted end stands for two groups; what it holds lies beyond the /64.
  const dotted = address.includes('.') ? 1 : 0;
  const missing = GROUPS - left.length - right.length - dotted;
  return [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right];
}
