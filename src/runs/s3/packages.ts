import { foundOf, installing, requirePackages } from '../folder/optional-packages.js';

/** What speaks to a store. */
const PACKAGES = { '@aws-sdk/client-s3': '3.1175' };

/** What puts it where Assay finds it. */
export const INSTALL_S3 = installing(PACKAGES);

/** Its version, where it is installed. */
export const s3Packages = () => foundOf(PACKAGES);

/** Errors: `store-failed` where it is absent, with the command that installs it. */
export const requireS3 = (): void => requirePackages(PACKAGES, 'store-failed', '--store s3://...');
