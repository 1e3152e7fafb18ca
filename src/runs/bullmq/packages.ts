import { createRequire } from 'node:module';
import { AssayError } from '../../errors.js';

/**
 * What a queue is made of: optional peers of this package, since who runs on one machine needs none of it. The ranges that
 * package.json allows.
 */
const PACKAGES = { bullmq: '6.7', ioredis: '6.0' };

/** What puts them where Assay finds them. */
export const INSTALL_QUEUE = `npm install ${Object.entries(PACKAGES)
  .map(([name, version]) => `${name}@${version}`)
  .join(' ')}`;

const require = createRequire(import.meta.url);

/** The version of BullMQ that is installed, where all that a queue needs is. */
export function queuePackages(): { version: string } | { missing: string[] } {
  const missing = Object.keys(PACKAGES).filter((name) => versionOf(name) === undefined);
  return missing.length > 0 ? { missing } : { version: versionOf('bullmq') ?? '' };
}

function versionOf(name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Errors: `queue-failed` where one of the packages is absent, with the command that installs them. */
export function requireQueue(): void {
  const found = queuePackages();
  if ('version' in found) return;
  throw new AssayError('queue-failed', 'what --queue needs is not installed', {
    expected: `the packages ${Object.keys(PACKAGES).join(' and ')}, which Assay does not install by itself`,
    found: `no ${found.missing.join(', no ')}`,
    hint: `\`${INSTALL_QUEUE}\` where Assay is installed, with \`-g\` if that is for all projects`,
  });
}
