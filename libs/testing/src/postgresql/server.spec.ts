import { expect, it } from '@jest/globals';
import { describeOnPostgres } from './index.js';

describeOnPostgres('a PostgreSQL for tests', (server) => {
  it('syncs what it commits, and has it after SIGKILL and another start', async () => {
    const database = await server().createDatabase();
    expect(await server().query(database, 'show fsync')).toEqual([{ fsync: 'on' }]);
    await server().query(database, 'create table kept (row int); insert into kept values (1)');
    await server().kill();
    await expect(server().query(database, 'select * from kept')).rejects.toThrow();
    await server().start();
    expect(await server().query(database, 'select * from kept')).toEqual([{ row: 1 }]);
  });

  it('is full for one table until the room is given back', async () => {
    const database = await server().createDatabase();
    await server().query(database, 'create table filled (row int)');
    const giveBack = await server().fill(database, 'filled');
    await expect(server().query(database, 'insert into filled values (1)')).rejects.toMatchObject({ code: '53100' });
    giveBack();
    await server().query(database, 'insert into filled values (1)');
    expect(await server().query(database, 'select * from filled')).toEqual([{ row: 1 }]);
  });

  it('only reads until it may write again', async () => {
    const database = await server().createDatabase();
    await server().setReadOnly(database, 'on');
    await expect(server().query(database, 'create table one ()')).rejects.toMatchObject({ code: '25006' });
    await server().setReadOnly(database, 'off');
    await server().query(database, 'create table one ()');
  });
});
