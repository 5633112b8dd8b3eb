/** A collector of traces over OTLP/HTTP in JSON, as much of one as tests need. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: ReadonlyMap<string, string>;
  readonly resource: ReadonlyMap<string, string>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number>>;
}

type ToldSpan = Omit<SeenSpan, 'attributes' | 'links' | 'resource'> & {
  readonly attributes?: readonly Attribute[];
  readonly links?: SeenSpan['links'];
};

interface Told {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ToldSpan[] }[];
  }[];
}

export class OtlpReceiver implements AsyncDisposable {
  readonly spans: SeenSpan[] = [];
  /** Of each request. */
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#receive(request)
        .then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
        .catch((error: unknown) => response.writeHead(400).end(String(error)));
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage): Promise<void> {
    if (request.url !== '/v1/traces') throw new Error(`no traces are sent to ${request.url}`);
    const told = (await json(request)) as Told;
    this.headers.push(request.headers);
    for (const { resource, scopeSpans } of told.resourceSpans)
      for (const { spans } of scopeSpans)
        for (const span of spans)
          this.spans.push({
            ...span,
            links: span.links ?? [],
            attributes: textOf(span.attributes),
            resource: textOf(resource.attributes),
          });
  }
}

function textOf(attributes: readonly Attribute[] = []): Map<string, string> {
  return new Map(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
}
