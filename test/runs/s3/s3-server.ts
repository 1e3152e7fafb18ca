import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';

/**
 * What a request is answered with instead: a status and S3's code for it, the end of the connection, or nothing; or the object
 * without a word of how long it is, from its start to its end whatever was asked for, or over and over.
 */
export type Fault = Refused | 'hang up' | 'hold' | 'unmeasured' | 'endless';

interface Refused {
  status: number;
  code: string;
}

export interface S3Server {
  url: string;
  bucket: string;
  /** What a process needs to be let in. */
  env: Record<string, string>;
  /** By their names. */
  objects: Map<string, Buffer>;
  /** Requests so far: `PUT name`. */
  asked: string[];
  /** Bytes of endless answers so far. */
  poured: number;
  /** What goes wrong with a request, as `asked` has it; undefined for nothing. */
  fault: (asked: string) => Fault | undefined;
  /** What the answer to a request waits for. */
  before: (asked: string) => Promise<void>;
  /** Connections that are open: it closes none by itself. */
  connections(): Promise<number>;
  /** Nobody listens any more; what it holds stays. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const KEYS = { accessKeyId: 'AKIATEST', secretAccessKey: 'hush-hush' };

/** What no file or machine of the one who runs the tests adds to. */
export const ENVIRONMENT = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A server of objects in memory that checks signatures and digests as S3 does, with one bucket. */
export async function s3Server(): Promise<S3Server> {
  let server: Server | undefined;
  let port = 0;
  const up = async () => {
    server = createServer(
      { keepAliveTimeout: 0 },
      (request, response) => void answer(made, request, response),
    );
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const made: S3Server = {
    url: '',
    bucket: 'units-of-runs',
    env: {
      ...ENVIRONMENT,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_REGION: 'eu-north-1',
    },
    objects: new Map(),
    asked: [],
    poured: 0,
    fault: () => undefined,
    before: async () => undefined,
    up,
    connections: () =>
      new Promise((resolve, reject) =>
        server?.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    down: () =>
      new Promise<void>((resolve) => {
        server?.close(() => resolve());
        server?.closeAllConnections();
      }),
  };
  await up();
  made.url = `http://127.0.0.1:${port}`;
  return made;
}

async function answer(server: S3Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  try {
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    // Half of an object is none.
    return;
  }
  const body = Buffer.concat(parts);
  const url = new URL(request.url ?? '/', server.url);
  const [, bucket, ...rest] = decodeURIComponent(url.pathname).split('/');
  const name = rest.join('/');
  const asked = `${request.method} ${name}`;
  server.asked.push(asked);
  const refuse = (status: number, code: string) =>
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
  await server.before(asked);
  const fault = server.fault(asked);
  if (fault === 'hold') return;
  if (fault === 'hang up') return void request.socket.destroy();
  const unmeasured = fault === 'unmeasured' || fault === 'endless';
  const wrong = unmeasured ? undefined : (fault ?? (await notLetIn(request, url, body)));
  if (wrong) return void refuse(wrong.status, wrong.code);
  if (bucket !== server.bucket) return void refuse(404, 'NoSuchBucket');
  if (request.method === 'PUT') {
    server.objects.set(name, body);
    return void response.writeHead(200, { etag: '"0"' }).end();
  }
  if (name === '' && url.searchParams.get('list-type') === '2')
    return void response.writeHead(200, { 'content-type': 'application/xml' }).end(listing(server, url));
  const found = server.objects.get(name);
  if (!found) return void refuse(404, 'NoSuchKey');
  if (fault === 'unmeasured') return void response.writeHead(200).write(found, () => response.end());
  if (fault === 'endless') return void (await pour(server, response.writeHead(200), found));
  const [, last] = /^bytes=0-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (last === undefined) return void response.writeHead(200, { 'content-length': found.length }).end(found);
  if (found.length === 0) return void refuse(416, 'InvalidRange');
  const piece = found.subarray(0, Number(last) + 1);
  response
    .writeHead(206, {
      'content-length': piece.length,
      'content-range': `bytes 0-${piece.length - 1}/${found.length}`,
    })
    .end(piece);
}

/** Sends the same until nobody listens. */
async function pour(server: S3Server, response: ServerResponse, bytes: Buffer): Promise<void> {
  while (!response.destroyed) {
    const sent = await new Promise<boolean>((resolve) => response.write(bytes, (error) => resolve(!error)));
    if (sent) server.poured += bytes.length;
  }
}

/** A page of a listing, of few names. */
function listing({ objects, bucket }: S3Server, { searchParams }: URL): string {
  const prefix = searchParams.get('prefix') ?? '';
  const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  const within = names.filter((name) => !name.slice(prefix.length).includes('/'));
  const from = Number(searchParams.get('continuation-token') ?? 0);
  const page = within
    .slice(from, from + PAGE)
    .map(
      (name) => `<Contents><Key>${escaped(name)}</Key><Size>${objects.get(name)?.length}</Size></Contents>`,
    );
  const more = from + PAGE < within.length;
  const next = more ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : '';
  return `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><IsTruncated>${more}</IsTruncated>${next}${page.join('')}</ListBucketResult>`;
}

const PAGE = 2;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Signs the request again: the same signature comes of the same keys, names and content only. */
async function notLetIn(request: IncomingMessage, url: URL, body: Buffer): Promise<Refused | undefined> {
  const { headers, method = '' } = request;
  const [, key, region, names, given] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (names === undefined) return { status: 403, code: 'AccessDenied' };
  if (key !== KEYS.accessKeyId) return { status: 403, code: 'InvalidAccessKeyId' };
  const signed = names.split(';');
  const signer = new SignatureV4({
    ...{ service: 's3', region: region ?? '', credentials: KEYS, sha256: Sha256 },
    ...{ uriEscapePath: false, applyChecksum: false },
  });
  const stamp = String(headers['x-amz-date']);
  const again = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
    },
    {
      signingDate: new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
      signableHeaders: new Set(signed),
    },
  );
  if (!again.headers.authorization?.endsWith(`Signature=${given}`))
    return { status: 403, code: 'SignatureDoesNotMatch' };
  const digest = createHash('sha256').update(body).digest('hex');
  if (!signed.includes('x-amz-content-sha256') || headers['x-amz-content-sha256'] !== digest)
    return { status: 400, code: 'XAmzContentSHA256Mismatch' };
  return undefined;
}

/** SHA-256 and its HMAC, as the library asks for them. */
class Sha256 {
  private readonly hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
