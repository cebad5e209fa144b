export { organisations, type SampleOrganisation } from './organisations.js';
export { publishingInThread, type PublishingThread } from './publishing/publishing-in-thread.js';
export { planSample, SampleWorld, type SampleWorldOptions } from './sample-world.js';
export { type Ports, Standalone, type StandaloneOptions } from './standalone.js';
