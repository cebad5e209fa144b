import { type AccountActions, ActionFailed, readAnswer } from '@numlife/app-connector';
import type { AccountActionAnswer, AccountActionRequest } from '@numlife/contracts';
import { type Clock, epochMsOf, InfrastructureFailure } from '@numlife/event-sourcing';
import { Webhook } from 'standardwebhooks';
import { Agent, type Dispatcher, request } from 'undici';

export interface WebhookOptions {
  /** `whsec_…`; the present one first. While it is changed, the one before as well: both sign. */
  readonly secrets: readonly string[];
  /** Origins the app registered (`https://shop.example`). Nothing is ever sent elsewhere. */
  readonly allows: (origin: string) => boolean;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

/** As Standard Webhooks recommends: 15 to 30 s. */
const timeoutMsDefault = 15_000;
export const answerBytesMax = 64 * 1024;
const connectionsMax = 64;
const keepAliveMs = 30_000;

/** Asks the app by its webhook, signed as Standard Webhooks says. No redirects; a long answer is cut off and a failure. */
export class WebhookActions implements AccountActions {
  readonly #signers: readonly Webhook[];
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  #url: URL | undefined;

  constructor(private readonly options: WebhookOptions) {
    this.#signers = options.secrets.map((secret) => new Webhook(secret));
    this.#timeoutMs = options.timeoutMs ?? timeoutMsDefault;
    this.#agent = new Agent({
      connections: connectionsMax,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      connect: { timeout: this.#timeoutMs },
    });
  }

  /** Where the webhook is from now on. Throws `not-permitted` where it is no origin of the app's. */
  pointTo(url: string): void {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    const isHttp = target?.protocol === 'https:' || target?.protocol === 'http:';
    if (!target || !isHttp || target.username !== '' || target.password !== '')
      throw new InfrastructureFailure('invalid-request', 'the webhook takes an http or https URL without a user');
    if (!this.options.allows(target.origin))
      throw new InfrastructureFailure('not-permitted', `${target.origin} is no origin that the app registered`);
    this.#url = target;
  }

  async act(action: AccountActionRequest, signal: AbortSignal): Promise<AccountActionAnswer> {
    if (!this.#url) throw new ActionFailed('no webhook is known yet');
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await this.#post(this.#url, action, AbortSignal.any([signal, deadline]));
      return await readResponse(response);
    } catch (error) {
      if (error instanceof ActionFailed) throw error;
      if (deadline.aborted) throw new ActionFailed(`the webhook gave no whole answer within ${this.#timeoutMs} ms`);
      throw new ActionFailed(signal.aborted ? 'cut off by a stop' : `the webhook was not reached (${codeOf(error)})`);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #post(url: URL, action: AccountActionRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { id, accountSequence, action: what, account, because, at } = action;
    const body = JSON.stringify({ id, accountSequence, action: what, account, because, at });
    const nowMs = epochMsOf(this.options.clock.now());
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': this.#signers.map((signer) => signer.sign(id, new Date(nowMs), body)).join(' '),
    };
    return request(url, { method: 'POST', dispatcher: this.#agent, headers, body, signal });
  }
}

const readResponse = async ({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<AccountActionAnswer> => {
  const isSuccess = statusCode >= 200 && statusCode < 300;
  if (!isSuccess) {
    await body.dump({ limit: answerBytesMax });
    throw new ActionFailed(failureOf(statusCode), retryAfterMsOf(headers['retry-after']));
  }
  const answer = readAnswer(parse(await textOf(body)));
  if (!answer) throw new ActionFailed(`the webhook answered ${statusCode} with none of done, refused and needsHolder`);
  return answer;
};

const failureOf = (status: number): string =>
  status >= 300 && status < 400
    ? `the webhook answered ${status}; redirects are not followed`
    : `the webhook answered ${status}`;

const textOf = async (body: Dispatcher.ResponseData['body']): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (bytes > answerBytesMax) throw new ActionFailed(`the webhook answered more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Seconds; the other form of the header, a date, is left alone. */
const retryAfterMsOf = (header: string | string[] | undefined): number | undefined =>
  typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'no code';
};
