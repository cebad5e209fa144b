import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logging.js';
import { ProcessLife } from './process-life.js';

const newLife = (): ProcessLife =>
  new ProcessLife({ SHUTDOWN_TIMEOUT_SECONDS: 5 }, createLogger({ LOG_LEVEL: 'silent' }, 'test'));

describe('a process', () => {
  it('that stops closes what it opened, the last first', async () => {
    const closed: string[] = [];
    const life = newLife();
    await life.start(async () => {
      for (const name of ['store', 'transport', 'http'])
        await life.opened(name, Promise.resolve(name), (opened) => closed.push(opened));
    });
    expect(await life.stop()).toBe(true);
    expect(closed).toEqual(['http', 'transport', 'store']);
  });

  it('that is stopped while it starts opens nothing further, and closes what it was just opening', async () => {
    const closed: string[] = [];
    const life = newLife();
    const slow = Promise.withResolvers<string>();
    let wentOn = false;
    const starting = life.start(async () => {
      await life.opened('store', Promise.resolve('store'), (opened) => closed.push(opened));
      await life.opened('transport', slow.promise, (opened) => closed.push(opened));
      wentOn = true;
    });
    await Promise.resolve();
    const stopping = life.stop();
    slow.resolve('transport');
    expect(await stopping).toBe(true);
    await starting;
    expect({ closed, wentOn }).toEqual({ closed: ['store', 'transport'], wentOn: false });
  });

  it('that cannot open something closes the rest and says why', async () => {
    const closed: string[] = [];
    const life = newLife();
    const start = life.start(async () => {
      await life.opened('store', Promise.resolve('store'), (opened) => closed.push(opened));
      await life.opened('transport', Promise.reject(new Error('damaged')), () => undefined);
    });
    await expect(start).rejects.toThrow('damaged');
    expect(closed).toEqual(['store']);
  });
});
