/** A vendor node small enough for tests: the requests of a management node, served over HTTP from maps. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReleaseRecord } from '@lamplighter/chaincode';
import {
  chunkTree,
  ed25519PublicKey,
  macEnvelope,
  newEd25519Signer,
  signEnvelope,
  vendorMacKey,
} from '@lamplighter/sdk/crypto';
import { encodeManifest, encodeSigned, type Manifest } from '@lamplighter/sdk/wire';
import {
  readUpdateRequest,
  sealUpdateAnswer,
  type UpdateAnswer,
} from '../../../../network/src/exchange/index.ts';

export const VENDOR = 'northlight';

export class TestVendor {
  readonly seed = new Uint8Array(randomBytes(32));
  readonly signer = newEd25519Signer(this.seed);
  readonly signingKey = Buffer.from(ed25519PublicKey(this.seed)).toString('hex');
  /** Answers by path. */
  readonly files = new Map<string, Uint8Array>();
  /** kv_0 of each device, by id. */
  readonly deviceKeys = new Map<string, Uint8Array>();
  /** Paths that were asked for. */
  readonly requests: string[] = [];
  /** What was posted, but for update requests. */
  readonly bodies: Uint8Array[] = [];
  updateAnswer: UpdateAnswer = { type: 'current' };
  sealingKey: Uint8Array = new Uint8Array(32);
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TestVendor> {
    const server = createServer();
    const vendor = new TestVendor(server);
    server.on('request', (request, response) => {
      void vendor.#serve(request).then((answer) => {
        response.writeHead(answer === undefined ? 404 : 200, { connection: 'close' });
        response.end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return vendor;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Serves an image by its digest. */
  addImage(image: Uint8Array): string {
    const sha256 = createHash('sha256').update(image).digest('hex');
    this.files.set(`/v1/firmware/${sha256}`, image);
    return sha256;
  }

  /** A release as it stands on the ledger once approved. */
  release(
    image: Uint8Array,
    fields: { readonly model: string; readonly seq: number; readonly propagate?: boolean },
    change: Partial<Manifest> = {},
  ): ReleaseRecord {
    const sha256 = this.addImage(image);
    const manifest: Manifest = {
      vendor: VENDOR,
      model: fields.model,
      gen: 1,
      seq: fields.seq,
      version: `1.0.${String(fields.seq)}`,
      size: image.length,
      sha256: new Uint8Array(Buffer.from(sha256, 'hex')),
      chunkLog2: 10,
      root: chunkTree(image, 10).root,
      format: 0,
      expiry: 4_000_000_000,
      component: ['firmware', 0],
      ...change,
    };
    const payload = encodeManifest(manifest);
    const id = createHash('sha256').update(payload).digest('hex');
    for (const [device, kv0] of this.deviceKeys) {
      const envelope = macEnvelope('release', payload, vendorMacKey(kv0, device));
      this.files.set(`/v1/releases/${id}/envelopes/${device}`, encodeSigned(envelope));
    }
    return {
      docType: 'release',
      schema: 1,
      id,
      vendor: VENDOR,
      model: fields.model,
      firmware: {
        gen: 1,
        sequence: fields.seq,
        version: manifest.version,
        size: manifest.size,
        sha256,
      },
      envelope: Buffer.from(encodeSigned(signEnvelope('release', payload, this.signer))).toString(
        'hex',
      ),
      url: this.url,
      propagate: fields.propagate ?? true,
      state: 'approved',
      approvals: ['HeliosMSP'],
      reason: '',
      time: '2026-01-01T00:00:00.000Z',
    };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage): Promise<Uint8Array | undefined> {
    const path = request.url ?? '';
    this.requests.push(path);
    if (request.method === 'GET') return this.files.get(path);
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const body = new Uint8Array(Buffer.concat(pieces));
    if (path !== '/v1/update-requests') {
      this.bodies.push(body);
      return this.files.get(path);
    }
    const question = readUpdateRequest(body);
    const keys = { sealingKey: this.sealingKey, releaseKey: this.seed };
    return sealUpdateAnswer(question, this.updateAnswer, keys);
  }
}
