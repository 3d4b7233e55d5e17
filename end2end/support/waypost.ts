// Starts the real binary and reads the line of JSON that it prints when it is ready.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const BINARY = process.env.WAYPOST_BIN ?? resolve(import.meta.dirname, '../../target/debug/waypost');

/** What `waypost … --json` prints; which members there are depends on the command. */
export interface Ready {
  page_url: string;
  console_url: string;
  setup_url?: string;
  email: string;
  password: string;
  totp_secret: string;
  second_email: string;
  second_password: string;
  second_totp_secret: string;
  ingest_url: string;
  ingest_key: string;
  mail_spool: string;
  partner_page: string;
}

export class Waypost {
  private constructor(
    readonly ready: Ready,
    readonly data: string,
    private readonly child: ChildProcess,
    private readonly log: string[],
  ) {}

  /** `waypost serve` on an empty data directory. */
  static async serve(env: Record<string, string> = {}): Promise<Waypost> {
    return Waypost.start(['serve', '--json'], { WAYPOST_LISTEN: '127.0.0.1:0', ...env });
  }

  /** `waypost demo` without telemetry unless asked for. */
  static async demo(...args: string[]): Promise<Waypost> {
    return Waypost.start(['demo', '--json', '--port', '0', ...args], {});
  }

  private static async start(args: string[], env: Record<string, string>): Promise<Waypost> {
    const data = await mkdtemp(join(tmpdir(), 'waypost-end2end-'));
    const where = args[0] === 'demo' ? ['--data', data] : [];
    const child = spawn(BINARY, [...args, ...where], {
      cwd: data,
      env: { ...process.env, WAYPOST_DATA: data, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => log.push(line));
    const ready = await new Promise<Ready>((done, fail) => {
      const deadline = setTimeout(() => fail(new Error(`not ready after 60 s:\n${log.join('\n')}`)), 60_000);
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`ended with ${code}:\n${log.join('\n')}`)));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        log.push(line);
        if (!line.startsWith('{')) return;
        clearTimeout(deadline);
        done(JSON.parse(line));
      });
    });
    return new Waypost(ready, data, child, log);
  }

  get origin(): string {
    return new URL(this.ready.page_url).origin;
  }

  url(path: string): string {
    return this.origin + path;
  }

  /** Everything it wrote so far. */
  output(): string {
    return this.log.join('\n');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((done) => this.child.once('exit', done));
      this.child.kill('SIGTERM');
      const patience = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(patience);
    }
    await rm(this.data, { recursive: true, force: true });
  }
}
