import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { withMemoryBounds } from './process-memory.js';

describe('the memory of a process with the whole system in it', () => {
  const heapMibMax = (own: Record<string, string>): number =>
    Number(
      execFileSync(process.execPath, ['-p', 'v8.getHeapStatistics().heap_size_limit / 2 ** 20'], {
        env: withMemoryBounds({ PATH: process.env['PATH'], ...own }),
      }),
    );

  it('is bounded below Node’s own default', () => {
    expect(heapMibMax({})).toBeLessThan(1_024);
    expect(withMemoryBounds({})).toMatchObject({ MALLOC_ARENA_MAX: '2' });
  });

  it('is what whoever starts it asks for', () => {
    expect(heapMibMax({ NODE_OPTIONS: '--max-old-space-size=2048' })).toBeGreaterThan(2_047);
    expect(withMemoryBounds({ MALLOC_ARENA_MAX: '8' })).toMatchObject({ MALLOC_ARENA_MAX: '8' });
  });
});
