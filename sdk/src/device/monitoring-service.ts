/** Protocols 1 and 3 on a device (docs/protocol.md §6.1, §6.2, §6.4): requests, answers, the image itself, new intervals. */
import { answerRequest, takeRequest } from '../protocol/monitoring-device.ts';
import type { MonitoringContext } from '../protocol/monitoring-device.ts';
import { ImageShow } from '../protocol/shown-image.ts';
import { imageShown, receiveIntervals } from '../protocol/window.ts';
import { suiteOf } from '../crypto/suites.ts';
import { equalBytes } from '../wire/bytes.ts';
import { CloseCode, ResultCode } from '../wire/message-types.ts';
import type { Message, MonReqE, MonReqL, Want } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import type { DeviceServices, Handlers, SessionLink } from './session-link.ts';

/** Monitoring in one session. */
export class MonitoringService {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #context: MonitoringContext;
  /** Mode `full`: what M may have since the last answer. */
  #show: ImageShow | null = null;

  readonly handlers: Handlers = {
    'mon-req-e': (request) => this.#answer(request),
    'mon-req-l': (request) => this.#answer(request),
    'mon-set': (set) => this.#setIntervals(set),
    want: (want) => this.#showImage(want),
    done: ({ sha256 }) => {
      this.#shown(sha256);
    },
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
    const shown = { sha256: answer.hfw, size: answer.size };
    this.#show = step.request.full ? new ImageShow(shown, this.#link.session.fmax) : null;
    this.#link.send(answer);
    emit('monitored', { n: request.n, seq: image.seq, version: image.version });
  }

  /** Monitoring, step 4, mode `full`: the slot in use, as it is in flash, each byte once. */
  async #showImage(want: Want): Promise<void> {
    const show = this.#show;
    const spans = show?.take(want) ?? null;
    if (spans === null) {
      const code = ResultCode.notSupported;
      this.#link.send({ type: 'error', re: messageNumber.want, code });
      return;
    }
    for (const { from, to } of spans) {
      const data = await this.#device.memory.readImage(from, to);
      this.#link.send({ type: 'blob', sha256: want.sha256, from, data });
    }
  }

  /** M has what it wanted to see. */
  #shown(sha256: Uint8Array): void {
    const { memory, clock } = this.#device;
    if (this.#show === null || !equalBytes(this.#show.image.sha256, sha256)) {
      this.#link.end({ kind: 'closed', code: CloseCode.failed });
      return;
    }
    memory.setWindow(imageShown(memory.window, clock.now()));
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
