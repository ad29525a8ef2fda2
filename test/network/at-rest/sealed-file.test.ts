import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSealed, sealedSecret, writeSealed } from '../../../network/src/at-rest/sealed-file.ts';
import { Sealer } from '../../../network/src/at-rest/sealer.ts';
import { codeOf } from '../code-of.ts';

const MASTER = new Uint8Array(32).fill(7);
const sealer = new Sealer(MASTER, 'gateway-1');

describe('a sealed file', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealed-'));
    file = join(directory, 'signature-key');
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  const onDisk = (): Promise<string> => readFile(`${file}.sealed`, 'latin1');

  it('holds a secret that is made once, for its owner only, and shows nothing of it', async () => {
    const secret = await sealedSecret(file, sealer);
    expect(secret).toHaveLength(32);
    expect(await readdir(directory)).toEqual(['signature-key.sealed']);
    expect((await stat(`${file}.sealed`)).mode & 0o777).toBe(0o600);
    expect(await onDisk()).not.toContain(Buffer.from(secret).toString('hex'));
    expect(await onDisk()).not.toContain(Buffer.from(secret).toString('latin1'));
    expect(await sealedSecret(file, sealer)).toEqual(secret);
  });

  it('takes over what an earlier version kept in the open, once', async () => {
    const hex = 'ab'.repeat(32);
    await writeFile(file, `${hex}\n`, { mode: 0o600 });
    const expected = new Uint8Array(32).fill(0xab);
    expect(await sealedSecret(file, sealer)).toEqual(expected);
    expect(await readdir(directory)).toEqual(['signature-key.sealed']);
    expect(await sealedSecret(file, sealer)).toEqual(expected);
    // Killed before the open file was removed.
    await writeFile(file, `${hex}\n`);
    expect(await sealedSecret(file, sealer)).toEqual(expected);
    expect(await readdir(directory)).toEqual(['signature-key.sealed']);
  });

  it('does not choose between an open and a sealed file that differ', async () => {
    await sealedSecret(file, sealer);
    await writeFile(file, 'cd'.repeat(32));
    expect(await codeOf(() => sealedSecret(file, sealer))).toBe('SEALED_DAMAGED');
    expect(await readFile(file, 'ascii')).toBe('cd'.repeat(32));
  });

  it('keeps an open file that it can not seal', async () => {
    await writeFile(file, 'ab'.repeat(32));
    const broken = { keyId: '00', seal: () => raise() } as unknown as Sealer;
    await expect(sealedSecret(file, broken)).rejects.toThrow('no randomness');
    expect(await readFile(file, 'ascii')).toBe('ab'.repeat(32));
  });

  it.each([
    ['another master key', new Sealer(new Uint8Array(32).fill(8), 'gateway-1')],
    ['another node', new Sealer(MASTER, 'gateway-2')],
    ['another room', new Sealer(MASTER, 'gateway-1', 'vendor storage')],
  ])('does not open for %s', async (_name, other) => {
    await sealedSecret(file, sealer);
    expect(await codeOf(() => sealedSecret(file, other))).toBe('MASTER_KEY_WRONG');
  });

  it('does not open when any byte of it was altered', async () => {
    await sealedSecret(file, sealer);
    const good = await readFile(`${file}.sealed`);
    for (let index = 0; index < good.length; index += 1) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(index) ^ 1, index);
      await writeFile(`${file}.sealed`, bad);
      expect(['SEALED_DAMAGED', 'MASTER_KEY_WRONG']).toContain(
        await codeOf(() => sealedSecret(file, sealer)),
      );
    }
  });

  it.each(['', 'rubbish', 'lamplighter.sealed.v1', 'lamplighter.sealed.v2 00\nxx'])(
    'refuses the content %j',
    async (content) => {
      await writeFile(`${file}.sealed`, content);
      expect(await codeOf(() => sealedSecret(file, sealer))).toBe('SEALED_DAMAGED');
    },
  );

  it('does not pass for another', async () => {
    await sealedSecret(file, sealer);
    const other = join(directory, 'sealing-key');
    await writeFile(`${other}.sealed`, await readFile(`${file}.sealed`));
    expect(await codeOf(() => sealedSecret(other, sealer))).toBe('SEALED_DAMAGED');
  });

  it('refuses a secret that is not 32 bytes in hex, without telling it', async () => {
    await writeSealed(file, Buffer.from('much too short'), sealer);
    const refused = sealedSecret(file, sealer);
    await expect(refused).rejects.toMatchObject({ code: 'SEALED_DAMAGED' });
    await expect(refused).rejects.not.toThrow('much too short');
  });

  it('leaves an open file alone that is not what it should be', async () => {
    await writeFile(file, 'rubbish');
    expect(await codeOf(() => sealedSecret(file, sealer))).toBe('SEALED_DAMAGED');
    expect(await readdir(directory)).toEqual(['signature-key']);
  });

  it('holds any bytes, replaced as a whole', async () => {
    const read = (): Promise<Uint8Array | undefined> => readSealed(file, sealer, () => undefined);
    expect(await read()).toBeUndefined();
    await writeSealed(file, new Uint8Array([1, 2, 10, 3]), sealer);
    await writeSealed(file, new Uint8Array(0), sealer);
    expect(await read()).toEqual(new Uint8Array(0));
    await writeSealed(file, new Uint8Array([10, 10]), sealer);
    expect(await read()).toEqual(new Uint8Array([10, 10]));
  });
});

function raise(): never {
  throw new Error('no randomness');
}
