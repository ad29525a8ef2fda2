'use strict';

/**
 * A management node in a process of its own, to be killed: its disk is real, its ledger is the parent's, and its clock runs
 * ten times as fast.
 */
const { LedgerError } = require('../../../../network/dist/ledger/ledger-error.js');
const { ManagementNode } = require('../../../../network/dist/management/index.js');

const SPEED = 10;
const waiting = new Map();

function call(method, ...args) {
  return new Promise((resolve, reject) => {
    waiting.set(waiting.size, { resolve, reject });
    process.send({ id: waiting.size - 1, method, args });
  });
}

const ledger = {
  mspId: 'NorthlightMSP',
  prepare: (transaction, args) => call('prepare', transaction, args),
  send: (prepared) => call('send', prepared),
  status: (transactionId) => call('status', transactionId),
  evaluate: (transaction, args) => call('evaluate', transaction, args),
  chain: () => call('chain'),
  async *events({ signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
};

const clock = {
  monotonic: () => performance.now() * SPEED,
  date: () => new Date(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds / SPEED);
    return { cancel: () => clearTimeout(timer) };
  },
};

process.on('message', (message) => {
  if (message.start !== undefined) {
    ManagementNode.start({ ...message.start, ledger, clock }).then(
      (node) => process.send({ port: node.port }),
      (error) => process.send({ failed: `${error.code}: ${error.message}` }),
    );
    return;
  }
  const { resolve, reject } = waiting.get(message.id);
  if (message.error === undefined) resolve(message.value);
  else reject(new LedgerError(message.error.code, message.error.message));
});
process.on('disconnect', () => process.exit(0));
