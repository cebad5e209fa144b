import 'reflect-metadata';
import { KeyFileProblem } from '@numlife/privacy';
import { runProcess, systemClock } from '@numlife/runtime';
import { HubProcess } from './hub-process.js';

runProcess({
  name: 'hub',
  make: (configuration, logger) => new HubProcess({ configuration, logger, clock: systemClock }),
  problems: [KeyFileProblem],
});
