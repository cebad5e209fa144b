import type { Configuration } from './configuration.js';
import type { Logger } from './logging.js';
import { stopWithin } from './stop.js';

interface Step {
  readonly name: string;
  readonly stop: () => Promise<unknown>;
}

/** Ends the start of a process that is already to stop. */
class StoppedMeanwhile extends Error {
  override readonly name = 'StoppedMeanwhile';
}

/** A process from its start to its stop: opened from the ground up, stopped from the top down within a bound. */
export class ProcessLife {
  /** The last opened is stopped first. */
  readonly #steps: Step[] = [];
  #stopping = false;
  #opening: Promise<void> | undefined;
  #failed: (error: unknown) => void = () => undefined;

  constructor(
    private readonly configuration: Pick<Configuration, 'SHUTDOWN_TIMEOUT_SECONDS'>,
    private readonly logger: Logger,
  ) {}

  /**
   * Rejects, with all that was opened closed again, when something cannot be opened. Where it is stopped meanwhile, nothing
   * further is opened.
   */
  async start(open: () => Promise<void>): Promise<void> {
    try {
      await (this.#opening = open());
    } catch (error) {
      if (this.#stopping) return;
      await this.stop();
      throw error;
    }
  }

  async opened<Opened>(name: string, opening: Promise<Opened>, stop: (opened: Opened) => unknown): Promise<Opened> {
    const opened = await opening;
    this.onStop(name, async () => stop(opened));
    return opened;
  }

  /** Throws when the process is to stop: whoever opens something then opens no more. */
  onStop(name: string, stop: () => Promise<unknown>): void {
    this.#steps.push({ name, stop });
    if (this.#stopping) throw new StoppedMeanwhile();
  }

  /** Something that must run cannot go on. */
  readonly failed = (error: unknown): void => {
    this.#failed(error);
  };

  onFailure(listener: (error: unknown) => void): void {
    this.#failed = listener;
  }

  /** False when it took longer than configured. */
  stop(): Promise<boolean> {
    this.#stopping = true;
    const lastOpened = { name: 'what was just being opened', stop: () => this.#stopLastOpened() };
    const steps = [...this.#steps.splice(0).reverse(), lastOpened];
    return stopWithin(this.configuration.SHUTDOWN_TIMEOUT_SECONDS * 1000, this.logger, steps);
  }

  async #stopLastOpened(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    for (const { stop } of this.#steps.splice(0).reverse()) await stop();
  }
}
