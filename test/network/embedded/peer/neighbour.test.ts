import { available, type Neighbour } from '../../../../network/src/embedded/peer/neighbour.ts';
import { newNeighbour, response } from '../neighbours.ts';

const at = (mspId: string, height: number, alive = true): Neighbour =>
  newNeighbour(mspId, () => response(200, 'OK'), { height, alive });

describe('available', () => {
  it('lists the highest first, and the own one before equally high ones', () => {
    const own = at('Own', 5);
    const listed = available([at('Low', 4), at('Same', 5), own, at('High', 6)], own);
    expect(listed.map(({ mspId }) => mspId)).toEqual(['High', 'Own', 'Same', 'Low']);
  });

  it('leaves out peers that have stopped', () => {
    const own = at('Own', 5, false);
    expect(available([own, at('Other', 4)], own).map(({ mspId }) => mspId)).toEqual(['Other']);
  });
});
