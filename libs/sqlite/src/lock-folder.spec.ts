import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockFolder, workerModule } from './index.js';

describe('the lock of a data folder', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-lock-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Another process that locks the folder, says what came of it, and stays. */
  const anotherProcess = async (): Promise<string> => {
    const script = join(folder, 'another.mjs');
    const index = workerModule(import.meta.url, './index.js');
    writeFileSync(
      script,
      `import { lockFolder } from '${index.href}';
       try { lockFolder(${JSON.stringify(join(folder, 'data'))}); console.log('has it'); }
       catch (failure) { console.log(failure.code + ': ' + failure.message); }
       setInterval(() => undefined, 1000);`,
    );
    child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout!, 'data')) as [Buffer];
    return said.toString().trim();
  };

  it('is refused to a second process, which is told which folder and what to do', async () => {
    const lock = lockFolder(join(folder, 'data'));
    expect(await anotherProcess()).toBe(
      `locked: the data folder ${join(folder, 'data')} is in use by another process; ` +
        'stop that one or give this one its own folder',
    );
    lock.release();
  });

  it('is refused to the same process a second time, and free again once released', () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'locked', retriable: false }));
    lock.release();
    lockFolder(folder).release();
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('is freed by the kill of the process that had it', async () => {
    expect(await anotherProcess()).toBe('has it');
    expect(() => lockFolder(join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'locked' }));
    child!.kill('SIGKILL');
    await once(child!, 'exit');
    lockFolder(join(folder, 'data')).release();
  });
});
