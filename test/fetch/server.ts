import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What was asked for. */
export type Asked = Pick<IncomingMessage, 'url' | 'headers'>;

/** A server on this machine until the test ends, and what it was asked. */
export async function served(listener: RequestListener): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export interface Serving {
  etag?: string;
  /** Bytes after which the connection breaks, for each of the first requests. */
  breaks?: number[];
}

/** Serves files with ranges, as good servers do. */
export function files(
  contents: Readonly<Record<string, Uint8Array>>,
  { etag, breaks = [] }: Serving = {},
): RequestListener {
  return (request, response) => {
    const content = contents[request.url?.split('/').at(-1) ?? ''];
    if (!content) return status(response, 404);
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const start = from !== undefined && same ? Number(from) : 0;
    const rest = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
      ...(etag && { etag }),
    });
    const broken = breaks.shift();
    if (broken === undefined) response.end(rest);
    // All that was sent arrives before the end does.
    else response.write(rest.subarray(0, broken), () => request.socket.end());
  };
}

export function status(response: ServerResponse, code: number, headers: Record<string, string> = {}): void {
  response.writeHead(code, headers).end();
}
