import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { installedServer, serverAccount } from './binaries.js';
import { PostgresServer } from './server.js';

/** Where a suite that cannot run is a failure and not a skip. */
const serversAreRequired = (): boolean => Boolean(process.env['CI']) || Boolean(process.env['NUMLIFE_REQUIRE_SERVERS']);

function reasonNotToRun(): string | undefined {
  try {
    installedServer();
    serverAccount();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * A suite on a real PostgreSQL, started before its first test and removed after its last. Where none can run it says so
 * loudly; with `CI` or `NUMLIFE_REQUIRE_SERVERS` set that is a failure.
 */
export function describeOnPostgres(name: string, tests: (server: () => PostgresServer) => void): void {
  const reason = reasonNotToRun();
  if (reason === undefined) {
    describe(name, () => {
      let server: PostgresServer;
      beforeAll(async () => {
        server = await PostgresServer.start();
      });
      afterAll(() => server.remove());
      tests(() => server);
    });
    return;
  }
  const said = `NOT RUN, for want of PostgreSQL: ${name}. ${reason}`;
  process.stderr.write(`\n${said}\n\n`);
  describe(name, () => {
    if (serversAreRequired()) {
      it('runs on a real PostgreSQL', () => {
        throw new Error(said);
      });
    } else it.skip(said, () => undefined);
  });
}
