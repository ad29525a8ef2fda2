#!/usr/bin/env node
'use strict';

// The command line's entry: compiles the sources first when that was never done.
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { spawnSync } = require('node:child_process');

const root = join(__dirname, '..');
const program = join(root, 'network', 'dist', 'operator', 'cli.js');

if (!existsSync(program)) {
  process.stderr.write('lamplighter: compiling (once) …\n');
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (build.status !== 0 || !existsSync(program)) {
    process.stderr.write('lamplighter: the build failed; run npm ci, then npm run build\n');
    process.exit(1);
  }
}

require(program).main(process.argv);
