import type { Position } from '@numlife/event-sourcing';
import type { Int64 } from './schema.js';

export function asPosition(value: Int64): Position;
export function asPosition(value: Int64 | null): Position | undefined;
export function asPosition(value: Int64 | null): Position | undefined {
  return value === null ? undefined : (BigInt(value) as Position);
}
