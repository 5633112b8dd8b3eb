/** What a command sees of the process, so that tests can stand in for it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Io {
  out(text: string): void;
  err(text: string): void;
  stdin(): Promise<string>;
  /** Its first line. On a terminal what is typed is not shown. */
  stdinLine(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width of the terminal; undefined if the output goes elsewhere: then nothing is cut. */
  readonly columns: number | undefined;
  readonly isColored: boolean;
  /** Aborted when nobody reads the output any more: what would go on until it is ended ends. */
  readonly closed: AbortSignal;
}

export function processIo(): Io {
  const closed = new AbortController();
  const { isTTY } = process.stdout;
  return {
    out: linesTo(process.stdout, () => closed.abort()),
    err: linesTo(process.stderr),
    stdin: readAll,
    stdinLine: readLine,
    env: process.env,
    columns: isTTY ? process.stdout.columns : undefined,
    isColored: isTTY && process.stdout.hasColors() && !process.env['NO_COLOR'],
    closed: closed.signal,
  };
}

/** `sluice get tasks | head` closes the pipe early. That is no error of ours, and nothing to leave a change half done for. */
function linesTo(stream: NodeJS.WriteStream, onClosed = (): void => {}): (text: string) => void {
  let isOpen = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isOpen = false;
    onClosed();
  });
  return (text) => {
    if (isOpen) stream.write(`${stream.isTTY ? forTerminal(text) : text}\n`);
  };
}

/**
 * Errors of connectors quote records, and whoever writes those must not drive the terminal of who looks: of all that
 * could, only colours pass, which are our own.
 */
export function forTerminal(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    /(\u001B\[[\d;]*m|\r\n)|[^\P{Cc}\n\t]/gu,
    (found, harmless?: string) =>
      harmless ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function readLine(): Promise<string> {
  const { stdin } = process;
  // The reader writes back what is typed, to an output that throws it away.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output, terminal: stdin.isTTY });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
