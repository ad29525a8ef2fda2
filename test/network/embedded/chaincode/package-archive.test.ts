import { gzipSync } from 'node:zlib';

import { readPackage } from '../../../../network/src/embedded/chaincode/package-archive.ts';
import { coded } from '../../coded.ts';
import { newPackage, tarGz, type PackageParts, type TarEntry } from '../packages.ts';

const CONNECTION = JSON.stringify({ address: '127.0.0.1:9' });
const CODE = tarGz([{ path: 'connection.json', content: CONNECTION }]);
const METADATA = JSON.stringify({ type: 'ccaas', label: 'lamp' });
const GOOD: readonly TarEntry[] = [
  { path: 'metadata.json', content: METADATA },
  { path: 'code.tar.gz', content: CODE },
];

describe('reading a chaincode package', () => {
  it('tells label, package id and where the server is', () => {
    const { bytes, packageId } = newPackage('lamp_1.0');
    expect(readPackage(bytes)).toEqual({
      packageId,
      label: 'lamp_1.0',
      connection: { address: '127.0.0.1:9', dialTimeoutMs: 10_000 },
    });
  });

  it('reads what tar writes, folders and indexes included', () => {
    const code = tarGz([
      { path: './', type: 'Directory' },
      { path: './META-INF/', type: 'Directory' },
      { path: './META-INF/index.json', content: '{}' },
      { path: './connection.json', content: CONNECTION },
    ]);
    expect(readPackage(newPackage('lamp', { code }).bytes).connection.address).toBe('127.0.0.1:9');
  });

  it.each([
    [undefined, 5_000],
    ['', 5_000],
    ['250ms', 250],
    ['3s', 3_000],
    ['9m', 30_000],
  ])('takes a dial_timeout of %p as %i ms', (dial_timeout, expected) => {
    const connection = { address: 'localhost:9', dial_timeout };
    const found = readPackage(newPackage('lamp', { connection }).bytes);
    expect(found.connection.dialTimeoutMs).toBe(expected);
  });

  it.each<[string, Uint8Array, string]>([
    ['bytes that are no gzip', Buffer.from('hello'), 'expected a gzip stream'],
    ['nothing', Buffer.alloc(0), 'expected a gzip stream'],
    ['a gzip of no archive', gzipSync(Buffer.alloc(2_000, 7)), 'checksum failure'],
    [
      'what unpacks to too much',
      gzipSync(Buffer.alloc(33 * 1024 * 1024)),
      'of up to 33554432 bytes unpacked',
    ],
    ['a link', tarGz([...GOOD, { path: 'x', type: 'SymbolicLink', linkpath: '/etc' }]), 'regular'],
    ['a device', tarGz([...GOOD, { path: 'x', type: 'CharacterDevice' }]), 'not a regular file'],
    ['a folder', tarGz([...GOOD, { path: 'x/', type: 'Directory' }]), 'not a regular file'],
    ['two of one name', tarGz([...GOOD, { path: 'metadata.json', content: '{}' }]), 'twice'],
    ['no code', tarGz(GOOD.slice(0, 1)), 'did not find a code package'],
    ['no metadata', tarGz(GOOD.slice(1)), 'did not find metadata.json'],
    [
      'too many files',
      tarGz(Array.from({ length: 1_001 }, (_, index) => ({ path: `f${index}` }))),
      'expected up to 1000 entries',
    ],
  ])('refuses %s', (_, bytes, text) => {
    expect(() => readPackage(bytes)).toThrow(coded('MESSAGE_MALFORMED'));
    expect(() => readPackage(bytes)).toThrow(text);
  });

  it.each<[string, PackageParts, string, string]>([
    ['metadata that is a list', { metadata: [] }, 'MESSAGE_MALFORMED', 'expected an object'],
    ['no label', { metadata: { type: 'ccaas' } }, 'MESSAGE_MALFORMED', 'invalid label'],
    [
      'a label that leaves the folder',
      { metadata: { type: 'ccaas', label: '../x' } },
      'MESSAGE_MALFORMED',
      'invalid label',
    ],
    [
      'a label of 101 letters',
      { metadata: { type: 'ccaas', label: 'x'.repeat(101) } },
      'MESSAGE_MALFORMED',
      'invalid label',
    ],
    [
      'another type',
      { metadata: { type: 'golang', label: 'x' } },
      'NOT_SERVED',
      'expected type ccaas in metadata.json (chaincode as a service), got "golang"',
    ],
    ['code that is no archive', { code: Buffer.from('x') }, 'MESSAGE_MALFORMED', 'code.tar.gz'],
    [
      'code without connection',
      { code: tarGz([{ path: 'main.go', content: 'package main' }]) },
      'MESSAGE_MALFORMED',
      'did not find connection.json',
    ],
    [
      'code with a link',
      { code: tarGz([{ path: 'connection.json', type: 'SymbolicLink', linkpath: '/etc' }]) },
      'MESSAGE_MALFORMED',
      'not a regular file',
    ],
    [
      'a connection that is no JSON',
      { code: tarGz([{ path: 'connection.json', content: '{' }]) },
      'MESSAGE_MALFORMED',
      'could not unmarshal connection.json as json',
    ],
    ['no address', { connection: {} }, 'NOT_SERVED', 'expected an address host:port'],
    [
      'an address without port',
      { connection: { address: 'localhost' } },
      'NOT_SERVED',
      'expected an address host:port',
    ],
    [
      'a template',
      { connection: { address: '{{.peername}}_ccaas:9999' } },
      'NOT_SERVED',
      'templates are not filled in',
    ],
    [
      'TLS',
      { connection: { address: 'localhost:9', tls_required: true } },
      'NOT_SERVED',
      'tls_required is not served',
    ],
    [
      'a dial_timeout without unit',
      { connection: { address: 'localhost:9', dial_timeout: 10 } },
      'MESSAGE_MALFORMED',
      'expected a dial_timeout such as 10s',
    ],
  ])('refuses %s', (_, parts, code, text) => {
    const { bytes } = newPackage('lamp', parts);
    expect(() => readPackage(bytes)).toThrow(coded(code));
    expect(() => readPackage(bytes)).toThrow(text);
  });
});
