import { systemClock } from '@numlife/runtime/system-clock';
import { servePublishing } from './serve-publishing.js';

await servePublishing(systemClock);
