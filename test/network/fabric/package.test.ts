import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import { Parser, type ReadEntry } from 'tar';

import { newChaincodePackage } from '../../../network/src/fabric/package.ts';

const CONNECTION = {
  address: '127.0.0.1:7000',
  serverName: 'lamplighter.northlight.example',
  rootCertificate: 'root',
  clientCertificate: 'certificate',
  clientKey: 'key',
};

interface File {
  readonly content: Buffer;
  readonly modified: number;
  readonly mode: number;
}

async function unpack(archive: Uint8Array): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>();
  const read: Promise<void>[] = [];
  const parser = new Parser({
    onReadEntry: (entry: ReadEntry) => {
      read.push(
        entry.concat().then((content) => {
          const { path, mtime, mode } = entry;
          files.set(path, { content, modified: mtime!.getTime(), mode: mode! });
        }),
      );
    },
  });
  parser.end(gunzipSync(archive));
  await Promise.all(read);
  return files;
}

describe('newChaincodePackage', () => {
  it('holds what the builder and the peer read', async () => {
    const { bytes } = newChaincodePackage('lamplighter_1', CONNECTION);
    const files = await unpack(bytes);
    expect([...files.keys()]).toEqual(['metadata.json', 'code.tar.gz']);
    expect(JSON.parse(files.get('metadata.json')!.content.toString())).toEqual({
      type: 'ccaas',
      label: 'lamplighter_1',
    });
    const code = await unpack(files.get('code.tar.gz')!.content);
    expect([...code.keys()]).toEqual(['connection.json']);
    expect(JSON.parse(code.get('connection.json')!.content.toString())).toEqual({
      address: '127.0.0.1:7000',
      domain: 'lamplighter.northlight.example',
      dial_timeout: '10s',
      tls_required: true,
      client_auth_required: true,
      root_cert: 'root',
      client_cert: 'certificate',
      client_key: 'key',
    });
  });

  it('names itself by label and hash of its bytes, as peers do', () => {
    const { bytes, packageId } = newChaincodePackage('lamplighter_1', CONNECTION);
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect(packageId).toBe(`lamplighter_1:${hash}`);
  });

  it('is the same bytes at any time', async () => {
    jest.useFakeTimers({ now: new Date('2020-01-01') });
    const early = newChaincodePackage('lamplighter_1', CONNECTION);
    jest.setSystemTime(new Date('2030-01-01'));
    const late = newChaincodePackage('lamplighter_1', CONNECTION);
    jest.useRealTimers();
    expect(Buffer.compare(early.bytes, late.bytes)).toBe(0);
    for (const { modified, mode } of (await unpack(late.bytes)).values()) {
      expect([modified, mode]).toEqual([0, 0o644]);
    }
  });

  it('differs with its label and with the server', () => {
    const ids = [
      newChaincodePackage('lamplighter_1', CONNECTION),
      newChaincodePackage('lamplighter_2', CONNECTION),
      newChaincodePackage('lamplighter_1', { ...CONNECTION, address: '127.0.0.1:7001' }),
    ].map(({ packageId }) => packageId.split(':')[1]);
    expect(new Set(ids).size).toBe(3);
  });
});
