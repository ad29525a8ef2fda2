import { NetworkMetrics } from '../../../../network/src/embedded/operations/metrics.ts';

const NODE = 'peer0.northlight.example';

describe('the metrics of a network', () => {
  const newMetrics = (): NetworkMetrics => new NetworkMetrics('city', '0.1.0');

  it('tells heights when somebody asks', async () => {
    const metrics = newMetrics();
    const heights = new Map([[NODE, 3]]);
    metrics.watch({ heights: () => heights });
    heights.set(NODE, 4);
    expect(await metrics.registry.metrics()).toContain(
      `ledger_blockchain_height{channel="city",node="${NODE}"} 4`,
    );
  });

  it('counts transactions by their codes', async () => {
    const metrics = newMetrics();
    const transaction = { type: 'ENDORSER_TRANSACTION', chaincode: 'lamplighter', code: 'VALID' };
    const stale = {
      type: 'ENDORSER_TRANSACTION',
      chaincode: undefined,
      code: 'MVCC_READ_CONFLICT',
    };
    metrics.committed({
      node: NODE,
      transactions: [transaction, transaction, stale],
      seconds: 0.02,
      commitSeconds: 0.01,
    });
    const text = await metrics.registry.metrics();
    const labels = `node="${NODE}",channel="city",transaction_type="ENDORSER_TRANSACTION"`;
    expect(text).toContain(
      `ledger_transaction_count{${labels},chaincode="lamplighter",validation_code="VALID"} 2`,
    );
    expect(text).toContain(
      `ledger_transaction_count{${labels},chaincode="unknown",validation_code="MVCC_READ_CONFLICT"} 1`,
    );
    expect(text).toContain(`ledger_block_processing_time_sum{node="${NODE}",channel="city"} 0.02`);
  });

  it.each([
    ['endorsed', 'endorser_successful_proposals', `node="${NODE}"`],
    ['chaincode-error', 'endorser_endorsement_failures', undefined],
    ['simulation-failed', 'endorser_proposal_simulation_failures', undefined],
    ['access-denied', 'endorser_proposal_acl_failures', undefined],
    ['malformed', 'endorser_proposal_validation_failures', undefined],
    ['busy', 'endorser_proposals_turned_away', undefined],
  ] as const)('counts a proposal that was %s', async (outcome, name, labels) => {
    const metrics = newMetrics();
    metrics.proposal({ node: NODE, chaincode: 'lamplighter', outcome, seconds: 0.001 });
    const text = await metrics.registry.metrics();
    const all = `node="${NODE}",channel="city",chaincode="lamplighter"`;
    expect(text).toContain(`${name}{${labels ?? all}} 1`);
    expect(text).toContain(`endorser_proposals_received{node="${NODE}"} 1`);
  });

  it('counts calls, streams, envelopes and log entries', async () => {
    const metrics = newMetrics();
    const place = { node: NODE, service: 'protos.Deliver', method: 'Deliver' };
    metrics.call({ ...place, code: 'OK', seconds: 0.5 });
    metrics.stream({ ...place, phase: 'opened' });
    metrics.envelope({ status: 'SUCCESS', seconds: 0.001 });
    metrics.entry('debug', false);
    metrics.entry('info', true);
    const text = await metrics.registry.metrics();
    const labels = `node="${NODE}",service="protos.Deliver",method="Deliver"`;
    expect(text).toContain(`grpc_server_unary_requests_completed{${labels},code="OK"} 1`);
    expect(text).toContain(`grpc_server_stream_requests_received{${labels}} 1`);
    expect(text).not.toContain('grpc_server_stream_requests_completed{');
    expect(text).toContain('broadcast_processed_count{channel="city",status="SUCCESS"} 1');
    expect(text).toContain('logging_entries_checked{level="debug"} 1');
    expect(text).not.toContain('logging_entries_written{level="debug"}');
    expect(text).toContain('logging_entries_written{level="info"} 1');
    expect(text).toContain('fabric_version{version="0.1.0"} 1');
  });
});
