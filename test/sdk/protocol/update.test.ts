/** Protocols 2 and 4 up to the delivery, both halves (docs/protocol.md §6.3, §6.5). */
import {
  NO_UPDATE_STATE,
  acknowledgeResult,
  admitOffer,
  closeQuery,
  isUpdating,
  judgeOffer,
  judgeQuery,
  mayQuery,
  nextQueryIn,
  noUpdate,
  offerShowsAbnormal,
  offerUpdate,
  openQuery,
  queryIsOpen,
  takeDone,
} from '@lamplighter/sdk/protocol';
import type { UpdateState } from '@lamplighter/sdk/protocol';
import type { Message } from '@lamplighter/sdk/wire';
import { filled } from './session-fixture.ts';

const OWN = { seq: 7, version: '1.0.7', size: 100, hfw: filled(1) };
const MANIFEST = { sha256: filled(2), size: 300 };
const CURRENT = { seq: 7, hfw: filled(1) };

function queried(at: number): UpdateState {
  return openQuery(NO_UPDATE_STATE, 'lamp-1', OWN, filled(9), at).state;
}

describe('a query', () => {
  it('comes at a random part of UTI after a start, then every UTI give or take a tenth', () => {
    expect([nextQueryIn(100, 0, true), nextQueryIn(100, 0.5, true)]).toEqual([0, 50]);
    expect(nextQueryIn(100, 0, false)).toBeCloseTo(90);
    expect(nextQueryIn(100, 1, false)).toBeCloseTo(110);
  });

  it('keeps others away for 60 s, and is open for 300 s', () => {
    const state = queried(1000);
    expect([mayQuery(state, 1059), mayQuery(state, 1060)]).toEqual([false, true]);
    expect([queryIsOpen(state, 1299), queryIsOpen(state, 1300)]).toEqual([true, false]);
    expect(mayQuery(closeQuery(state), 1001)).toBe(true);
  });

  it('is judged by version, size and digest, and for its own device only', () => {
    const { query } = openQuery(NO_UPDATE_STATE, 'lamp-1', OWN, filled(9), 0);
    expect(judgeQuery(query, 'lamp-1', OWN)).toEqual({ kind: 'judged', reasons: [] });
    expect(judgeQuery(query, 'lamp-2', OWN)).toEqual({ kind: 'false' });
    const expected = { seq: 8, version: '1.0.7', size: 101, hfw: filled(3) };
    expect(judgeQuery(query, 'lamp-1', expected)).toEqual({
      kind: 'judged',
      reasons: ['version', 'size', 'digest'],
    });
  });

  it('may be answered by no offer', () => {
    expect(noUpdate(0)).toEqual({ type: 'upd-none', why: 0, proofs: false });
  });
});

describe('an offer', () => {
  it('made to the firmware in use is taken', () => {
    const offer = offerUpdate(CURRENT, MANIFEST);
    expect(judgeOffer(offer, OWN)).toEqual({ manifest: { kind: 1, ...MANIFEST } });
  });

  it.each([
    ['another seq', { curSeq: 6 }, 4],
    ['another digest', { curHfw: filled(3) }, 4],
    ['proofs that are no proof set', { proofs: { kind: 3, sha256: filled(4), size: 9 } }, 9],
    ['a blob that is no manifest', { manifest: { kind: 7, ...MANIFEST } }, 9],
    ['a manifest beyond 64 KiB', { manifest: { kind: 1, sha256: filled(2), size: 65537 } }, 7],
    ['an empty manifest', { manifest: { kind: 1, sha256: filled(2), size: 0 } }, 7],
  ])('with %s is refused by code', (_, change, code) => {
    const judged = judgeOffer({ ...offerUpdate(CURRENT, MANIFEST), ...change }, OWN);
    expect(judged).toEqual({ refusal: { type: 'error', re: 18, code } });
  });

  it('shows M an abnormal device only by error 4 to itself', () => {
    const error = (re: number, code: number): Message => ({ type: 'error', re, code });
    const shown = [error(18, 4), error(18, 9), error(16, 4), noUpdate(0)].map(offerShowsAbnormal);
    expect(shown).toEqual([true, false, false, false]);
  });

  it('comes unasked at most four times an hour', () => {
    let state = NO_UPDATE_STATE;
    const codes = [0, 10, 20, 30, 40, 3599, 3600].map((at) => {
      const admitted = admitOffer(state, at);
      state = admitted.state;
      return admitted.refusal;
    });
    const busy = { type: 'error', re: 18, code: 11 };
    expect(codes).toEqual([null, null, null, null, busy, busy, null]);
    expect(state.offers.length).toBeLessThanOrEqual(4);
  });

  it('that answers a query does not count, once', () => {
    let { state } = admitOffer(queried(0), 5);
    expect(state).toEqual(NO_UPDATE_STATE);
    state = admitOffer(state, 6).state;
    expect(state.offers).toEqual([6]);
  });
});

describe('an update at M', () => {
  it('is under way from done 0 to the result, for 30 minutes at most', () => {
    const done = (code: number) => ({ type: 'done', sha256: filled(2), code }) as const;
    const trying = takeDone(done(0), filled(2), 100);
    expect([isUpdating(trying, 1899), isUpdating(trying, 1900)]).toEqual([true, false]);
    expect(takeDone(done(5), filled(2), 100)).toEqual({ stage: 'idle' });
    expect(isUpdating({ stage: 'idle' }, 0)).toBe(false);
  });

  it('ends with a result that is acknowledged every time', () => {
    const result = { type: 'result', attempt: 3, seq: 8, sha256: filled(2), code: 0 } as const;
    expect(acknowledgeResult(result)).toEqual({ type: 'result-ack', attempt: 3 });
  });
});
