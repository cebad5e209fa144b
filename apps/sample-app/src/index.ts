import { workerModule } from '@numlife/sqlite';

export { type Account } from './account.js';

/** What runs the app as a process of its own: `node <entryPoint>`. */
export const entryPoint = workerModule(import.meta.url, './main.js');
