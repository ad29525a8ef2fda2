/**
 * The operator's API for `lamplighter stake …`: `POST` of a JSON object to `/v1/operator/stake/` and `status`, `offer`, `accept`,
 * `withdraw`, `skip`, `return`, `burn` or `lift`. Each acts for the organisation of the vendor node that is asked.
 */
import { randomBytes } from 'node:crypto';

import type { StakeOffer } from '@lamplighter/chaincode';

import type { Route } from './http.ts';
import { idOf, malformed, reasonOf, type Body, type OperatorApi } from './operator-routes.ts';
import type { StakeDesk } from './stake-desk.ts';

export function stakeRoutes(api: OperatorApi, desk: () => StakeDesk): readonly Route[] {
  return [
    api.route('stake/status', (_, __, signal) => desk().status(signal)),
    api.route('stake/offer', async (body, _, signal) => {
      const offer = offerOf(body);
      const { transactionId } = await desk().offer(offer, signal);
      return { ...offer, transactionId };
    }),
    api.route('stake/accept', async (body, _, signal) => {
      const offer = idOf(body, 'offer');
      const { transactionId } = await desk().accept(offer, signal);
      return { offer, transactionId };
    }),
    api.route('stake/withdraw', async (body, _, signal) => {
      const offer = idOf(body, 'offer');
      const { transactionId } = await desk().withdraw(offer, signal);
      return { offer, transactionId };
    }),
    api.route('stake/skip', (body, _, signal) => desk().skip(reasonOf(body), signal)),
    api.route('stake/return', (_, __, signal) => desk().return(signal)),
    api.route('stake/burn', async (body, _, signal) => {
      const id = caseOf(body);
      const { transactionId } = await desk().voteBurn(id, signal);
      return { case: id, transactionId };
    }),
    api.route('stake/lift', async (body, _, signal) => {
      const id = caseOf(body);
      const { transactionId } = await desk().liftBar(id, signal);
      return { case: id, transactionId };
    }),
  ];
}

/** The id is made up when there is none. */
function offerOf(body: Body): StakeOffer {
  const { shares, buyer = '', price = '' } = body;
  if (typeof shares !== 'string' || !/^[1-9][0-9]{0,19}$/.test(shares)) {
    throw malformed('shares', 'a number in decimals, as text');
  }
  if (typeof buyer !== 'string') throw malformed('buyer', 'an MSP id');
  if (typeof price !== 'string') throw malformed('price', 'words');
  const id = body['id'] === undefined ? `sale-${randomBytes(4).toString('hex')}` : idOf(body, 'id');
  return { id, shares, buyer, price };
}

function caseOf(body: Body): string {
  const id = body['case'];
  if (typeof id === 'string' && /^[0-9a-f]{64}$/.test(id)) return id;
  throw malformed('case', 'the id of a case, 32 bytes in hex');
}
