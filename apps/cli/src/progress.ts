import { Presets, SingleBar } from 'cli-progress';
import { constants } from 'node:os';

const lineEveryMs = 3_000;
const signals = ['SIGINT', 'SIGTERM'] as const;

export interface Progress {
  /** How many of how many, in a unit that may change from step to step. */
  update(done: number, total: number, unit: string): void;
  stop(): void;
}

/**
 * A bar on a terminal, a line every few seconds elsewhere; nothing when the output is for machines. Whoever interrupts it
 * gets the terminal back as it was, and is told how to go on.
 */
export function showProgress(label: string, quiet: boolean): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  const shown = process.stderr.isTTY ? bar(label) : lines(label);
  const interrupted = (signal: NodeJS.Signals): void => {
    shown.stop();
    console.error('Interrupted. Run the same command again to go on; nothing is taken twice.');
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of signals) process.once(signal, interrupted);
  return {
    update: shown.update,
    stop() {
      for (const signal of signals) process.off(signal, interrupted);
      shown.stop();
    },
  };
}

/** As `update` takes it: bytes, shown as MB. */
export const inMegabytes = (done: number, total: number): [number, number, string] => [
  rounded(done),
  rounded(total),
  'MB',
];

const rounded = (bytes: number): number => Math.round(bytes / 100_000) / 10;

function bar(label: string): Progress {
  const format = `${label} {bar} {percentage} % | {value}/{total} {unit} | {eta_formatted} left`;
  const shown = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  let unitShown: string | undefined;
  return {
    update(done, total, unit) {
      if (unitShown !== unit) shown.start(total, done, { unit });
      else {
        shown.setTotal(total);
        shown.update(done);
      }
      unitShown = unit;
    },
    stop() {
      if (unitShown !== undefined) shown.stop();
    },
  };
}

function lines(label: string): Progress {
  let last = performance.now();
  return {
    update(done, total, unit) {
      if (performance.now() - last < lineEveryMs) return;
      last = performance.now();
      console.error(`${label}: ${done} of ${total} ${unit}`);
    },
    stop: () => undefined,
  };
}
