import { ManagerDelivery, type DeliveryOutput, type ImageObject } from '@lamplighter/sdk/protocol';
import { decodeFrame, type Message } from '@lamplighter/sdk/wire';

const SHA256 = new Uint8Array(32).fill(7);

/** An image of sealed chunks of one size, with paths of one depth. */
const imageOf = (chunkBytes: number, depth: number): ImageObject => ({
  kind: 'image',
  chunks: 5,
  cek: new Uint8Array(32),
  chunk: () => new Uint8Array(chunkBytes + 16),
  path: () => Array.from({ length: depth }, () => new Uint8Array(32)),
});

async function served(
  image: ImageObject,
  fmax: number,
  want: { readonly from?: number; readonly paths?: boolean } = {},
): Promise<readonly DeliveryOutput[]> {
  const delivery = new ManagerDelivery(() => image, fmax);
  const outputs: DeliveryOutput[] = [];
  const message = {
    type: 'want',
    sha256: SHA256,
    from: 0,
    credit: 256,
    paths: true,
    ...want,
  } as const;
  for await (const output of delivery.serve(message)) outputs.push(output);
  return outputs;
}

const messagesOf = (outputs: readonly DeliveryOutput[]): readonly Message[] =>
  outputs.flatMap((output) => (output.kind === 'message' ? [output.message] : []));
const framesOf = (outputs: readonly DeliveryOutput[]): readonly Uint8Array[] =>
  outputs.flatMap((output) => (output.kind === 'frame' ? [output.frame] : []));

describe('deliveries of a manager', () => {
  it('keep every content frame within fmax', async () => {
    const frames = framesOf(await served(imageOf(1024, 8), 1408));
    expect(frames.map((frame) => decodeFrame(frame))).toMatchObject(
      [0, 1, 2, 3, 4].map((index) => ({ type: 'content', index })),
    );
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(1408);
  });

  it('refuse with code 7 what does not fit, and send neither key nor chunk', async () => {
    const outputs = await served(imageOf(1024, 8), 1280);
    expect(messagesOf(outputs)).toEqual([{ type: 'error', re: 20, code: 7 }]);
    expect(framesOf(outputs)).toEqual([]);
  });

  it('fit a smaller fmax without paths', async () => {
    const outputs = await served(imageOf(1024, 8), 1280, { paths: false });
    expect(framesOf(outputs)).toHaveLength(5);
  });

  it('refuse with code 9 a chunk that the image does not have', async () => {
    const outputs = await served(imageOf(1024, 8), 4608, { from: 5 });
    expect(messagesOf(outputs)).toEqual([{ type: 'error', re: 20, code: 9 }]);
  });
});
