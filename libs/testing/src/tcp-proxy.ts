import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a server on this machine, and makes the network bad when it is told to. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #targetPort = 0;
  #delayMs = 0;
  #accepts = true;

  private constructor() {
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  forwardTo(port: number): void {
    this.#targetPort = port;
  }

  /** What the server says arrives this much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Cuts every connection; answers how many. */
  cut(): number {
    const pairs = [...this.#pairs];
    for (const [client, server] of pairs) {
      client.destroy();
      server.destroy();
    }
    return pairs.length;
  }

  /** From now on every new connection is cut at once. */
  stopAccepting(): void {
    this.#accepts = false;
  }

  acceptAgain(): void {
    this.#accepts = true;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (!this.#accepts) {
      client.destroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const part = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) socket.on('error', part).on('close', part).setNoDelay();
    client.pipe(server);
    server.on('data', (bytes) => this.#answer(client, bytes));
  }

  /** Timers of one length fire in the order they were set, so the bytes stay in order while the delay is not shortened. */
  #answer(client: Socket, bytes: Buffer): void {
    const write = (): void => {
      if (!client.destroyed) client.write(bytes);
    };
    if (this.#delayMs === 0) write();
    else setTimeout(write, this.#delayMs);
  }
}
