import { EventEmitter } from 'node:events';
import { status, type UntypedHandleCall } from '@grpc/grpc-js';

import { UNWATCHED } from '../../../../network/src/embedded/observer.ts';
import { observedService } from '../../../../network/src/embedded/wire/observed.ts';
import { DELIVER, ENDORSER } from '../../../../network/src/embedded/wire/services.ts';

const NODE = 'peer0.northlight.example';

function unary(error: object | null) {
  const seen: unknown[] = [];
  const { implementation } = observedService(
    {
      definition: ENDORSER,
      implementation: {
        processProposal: ((_: unknown, answer: (error: object | null, value: string) => void) => {
          answer(error, 'answer');
        }) as UntypedHandleCall,
      },
    },
    NODE,
    { ...UNWATCHED, call: (facts) => seen.push(facts) },
  );
  const answers: unknown[] = [];
  const handler = implementation['processProposal'] as unknown as (
    call: unknown,
    callback: (...answer: unknown[]) => void,
  ) => void;
  handler({}, (...answer) => answers.push(answer));
  return { seen, answers };
}

describe('an observed service', () => {
  it.each([
    [null, 'OK'],
    [{ code: status.RESOURCE_EXHAUSTED }, 'RESOURCE_EXHAUSTED'],
    [new Error('no code'), 'UNKNOWN'],
  ])('tells of a call that ended with %p, and hands the answer on', (error, code) => {
    const { seen, answers } = unary(error);
    expect(answers).toEqual([[error, 'answer']]);
    expect(seen).toEqual([
      {
        node: NODE,
        service: 'protos.Endorser',
        method: 'ProcessProposal',
        code,
        seconds: expect.any(Number) as number,
      },
    ]);
  });

  it('tells of a stream when it opens and when it closes', () => {
    const phases: string[] = [];
    const { implementation } = observedService(
      { definition: DELIVER, implementation: { deliverFiltered: () => phases.push('served') } },
      NODE,
      { ...UNWATCHED, stream: ({ method, phase }) => phases.push(`${method} ${phase}`) },
    );
    const stream = new EventEmitter();
    (implementation['deliverFiltered'] as unknown as (stream: EventEmitter) => void)(stream);
    expect(phases).toEqual(['DeliverFiltered opened', 'served']);
    stream.emit('close');
    expect(phases).toEqual(['DeliverFiltered opened', 'served', 'DeliverFiltered closed']);
  });
});
