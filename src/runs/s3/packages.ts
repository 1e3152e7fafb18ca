import { requirePackages } from '../optional-packages.js';

/** What speaks to a store. */
const PACKAGES = { '@aws-sdk/client-s3': '3.1175' };

/** Errors: `store-failed` where it is absent, with the command that installs it. */
export const requireS3 = (): void => requirePackages(PACKAGES, 'store-failed', '--store s3://...');
