import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis, RedisOptions } from 'ioredis';
import { AssayError } from '../../errors.js';
import { PASSWORD_VARIABLE, type QueueAddress } from './address.js';
import { requireQueue } from './packages.js';

/** An open connection that comes back by itself when the server does: commands wait for it. */
export interface QueueLink {
  client: Redis;
  /** For connections of BullMQ's own. */
  options: RedisOptions & { retryStrategy: (times: number) => number };
  address: QueueAddress;
  /** What is to be told of the server's settings. */
  warnings: string[];
}

/** How long a first connection may take. */
const PATIENCE_MS = 10_000;

/** BullMQ's scripts need it. */
const OLDEST = '5.0.0';

/** How long to wait before the next attempt, in ms. */
const afterTries = (times: number) => Math.min(250 * times, 5000);

/**
 * Connects to a server and looks whether it can hold a queue.
 * @param patience where given, a server that is away is waited for until the signal is raised, which is asked for at each attempt
 * Errors: `queue-failed` where BullMQ is not installed, nothing answers, or what answers does not let us in; no text of it holds a
 * password.
 */
export async function connectQueue(
  address: QueueAddress,
  patience?: { signal(): AbortSignal | undefined },
): Promise<QueueLink> {
  requireQueue();
  const { host, port, db, username, password, tls } = address;
  const plain: RedisOptions = {
    host,
    port,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    connectTimeout: PATIENCE_MS,
    // Commands of BullMQ may block for as long as they like.
    maxRetriesPerRequest: null,
  };
  let warnings: string[] | undefined;
  for (let tries = 1; warnings === undefined; tries++) {
    try {
      warnings = await lookedAt(plain, address);
    } catch (error) {
      if (!patience || !isPassing(error)) throw explained(error, address);
      await sleep(afterTries(tries), undefined, { signal: patience.signal() });
    }
  }
  const { Redis } = await import('ioredis');
  const options = { ...plain, retryStrategy: afterTries };
  return { client: new Redis(options), options, address, warnings };
}

/** What is to be told of a server's settings. Errors: what the server or the network says. */
async function lookedAt(plain: RedisOptions, address: QueueAddress): Promise<string[]> {
  const { Redis } = await import('ioredis');
  const first = new Redis({ ...plain, lazyConnect: true, retryStrategy: () => null });
  // What goes wrong on the way says more than that the connection is closed now.
  let said: unknown;
  first.on('error', (error: unknown) => {
    said ??= error;
  });
  try {
    await first.connect();
    await first.select(address.db);
    return judge(await first.info(), address);
  } catch (error) {
    throw error instanceof AssayError ? error : (said ?? error);
  } finally {
    first.disconnect();
  }
}

/** Tells when the server goes away, and when it is back. Returns what ends that. */
export function outages({ client, address }: QueueLink, tell: (line: string) => void): () => void {
  let away = false;
  const onClose = () => {
    if (!away) tell(`the queue at ${address.shown} is away: waiting until it is back`);
    away = true;
  };
  const onReady = () => {
    if (away) tell('the queue is back');
    away = false;
  };
  const onError = () => undefined;
  client.on('error', onError).on('close', onClose).on('ready', onReady);
  return () => client.off('close', onClose).off('ready', onReady);
}

/** What keeps a server from holding a queue. Errors: `queue-failed`. */
function judge(info: string, address: QueueAddress): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? '0';
  if (Number.parseInt(version, 10) < Number.parseInt(OLDEST, 10))
    throw new AssayError('queue-failed', 'this Redis is too old for a queue', {
      path: address.shown,
      expected: `Redis ${OLDEST} or newer`,
      found: version,
      hint: 'install a newer one',
    });
  const policy = field('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction') return [];
  return [
    `this Redis drops what it likes when its memory is full (maxmemory-policy ${policy}): units are measured again then; \`CONFIG SET maxmemory-policy noeviction\` prevents that`,
  ];
}

/** What went wrong, by what was said of it. The first row that matches explains it; `passing`: it may go well later by itself. */
const failures: readonly { said: RegExp; message: string; hint: string; passing?: true }[] = [
  {
    said: /WRONGPASS|invalid password|NOAUTH/,
    message: 'the queue does not accept this name and password',
    hint: `give the right ones in the address (redis://USER:PASSWORD@HOST; without a user: redis://:PASSWORD@HOST), or the password as ${PASSWORD_VARIABLE}`,
  },
  {
    said: /called without any password configured/,
    message: 'the queue has no password, and one was given',
    hint: `leave out the password, also as ${PASSWORD_VARIABLE}; or give the server one (requirepass)`,
  },
  {
    said: /NOPERM/,
    message: 'this user may not do on the queue what is needed',
    hint: 'the user needs all commands but the dangerous ones, INFO and SCRIPT|LOAD on the keys bull:* and assay:*: `ACL SETUSER NAME ~* &* +@all`',
  },
  {
    said: /ECONNREFUSED/,
    passing: true,
    message: 'no server is listening at the address of the queue',
    hint: 'start it (`redis-server`), or correct host and port; a server in a container needs its port published',
  },
  {
    said: /ENOTFOUND|EAI_AGAIN/,
    passing: true,
    message: 'the host of the queue is not known here',
    hint: 'correct the host',
  },
  {
    said: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    passing: true,
    message: 'the host of the queue does not answer',
    hint: 'is the host off, or a firewall in between? Does the server speak TLS there (rediss://), or not (redis://)?',
  },
  {
    said: /wrong version number|packet length too long|EPROTO|socket disconnected before secure TLS/,
    message: 'the server of the queue does not speak TLS',
    hint: 'redis:// is without TLS; or does this port belong to another server?',
  },
  {
    said: /certificate|CERT|altnames|issuer/i,
    message: 'the certificate of the queue is not trusted here',
    hint: 'name the file of its authority: NODE_EXTRA_CA_CERTS=ca.pem; and use the host that it is made out for',
  },
  {
    said: /ECONNRESET|Connection is closed|Protocol error|EPIPE/,
    passing: true,
    message: 'the server of the queue hung up',
    hint: 'a port with TLS needs rediss://; is it Redis that listens there?',
  },
  {
    said: /DB index is out of range/,
    message: 'the queue has no database of that number',
    hint: 'a Redis has 16 unless it was set up otherwise: /0 to /15',
  },
];

/** Asks the server something. Errors: what it says, as `queue-failed`; those that are not of the server stay as they are. */
export async function asking<T>(address: QueueAddress, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isOfServer(error) ? explained(error, address) : error;
  }
}

const isOfServer = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'ReplyError' || 'syscall' in error || /Connection is closed/.test(error.message));

/** Whether it may go well later, with nothing changed here: the server is away, or on its way. */
const isPassing = (thrown: unknown): boolean =>
  !(thrown instanceof AssayError) && rowOf(thrown)?.passing === true;

/** What was said, by code and by words. */
const saidBy = (thrown: unknown): string => {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return [code, message].filter((part) => part).join(' ');
};

const rowOf = (thrown: unknown) => failures.find(({ said }) => said.test(saidBy(thrown)));

/** What a client of Redis throws or reports. Errors that are ours already stay as they are. */
export function explained(thrown: unknown, { shown, password }: QueueAddress): AssayError {
  if (thrown instanceof AssayError) return thrown;
  const [said, row] = [saidBy(thrown), rowOf(thrown)];
  return new AssayError('queue-failed', row?.message ?? 'the queue cannot be used', {
    path: shown,
    // No server repeats a password; what does is no server.
    found: password ? said.replaceAll(password, '***') : said,
    hint: row?.hint ?? 'look into the log of the server',
  });
}
