import { Presets, SingleBar } from 'cli-progress';

const lineEveryMs = 3_000;

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

/** A bar on a terminal, a line every few seconds elsewhere; nothing when the output is for machines. */
export function showProgress(label: string, unit: string, quiet: boolean): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  return process.stderr.isTTY ? bar(label, unit) : lines(label, unit);
}

function bar(label: string, unit: string): Progress {
  const format = `${label} {bar} {percentage} % | {value}/{total} ${unit} | {eta_formatted} left`;
  const shown = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  let started = false;
  return {
    update(done, total) {
      if (!started) shown.start(total, done);
      else {
        shown.setTotal(total);
        shown.update(done);
      }
      started = true;
    },
    stop() {
      if (started) shown.stop();
    },
  };
}

function lines(label: string, unit: string): Progress {
  let last = performance.now();
  return {
    update(done, total) {
      if (performance.now() - last < lineEveryMs) return;
      last = performance.now();
      console.error(`${label}: ${done} of ${total} ${unit}`);
    },
    stop: () => undefined,
  };
}
