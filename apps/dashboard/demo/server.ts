/** The parts of the REST API that the dashboard asks for, answered for a cluster that does not exist. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DemoCluster } from './cluster.ts';
import { answers } from './fixtures.ts';

export interface DemoOptions {
  readonly tasks: number;
  readonly role: 'viewer' | 'operator' | 'admin';
}

const tickMs = 1_000;

export function startDemo({ tasks, role }: DemoOptions): Server {
  const cluster = new DemoCluster(tasks);
  const clients = new Set<ServerResponse>();
  const timer = setInterval(() => {
    const change = cluster.tick();
    for (const client of clients) sendEvent(client, 'change', change);
  }, tickMs);
  const session = { user: 'ann', role, authentication: 'required' };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://demo');
    if (pathname === '/sluice/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      sendEvent(response, 'view', cluster.view);
      clients.add(response);
      response.once('close', () => clients.delete(response));
      return;
    }
    void readBody(request).then((body) => {
      const method = request.method ?? 'GET';
      if (pathname === '/sluice/session') return sendJson(response, 200, session);
      if (method !== 'GET' && role === 'viewer') {
        return sendJson(response, 403, { error_code: 403, message: 'you are a viewer' });
      }
      act(cluster, method, pathname);
      const answer = answers(cluster, { method, path: pathname, query: searchParams, body });
      if (answer === undefined) {
        return sendJson(response, 404, { error_code: 404, message: `no demo of ${pathname}` });
      }
      return sendJson(response, method === 'POST' ? 202 : 200, answer);
    });
  });
  server.once('close', () => clearInterval(timer));
  return server;
}

/** What is asked for happens at once. */
function act(cluster: DemoCluster, method: string, path: string): void {
  if (method === 'GET') return;
  const [, area, name = '', verb, task, last] = path.split('/').map(decodeURIComponent);
  if (area === 'connectors') {
    if (verb === 'pause') cluster.setTarget(name, 'PAUSED');
    if (verb === 'resume') cluster.setTarget(name, 'STARTED');
    if (verb === 'stop') cluster.setTarget(name, 'STOPPED');
    if (last === 'restart') {
      cluster.setState(`task/${name}/${task ?? ''}`, 'RUNNING', 'restarted by ann');
    }
  }
}

function sendEvent(client: ServerResponse, event: string, data: object): void {
  client.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
