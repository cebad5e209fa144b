// The connector's writer, killed with its whole process at the point that KILL_AT names: "<request> <before|between> <nth>".
// before: nothing was done yet. between: the effect stands in the transaction, which is not committed.
import { createWriter as createRealWriter } from '../dist/libs/app-connector/src/writer.js';

export { migrations } from '../dist/libs/app-connector/src/writer.js';

const [kind, where, nth] = (process.env.KILL_AT ?? '').split(' ');

export const createWriter = (db) => {
  const handle = createRealWriter(db);
  let seen = 0;
  return (request) => {
    if (request.kind === kind) seen += 1;
    const now = request.kind === kind && seen === Number(nth);
    if (now && where === 'before') process.kill(process.pid, 'SIGKILL');
    const reply = handle(request);
    if (now && where === 'between') process.kill(process.pid, 'SIGKILL');
    return reply;
  };
};
