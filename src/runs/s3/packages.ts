import { installing, missingOf, requirePackages, versionOf } from '../optional-packages.js';

/** What speaks to a store. */
const PACKAGES = { '@aws-sdk/client-s3': '3.1175' };

/** What puts it where Assay finds it. */
export const INSTALL_S3 = installing(PACKAGES);

/** Its version, where it is installed. */
export function s3Packages(): { version: string } | { missing: string[] } {
  const missing = missingOf(PACKAGES);
  return missing.length > 0 ? { missing } : { version: versionOf('@aws-sdk/client-s3') ?? '' };
}

/** Errors: `store-failed` where it is absent, with the command that installs it. */
export const requireS3 = (): void => requirePackages(PACKAGES, 'store-failed', '--store s3://...');
