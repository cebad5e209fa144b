#!/usr/bin/env node
// Written for old Node versions too: it hands over to the Node of this installation before anything else is loaded.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'dist', 'apps', 'cli', 'src', 'main.js');

function ownNode() {
  for (let folder = here; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', 'node');
    if (existsSync(node)) return node;
    if (folder === dirname(folder)) return undefined;
  }
}

if (!existsSync(main)) {
  process.stderr.write('numlife is not built yet. Run: npm run build\n');
  process.exit(2);
}
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else {
  const node = ownNode();
  if (!node) {
    process.stderr.write(
      `numlife needs Node 24 or later; this is ${process.versions.node}. Run npm ci, or install Node 24.\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 143 : 2);
  });
}
