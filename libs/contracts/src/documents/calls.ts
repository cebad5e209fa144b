import type { Call } from './call.js';
import { carrierCalls } from './carrier-calls.js';
import { connectorCalls } from './connector-calls.js';
import { hubCalls, operatorCalls } from './hub-calls.js';
import { openCalls } from './open-calls.js';

/** Every call of the HTTP API. */
export const calls: readonly Call[] = [...carrierCalls, ...hubCalls, ...operatorCalls, ...connectorCalls, ...openCalls];
