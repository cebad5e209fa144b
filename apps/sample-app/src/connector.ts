import type { RecycledAnswer } from '@numlife/contracts';
import type { NewAccount } from './account.js';
import type { Configuration } from './configuration.js';

const answerTimeoutMs = 2_000;
const answerBytesMax = 16 * 1024;

/** The answer of the login check as far as a log-in needs it; `CONNECTOR_AWAY` when there was none. */
export interface LoginCheck {
  readonly answer: RecycledAnswer['answer'];
  readonly reason: string;
}

const away: LoginCheck = { answer: 'cannot-tell', reason: 'CONNECTOR_AWAY' };

const textOf = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) throw new Error('the answer is too long');
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
};

/** The app's own connector, over HTTP. It never throws: an app goes on working without it, only more carefully. */
export class Connector {
  constructor(private readonly configuration: Pick<Configuration, 'connectorUrl' | 'connectorToken'>) {}

  /** Has the number changed hands since the account was verified? */
  async checkLogin(number: string, verifiedAt: string): Promise<LoginCheck> {
    try {
      const response = await this.send('POST', '/connector/v1/login-check', { number, verifiedAt });
      const { answer, reason } = JSON.parse(await textOf(response)) as Partial<LoginCheck>;
      if (!response.ok || (answer !== 'yes' && answer !== 'no' && answer !== 'cannot-tell')) return away;
      return { answer, reason: String(reason) };
    } catch {
      return away;
    }
  }

  /** Whether the connector has taken the binding. */
  async putBinding({ account, number, verifiedAt }: NewAccount): Promise<boolean> {
    try {
      const response = await this.send('PUT', '/connector/v1/bindings', { account, number, verifiedAt });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  private send(method: string, path: string, body: unknown): Promise<Response> {
    const { connectorUrl, connectorToken } = this.configuration;
    return fetch(new URL(path, connectorUrl), {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${connectorToken()}` },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
  }
}
