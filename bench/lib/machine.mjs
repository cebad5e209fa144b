import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** Where a run took place; `busy`: the load before it, which should be near 0 for figures to be quoted. */
export function machine() {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    commit: commit(),
    busy: Number(loadavg()[0].toFixed(1)),
  };
}

function commit() {
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '-changed' : '')
    );
  } catch {
    return 'no-commit';
  }
}
