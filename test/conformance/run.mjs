// `npm run conformance [-- --fabric | --profile FILE]`: the suite, on an embedded network, on one of Fabric's own programs or on the
// one that a connection profile names.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run conformance [-- --fabric | --profile FILE [--channel NAME] [--host HOST]]

  --fabric   a network of Fabric's own programs, from FABRIC_BIN or PATH: BFT orderers, and the fuzzer on them.
  --profile  connection profile (JSON) of a network to test: peers, orderers and organizations with adminPrivateKey and signedCert.
             The suite deploys chaincodes there and writes keys; do not point it at a network that matters.
  --channel  the first one of the profile by default.
  --host     address of this machine for the network's peers (default 127.0.0.1).
`;

const text = { type: 'string' };
let values;
try {
  const options = {
    fabric: { type: 'boolean' },
    profile: text,
    channel: text,
    host: text,
    help: { type: 'boolean' },
  };
  ({ values } = parseArgs({ options }));
} catch (error) {
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exit(2);
}
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const root = fileURLToPath(new URL('../..', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const given = {
  CONFORMANCE_PROFILE: values.profile && resolve(process.env.INIT_CWD ?? '.', values.profile),
  CONFORMANCE_CHANNEL: values.channel,
  CONFORMANCE_HOST: values.host,
};
const { status } = spawnSync(
  process.execPath,
  [jest, '--verbose', `test/conformance/${values.fabric ? 'fabric' : 'conformance'}.test.ts`],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...Object.fromEntries(Object.entries(given).filter(([, v]) => v)) },
  },
);
process.exitCode = status ?? 1;
