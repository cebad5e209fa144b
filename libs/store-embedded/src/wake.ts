/** A bell that is not missed: rung while nobody waits, it lets the next one who waits pass. */
export class Wake {
  #rung = false;
  #pass: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#pass?.();
  }

  async rung(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#pass = resolve));
    this.#rung = false;
    this.#pass = undefined;
  }
}
