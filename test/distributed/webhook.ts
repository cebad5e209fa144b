import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Action {
  readonly id: string;
  readonly account: string;
  readonly accountSequence: number;
}

/** An app's webhook that does whatever it is asked, once by the action's id, and counts. */
export class CountingWebhook {
  readonly #actions = new Map<string, Action>();
  /** Asked again with the same id: an answer that did not arrive. */
  again = 0;
  private constructor(private readonly server: Server) {}

  static async open(): Promise<CountingWebhook> {
    const server = createServer();
    const webhook = new CountingWebhook(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        webhook.#note(JSON.parse(Buffer.concat(chunks).toString()) as Action);
        response.setHeader('content-type', 'application/json').end('{"done":true}');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return webhook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/actions`;
  }

  get effects(): number {
    return this.#actions.size;
  }

  /** Other actions under a place in an account's order that had one already. */
  get effectsTwice(): number {
    const places = [...this.#actions.values()].map(({ account, accountSequence }) => `${accountSequence} ${account}`);
    return places.length - new Set(places).size;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #note(action: Action): void {
    if (this.#actions.has(action.id)) this.again += 1;
    this.#actions.set(action.id, action);
  }
}
