import { status } from '@grpc/grpc-js';
import { discovery, gossip, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { newSigner, type Signer } from '../../../../network/src/membership/signer.ts';
import { CHANNEL, HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';
import { RawClient } from '../raw-client.ts';

jest.setTimeout(60_000);

const PATH = '/discovery.Discovery/Discover';
const { ResultCase } = discovery.QueryResult;

type Fill = (query: discovery.Query) => void;

function newQuery(fill: Fill, channel = CHANNEL): discovery.Query {
  const query = new discovery.Query();
  query.setChannel(channel);
  fill(query);
  return query;
}

const config: Fill = (query) => {
  query.setConfigQuery(new discovery.ConfigQuery());
};
const members: Fill = (query) => {
  query.setPeerQuery(new discovery.PeerMembershipQuery());
};
const local: Fill = (query) => {
  query.setLocalPeers(new discovery.LocalPeerQuery());
};

function interestIn(...names: readonly string[]): peer.ChaincodeInterest {
  const interest = new peer.ChaincodeInterest();
  interest.setChaincodesList(
    names.map((name) => {
      const call = new peer.ChaincodeCall();
      call.setName(name);
      return call;
    }),
  );
  return interest;
}

function endorsersOf(...interests: readonly peer.ChaincodeInterest[]): Fill {
  return (query) => {
    const chaincodes = new discovery.ChaincodeQuery();
    chaincodes.setInterestsList([...interests]);
    query.setCcQuery(chaincodes);
  };
}

function signed(
  signer: Signer,
  queries: readonly discovery.Query[],
  change: (request: discovery.Request) => void = () => undefined,
): Uint8Array {
  const authentication = new discovery.AuthInfo();
  authentication.setClientIdentity(signer.identity);
  const request = new discovery.Request();
  request.setAuthentication(authentication);
  request.setQueriesList([...queries]);
  change(request);
  const payload = request.serializeBinary();
  const message = new discovery.SignedRequest();
  message.setPayload(payload);
  message.setSignature(signer.sign(payload));
  return message.serializeBinary();
}

/** Where a peer says it is. */
function endpointOf(member: discovery.Peer): string {
  const payload = member.getMembershipInfo()!.getPayload_asU8();
  const alive = gossip.GossipMessage.deserializeBinary(payload).getAliveMsg();
  return alive!.getMembership()!.getEndpoint();
}

describe('discovery', () => {
  let network: EmbeddedNetwork;
  let client: RawClient;
  const closers = new Closers();
  const signerOf = async (
    mspId: string,
    name: string,
    role: 'client' | 'admin' | 'peer',
  ): Promise<Signer> => newSigner(await network.enrol(mspId, name, role));

  beforeAll(async () => {
    // Nobody runs the chaincode: discovery does not need it.
    const setting = await newTestNetwork('127.0.0.1:9');
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    const signer = await signerOf(NORTHLIGHT, 'User1', 'client');
    client = new RawClient(network.connectionProfile(NORTHLIGHT), signer);
    closers.add(() => {
      client.close();
      return Promise.resolve();
    });
  });

  afterAll(() => closers.closeAll());

  const discover = async (
    queries: readonly discovery.Query[],
    signer: Signer = client.signer,
  ): Promise<readonly discovery.QueryResult[]> => {
    const bytes = await client.call(client.peers[0]!, PATH, signed(signer, queries));
    return discovery.Response.deserializeBinary(bytes).getResultsList();
  };
  const errorOf = async (query: discovery.Query, signer?: Signer): Promise<string | undefined> =>
    (await discover([query], signer))[0]?.getError()?.getContent();

  it('tells MSPs and orderers of the channel', async () => {
    const [result] = await discover([newQuery(config)]);
    const found = result!.getConfigResult()!;
    const msps = [...found.getMspsMap().entries()];
    expect(msps.map(([name]) => name).sort()).toEqual([HELIOS, MERIDIAN, NORTHLIGHT, 'OrdererMSP']);
    expect(msps.every(([, msp]) => msp.getTlsRootCertsList().length === 1)).toBe(true);
    const [orderer] = found.getOrderersMap().get('OrdererMSP')!.getEndpointList();
    const { orderers } = network.connectionProfile(NORTHLIGHT);
    const [node] = Object.values(orderers);
    expect(node!.url).toBe(`grpcs://${orderer!.getHost()}:${orderer!.getPort()}`);
  });

  it('tells the peers of the channel with height and chaincodes', async () => {
    const [result] = await discover([newQuery(members)]);
    const byOrganisation = [...result!.getMembers()!.getPeersByOrgMap().entries()];
    const { peers, organizations } = network.connectionProfile(NORTHLIGHT);
    expect(byOrganisation).toHaveLength(3);
    for (const [mspId, found] of byOrganisation) {
      const [member, ...more] = found.getPeersList();
      expect(more).toEqual([]);
      const own = Object.values(organizations).find(({ mspid }) => mspid === mspId)!;
      expect(peers[own.peers[0]!]!.url).toBe(`grpcs://${endpointOf(member!)}`);
      const state = gossip.GossipMessage.deserializeBinary(
        member!.getStateInfo()!.getPayload_asU8(),
      );
      const properties = state.getStateInfo()!.getProperties()!;
      expect(properties.getLedgerHeight()).toBe(network.blocks().height);
      expect(properties.getChaincodesList().map((chaincode) => chaincode.toObject())).toMatchObject(
        [{ name: 'features', version: '1.0' }],
      );
    }
  });

  it('filters peers by chaincode', async () => {
    const filtered = (name: string): discovery.Query =>
      newQuery((query) => {
        const filter = new discovery.PeerMembershipQuery();
        filter.setFilter(interestIn(name));
        query.setPeerQuery(filter);
      });
    const [result] = await discover([filtered('features')]);
    expect(result!.getMembers()!.getPeersByOrgMap().getLength()).toBe(3);
    await expect(errorOf(filtered('nowhere'))).resolves.toContain('No metadata was found');
  });

  it('tells who endorses, by groups and layouts', async () => {
    const [result] = await discover([newQuery(endorsersOf(interestIn('features')))]);
    const [found] = result!.getCcQueryRes()!.getContentList();
    expect(found!.getChaincode()).toBe('features');
    const groups = [...found!.getEndorsersByGroupsMap().entries()];
    expect(groups.map(([name]) => name)).toEqual(['G0', 'G1', 'G2']);
    expect(groups.map(([, peers]) => peers.getPeersList().length)).toEqual([1, 1, 1]);
    const layouts = found!
      .getLayoutsList()
      .map((layout) =>
        [...layout.getQuantitiesByGroupMap().entries()].map(
          ([group, count]) => `${group}:${count}`,
        ),
      );
    expect(layouts.map((layout) => layout.sort().join(' ')).sort()).toEqual([
      'G0:1 G1:1',
      'G0:1 G2:1',
      'G1:1 G2:1',
    ]);
  });

  it('answers each query by itself', async () => {
    const results = await discover([
      newQuery(config),
      newQuery(config, 'elsewhere'),
      newQuery(endorsersOf(interestIn('nowhere'))),
      newQuery(members),
    ]);
    expect(results.map((result) => result.getResultCase())).toEqual([
      ResultCase.CONFIG_RESULT,
      ResultCase.ERROR,
      ResultCase.ERROR,
      ResultCase.MEMBERS,
    ]);
    expect(results[1]!.getError()!.getContent()).toBe('access denied');
    expect(results[2]!.getError()!.getContent()).toBe(
      'failed constructing descriptor for chaincodes:[nowhere]',
    );
  });

  it("tells its organisation's admins which peers there are, and nobody else", async () => {
    const query = newQuery(local, '');
    const [result] = await discover([query], await signerOf(NORTHLIGHT, 'Admin', 'admin'));
    expect(result!.getMembers()!.getPeersByOrgMap().getLength()).toBe(3);
    await expect(errorOf(query)).resolves.toBe('access denied');
    await expect(errorOf(query, await signerOf(HELIOS, 'Admin', 'admin'))).resolves.toBe(
      'access denied',
    );
  });

  it('tells nothing to a peer, who may not write', async () => {
    const signer = await signerOf(HELIOS, 'Peer7', 'peer');
    await expect(errorOf(newQuery(config), signer)).resolves.toBe('access denied');
  });

  it('tells nothing to those who cannot prove who they are', async () => {
    const { identity } = await signerOf(HELIOS, 'User1', 'client');
    const forger = { ...client.signer, identity };
    await expect(errorOf(newQuery(config), forger)).resolves.toBe('access denied');
    const stranger = { ...client.signer, identity: Buffer.from('nobody') };
    await expect(errorOf(newQuery(config), stranger)).resolves.toBe('access denied');
  });

  it.each([
    ['no query', newQuery(() => undefined), 'unknown or missing request type'],
    ['a local query about a channel', newQuery(local), 'unknown or missing request type'],
    ['no interest', newQuery(endorsersOf()), 'at least one chaincode interest'],
    ['an empty interest', newQuery(endorsersOf(interestIn())), 'at least one chaincode'],
    ['an unnamed chaincode', newQuery(endorsersOf(interestIn(''))), 'cannot be empty'],
  ])('answers %s with an error', async (_name, query, reason) => {
    await expect(errorOf(query)).resolves.toContain(reason);
  });

  it.each([
    [
      'nobody who asks',
      (request: discovery.Request) => {
        request.clearAuthentication();
      },
      'no authentication info in request',
    ],
    [
      'an empty identity',
      (request: discovery.Request) => {
        request.setAuthentication(new discovery.AuthInfo());
      },
      "client identity wasn't supplied",
    ],
    [
      'too many queries',
      (request: discovery.Request) => {
        request.setQueriesList(Array.from({ length: 17 }, () => newQuery(config)));
      },
      'expected up to 16 queries',
    ],
    [
      'too many chaincodes',
      (request: discovery.Request) => {
        request.setQueriesList([
          newQuery(endorsersOf(interestIn(...Array.from({ length: 65 }, () => 'features')))),
        ]);
      },
      'about 64 chaincodes',
    ],
  ])('refuses a request with %s', async (_name, change, reason) => {
    const request = signed(client.signer, [], change);
    await expect(client.call(client.peers[0]!, PATH, request)).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringContaining(reason) as string,
    });
  });

  it('refuses what does not parse', async () => {
    const garbage = Buffer.from('ffffffff', 'hex');
    await expect(client.call(client.peers[0]!, PATH, garbage)).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringContaining('error unmarshalling SignedRequest') as string,
    });
  });
});
