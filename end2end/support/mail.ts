// A mail server that keeps what it is given: mail reaches it by real SMTP.
import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

export interface Mail {
  to: string[];
  at: number;
  headers: Map<string, string>;
  /** All text parts, decoded. */
  text: string;
}

export class MailServer {
  readonly mails: Mail[] = [];
  private constructor(private readonly server: SMTPServer) {}

  static async start(): Promise<MailServer> {
    const self: MailServer = new MailServer(
      new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        disableReverseLookup: true,
        onData(stream, session, done) {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk) => chunks.push(chunk));
          stream.on('end', () => {
            const to = session.envelope.rcptTo.map((r) => r.address);
            self.mails.push(read(Buffer.concat(chunks).toString('latin1'), to));
            done();
          });
        },
      }),
    );
    await new Promise<void>((done) => self.server.listen(0, '127.0.0.1', done));
    return self;
  }

  /** Settings that make Waypost send its mail here. */
  env(): Record<string, string> {
    const { port } = this.server.server.address() as AddressInfo;
    return { WAYPOST_SMTP__HOST: '127.0.0.1', WAYPOST_SMTP__PORT: String(port), WAYPOST_SMTP__SECURITY: 'none' };
  }

  /** The first mail to an address that matches, waiting for it. */
  async wait(to: string, matches: RegExp, ms: number): Promise<Mail> {
    return until(ms, `a mail to ${to} that matches ${matches}`, () =>
      this.mails.find((m) => m.to.includes(to) && matches.test(`${m.headers.get('subject')}\n${m.text}`)),
    );
  }

  async stop(): Promise<void> {
    await new Promise<void>((done) => this.server.close(() => done()));
  }
}

/** Reads a message: its headers, and its text whatever the transfer encoding. */
export function read(raw: string, to: string[]): Mail {
  const [head, body] = halves(raw);
  const headers = fields(head);
  headers.set('subject', words(headers.get('subject') ?? ''));
  return { to, at: Date.now(), headers, text: part(headers, body) };
}

function halves(raw: string): [string, string] {
  const at = raw.indexOf('\r\n\r\n');
  return at < 0 ? [raw, ''] : [raw.slice(0, at), raw.slice(at + 4)];
}

function fields(head: string): Map<string, string> {
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return new Map(unfolded.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

function part(headers: Map<string, string>, body: string): string {
  const boundary = /boundary="?([^";]+)"?/i.exec(headers.get('content-type') ?? '')?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return parts.map((p) => { const [h, b] = halves(p.replace(/^\r\n/, '')); return part(fields(h), b); }).join('\n');
  }
  const encoding = (headers.get('content-transfer-encoding') ?? '').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  const bytes = encoding === 'quoted-printable'
    ? body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    : body;
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Encoded words of RFC 2047. */
function words(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind, data) => {
      if (kind.toLowerCase() === 'b') return Buffer.from(data, 'base64').toString('utf8');
      const bytes = data.replace(/_/g, ' ').replace(/=([0-9A-F]{2})/gi, (_m: string, hex: string) => String.fromCharCode(parseInt(hex, 16)));
      return Buffer.from(bytes, 'latin1').toString('utf8');
    });
}
