import type { S3Client } from '@aws-sdk/client-s3';
import { agentFor } from '../../fetch/http.js';
import { endpointOf, type S3Address } from './address.js';
import { requireS3 } from './packages.js';

/** How long a connection may take, and how long an open one may be silent, in ms. */
const PATIENCE = { connectionTimeout: 10_000, socketTimeout: 60_000 };

/** Where Amazon keeps buckets that say nothing else; it redirects to those elsewhere. */
const FIRST_REGION = 'us-east-1';

/**
 * Amazon's own client: keys, profiles, roles, regions and endpoints come from where all of its tools look for them.
 * Errors: `store-failed` where it is not installed; `config-invalid` for a proxy or a server that is no address.
 */
export async function s3Client({ bucket, endpoint }: S3Address): Promise<S3Client> {
  requireS3();
  // It warns of Node versions that releases after the one installed will not run on.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    region: await new S3Client().config.region().catch(() => FIRST_REGION),
    ...(endpoint !== undefined && { endpoint }),
    followRegionRedirects: true,
    // A request's signature covers the SHA-256 of what is sent, and units hold their own: servers that know no more will do.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { ...PATIENCE, ...proxied(endpoint, bucket) },
  });
  const { config } = client;
  const { endpointProvider } = config;
  // Other servers than Amazon's have seldom a name for every bucket.
  config.endpointProvider = (params, context) =>
    endpointProvider({ ...params, ForcePathStyle: params.Endpoint !== undefined }, context);
  return client;
}

/** Through the proxy of the environment, if it has one for this server. */
function proxied(endpoint: string | undefined, bucket: string) {
  const agent = agentFor(new URL(endpoint ?? endpointHere() ?? `https://${bucket}.s3.amazonaws.com`));
  return agent && { httpAgent: agent, httpsAgent: agent };
}

/** The server of a store, for messages: it is given, or the environment names it, or it is Amazon's. Errors: `config-invalid`. */
export const serverOf = ({ endpoint }: S3Address): string =>
  endpoint ?? endpointHere() ?? "Amazon's, or that of the profile";

/** The server that the environment names; an empty name is none. Errors: `config-invalid`. */
function endpointHere(): string | undefined {
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    const value = process.env[name];
    if (value) return endpointOf(value, name);
  }
  return undefined;
}
