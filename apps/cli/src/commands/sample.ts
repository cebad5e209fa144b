import { writeSample } from '@numlife/sample-history';
import { type Command, InvalidArgumentError } from 'commander';
import { showProgress } from '../progress.js';
import { sampleSegments } from '../sample-segments.js';

interface Options {
  readonly out: string;
  readonly numbers: number;
  readonly days: number;
  readonly until: string;
  readonly seed: number;
  readonly json?: boolean;
}

const whole = (min: number, max: number) => (text: string) => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new InvalidArgumentError(`takes a whole number from ${min} to ${max}.`);
  return value;
};

const date = (text: string) => {
  const day = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text)) {
    throw new InvalidArgumentError('takes a date like 2026-06-30.');
  }
  return text;
};

export function addSample(program: Command): void {
  program
    .command('sample')
    .description('offline: a realistic history on real number segments, with what is expected of every line')
    .requiredOption('--out <dir>', 'where the files go')
    .option('--numbers <count>', 'how many numbers', whole(1, 10_000_000), 100_000)
    .option('--days <count>', 'how many days', whole(1, 3_650), 400)
    .option('--until <date>', 'the last day', date, '2026-06-30')
    .option('--seed <number>', 'the same seed gives the same bytes', whole(0, 4_294_967_295), 1)
    .option('--json', 'machine-readable')
    .action(async ({ json, ...options }: Options) => {
      const progress = showProgress('sample', json === true);
      const onProgress = ({ day, days }: { day: number; days: number }) => {
        progress.update(day, days, 'days');
      };
      const manifest = await writeSample({ ...options, segments: await sampleSegments(), onProgress });
      progress.stop();
      if (json) console.log(JSON.stringify(manifest));
      else
        console.log(
          `${manifest.lines} lines in ${manifest.files} files under ${options.out}\nSend them with: npx numlife report --dir ${options.out}`,
        );
    });
}
