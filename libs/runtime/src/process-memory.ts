/**
 * Old objects of any thread that has no bound of its own. The collector takes from this bound how far a heap may grow
 * before it looks again: under Node's default of 4 GiB garbage piles up to twice of what lives.
 */
const oldSpaceMibMax = 768;
/** glibc would give each of the two dozen threads memory of its own, in which what it freed stays. */
const mallocArenasMax = 2;

/**
 * The environment of a process with the whole system in it, bounded so that it stays below 1 GiB. Whatever `own` says of
 * the same stands: of two equal options in NODE_OPTIONS Node takes the later one.
 */
export function withMemoryBounds(own: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  // The young generation is bounded by who starts a thread: an option here would stand above each thread's own bound.
  const bounds = `--max-old-space-size=${oldSpaceMibMax}`;
  return {
    MALLOC_ARENA_MAX: String(mallocArenasMax),
    ...own,
    NODE_OPTIONS: `${bounds} ${own['NODE_OPTIONS'] ?? ''}`.trim(),
  };
}
