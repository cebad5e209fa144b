import 'reflect-metadata';
import { KeyFileProblem } from '@numlife/privacy';
import { runProcess, systemClock } from '@numlife/runtime';
import { Standalone } from './standalone.js';

const empty = process.argv.includes('--empty');
const output = process.argv.includes('--json') ? 'json' : 'text';

runProcess({
  name: 'start',
  make: (configuration, logger) => new Standalone({ configuration, logger, clock: systemClock, empty, output }),
  problems: [KeyFileProblem],
});
