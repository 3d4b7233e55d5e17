// A webhook receiver as a partner would write it: verifies with the npm package `standardwebhooks`, answers the
// challenge, keeps what it got.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { until } from './until.ts';

export interface Received {
  at: number;
  id: string;
  body: any;
  isVerified: boolean;
}

export class Receiver {
  readonly received: Received[] = [];
  /** Signing secret, once the operator told us; until then nothing can be verified. */
  secret?: string;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const self = new Receiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const body = JSON.parse(raw);
        const headers = request.headers as Record<string, string>;
        self.received.push({ at: Date.now(), id: headers['webhook-id']!, body, isVerified: self.verifies(raw, headers) });
        const answer = body.type === 'endpoint.challenge' ? { challenge: body.challenge } : { ok: true };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return self;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/waypost`;
  }

  private verifies(raw: string, headers: Record<string, string>): boolean {
    if (!this.secret) return false;
    try {
      new Webhook(this.secret).verify(raw, headers);
      return true;
    } catch {
      return false;
    }
  }

  /** The first delivery that fits, waiting for it. */
  async wait(what: string, fits: (r: Received) => boolean, ms: number): Promise<Received> {
    return until(ms, `a webhook: ${what}`, () => this.received.find(fits));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((done) => this.server.close(() => done()));
  }
}
