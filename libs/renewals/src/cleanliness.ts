import type { AppId, ClearanceId } from '@numlife/contracts';
import { unreachable } from '@numlife/event-sourcing';
import type { ClearanceEvent } from './clearance-progress.js';

/** How many apps have cleared a number, of those that were asked. */
export interface NumberCleanliness {
  readonly clearedBy: number;
  readonly asked: number;
}

interface AppProgress {
  readonly from: bigint;
  to: bigint;
}

/**
 * What the apps' progress says of each number. It keeps a line for each app and one for each open exception, and nothing
 * for a number that all have cleared: a question costs two binary searches and the number's own exceptions.
 */
export class Cleanliness {
  private readonly apps = new Map<AppId, AppProgress>();
  private readonly exceptions = new Map<ClearanceId, Set<AppId>>();
  /** Every app's bounds in order; made anew after one moved. */
  private sorted: { readonly from: bigint[]; readonly to: bigint[] } | undefined;

  apply(event: ClearanceEvent): void {
    const { app } = event.data;
    switch (event.type) {
      case 'ClearanceProgressStarted':
        this.apps.set(app, { from: BigInt(event.data.from), to: BigInt(event.data.from) });
        this.sorted = undefined;
        return;
      case 'ClearanceProgressed':
        this.except(app, event.data.exceptions);
        this.apps.get(app)!.to = BigInt(event.data.to);
        this.sorted = undefined;
        return;
      case 'ClearanceExceptionsNamed':
        return this.except(app, event.data.exceptions);
      case 'ClearanceExceptionEnded':
        return this.endException(event.data.clearanceId, app);
      default:
        return unreachable(event);
    }
  }

  /** Of a clearance that stands, by the sequence of the message that told it. */
  of(clearanceId: ClearanceId, sequence: string): NumberCleanliness {
    const told = BigInt(sequence);
    this.sorted ??= { from: inOrder(this.apps, 'from'), to: inOrder(this.apps, 'to') };
    const asked = countBelow(this.sorted.from, told);
    // Whose `to` lies below was asked too: its `from` is never above.
    const passed = asked - countBelow(this.sorted.to, told);
    let except = 0;
    for (const app of this.exceptions.get(clearanceId) ?? []) {
      const { from, to } = this.apps.get(app)!;
      if (from < told && told <= to) except += 1;
    }
    return { asked, clearedBy: passed - except };
  }

  /** The apps that still name it: whom a reclaim's withdrawal concerns. */
  exceptionsOf(clearanceId: ClearanceId): readonly AppId[] {
    return [...(this.exceptions.get(clearanceId) ?? [])];
  }

  private except(app: AppId, exceptions: readonly ClearanceId[]): void {
    for (const clearanceId of exceptions) {
      const apps = this.exceptions.get(clearanceId) ?? new Set();
      this.exceptions.set(clearanceId, apps.add(app));
    }
  }

  private endException(clearanceId: ClearanceId, app: AppId): void {
    const apps = this.exceptions.get(clearanceId);
    apps?.delete(app);
    if (apps?.size === 0) this.exceptions.delete(clearanceId);
  }
}

const inOrder = (apps: ReadonlyMap<AppId, AppProgress>, bound: 'from' | 'to'): bigint[] =>
  [...apps.values()].map((app) => app[bound]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** By halving. */
function countBelow(sorted: readonly bigint[], limit: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
