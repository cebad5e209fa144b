import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { Database } from '../fixtures/database.js';
import { openPostgresViews } from './index.js';

describeOnPostgres('opening read models in PostgreSQL', (server) => {
  let world: Database;
  beforeEach(() => {
    world = new Database(server());
  });
  afterEach(() => world.remove());

  const openAt = async (connectionString: string) =>
    openPostgresViews({ connectionString, store: await world.store(), runner: 'one', onWarning: () => undefined });
  const failureAt = async (connectionString: string): Promise<Error> => {
    const opened = await openAt(connectionString).catch((error: Error) => error);
    if (opened instanceof Error) return opened;
    await opened.close();
    throw new Error('it was opened');
  };

  it('makes the tables once, whoever comes first', async () => {
    const all = await Promise.all([world.open(), world.open(), world.open()]);
    await Promise.all(all.map((views) => views.close()));
    expect((await world.dump())['receipts']).toEqual([]);
  });

  it('refuses the tables of a newer program, and a schema that is not its own', async () => {
    await (await world.open()).close();
    await world.sql("comment on schema views is 'numlife, schema version 99'");
    const newer = await failureAt(await world.url());
    expect(newer).toMatchObject({ code: 'unsupported-version', retriable: false });
    expect(newer.message).toMatch(/"views" has version 99, made by a newer numlife; this one knows 1/);
    await world.sql('comment on schema views is null');
    expect((await failureAt(await world.url())).message).toMatch(/was not made by numlife/);
  });

  it('says what is wrong, and never the password', async () => {
    const url = await world.url();
    const { password } = server();
    const failures = {
      'not-permitted': await failureAt(url.replace(password, `${password}-wrong`)),
      unavailable: await failureAt(url.replace(/:\d+\//, ':1/')),
      'invalid-request': await failureAt(`mysql://root:${password}@host/db`),
    };
    for (const [code, failure] of Object.entries(failures)) {
      expect(failure).toMatchObject({ name: 'InfrastructureFailure', code });
      expect(JSON.stringify([failure.message, failure.stack, failure.cause, failure])).not.toContain(password);
    }
    const none = await failureAt(`${url}_none`);
    expect(none).toMatchObject({ code: 'invalid-request' });
    expect(none.message).toMatch(/there is no such database/);
  });
});
