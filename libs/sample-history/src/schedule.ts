const firstCapacity = 1 << 16;

const grown = (from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
};

/** Which line of which number stands in which file: 12 bytes a line, 8 once sorted. */
export class Schedule {
  private files = new Uint32Array(firstCapacity);
  private numbers = new Uint32Array(firstCapacity);
  private steps = new Uint32Array(firstCapacity);
  private starts = new Uint32Array(0);
  private length = 0;

  add(file: number, number: number, step: number): void {
    if (this.length === this.files.length) {
      this.files = grown(this.files);
      this.numbers = grown(this.numbers);
      this.steps = grown(this.steps);
    }
    this.files[this.length] = file;
    this.numbers[this.length] = number;
    this.steps[this.length] = step;
    this.length += 1;
  }

  get bytes(): number {
    return [this.files, this.numbers, this.steps, this.starts].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** By file; within a file as added. After this nothing is added any more. */
  sort(files: number): void {
    const starts = new Uint32Array(files + 1);
    for (let at = 0; at < this.length; at += 1) starts[this.files[at]! + 1]! += 1;
    for (let file = 0; file < files; file += 1) starts[file + 1]! += starts[file]!;
    const next = starts.slice();
    const numbers = new Uint32Array(this.length);
    const steps = new Uint32Array(this.length);
    for (let at = 0; at < this.length; at += 1) {
      const place = next[this.files[at]!]!++;
      numbers[place] = this.numbers[at]!;
      steps[place] = this.steps[at]!;
    }
    this.files = new Uint32Array(0);
    this.numbers = numbers;
    this.steps = steps;
    this.starts = starts;
  }

  *linesOf(file: number): Generator<readonly [number: number, step: number]> {
    for (let at = this.starts[file]!; at < this.starts[file + 1]!; at += 1) yield [this.numbers[at]!, this.steps[at]!];
  }
}
