// Writes gzipped ustar archives whose bytes depend on names and contents only, so that a package id is the same
// everywhere: fixed owner, mode and time, and stored (not deflated) blocks, since deflate differs between zlib builds.
import { gzipSync } from 'node:zlib';

const BLOCK = 512;
const NAME_BYTES = 100;
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

function octal(value, width) {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function header(name, size) {
  if (Buffer.byteLength(name) > NAME_BYTES)
    throw new RangeError(`name of at most 100 bytes: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** @param {readonly (readonly [string, Uint8Array])[]} files in the order of the archive */
export function tarGz(files) {
  const parts = files.flatMap(([name, content]) => [
    header(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  const archive = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 0 });
  archive[OS_BYTE] = OS_UNKNOWN;
  return archive;
}
