import type { CarrierId, Instant, NumberId, RecycledAnswer } from '@numlife/contracts';
import { formatInstant, parseInstant } from '@numlife/contracts/validation';
import { recycled, type Since } from '@numlife/numbers';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { ProblemException } from '@numlife/runtime';
import type { Views } from '@numlife/views';
import { textOf } from './recycled-answers.js';
import { readSince } from './since.js';

interface BulkOptions {
  readonly format: 'text/csv' | 'application/x-ndjson';
  readonly answers: 'text/csv' | 'application/x-ndjson';
  readonly now: Instant;
  readonly privacy: Privacy;
  readonly views: Views;
}

interface Asked {
  readonly id: NumberId | undefined;
  readonly since: Since | undefined;
  readonly knownAtLeast?: Instant | undefined;
}

const linesAtOnce = 1_000;
const lineCharactersMax = 1_024;

/**
 * One answer a line, in order, while the file still comes in. Memory is bounded by one chunk and its answers. A wrong
 * header throws before anything is answered.
 */
export async function* answerBulk(body: AsyncIterable<Buffer>, options: BulkOptions): AsyncGenerator<string> {
  const reader = options.format === 'text/csv' ? csvReader(options.privacy) : ndjsonReader(options.privacy);
  let head = options.answers === 'text/csv' ? 'answer,reason,knownUpTo\n' : '';
  let hasHeader = options.format !== 'text/csv';
  for await (const lines of chunksOfLines(body)) {
    const asked: Asked[] = [];
    for (const line of lines) {
      const question = reader(line);
      if (question) asked.push(question);
      hasHeader ||= line.trim() !== '';
    }
    if (asked.length === 0) continue;
    yield head + (await answer(asked, options));
    head = '';
  }
  if (!hasHeader) throw badHeader();
  if (head !== '') yield head;
}

const badHeader = (): ProblemException =>
  new ProblemException(400, 'BAD_HEADER', { detail: 'The header row takes the columns number and since.' });

async function answer(asked: readonly Asked[], { now, views, answers }: BulkOptions): Promise<string> {
  const states = await views.checkStates(asked.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const known = new KnownUpTo(views);
  let text = '';
  for (const { id, since, knownAtLeast } of asked) {
    const state = id === undefined ? undefined : states.get(id)?.state;
    const upTo = known.of(state?.servingCarrier ?? null);
    const { instant, shown } = upTo instanceof Promise ? await upTo : upTo;
    const { answer: said, reason } = judge(id, since, { state, now, knownUpTo: instant, knownAtLeast });
    text +=
      answers === 'text/csv'
        ? `${said},${reason},${shown ?? ''}\n`
        : `${textOf({ answer: said, reason, knownUpTo: shown })}\n`;
  }
  return text;
}

interface UpTo {
  readonly instant: Instant | null;
  readonly shown: string | null;
}
const never: UpTo = { instant: null, shown: null };

/** Each carrier's latest `complete`, asked once for a chunk. */
class KnownUpTo {
  readonly #known = new Map<CarrierId, UpTo>();
  constructor(private readonly views: Views) {}

  of(carrier: CarrierId | null): UpTo | Promise<UpTo> {
    if (carrier === null) return never;
    return this.#known.get(carrier) ?? this.#ask(carrier);
  }

  async #ask(carrier: CarrierId): Promise<UpTo> {
    const instant = await this.views.knownUpTo(carrier);
    const upTo = { instant, shown: instant === null ? null : formatInstant(instant) };
    this.#known.set(carrier, upTo);
    return upTo;
  }
}

interface Known {
  readonly state: Parameters<typeof recycled>[0];
  readonly now: Instant;
  readonly knownUpTo: Instant | null;
  readonly knownAtLeast: Instant | undefined;
}

function judge(
  id: NumberId | undefined,
  since: Since | undefined,
  { state, ...known }: Known,
): Pick<RecycledAnswer, 'answer' | 'reason'> {
  if (id === undefined) return { answer: 'cannot-tell', reason: 'INVALID_NUMBER' };
  if (since === undefined) return { answer: 'cannot-tell', reason: 'OUT_OF_RANGE' };
  return recycled(state, { since, ...known });
}

/** Whole lines of the text that came so far, at most a thousand at a time. */
async function* chunksOfLines(body: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) rest = rest.slice(0, lineCharactersMax + 1);
    for (let from = 0; from < lines.length; from += linesAtOnce) yield lines.slice(from, from + linesAtOnce);
  }
  if (rest.trim() !== '') yield [rest];
}

function csvReader(privacy: Privacy): (line: string) => Asked | undefined {
  let numberAt = -1;
  let sinceAt = -1;
  return (line) => {
    if (line === '' || line === '\r') return undefined;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    const cells = text.includes('"') ? text.split(',').map((cell) => cell.replace(/^"(.*)"$/, '$1')) : text.split(',');
    if (numberAt >= 0) return asked(privacy, cells[numberAt], cells[sinceAt]);
    const header = cells.map((cell) => cell.replace(/^\uFEFF/, ''));
    numberAt = header.indexOf('number');
    sinceAt = header.indexOf('since');
    if (numberAt < 0 || sinceAt < 0 || header.length !== 2) {
      throw badHeader();
    }
    return undefined;
  };
}

function ndjsonReader(privacy: Privacy): (line: string) => Asked | undefined {
  return (line) => {
    if (line.trim() === '') return undefined;
    try {
      const { number, since, knownAtLeast } = JSON.parse(line) as Readonly<Record<string, unknown>>;
      const question = asked(privacy, textOr(number), textOr(since));
      if (knownAtLeast === undefined) return question;
      const known = parseInstant(textOr(knownAtLeast) ?? '');
      return known === undefined ? { ...question, since: undefined } : { ...question, knownAtLeast: known };
    } catch {
      return { id: undefined, since: undefined };
    }
  };
}

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function asked(privacy: Privacy, number: string | undefined, since: string | undefined): Asked {
  const parsed = parseNumber(number ?? '');
  return { id: parsed.kind === 'number' ? privacy.numberId(parsed.number) : undefined, since: readSince(since ?? '') };
}
