import type { Checkpoint, Position } from '@numlife/event-sourcing';

/** Where followers other than the views keep their places. Not derived from anything: not deleted with the views. */
export interface Checkpoints {
  /** Draws a new epoch and answers the place to go on from. */
  takeOver(name: string): Promise<Checkpoint>;
  /** Resolves when kept. Throws `Fenced` when `from` is not the stored one: another runner took over. */
  move(name: string, from: Checkpoint, to: Position): Promise<void>;
}
