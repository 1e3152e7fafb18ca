import { AssayError } from '../../errors.js';

/** Where a queue is, and as whom it is entered. */
export interface QueueAddress {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  tls?: { servername?: string };
  /** The address without its password: the only form that is ever shown or written. */
  shown: string;
}

/** Where the password may stand instead of in the address, which everyone on the machine can read among the processes. */
export const PASSWORD_VARIABLE = 'ASSAY_QUEUE_PASSWORD';

const EXPECTED = 'redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS';

/**
 * Reads the address of a Redis server. Names and passwords are percent-encoded in it.
 * Errors: `config-invalid`, which never repeats what was given: a password may be anywhere in it.
 */
export function queueAddress(text: string, environment: NodeJS.ProcessEnv = process.env): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol))
    throw bad(url ? `an address that begins with ${url.protocol}` : 'no address');
  if (url.hostname === '') throw bad('no host');
  if (url.search !== '' || url.hash !== '')
    throw bad('options behind the address', 'leave out everything from ? or # on');
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined) throw bad('a path that is no number', 'the path is the number of a database');
  const [username, inUrl] = [decoded(url.username), decoded(url.password)];
  const password = inUrl || environment[PASSWORD_VARIABLE] || '';
  // Brackets are how addresses write IPv6.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 6379 : Number(url.port);
  const db = Number(database);
  const secure = url.protocol === 'rediss:';
  const named = username === '' ? '' : `${encodeURIComponent(username)}@`;
  return {
    host,
    port,
    db,
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    // Certificates name hosts, not addresses.
    ...(secure && { tls: /^[\d.]+$|:/.test(host) ? {} : { servername: host } }),
    shown: `${url.protocol}//${named}${url.hostname}:${port}/${db}`,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad('a name or password that is not percent-encoded', 'write % as %25');
  }
}

const bad = (
  found: string,
  hint = `a password with / @ : # or ? in it goes into ${PASSWORD_VARIABLE}, or percent-encoded`,
) =>
  new AssayError('config-invalid', 'this is no address of a queue', {
    path: '--queue',
    expected: EXPECTED,
    found,
    hint,
  });
