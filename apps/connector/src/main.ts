import 'reflect-metadata';
import { KeyFileProblem } from '@numlife/privacy';
import { runProcess, systemClock } from '@numlife/runtime';
import { ConnectorProcess } from './connector-process.js';

runProcess({
  name: 'connector',
  make: (configuration, logger) => new ConnectorProcess({ configuration, logger, clock: systemClock }),
  problems: [KeyFileProblem],
});
