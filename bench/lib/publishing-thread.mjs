// The publisher's thread on the clock of whoever measures, which the main thread announces.
import { instantFromMs } from '@numlife/event-sourcing';
import { servePublishing } from '@numlife/standalone/publishing';
import { BroadcastChannel } from 'node:worker_threads';

const announced = new BroadcastChannel('bench-clock');
let aheadMs;
const known = new Promise((resolve) => {
  announced.onmessage = ({ data }) => {
    if (data === 'asked') return;
    aheadMs = data;
    resolve();
  };
});
announced.postMessage('asked');
await known;
announced.unref();
await servePublishing({ now: () => instantFromMs(Date.now() + aheadMs) });
