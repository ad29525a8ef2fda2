/** Protocols 1 and 3 on a device (docs/protocol.md §6.1, §6.2, §6.4): requests, answers, new intervals. */
import { answerRequest, takeRequest } from '../protocol/monitoring-device.ts';
import type { MonitoringContext } from '../protocol/monitoring-device.ts';
import { receiveIntervals } from '../protocol/window.ts';
import { suiteOf } from '../crypto/suites.ts';
import type { Message, MonReqE, MonReqL } from '../wire/message-types.ts';
import type { DeviceServices, Handlers, SessionLink } from './session-link.ts';

/** Monitoring in one session. */
export class MonitoringService {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #context: MonitoringContext;

  readonly handlers: Handlers = {
    'mon-req-e': (request) => this.#answer(request),
    'mon-req-l': (request) => this.#answer(request),
    'mon-set': (set) => this.#setIntervals(set),
  };

  constructor(device: DeviceServices, link: SessionLink) {
    const { epoch } = link;
    this.#device = device;
    this.#link = link;
    this.#context = {
      suite: suiteOf(epoch.assignment.suite),
      idD: epoch.assignment.idD,
      idM: epoch.assignment.idM,
      h4: link.session.h4,
      verify: device.code.managerCheck(epoch),
    };
  }

  /** Monitoring, steps 3 and 4. */
  async #answer(request: MonReqE | MonReqL): Promise<void> {
    const { memory, clock, emit } = this.#device;
    const taken = takeRequest(memory.window, request, this.#context, clock.now());
    memory.setWindow(taken.window);
    const { step } = taken;
    if (step.kind === 'refuse') this.#link.send(step.reply);
    if (step.kind === 'close') {
      await memory.saveKeys({});
      this.#link.end({ kind: 'closed', code: step.code });
    }
    if (step.kind !== 'answer') return;
    const { image } = memory;
    // Step 4: T0 has moved already, so `opens-in` is that of the next window.
    const measured = await memory.measure(this.#context.suite, step.request.r);
    const answer = answerRequest(step.request, this.#context, image, measured, memory.state());
    await memory.saveKeys({});
    this.#link.send(answer);
    emit('monitored', { n: request.n, seq: image.seq, version: image.version });
  }

  /** Monitoring, step 8: stored before mon-ack leaves. */
  async #setIntervals(set: Extract<Message, { type: 'mon-set' }>): Promise<void> {
    const { memory, clock, emit } = this.#device;
    const received = receiveIntervals(memory.window, set, clock.now());
    memory.setWindow(received.window);
    if (received.changed) await memory.saveKeys({});
    this.#link.send(received.reply);
    if (received.changed) emit('intervals', { ...received.window.intervals, ivn: set.ivn });
  }
}
