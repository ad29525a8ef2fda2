// Makes what Fabric deploys, from the compiled contracts:
//   <out>/lamplighter/             a chaincode folder that needs nothing of this repository (for the Node builder)
//   <out>/lamplighter-ccaas.tar.gz a package for chaincode as a service
// and prints the package id. Options: --out DIR (build/chaincode), --address HOST:PORT that peers dial, --label NAME.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { shrinkwrap } from './shrinkwrap.mjs';
import { tarGz } from './tar.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const chaincode = join(root, 'chaincode');
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const toJson = (value) => `${JSON.stringify(value, null, 2)}\n`;

const source = readJson(join(chaincode, 'package.json'));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'build', 'chaincode') },
    // The peers' ccaas builder fills in the peer's name, as Fabric's test network expects.
    address: { type: 'string', default: '{{.peername}}_lamplighter_ccaas:9999' },
    label: { type: 'string', default: `lamplighter_${source.version}` },
  },
});

const fabric = Object.entries(source.dependencies).filter(([name]) => name.startsWith('fabric-'));
const manifest = {
  name: 'lamplighter',
  version: source.version,
  description: source.description,
  license: source.license,
  type: 'commonjs',
  main: 'dist/index.js',
  engines: source.engines,
  scripts: Object.fromEntries(
    ['start', 'start:server', 'start:server-nontls', 'metadata'].map((name) => [
      name,
      source.scripts[name],
    ]),
  ),
  dependencies: Object.fromEntries(fabric),
};

const folder = join(values.out, 'lamplighter');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// fabric-contract-api reads parameter names off the source of the methods: nothing may be renamed.
await build({
  entryPoints: [join(chaincode, 'dist', 'index.js')],
  outfile: join(folder, 'dist', 'index.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  keepNames: true,
  minify: false,
  legalComments: 'inline',
  external: fabric.map(([name]) => name),
  logLevel: 'warning',
});
writeFileSync(join(folder, 'package.json'), toJson(manifest));
writeFileSync(
  join(folder, 'npm-shrinkwrap.json'),
  toJson(shrinkwrap(readJson(join(root, 'package-lock.json')), manifest)),
);
cpSync(join(chaincode, 'README.md'), join(folder, 'README.md'));

const connection = { address: values.address, dial_timeout: '10s', tls_required: false };
const code = tarGz([['connection.json', Buffer.from(toJson(connection))]]);
const metadata = Buffer.from(toJson({ type: 'ccaas', label: values.label }));
const archive = tarGz([
  ['metadata.json', metadata],
  ['code.tar.gz', code],
]);
writeFileSync(join(values.out, 'lamplighter-ccaas.tar.gz'), archive);
process.stdout.write(`${values.label}:${createHash('sha256').update(archive).digest('hex')}\n`);
