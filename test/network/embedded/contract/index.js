'use strict';

/** One transaction for each feature of the stub, for the tests of the embedded network. Runs in real fabric-shim. */
const { Contract } = require('fabric-contract-api');
const { KeyEndorsementPolicy } = require('fabric-shim');

/** Drains an iterator of the shim. */
async function drain(iterator, read) {
  const found = [];
  for (let item = await iterator.next(); !item.done; item = await iterator.next()) {
    found.push(read(item.value));
  }
  await iterator.close();
  return found;
}

const toPair = ({ key, value }) => [key, value.toString()];

class Features extends Contract {
  constructor() {
    super('Features');
  }

  async Put(context, key, value) {
    await context.stub.putState(key, Buffer.from(value));
  }

  async Get(context, key) {
    return (await context.stub.getState(key)).toString();
  }

  async Delete(context, key) {
    await context.stub.deleteState(key);
  }

  /** Reads, then writes: two at a time must conflict. */
  async Increment(context, key) {
    const value = Number((await context.stub.getState(key)).toString() || '0') + 1;
    await context.stub.putState(key, Buffer.from(String(value)));
    return String(value);
  }

  /** Gives back what a read after an own write sees. */
  async PutAndGet(context, key, value) {
    await context.stub.putState(key, Buffer.from(value));
    return (await context.stub.getState(key)).toString();
  }

  async PutMany(context, prefix, count) {
    for (let index = 0; index < Number(count); index++) {
      await context.stub.putState(`${prefix}${String(index).padStart(4, '0')}`, Buffer.from('x'));
    }
  }

  async Range(context, start, end) {
    return JSON.stringify(await drain(await context.stub.getStateByRange(start, end), toPair));
  }

  /** Reads a few records of a range and leaves the rest. */
  async RangeSome(context, start, end, count) {
    const iterator = await context.stub.getStateByRange(start, end);
    for (let index = 0; index < Number(count); index++) {
      await iterator.next();
    }
    await iterator.close();
  }

  /** Writes the number of records of a range: a phantom makes it invalid. */
  async CountInto(context, start, end, key) {
    const found = await drain(await context.stub.getStateByRange(start, end), toPair);
    await context.stub.putState(key, Buffer.from(String(found.length)));
    return String(found.length);
  }

  async Page(context, start, end, size, bookmark) {
    const { iterator, metadata } = await context.stub.getStateByRangeWithPagination(
      start,
      end,
      Number(size),
      bookmark,
    );
    return JSON.stringify({ records: await drain(iterator, toPair), ...metadata });
  }

  async PageThenPut(context, start, end) {
    await context.stub.getStateByRangeWithPagination(start, end, 1, '');
    await context.stub.putState('late', Buffer.from('x'));
  }

  async PutComposite(context, type, first, second, value) {
    await context.stub.putState(
      context.stub.createCompositeKey(type, [first, second]),
      Buffer.from(value),
    );
  }

  async PartialComposite(context, type, first) {
    const iterator = await context.stub.getStateByPartialCompositeKey(type, [first]);
    const read = ({ key }) => context.stub.splitCompositeKey(key).attributes;
    return JSON.stringify(await drain(iterator, read));
  }

  async History(context, key) {
    const iterator = await context.stub.getHistoryForKey(key);
    const read = ({ txId, value, isDelete }) => ({ txId, value: value.toString(), isDelete });
    return JSON.stringify(await drain(iterator, read));
  }

  async Emit(context, name, payload) {
    await context.stub.putState('emitted', Buffer.from(payload));
    context.stub.setEvent(name, Buffer.from(payload));
  }

  /** From then on, peers of all these organisations have to endorse the key. */
  async SetPolicy(context, key, mspIds) {
    const policy = new KeyEndorsementPolicy();
    policy.addOrgs('PEER', ...mspIds.split(','));
    await context.stub.setStateValidationParameter(key, policy.getPolicy());
  }

  async SetBrokenPolicy(context, key) {
    await context.stub.setStateValidationParameter(key, Buffer.from('policy'));
  }

  async GetPolicy(context, key) {
    const policy = await context.stub.getStateValidationParameter(key);
    return policy ? new KeyEndorsementPolicy(policy).listOrgs().sort().join() : '';
  }

  async Transient(context, name) {
    return context.stub.getTransient().get(name).toString();
  }

  async Caller(context) {
    const seconds = context.stub.getTxTimestamp().seconds.toString();
    return JSON.stringify({ mspId: context.clientIdentity.getMSPID(), seconds });
  }

  /** Many requests at once: the shim queues them. */
  async Together(context, prefix) {
    const keys = ['a', 'b', 'c', 'd'].map((name) => `${prefix}${name}`);
    await Promise.all(keys.map((key) => context.stub.putState(key, Buffer.from(key))));
    await Promise.all(keys.map((key) => context.stub.getState(key)));
  }

  async Fail(_context, message) {
    throw new Error(message);
  }

  async Private(context) {
    return (await context.stub.getPrivateData('secrets', 'key')).toString();
  }

  /** Any of the stub's functions for private data, by name. */
  async Secret(context, name, args) {
    await context.stub[name]('secrets', ...JSON.parse(args));
  }

  async Rich(context) {
    await context.stub.getQueryResult('{"selector":{}}');
  }

  async RichPage(context) {
    await context.stub.getQueryResultWithPagination('{"selector":{}}', 3, '');
  }

  /** Calls another chaincode and gives back what it answered. */
  async Call(context, chaincode, channel, args) {
    const answer = await context.stub.invokeChaincode(chaincode, JSON.parse(args), channel);
    const { status, message, payload } = answer;
    return JSON.stringify({ status, message, payload: payload.toString() });
  }

  /** Reads and writes under one key, here and there. */
  async PutHereAndThere(context, chaincode, key, value) {
    await context.stub.putState(key, Buffer.from(`here ${value}`));
    await context.stub.invokeChaincode(chaincode, ['Features:Emit', 'Callee', value], '');
    await context.stub.invokeChaincode(chaincode, ['Features:Increment', key], '');
  }

  /** Longer than the execution timeout of the test's network. */
  async Sleep(context, milliseconds) {
    await new Promise((resolve) => setTimeout(resolve, Number(milliseconds)));
    return (await context.stub.getState('after')).toString();
  }
}

module.exports.contracts = [Features];
