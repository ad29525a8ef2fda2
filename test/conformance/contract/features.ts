/**
 * One transaction for each feature of the chaincode stub, so that a suite can hold any network to what Fabric does. It keeps no rules
 * of its own: whoever calls it may do anything. Never deploy it beside data that matters.
 */
import { Contract, type Context } from 'fabric-contract-api';
import { KeyEndorsementPolicy } from 'fabric-shim';

import { drain, toPair } from './iterators.ts';
import { runStep, type Step } from './steps.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
/** Keys in the order in which they are given: all endorsers must return the same bytes. */
const json = (value: unknown): string => JSON.stringify(value);

export class Features extends Contract {
  constructor() {
    super('Features');
  }

  async Put({ stub }: Context, key: string, value: string): Promise<void> {
    await stub.putState(key, Buffer.from(value));
  }

  async Get({ stub }: Context, key: string): Promise<string> {
    return text(await stub.getState(key));
  }

  async Delete({ stub }: Context, key: string): Promise<void> {
    await stub.deleteState(key);
  }

  /** Reads, then writes: two at a time must conflict. */
  async Increment({ stub }: Context, key: string): Promise<string> {
    const value = String(Number(text(await stub.getState(key)) || '0') + 1);
    await stub.putState(key, Buffer.from(value));
    return value;
  }

  /** Gives back what a read after an own write sees. */
  async PutAndGet({ stub }: Context, key: string, value: string): Promise<string> {
    await stub.putState(key, Buffer.from(value));
    return text(await stub.getState(key));
  }

  /** The same after an own deletion, and in a range. */
  async DeleteAndGet({ stub }: Context, key: string): Promise<string> {
    await stub.deleteState(key);
    const range = await drain(await stub.getStateByRange(key, `${key}~`), toPair);
    return json([text(await stub.getState(key)), range]);
  }

  async PutMany({ stub }: Context, prefix: string, count: string): Promise<void> {
    for (let index = 0; index < Number(count); index++) {
      await stub.putState(`${prefix}${String(index).padStart(4, '0')}`, Buffer.from('x'));
    }
  }

  async Range({ stub }: Context, start: string, end: string): Promise<string> {
    return json(await drain(await stub.getStateByRange(start, end), toPair));
  }

  /** Reads a few records of a range and leaves the rest. */
  async RangeSome({ stub }: Context, start: string, end: string, count: string): Promise<string> {
    return json(await drain(await stub.getStateByRange(start, end), toPair, Number(count)));
  }

  /** Writes the number of records of a range: a phantom makes it invalid. */
  async CountInto({ stub }: Context, start: string, end: string, key: string): Promise<string> {
    const { length } = await drain(await stub.getStateByRange(start, end), toPair);
    await stub.putState(key, Buffer.from(String(length)));
    return String(length);
  }

  async Page(
    { stub }: Context,
    start: string,
    end: string,
    size: string,
    bookmark: string,
  ): Promise<string> {
    const { iterator, metadata } = await stub.getStateByRangeWithPagination(
      start,
      end,
      Number(size),
      bookmark,
    );
    const { bookmark: next, fetchedRecordsCount: count } = metadata;
    return json({ records: await drain(iterator, toPair), next, count });
  }

  /** A page and a write do not go together in one transaction. */
  async PageThenPut({ stub }: Context, start: string, end: string): Promise<void> {
    await stub.getStateByRangeWithPagination(start, end, 1, '');
    await stub.putState(`${start}late`, Buffer.from('x'));
  }

  async PutComposite(
    { stub }: Context,
    type: string,
    first: string,
    second: string,
    value: string,
  ): Promise<void> {
    await stub.putState(stub.createCompositeKey(type, [first, second]), Buffer.from(value));
  }

  async PartialComposite({ stub }: Context, type: string, first: string): Promise<string> {
    const iterator = await stub.getStateByPartialCompositeKey(type, [first]);
    return json(await drain(iterator, ({ key }) => stub.splitCompositeKey(key).attributes));
  }

  async PartialCompositePage(
    { stub }: Context,
    type: string,
    first: string,
    size: string,
  ): Promise<string> {
    const { iterator, metadata } = await stub.getStateByPartialCompositeKeyWithPagination(
      type,
      [first],
      Number(size),
      '',
    );
    const keys = await drain(iterator, ({ key }) => stub.splitCompositeKey(key).attributes);
    return json({ keys, count: metadata.fetchedRecordsCount });
  }

  /** Newest first. */
  async History({ stub }: Context, key: string): Promise<string> {
    const iterator = await stub.getHistoryForKey(key);
    return json(
      await drain(iterator, ({ txId, value, isDelete }) => ({
        txId,
        value: text(value),
        isDelete,
      })),
    );
  }

  async Emit({ stub }: Context, name: string, payload: string): Promise<void> {
    await stub.putState(`emitted-${payload}`, Buffer.from(payload));
    stub.setEvent(name, Buffer.from(payload));
  }

  /** A transaction has one event: the last one. */
  EmitTwice({ stub }: Context, first: string, second: string): void {
    stub.setEvent(first, Buffer.from('first'));
    stub.setEvent(second, Buffer.from('second'));
  }

  /** Reads what it increments, so that two of them conflict, and tells the value. */
  async IncrementAndEmit(context: Context, key: string): Promise<void> {
    context.stub.setEvent('Incremented', Buffer.from(await this.Increment(context, key)));
  }

  /** From then on, peers of all these organisations have to endorse the key. */
  async SetPolicy({ stub }: Context, key: string, mspIds: string): Promise<void> {
    const policy = new KeyEndorsementPolicy();
    policy.addOrgs('PEER', ...mspIds.split(','));
    await stub.setStateValidationParameter(key, policy.getPolicy());
  }

  async GetPolicy({ stub }: Context, key: string): Promise<string> {
    // Not as its type says: undefined for a key without one.
    const policy = (await stub.getStateValidationParameter(key)) as Uint8Array | undefined;
    return policy ? new KeyEndorsementPolicy(policy).listOrgs().sort().join() : '';
  }

  Transient({ stub }: Context, name: string): string {
    return text(stub.getTransient().get(name));
  }

  /** Everything that the stub tells about the call. */
  Call({ stub, clientIdentity }: Context, first: string, second: string): string {
    const { signature } = stub.getSignedProposal();
    return json({
      given: [first, second],
      args: stub.getArgs(),
      parameters: stub.getFunctionAndParameters().params,
      transactionId: stub.getTxID(),
      channel: stub.getChannelID(),
      creator: stub.getCreator().mspid,
      caller: clientIdentity.getMSPID(),
      callerId: clientIdentity.getID(),
      seconds: stub.getTxTimestamp().seconds.toString(),
      binding: stub.getBinding(),
      signature: Buffer.from(signature).toString('hex'),
    });
  }

  /** Many requests at once: the shim queues them. */
  async Together({ stub }: Context, prefix: string): Promise<void> {
    const keys = ['d', 'b', 'c', 'a', '\u{1f4a1}', '\uffee'].map((name) => `${prefix}${name}`);
    await Promise.all(keys.map((key) => stub.putState(key, Buffer.from(key))));
    await Promise.all(keys.map((key) => stub.getState(key)));
  }

  Fail(_context: Context, message: string): void {
    throw new Error(message);
  }

  /** Answers differently at each execution: no two endorsers agree. */
  Disagree(): string {
    return `${process.hrtime.bigint()}${Math.random()}`;
  }

  async Private({ stub }: Context, operation: string): Promise<string> {
    const collection = 'collection-that-no-definition-has';
    const operations: Readonly<Record<string, () => Promise<unknown>>> = {
      get: () => stub.getPrivateData(collection, 'key'),
      hash: () => stub.getPrivateDataHash(collection, 'key'),
      put: () => stub.putPrivateData(collection, 'key', Buffer.from('value')),
      delete: () => stub.deletePrivateData(collection, 'key'),
      purge: () => stub.purgePrivateData(collection, 'key'),
      range: () => stub.getPrivateDataByRange(collection, 'a', 'b'),
    };
    await operations[operation]?.();
    return 'served';
  }

  async Rich({ stub }: Context, query: string): Promise<string> {
    return json(await drain(await stub.getQueryResult(query), toPair));
  }

  /** Calls another chaincode, with arguments in JSON, and gives back what it said. */
  async CallOther(
    { stub }: Context,
    chaincode: string,
    channel: string,
    call: string,
  ): Promise<string> {
    const args = JSON.parse(call) as string[];
    const { status, message, payload } = await stub.invokeChaincode(chaincode, args, channel);
    return json({ status, message, payload: text(payload) });
  }

  /** The same with a write of its own. */
  async PutAndCallOther(
    context: Context,
    key: string,
    value: string,
    chaincode: string,
    call: string,
  ): Promise<string> {
    await this.Put(context, key, value);
    return this.CallOther(context, chaincode, '', call);
  }

  /** Any number of reads and writes, for random transactions. */
  async Run({ stub }: Context, steps: string): Promise<string> {
    const results: unknown[] = [];
    for (const step of JSON.parse(steps) as readonly Step[]) {
      results.push(await runStep(stub, step));
    }
    return json(results);
  }
}

export const contracts = [Features];
