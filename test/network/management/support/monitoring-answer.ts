/** What a device answers that is monitored. */
import { suiteOf } from '@lamplighter/sdk/crypto';
import { intervalsAnswer, measureImage } from '@lamplighter/sdk/protocol';
import type { DeviceState, Intervals, MonAns, MonReqE, MonReqL } from '@lamplighter/sdk/wire';
import type { TestDevice } from './test-device.ts';

/** Monitoring, step 4, as a device in good order would do it. */
export function answer(
  device: TestDevice,
  request: MonReqE | MonReqL,
  intervals: Intervals,
  state: Partial<DeviceState> = {},
): MonAns {
  const { n, r } = request;
  const lightweight = request.type === 'mon-req-l';
  return {
    type: 'mon-ans',
    n,
    idD: device.id,
    seq: device.state.seq,
    ver: `1.0.${String(device.state.seq)}`,
    size: device.image.length,
    ...measureImage(suiteOf(0x0103), r, device.image),
    r,
    hack: lightweight ? intervalsAnswer(suiteOf(0x0103), r, intervals) : new Uint8Array(0),
    state: { ...device.state, opensIn: intervals.fti, ...state },
  };
}
