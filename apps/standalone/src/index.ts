export { publishingInThread, type PublishingThread } from './publishing/publishing-in-thread.js';
export { type Ports, Standalone, type StandaloneOptions } from './standalone.js';
