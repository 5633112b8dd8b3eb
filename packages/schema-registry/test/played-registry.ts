/**
 * A registry in memory, that answers as a real one does: `registry-suite.ts` says what that is, and runs on this
 * and on a real one. It takes every schema for compatible unless it is told otherwise.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PlayedAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Registered {
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly { name: string; subject: string; version: number }[];
}

interface Body extends Partial<Registered> {}

export class PlayedRegistry {
  /** Method and path of all that was asked. */
  readonly requests: string[] = [];
  /** Says why a schema may not be registered; undefined: it may. */
  refuse: (subject: string, schema: string) => string | undefined = () => undefined;
  /** Answers instead of the registry, while it is set. */
  broken: ((request: string) => PlayedAnswer | 'cut' | undefined) | undefined;
  readonly #byId = new Map<number, Registered>();
  readonly #subjects = new Map<string, number[]>();

  answer(method: string, url: string, body: Body | undefined): PlayedAnswer {
    const { pathname } = new URL(url, 'http://registry');
    const parts = pathname.slice(1).split('/').map(decodeURIComponent);
    const [kind, first = '', second, third] = parts;
    if (kind === 'schemas' && first === 'ids') return this.#schemaById(Number(second));
    if (kind === 'subjects' && first === '') return ok([...this.#subjects.keys()]);
    if (kind === 'subjects' && method === 'POST' && second === undefined)
      return this.#lookup(first, body ?? {});
    if (kind === 'subjects' && method === 'POST') return this.#register(first, body ?? {});
    if (kind === 'subjects' && third !== undefined) return this.#version(first, third);
    if (kind === 'config') return ok({ compatibilityLevel: 'BACKWARD' });
    if (kind === 'compatibility') {
      const reason = this.refuse(second ?? '', body?.schema ?? '');
      return ok({
        is_compatible: reason === undefined,
        messages: reason === undefined ? [] : [reason],
      });
    }
    return failed(404, 404, 'HTTP 404 Not Found');
  }

  /** Over HTTP, on a port of its own. */
  async listen(): Promise<{ readonly url: string; readonly server: Server } & AsyncDisposable> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const line = `${String(request.method)} ${String(request.url)}`;
        this.requests.push(line);
        const text = Buffer.concat(chunks).toString();
        const body = text === '' ? undefined : (JSON.parse(text) as Body);
        const answer =
          this.broken?.(line) ?? this.answer(request.method ?? '', request.url ?? '', body);
        if (answer === 'cut') {
          response.socket?.destroy();
          return;
        }
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${String(port)}`,
      server,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  #register(
    subject: string,
    { schema = '', schemaType = 'AVRO', references = [] }: Body,
  ): PlayedAnswer {
    if (schemaType !== 'PROTOBUF') {
      try {
        JSON.parse(schema);
      } catch {
        return failed(422, 42201, 'Either the input schema or one its references is invalid');
      }
    }
    const known = this.#find(subject, schema);
    if (known !== undefined) return ok({ id: known.id });
    const reason = this.refuse(subject, schema);
    if (reason !== undefined)
      return failed(
        409,
        409,
        `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${reason}]`,
      );
    let id = [...this.#byId].find(([, each]) => each.schema === schema)?.[0];
    if (id === undefined) {
      id = this.#byId.size + 1;
      this.#byId.set(id, { schema, schemaType, references });
    }
    this.#subjects.set(subject, [...(this.#subjects.get(subject) ?? []), id]);
    return ok({ id });
  }

  #lookup(subject: string, { schema = '' }: Body): PlayedAnswer {
    if (!this.#subjects.has(subject)) return noSubject(subject);
    const found = this.#find(subject, schema);
    if (!found) return failed(404, 40403, 'Schema not found');
    return ok({ subject, ...found, schema });
  }

  #find(subject: string, schema: string): { id: number; version: number } | undefined {
    const ids = this.#subjects.get(subject) ?? [];
    const index = ids.findIndex((id) => this.#byId.get(id)?.schema === schema);
    const id = ids[index];
    return id === undefined ? undefined : { id, version: index + 1 };
  }

  #version(subject: string, text: string): PlayedAnswer {
    const ids = this.#subjects.get(subject);
    if (!ids) return noSubject(subject);
    const version = text === 'latest' ? ids.length : Number(text);
    const id = ids[version - 1];
    const found = id === undefined ? undefined : this.#byId.get(id);
    if (!found) return failed(404, 40402, `Version ${text} not found.`);
    return ok({ subject, version, id, ...answerOf(found) });
  }

  #schemaById(id: number): PlayedAnswer {
    const found = this.#byId.get(id);
    return found ? ok(answerOf(found)) : failed(404, 40403, `Schema ${String(id)} not found`);
  }
}

function answerOf({ schema, schemaType, references }: Registered): object {
  return {
    schema,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
  };
}

function noSubject(subject: string): PlayedAnswer {
  return failed(404, 40401, `Subject '${subject}' not found.`);
}

function ok(body: unknown): PlayedAnswer {
  return { status: 200, body };
}

export function failed(status: number, errorCode: number, message: string): PlayedAnswer {
  return { status, body: { error_code: errorCode, message } };
}
