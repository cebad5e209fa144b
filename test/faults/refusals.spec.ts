import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { chmod, mkdtemp, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '../system.js';
import { Template } from './template.js';

const hourMs = 3_600_000;
const couldNotRun = 2;

/** What a start that must not succeed says, besides its log. */
async function refusalOf(system: System, environment: Record<string, string> = {}): Promise<string> {
  const from = system.log.length;
  const code = await system.launch(undefined, { environment });
  const said = system.log
    .slice(from)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'));
  expect({ code, lines: said.length, said }).toEqual({ code: couldNotRun, lines: 1, said });
  return said[0]!;
}

describe('a start that cannot succeed ends with 2 and one line', () => {
  let template: Template;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(() => template.remove());

  describe('for a wrong value, which names the variable, what it had and what it takes', () => {
    it.each([
      ['PORT', 'http', 'a whole number from 0 to 65535'],
      ['PORT', '65536', 'a whole number from 0 to 65535'],
      ['MODE', 'cloud', 'embedded'],
      ['QUARANTINE_DAYS', '0', 'a whole number from 1 to 3650'],
      ['STORE_SIZE_MAX_MB', '1.5', 'a whole number from 1 to'],
      ['WATERMARK_SECONDS', '11', 'a whole number from 1 to 10'],
      ['LOG_LEVEL', 'loud', 'fatal or error or warn'],
      ['TOKEN_JWKS_URL', 'ftp://keys', 'an http or https URL'],
      ['DATA_DIR', ' ', 'a folder'],
    ])('%s=%s', async (name, value, takes) => {
      const system = await System.in(join(tmpdir(), 'never-made'));
      const said = await refusalOf(system, { [name]: value });
      expect(said).toContain(`numlife: ${name} had ${JSON.stringify(value)}; it takes ${takes}`);
    });
  });

  it('when the port is taken', async () => {
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const system = await template.copy();
    expect(await refusalOf(system, { PORT: String(port) })).toContain(`PORT ${port} is in use`);
    await new Promise((resolve) => other.close(resolve));
    await system.run();
    expect(await system.kill('SIGTERM')).toBe(0);
  });

  it('when DATA_DIR is a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'numlife-'));
    await writeFile(join(folder, 'file'), '');
    const system = await System.in(join(folder, 'file'));
    expect(await refusalOf(system)).toMatch(/DATA_DIR|data folder/);
    await rm(folder, { recursive: true });
  });

  it('when another process works in the data folder, which goes on', async () => {
    const system = await template.copy();
    await system.run();
    const second = await System.in(system.dataDir);
    expect(await refusalOf(second)).toContain(`${system.dataDir} is in use by another process`);
    expect(await system.isReady()).toBe(true);
    await system.kill('SIGKILL');
    await second.run(); // A killed process leaves no lock behind.
    expect(await second.kill('SIGTERM')).toBe(0);
  });

  describe('when the key file', () => {
    it.each([
      ['is gone', (file: string) => rename(file, `${file}.away`), 'keys.json is missing'],
      ['may be read by others', (file: string) => chmod(file, 0o644), 'mode 0644'],
      ['is damaged', (file: string) => truncate(file, 100), 'damaged'],
    ])('%s, and makes no new keys', async (_, harm, says) => {
      const system = await template.copy();
      const file = join(system.dataDir, 'keys.json');
      await harm(file);
      const harmed = await readFile(file, 'utf8').catch(() => 'gone');
      expect(await refusalOf(system)).toContain(says);
      expect(await readFile(file, 'utf8').catch(() => 'gone')).toBe(harmed);
    });
  });

  const files = ['store.db', 'transport.db', 'uploads.db', 'followers.db', 'connector-shop.db'];

  it.each(files)('when %s is cut short', async (name) => {
    const system = await template.copy();
    const file = join(system.dataDir, name);
    await emptyLog(file);
    const { size } = await stat(file);
    await truncate(file, Math.floor(size / 2));
    expect(await refusalOf(system)).toContain(`${name}: it is ${Math.floor(size / 2)} bytes long and was ${size}`);
  });

  it.each([...files, 'views.db'])('when %s was written by a newer program', async (name) => {
    const system = await template.copy();
    withDatabase(join(system.dataDir, name), (db) => db.pragma('user_version = 99'));
    expect(await refusalOf(system)).toMatch(new RegExp(`${name}: written by a newer program \\(schema 99`));
  });

  it('when a file is no database of this system', async () => {
    const system = await template.copy();
    const file = await open(join(system.dataDir, 'store.db'), 'r+');
    await file.write(Buffer.from('not a database file'), 0, 19, 0);
    await file.close();
    expect(await refusalOf(system)).toContain('store.db: it is not a SQLite file');
  });

  it('but read models that are damaged are put aside and made again', async () => {
    const system = await template.copy();
    await system.run();
    const report = { reportId: 'r1', kind: 'opened', number: '13300000001', effectiveAt: '2024-01-01T00:00:00+08:00' };
    const { body } = await system.report('ct', [{ ...report, holder: 'hk1_holder-of-number-1' }]);
    expect(body.receipts).toHaveLength(1);
    expect(await system.kill('SIGTERM')).toBe(0);
    await truncate(join(system.dataDir, 'views.db'), 8_192);
    await system.run();
    const again = await system.get('ct', `/carrier/v1/receipts?batch=${body.batchId}`);
    expect(again.body.receipts).toEqual(body.receipts);
    expect(await system.kill('SIGTERM')).toBe(0);
  });
});

function withDatabase(file: string, change: (db: BetterSqlite3.Database) => void): void {
  const db = new BetterSqlite3(file);
  change(db);
  db.close();
}

/** Carries over what a stop left in the log, so that the file is all there is. */
const emptyLog = async (file: string): Promise<void> => {
  withDatabase(file, (db) => db.pragma('wal_checkpoint(TRUNCATE)'));
  await rm(`${file}-wal`, { force: true });
};
