/** What a WebSocket upgrade must look like before any socket is kept (protocol §1), in the order in which it is checked. */
import type { IncomingMessage } from 'node:http';

/** The sub-protocol, which is the version (protocol §1). */
export const SUB_PROTOCOL = 'lamplighter.v1';
/** Where devices dial. */
export const DEVICE_PATH = '/v1/device';
/** Header fields of one request; Node leaves the others out. */
export const HEADER_FIELDS = 64;

/** Why an upgrade is refused. */
export interface UpgradeRefusal {
  readonly status: 400 | 403 | 404 | 431;
  /** For the operator's events. */
  readonly reason: string;
  /** For the peer. */
  readonly detail: string;
}

/** As much of a request as the rules look at. */
export type UpgradeRequest = Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders'>;

/**
 * The first rule that `request` breaks, or null.
 *
 * @param origins web pages that may dial. A device is no web page: what names another is refused
 */
export function upgradeRefusal(
  request: UpgradeRequest,
  origins: readonly string[],
): UpgradeRefusal | null {
  // Name and value each; where fields were left out, what is missing is not known.
  if (request.rawHeaders.length >= 2 * HEADER_FIELDS) {
    const detail = `expected fewer than ${HEADER_FIELDS} header fields`;
    return { status: 431, reason: 'UPGRADE_TOO_MANY_HEADERS', detail };
  }
  if (request.url?.split('?', 1)[0] !== DEVICE_PATH) {
    return { status: 404, reason: 'UPGRADE_WRONG_PATH', detail: `devices dial ${DEVICE_PATH}` };
  }
  const { origin } = request.headers;
  if (origin !== undefined && !origins.includes(origin)) {
    const detail = 'expected no Origin, or one that this node is set up for';
    return { status: 403, reason: 'UPGRADE_FOREIGN_ORIGIN', detail };
  }
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  if (!offered.split(',').some((name) => name.trim() === SUB_PROTOCOL)) {
    const detail = `expected the sub-protocol ${SUB_PROTOCOL}`;
    return { status: 400, reason: 'UPGRADE_WRONG_SUBPROTOCOL', detail };
  }
  return null;
}
