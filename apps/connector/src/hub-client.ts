import { type HubQuestions, questionsMax, type RecycledQuestion } from '@numlife/app-connector';
import type { RecycledAnswer } from '@numlife/contracts';
import { InfrastructureFailure, invariant } from '@numlife/event-sourcing';
import { Agent, type Dispatcher, request } from 'undici';

export interface HubClientOptions {
  /** `https://hub.example` */
  readonly url: string;
  /** A bearer token of the app's that is valid now. */
  readonly token: () => Promise<string>;
  /** What a log-in waits for the hub. */
  readonly oneTimeoutMs?: number;
  readonly manyTimeoutMs?: number;
}

const oneTimeoutMsDefault = 2_000;
const manyTimeoutMsDefault = 60_000;
/** An answer is some 80 bytes. */
const answersBytesMax = questionsMax * 1_024;

/** Asks the hub by HTTP: one question by itself, several by the bulk call. */
export class HubClient implements HubQuestions {
  readonly #agent = new Agent({ connections: 8, pipelining: 1 });
  constructor(private readonly options: HubClientOptions) {}

  async recycled(questions: readonly RecycledQuestion[], signal: AbortSignal): Promise<RecycledAnswer[]> {
    invariant(questions.length <= questionsMax, 'more questions than the hub is asked at a time');
    if (questions.length === 0) return [];
    const lines = questions.map(({ number, since }) => JSON.stringify({ number: number.reveal(), since }));
    const isOne = questions.length === 1;
    const { oneTimeoutMs = oneTimeoutMsDefault, manyTimeoutMs = manyTimeoutMsDefault } = this.options;
    const text = await this.#post(
      isOne ? '/hub/v1/recycled' : '/hub/v1/recycled/bulk',
      { type: isOne ? 'application/json' : 'application/x-ndjson', body: lines.join('\n') },
      AbortSignal.any([signal, AbortSignal.timeout(isOne ? oneTimeoutMs : manyTimeoutMs)]),
    );
    const answers = text.trimEnd().split('\n').map(readAnswer);
    if (answers.length !== questions.length)
      throw new InfrastructureFailure('unavailable', `the hub gave ${answers.length} answers to ${questions.length}`);
    return answers;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #post(path: string, { type, body }: { type: string; body: string }, signal: AbortSignal): Promise<string> {
    try {
      const headers = { 'content-type': type, accept: type, authorization: `Bearer ${await this.options.token()}` };
      const url = new URL(path, this.options.url);
      const response = await request(url, { method: 'POST', dispatcher: this.#agent, headers, body, signal });
      if (response.statusCode === 200) return await textOf(response.body);
      await response.body.dump();
      throw new InfrastructureFailure('unavailable', `the hub answered ${response.statusCode}`);
    } catch (error) {
      if (error instanceof InfrastructureFailure) throw error;
      const code = (error as { code?: string }).code ?? (error as Error).name;
      throw new InfrastructureFailure('unavailable', `the hub was not reached (${code})`);
    }
  }
}

const textOf = async (body: Dispatcher.ResponseData['body']): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answersBytesMax) throw new InfrastructureFailure('unavailable', 'the hub answered too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readAnswer = (line: string): RecycledAnswer => {
  let read: Partial<RecycledAnswer> | null = null;
  try {
    read = JSON.parse(line) as Partial<RecycledAnswer> | null;
  } catch {
    // Said below.
  }
  const { answer, reason, knownUpTo = null } = read ?? {};
  if ((answer === 'yes' || answer === 'no' || answer === 'cannot-tell') && typeof reason === 'string')
    return { answer, reason, knownUpTo };
  throw new InfrastructureFailure('unavailable', 'the hub answered what is no answer');
};
