/** The access of one process: its callers, read again when their file changes, and the certificates of its listener. */
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Clock, Logger, Service } from '@sluice/kernel';

import { Authenticator } from './authenticator.ts';
import { Callers, parseCallers } from './callers.ts';
import { type AccessSettings, hasAuthentication } from './settings.ts';
import { clientAuthOptions, secureContextOptions, tlsPaths } from './tls.ts';
import { WatchedFiles } from './watched-files.ts';

/** What a server is made with, and told when it changes. */
export interface TlsServer {
  setSecureContext(options: SecureContextOptions): void;
}

export class Access implements Service {
  readonly #settings: AccessSettings;
  readonly #files: readonly WatchedFiles[];
  #context: SecureContextOptions | undefined;
  readonly #servers: TlsServer[] = [];
  /** Undefined where nobody has to say who they are. */
  readonly authenticator: Authenticator | undefined;

  constructor(settings: AccessSettings, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#settings = settings;
    const { callersPath, jwt, tls } = settings;
    const authenticator = hasAuthentication(settings)
      ? new Authenticator({ callers: new Callers(settings.callers), jwt, clock })
      : undefined;
    this.authenticator = authenticator;
    const files: WatchedFiles[] = [];
    if (callersPath !== undefined && authenticator) {
      files.push(
        new WatchedFiles({
          what: 'the callers',
          paths: [callersPath],
          use: (contents) => {
            const found = parseCallers(contents.get(callersPath) ?? '', callersPath);
            authenticator.use(new Callers([...settings.callers, ...found]));
          },
          clock,
          logger,
        }),
      );
    }
    if (tls) {
      files.push(
        new WatchedFiles({
          what: 'the certificates of the listener',
          paths: tlsPaths(tls),
          use: (contents) => {
            this.#context = secureContextOptions(tls, contents);
            for (const server of this.#servers) server.setSecureContext(this.#context);
          },
          clock,
          logger,
        }),
      );
    }
    this.#files = files;
  }

  /** @throws SluiceError `config.invalid` about files that cannot be read or used. */
  async start(): Promise<void> {
    for (const file of this.#files) await file.start();
  }

  async stop(): Promise<void> {
    for (const file of this.#files) await file.stop();
  }

  /** Looks at the files now. */
  async reload(): Promise<void> {
    for (const file of this.#files) await file.check();
  }

  /** For the listener, once started; undefined if it is to be without TLS. */
  get tlsOptions(): TlsOptions | undefined {
    const { tls } = this.#settings;
    return tls && { ...this.#context, ...clientAuthOptions(tls) };
  }

  /** This server gets new certificates when there are some. */
  keepCertificates(server: TlsServer): void {
    this.#servers.push(server);
  }
}
