/** What a command sees of the process, so that tests can stand in for it. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  stdin(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width of the terminal; undefined if the output goes elsewhere: then nothing is cut. */
  readonly columns: number | undefined;
  readonly isColored: boolean;
}

export function processIo(): Io {
  // `sluice get tasks | head` closes the pipe early; that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { isTTY } = process.stdout;
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    stdin: readAll,
    env: process.env,
    columns: isTTY ? process.stdout.columns : undefined,
    isColored: isTTY && process.stdout.hasColors() && !process.env['NO_COLOR'],
  };
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
