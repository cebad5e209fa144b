export { type SampleSegment } from './allocation.js';
export { type Account, type App, apps } from './bindings.js';
export { type Carrier, carriers } from './carriers.js';
export { type Expected, type Line } from './line.js';
export { rareScenarios } from './lives.js';
export { SampleRefused } from './refused.js';
export { headerOf, rowOfLine } from './render.js';
export { type DayFile, Sample, type SampleOptions } from './sample.js';
export { type SampleManifest, type SampleProgress, type WriteSampleOptions, writeSample } from './write.js';
