import { AssayError } from '../../errors.js';
import type { S3Address } from './address.js';

/** What went wrong with a store. */
export interface StoreFailure {
  error: AssayError;
  /** Whether it may go well later, with nothing changed here. */
  passing: boolean;
  /** Whether it is about having no keys: those of a role come from a service, which may be away for a moment. */
  keyless: boolean;
}

interface Row {
  said: RegExp;
  message: string;
  hint: string;
}

const KEYLESS: Row = {
  said: /CredentialsProviderError|CredentialsError/,
  message: 'there are no keys for the store here',
  hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that has them in AWS_PROFILE (`aws configure`, `aws sso login`)',
};

/** What lasts until somebody changes something. The first row that matches explains it. */
const lasting: readonly Row[] = [
  KEYLESS,
  {
    said: /InvalidAccessKeyId|InvalidClientTokenId|UnrecognizedClient/,
    message: 'the store does not know this access key',
    hint: 'correct AWS_ACCESS_KEY_ID, or the profile; is the key of another server than that of --endpoint or AWS_ENDPOINT_URL_S3?',
  },
  {
    said: /SignatureDoesNotMatch/,
    message: 'the store does not accept this secret key',
    hint: 'correct AWS_SECRET_ACCESS_KEY, or the profile; a proxy that changes requests has the same effect',
  },
  {
    said: /ExpiredToken|TokenRefreshRequired|InvalidToken|RequestExpired/,
    message: 'the keys for the store are valid no more',
    hint: 'get new ones (`aws sso login`), and AWS_SESSION_TOKEN with them; keys that last as long as the run will do, or a role, which renews them',
  },
  {
    said: /NoSuchBucket/,
    message: 'the store has no such bucket',
    hint: 'correct its name, or make it: `aws s3 mb s3://BUCKET`',
  },
  {
    said: /PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|TemporaryRedirect/,
    message: 'the bucket is in another region',
    hint: 'name its region in AWS_REGION: `aws s3api get-bucket-location --bucket BUCKET` tells it',
  },
  {
    said: /RequestTimeTooSkewed|InvalidSignatureException|RequestInTheFuture/,
    message: 'the clock of this machine is not that of the store',
    hint: 'set the clock of this machine (`timedatectl set-ntp true`)',
  },
  {
    said: /AccessDenied|AllAccessDisabled|Forbidden|Unauthorized|status 40[13]/,
    message: 'these keys may not do in the bucket what is needed',
    hint: 'they need s3:GetObject on what begins with the prefix, for a --store s3:PutObject as well, and s3:ListBucket on the bucket: without that, what is missing looks like what is forbidden',
  },
  {
    said: /QuotaExceeded|StorageFull|status 507|ServiceQuota|EntityTooLarge/,
    message: 'the store takes no more',
    hint: 'make room or raise the quota, then run the same command again: what is measured is kept',
  },
  {
    said: /wrong version number|packet length too long|EPROTO/,
    message: 'the server of the store does not speak TLS',
    hint: 'is its endpoint http://?',
  },
  {
    said: /CERT_|certificate|altnames|SELF_SIGNED|unable to get .*issuer/,
    message: 'the certificate of the store is not trusted here',
    hint: 'name the file of its authority: NODE_EXTRA_CA_CERTS=ca.pem; and use the host that it is made out for',
  },
];

/** What may pass by itself. */
const passing: readonly Row[] = [
  {
    said: /ECONNREFUSED/,
    message: 'no server is listening at the address of the store',
    hint: 'start it, or correct --endpoint or AWS_ENDPOINT_URL_S3',
  },
  {
    said: /ENOTFOUND|EAI_AGAIN/,
    message: 'the host of the store is not known here',
    hint: 'correct --endpoint or AWS_ENDPOINT_URL_S3; without them, AWS_REGION',
  },
  {
    said: /TimeoutError|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    message: 'the store does not answer',
    hint: 'is the host off, or a firewall in between? Behind a proxy set HTTPS_PROXY and HTTP_PROXY',
  },
  {
    said: /ECONNRESET|EPIPE|socket hang up|aborted|IncompleteBody|BadDigest|ContentSHA256Mismatch|ChecksumMismatch/,
    message: 'the connection to the store broke',
    hint: 'does something on the way end or change connections?',
  },
  {
    said: /SlowDown|Throttl|TooManyRequests|RequestLimitExceeded|status 429|ServiceUnavailable|InternalError|RequestTimeout|ServerNotInitialized|status 5(?!01|07)\d\d/,
    message: 'the store has no time for this now',
    hint: 'try again later, or look into its log',
  },
];

/** What the client throws. Errors that are ours already stay as they are. */
export function storeFailure(thrown: unknown, { shown, endpoint }: S3Address): StoreFailure {
  if (thrown instanceof AssayError) return { error: thrown, passing: false, keyless: false };
  const said = wordsOf(thrown);
  const last = lasting.find((row) => row.said.test(said));
  const pass = last ? undefined : passing.find((row) => row.said.test(said));
  const row = last ?? pass ?? NO_S3;
  return {
    passing: pass !== undefined,
    keyless: row === KEYLESS,
    error: new AssayError('store-failed', row.message, {
      path: endpoint === undefined ? shown : `${shown} (${endpoint})`,
      found: said.slice(0, 500),
      hint: row.hint,
    }),
  };
}

const NO_S3: Omit<Row, 'said'> = {
  message: 'the store cannot be used',
  hint: 'does the server at its endpoint speak S3?',
};

/** Name, status, code and message of an error, as far as it has them. */
function wordsOf(thrown: unknown): string {
  const { name, code, message, $metadata, errors } = thrown as Partial<NodeJS.ErrnoException> & {
    $metadata?: { httpStatusCode?: number };
    errors?: NodeJS.ErrnoException[];
  };
  const inner = errors?.[0] ?? (thrown as { cause?: NodeJS.ErrnoException }).cause;
  const parts = [
    name,
    $metadata?.httpStatusCode && `status ${$metadata.httpStatusCode}`,
    code,
    message || inner?.message,
    inner?.code,
  ];
  return [...new Set(parts.filter((part) => part && part !== 'Error'))].join(' ');
}
