// Loaded first in every thread and child process: kills the process it runs in before or after the nth commit to a
// database file, as KILL_AT_COMMIT names it: "<before|after> <file> <nth>", for example "after views.db 3".
import BetterSqlite3 from 'better-sqlite3';
import { basename } from 'node:path';

const [where, file, nth] = (process.env.KILL_AT_COMMIT ?? '').split(' ');
let commits = 0;

const pass = (here, db) => {
  if (basename(db.name) !== file) return;
  if (here === 'before') commits += 1;
  if (here === where && commits === Number(nth)) process.kill(process.pid, 'SIGKILL');
};

if (file) {
  const { prepare, transaction } = BetterSqlite3.prototype;

  /** Group commits prepare their own statement. */
  BetterSqlite3.prototype.prepare = function prepareWatched(sql) {
    const statement = prepare.call(this, sql);
    if (sql !== 'COMMIT') return statement;
    return {
      run: () => {
        pass('before', this);
        const result = statement.run();
        pass('after', this);
        return result;
      },
    };
  };

  /** Projections run theirs through the driver's wrapper. */
  BetterSqlite3.prototype.transaction = function transactionWatched(run) {
    const whole = transaction.call(this, (...args) => {
      const result = run(...args);
      pass('before', this);
      return result;
    });
    const watched =
      (begin) =>
      (...args) => {
        const result = begin(...args);
        pass('after', this);
        return result;
      };
    return Object.assign(watched(whole), {
      deferred: watched(whole.deferred),
      immediate: watched(whole.immediate),
      exclusive: watched(whole.exclusive),
    });
  };
}
