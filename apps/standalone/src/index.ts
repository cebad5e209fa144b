export { type Ports, Standalone, type StandaloneOptions } from './standalone.js';
