import 'reflect-metadata';
import { KeyFileProblem } from '@numlife/privacy';
import { runProcess, systemClock } from '@numlife/runtime';
import { Gateway } from './gateway.js';

runProcess({
  name: 'gateway',
  make: (configuration, logger) => new Gateway({ configuration, logger, clock: systemClock }),
  problems: [KeyFileProblem],
});
