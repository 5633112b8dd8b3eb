import { SluiceError } from '@sluice/kernel';

const requestTimeoutMs = 10_000;

export interface ApiResponse<T = unknown> {
  readonly status: number;
  /** Parsed if it is JSON, else the text. */
  readonly body: T;
  readonly headers: Headers;
}

/** A small client of the REST API for tests: gives back whatever status comes, throws only without an answer. */
export class ApiClient {
  readonly #baseUrl: () => string;

  /** The base is asked for on each request: the coordinator that answers may change. */
  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl;
  }

  async get<T = unknown>(path: string): Promise<ApiResponse<T>> {
    return await this.request<T>('GET', path);
  }

  async post<T = unknown>(path: string, body?: unknown): Promise<ApiResponse<T>> {
    return await this.request<T>('POST', path, body);
  }

  async put<T = unknown>(path: string, body?: unknown): Promise<ApiResponse<T>> {
    return await this.request<T>('PUT', path, body);
  }

  async patch<T = unknown>(path: string, body?: unknown): Promise<ApiResponse<T>> {
    return await this.request<T>('PATCH', path, body);
  }

  async delete<T = unknown>(path: string): Promise<ApiResponse<T>> {
    return await this.request<T>('DELETE', path);
  }

  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<ApiResponse<T>> {
    const url = new URL(path, this.#baseUrl());
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((error: unknown) => {
      throw new SluiceError('testkit.no_answer', `no answer to ${method} ${url.href}`, {
        retriable: true,
        cause: error,
      });
    });
    return {
      status: response.status,
      body: parse(await response.text()) as T,
      headers: response.headers,
    };
  }

  /** As `get`, and fails unless the status is 200: for reads whose answer is used at once. */
  async read<T>(path: string): Promise<T> {
    const { status, body } = await this.get<T>(path);
    if (status !== 200) {
      throw new SluiceError(
        'testkit.bad_status',
        `GET ${path} answered ${status}: ${JSON.stringify(body)}`,
      );
    }
    return body;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
