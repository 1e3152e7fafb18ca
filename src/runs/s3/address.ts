import { AssayError } from '../../errors.js';

/** Where units lie in a store that speaks S3. */
export interface S3Address {
  bucket: string;
  /** Before the names of all objects: nothing, or a path that ends with a slash. */
  prefix: string;
  /** Of a server that is not Amazon's. Default: as the environment says, and otherwise Amazon's. */
  endpoint?: string;
  /** As messages and announcements have it. */
  shown: string;
}

export const isS3 = (store: string): boolean => /^s3:/i.test(store);

/** Bytes of a prefix: names of objects have 1024 at the most. */
const LONGEST = 512;

const EXPECTED = 's3://BUCKET or s3://BUCKET/PREFIX';

/**
 * Reads the address of a store, as Amazon's own command line writes it: nothing in it is percent-encoded.
 * @param from what gives it, for messages
 * Errors: `config-invalid`, which does not repeat what may hold a secret.
 */
export function s3Address(text: string, endpoint?: string, from = '--store'): S3Address {
  const bad = (found: string, hint: string) =>
    new AssayError('config-invalid', 'this is no address of a store', {
      path: from,
      expected: EXPECTED,
      found,
      hint,
    });
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(text) ?? [];
  if (text.includes('@'))
    throw bad(
      'something before an @',
      'names and secrets go into the environment, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into a profile, AWS_PROFILE',
    );
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw bad(
      bucket === '' ? 'no bucket' : `a bucket called ${bucket.slice(0, 100)}`,
      'buckets have 3 to 63 small letters, digits, hyphens and dots',
    );
  const parts = path.replace(/\/+$/, '').split('/');
  const isPlain = Buffer.byteLength(path) <= LONGEST && parts.every((part) => part !== '.' && part !== '..');
  if (!isPlain || /\p{Cc}/u.test(path) || (path !== '' && parts.includes('')))
    throw bad(
      `the prefix ${path.slice(0, 100)}`,
      `a prefix is a path of at most ${LONGEST} bytes, of names with single slashes, without . and ..`,
    );
  const prefix = path === '' ? '' : `${parts.join('/')}/`;
  return {
    bucket,
    prefix,
    ...(endpoint !== undefined && { endpoint: endpointOf(endpoint) }),
    shown: `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`,
  };
}

/**
 * The address of a server, as it is given.
 * @param from what gives it, for messages
 * Errors: `config-invalid`.
 */
export function endpointOf(text: string, from = '--endpoint'): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.password;
  if (isPlain && url.search === '' && url.hash === '') return text;
  throw new AssayError('config-invalid', 'this is no address of a server that speaks S3', {
    path: from,
    expected: 'an address such as https://minio.example.org:9000',
    found: url?.username || url?.password ? 'one with a name or password' : text.slice(0, 200),
    hint: 'http:// or https:// with host and port, and nothing behind them; names and secrets go into the environment',
  });
}
