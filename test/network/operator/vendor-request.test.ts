import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperatorEntry } from '../../../network/src/operator/operator-file.ts';
import { followVendor } from '../../../network/src/operator/vendor-request.ts';
import { codeOf } from '../code-of.ts';

describe('following a vendor node', () => {
  let directory: string;
  let server: Server;
  let entry: OperatorEntry;
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'follow-'));
    await writeFile(join(directory, 'token'), '00');
    server = createServer((request, response) => {
      request.resume();
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}`;
    entry = {
      vendor: 'northlight',
      mspId: 'NorthlightMSP',
      models: [],
      url,
      tokenFile: join(directory, 'token'),
    };
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  const follow = (silenceMs?: number, heard: unknown[] = []): Promise<unknown> =>
    followVendor(entry, 'managers/a/take-over', {}, (progress) => heard.push(progress), silenceMs);

  it('hears progress however it is cut, and gives the result', async () => {
    answer = (response) => {
      response.write('{"progress":{"done":0,"of":null}}\n{"progr');
      setImmediate(() => {
        response.write('ess":{"done":1,"of":2}}\n{"result":{"to":"');
        response.end(Buffer.from('ä"}}\n'));
      });
    };
    const heard: unknown[] = [];
    expect(await follow(undefined, heard)).toEqual({ to: 'ä' });
    expect(heard).toEqual([
      { done: 0, of: null },
      { done: 1, of: 2 },
    ]);
  });

  it('tells a refusal, also one that comes late', async () => {
    answer = (response) => {
      response.end('{"progress":{"done":0,"of":null}}\n{"problem":{"code":"BUSY","detail":"x"}}\n');
    };
    await expect(follow()).rejects.toMatchObject({ code: 'REQUEST_REFUSED', refusal: 'BUSY' });
    answer = (response) => {
      response.writeHead(401).end('{"code":"NOT_AUTHORISED","detail":"x"}');
    };
    await expect(follow()).rejects.toMatchObject({ refusal: 'NOT_AUTHORISED' });
  });

  it('gives up when nothing comes any more', async () => {
    answer = (response) => {
      response.write('{"progress":{"done":0,"of":null}}\n');
    };
    expect(await codeOf(() => follow(50))).toBe('NOT_IN_TIME');
    answer = () => undefined;
    expect(await codeOf(() => follow(50))).toBe('NOT_IN_TIME');
  });

  it.each([
    '',
    '{"progress":{"done":1,"of":2}}\n',
    '{"progress":{"done":1,"of":2}}\n{"resu',
    'x\n',
  ])('refuses an answer that ends as %j', async (text) => {
    answer = (response) => {
      response.end(text);
    };
    expect(await codeOf(() => follow())).toBe('ANSWER_BROKEN');
  });

  it('refuses a line without end', async () => {
    answer = (response) => {
      const piece = Buffer.alloc(1_048_576, 'a');
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
    };
    expect(await codeOf(() => follow())).toBe('ANSWER_BROKEN');
  });
});
